"""Whether the bounds of a rule can tell one document from another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isinf, isnan

from dataqa.errors import InputError
from dataqa.rules import Rule
from dataqa.signals import Signal, catalogue


def check_rule(rule: Rule, signal: Signal, where: Callable[[str], str]) -> None:
    """Refuse a rule that cannot tell one document from another.

    Args:
        rule: The rule.
        signal: What it bounds, with the range that its values can take.
        where: Gives the place of one of the rule's keys, ``min`` for one.

    Raises:
        InputError: no bound at all, a bound of the wrong kind, ``min`` above ``max``, or a bound
            that no value or every value passes.
    """
    numeric = rule.min is not None or rule.max is not None
    listed = bool(rule.one_of or rule.none_of)
    text = signal.kind == "text"
    if not numeric and not listed:
        raise InputError(
            f"rule {rule.name} has no bound",
            where=where("signal"),
            hint="give `one_of` or `none_of`" if text else "give `min`, `max` or both",
        )
    if text and (numeric or rule.doubt):
        key = next(side for side in ("min", "max", "doubt") if getattr(rule, side))
        raise InputError(
            f"{signal.name} is text and has no {key}",
            where=where(key),
            hint="give `one_of` or `none_of`",
        )
    if not text and listed:
        raise InputError(
            f"{signal.name} is a number and in no list",
            where=where("one_of" if rule.one_of else "none_of"),
            hint="give `min`, `max` or both",
        )
    if rule.one_of and set(rule.one_of) <= set(rule.none_of):
        raise InputError(
            "every value of one_of is also in none_of: every document trips",
            where=where("none_of"),
        )
    _check_range(rule, signal, where)


def check_changed(before: Sequence[Rule], after: Sequence[Rule]) -> None:
    """Refuse bounds of the user's that can never or always hold.

    Args:
        before: Rules as their packs have them.
        after: The same rules with the user's bounds (``with_bounds``).

    Raises:
        InputError: naming the bound as ``bounds.pack.rule.min``.
    """
    known = catalogue()
    for old, rule in zip(before, after, strict=True):
        signal = known.get(rule.signal.partition(":")[0])
        if old != rule and signal is not None:
            _check_range(rule, signal, lambda side, rule=rule: f"bounds.{rule.key}.{side}")


def _check_range(rule: Rule, signal: Signal, where: Callable[[str], str]) -> None:
    low, high = signal.low, signal.high
    for side, bound in (("min", rule.min), ("max", rule.max)):
        if bound is not None and (isnan(bound) or isinf(bound)):
            raise InputError(
                f"{side} {bound:g} is no bound", where=where(side), hint="leave the bound out"
            )
    if rule.min is not None and rule.max is not None and rule.min > rule.max:
        raise InputError(
            f"min {rule.min:g} is above max {rule.max:g}: every document trips", where=where("min")
        )
    span = f"{signal.name} lies between {low:g} and {high:g}"
    never = "leave it out (in `bounds`, inf switches it off)"
    if rule.min is not None and rule.min <= low:
        raise InputError(f"min {rule.min:g} can never trip: {span}", where=where("min"), hint=never)
    if rule.max is not None and rule.max >= high:
        raise InputError(f"max {rule.max:g} can never trip: {span}", where=where("max"), hint=never)
    always = f"choose a value inside {low:g} to {high:g}"
    if rule.min is not None and rule.min > high:
        raise InputError(f"min {rule.min:g} always trips: {span}", where=where("min"), hint=always)
    if rule.max is not None and rule.max < low:
        raise InputError(f"max {rule.max:g} always trips: {span}", where=where("max"), hint=always)
