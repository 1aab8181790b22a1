"""Removes the lines that C4, RefinedWeb and FineWeb removed, and says which and why.

A line falls by the first rule that it breaks, in the order of ``KINDS``. Sources: C4 (Raffel et al.
2020, arXiv 1910.10683) and its code in TensorFlow Datasets; RefinedWeb (Penedo et al. 2023, arXiv
2306.01116) as DCLM wrote it down; FineWeb (Penedo et al. 2024, arXiv 2406.17557), which is C4's
paper without the end mark.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec

from dataqa.errors import InputError, did_you_mean
from dataqa.line_filter import Bounds, clean
from dataqa.rules import Rule
from dataqa.types import Assets, Batch, Opened

RECIPES = {
    "c4": Bounds(
        terminal=True,
        min_words=5,
        max_word_length=1000,
        citations=True,
        javascript=True,
        policy=True,
    ),
    "c4-paper": Bounds(
        terminal=True,
        quoted_end=True,
        min_words=3,
        max_word_length=1000,
        citations=True,
        javascript=True,
        policy=True,
    ),
    "fineweb": Bounds(
        min_words=3,
        max_word_length=1000,
        citations=True,
        javascript=True,
        policy=True,
    ),
    "refinedweb": Bounds(
        min_words=2,
        max_upper_ratio=0.5,
        max_digit_ratio=0.999999,
        counters=True,
        snippets=True,
    ),
}
"""The switches of each recipe; of several recipes the strictest counts."""

CITE = "Penedo et al. 2023, RefinedWeb (arXiv 2306.01116), appendix G.2"
_MAX_REMOVED = 0.05


class LineRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Remove lines by recipe; measure ``lines_removed`` and ``line_rules_removed_word_ratio``.

    A switch that is given replaces what the recipes say; ``false`` and ``0`` turn it off. A Han or
    Kana character counts as a word, and every script's end marks count.

    Attributes:
        recipes: Any of ``c4`` (as its code does), ``c4-paper``, ``refinedweb``, ``fineweb``.
        terminal: Remove lines that do not end with an end mark or a double quote, or end in dots.
        quoted_end: A single quote at the end counts as an end mark too.
        min_words: Remove lines of fewer words.
        max_word_length: Remove lines with a longer word.
        citations: Cut out ``[12]``, ``[edit]`` and ``[citation needed]``.
        javascript: Remove lines with the word.
        policy: Remove lines with a phrase of cookie and privacy notices.
        max_upper_ratio: Remove lines with a larger share of capitals.
        max_digit_ratio: Remove lines with a larger share of digits.
        counters: Remove lines that only count something (``3 likes``, ``1.2K followers``).
        snippets: In lines of ten words or fewer cut out ``items in cart``, ``Read more...`` at the
            end and ``Sign-in`` at the beginning.
        max_removed: The largest share of words a page may lose (rule ``line_rules.removed.max``);
            left out, it is 0.05 with ``refinedweb`` and no rule otherwise.
    """

    recipes: tuple[str, ...] = ("fineweb",)
    terminal: bool | None = None
    quoted_end: bool | None = None
    min_words: int | None = None
    max_word_length: int | None = None
    citations: bool | None = None
    javascript: bool | None = None
    policy: bool | None = None
    max_upper_ratio: float | None = None
    max_digit_ratio: float | None = None
    counters: bool | None = None
    snippets: bool | None = None
    max_removed: float | None = None

    def __post_init__(self) -> None:
        for recipe in self.recipes:
            if recipe not in RECIPES:
                raise InputError(
                    f"there is no recipe {recipe!r}",
                    where="line_rules.recipes",
                    hint=did_you_mean(recipe, RECIPES),
                )
        for name in ("min_words", "max_word_length"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise InputError(
                    f"{value} is negative", where=f"line_rules.{name}", hint="0 turns it off"
                )
        for name in ("max_upper_ratio", "max_digit_ratio", "max_removed"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise InputError(
                    f"{value:g} is no share",
                    where=f"line_rules.{name}",
                    hint="give a number from 0 to 1",
                )

    def rules(self, assets: Assets) -> tuple[Rule, ...]:  # noqa: ARG002 - every step gets them
        """``line_rules.removed.max``, when a page may not lose more than a share of its words."""
        most = self.max_removed
        if most is None and "refinedweb" in self.recipes:
            most = _MAX_REMOVED
        if most is None:
            return ()
        signal = "line_rules_removed_word_ratio"
        return (Rule("line_rules", "removed", signal, max=most, cite=CITE),)

    def open(self, assets: Assets) -> Opened:  # noqa: ARG002 - every step gets them
        """Settle the switches; returns a function that removes the lines of each text."""
        return partial(_clean, bounds=self.bounds())

    def bounds(self) -> Bounds:
        """What holds when recipes and switches are put together."""
        own = {name: getattr(self, name) for name in Bounds._fields}
        given = {name: value for name, value in own.items() if value is not None}
        return _strictest([RECIPES[recipe] for recipe in self.recipes])._replace(**given)


def _clean(batch: Batch, *, bounds: Bounds) -> Batch:
    return clean(batch, bounds)


def _strictest(recipes: Sequence[Bounds]) -> Bounds:
    settled: dict[str, Any] = {}
    for name in Bounds._fields:
        asked = [value for recipe in recipes if (value := getattr(recipe, name))]
        if asked:
            settled[name] = min(asked) if name.startswith("max_") else max(asked)
    # a single quote ends a line only where every recipe that asks for an end mark says so
    ends = [recipe.quoted_end for recipe in recipes if recipe.terminal]
    return Bounds(**settled)._replace(quoted_end=bool(ends) and all(ends))
