"""Rules are data: a signal, a bound, an action, a citation, and examples that prove it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, isinf, isnan
from typing import NamedTuple

from dataqa.errors import InputError, did_you_mean
from dataqa.types import Action


class Rule(NamedTuple):
    """One bound over one signal, ready to evaluate; ``dataqa.policy`` does so for a whole stage.

    A number trips below ``min`` or above ``max``; a String signal trips when it is not in
    ``one_of`` or is in ``none_of``. A value within ``doubt`` of its bound, on either side, asks for
    review in place of ``action``. With ``languages`` it holds only where the signal ``language`` is
    one of them. A signal that could not be measured (null) asks for ``missing``.
    """

    pack: str
    name: str
    signal: str
    min: float | None = None
    max: float | None = None
    one_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    action: Action = Action.DROP
    doubt: float = 0.0
    languages: tuple[str, ...] = ()
    cite: str = ""
    missing: Action = Action.REVIEW

    @property
    def key(self) -> str:
        """What bounds are named after: ``gopher.word_count`` (``.min``, ``.max``, ``.doubt``)."""
        return f"{self.pack}.{self.name}"


def with_bounds(rules: Sequence[Rule], bounds: Mapping[str, float]) -> list[Rule]:
    """The rules with some bounds replaced, in the same order.

    Args:
        rules: Rules of one pipeline.
        bounds: ``pack.rule.min``, ``.max`` or ``.doubt`` to its new value; an infinite ``min`` or
            ``max`` switches that side off.

    Raises:
        InputError: A bound is not among those the rules have, or no document could pass it.

    >>> rule = Rule("gopher", "word_count", "word_count", min=50)
    >>> with_bounds([rule], {"gopher.word_count.min": 30})[0].min
    30.0
    """
    changed = list(rules)
    known: dict[str, list[int]] = {}
    for at, rule in enumerate(rules):
        for side in _sides(rule):
            known.setdefault(f"{rule.key}.{side}", []).append(at)
    for key, value in bounds.items():
        if key not in known:
            raise InputError(
                f"there is no bound {key!r}",
                where=f"bounds.{key}",
                hint=did_you_mean(key, known),
            )
        side = key.rpartition(".")[2]
        for at in known[key]:  # a pack may stand in several steps
            changed[at] = changed[at]._replace(**{side: _number(key, side, value)})
    for at in sorted({at for key in bounds for at in known[key]}):
        low, high = changed[at].min, changed[at].max
        if low is not None and high is not None and low > high:
            raise InputError(
                f"min {low:g} is above max {high:g}: every document trips",
                where=f"bounds.{changed[at].key}",
            )
    return changed


def _number(key: str, side: str, value: float) -> float | None:
    if isnan(value) or (side == "doubt" and not 0 <= value < inf):
        raise InputError(f"{value:g} is no {side}", where=f"bounds.{key}")
    return None if isinf(value) else float(value)


def _sides(rule: Rule) -> list[str]:
    sides = [side for side in ("min", "max") if getattr(rule, side) is not None]
    return [*sides, "doubt"] if sides else []
