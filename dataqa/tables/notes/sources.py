"""From whose text the text of a synthetic row is made: somebody of the same sex and about the age.

Only what a text would betray has to agree, and what hints name. The more columns agree, the more
the synthetic row tells of the real person whom a reader of the text may recognise.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from dataqa.tables.people.persons import Known

type Traits = tuple[str, ...]


class Decks:
    """Real people by traits, dealt in turn: nobody twice before everybody was dealt."""

    def __init__(self, units: Sequence[Sequence[int]], traits: Sequence[Traits], seed: int) -> None:
        self._draw = np.random.default_rng([seed, 11])
        self._units = units
        self._decks: dict[Traits, list[int]] = {}
        for at in self._draw.permutation(len(units)).tolist():
            for known in _coarser(traits[units[at][0]]):
                self._decks.setdefault(known, []).append(at)
        self._dealt = dict.fromkeys(self._decks, 0)
        self._used: set[int] = set()

    def take(self, traits: Traits) -> list[int]:
        """The rows of somebody with such traits, or, if there is nobody, of ever fewer of them."""
        known = next(one for one in _coarser(traits) if one in self._decks)
        deck = self._decks[known]
        for _ in range(len(deck)):
            unit = deck[self._dealt[known] % len(deck)]
            self._dealt[known] += 1
            if unit not in self._used or self._dealt[known] > len(deck):
                break
        else:
            unit = deck[self._dealt[known] % len(deck)]
        self._used.add(unit)
        rows = list(self._units[unit])
        return [rows[at] for at in self._draw.permutation(len(rows)).tolist()]


def _coarser(traits: Traits) -> list[Traits]:
    """Traits, and ever fewer of them: of these the first are held to the longest."""
    return [traits[:size] for size in range(len(traits), -1, -1)]


def traits_of(frame: pl.DataFrame, known: Sequence[Known], like: Sequence[str]) -> list[Traits]:
    """What has to agree of each row: gender, the columns that hints name, the decade of birth.

    Args:
        frame: Rows.
        known: What is known of their people.
        like: Columns that hints name.
    """
    columns = [frame[name].cast(pl.String).fill_null("").to_list() for name in like]
    decades = [str(one.birth.year // 10) if one.birth else "" for one in known]
    genders = [one.gender for one in known]
    return list(zip(genders, *columns, decades, strict=True))


def units_of(rows: int, keys: Sequence[object] | None) -> list[list[int]]:
    """Rows by the person whom a key names; each alone where there is no key."""
    if keys is None:
        return [[row] for row in range(rows)]
    found: dict[object, list[int]] = {}
    for row, key in enumerate(keys):
        found.setdefault(row if key is None else ("of", key), []).append(row)
    return list(found.values())


def dealt(made: Sequence[Traits], owners: Sequence[int] | None, decks: Decks) -> list[int]:
    """Of each synthetic row, the real one that its text is made from.

    Args:
        made: The traits of synthetic rows.
        owners: Which rows are one person's; none: each its own.
        decks: Real people.
    """
    found = [0] * len(made)
    for unit in units_of(len(made), owners):
        left: list[int] = []
        for row in unit:
            left = left or decks.take(made[row])
            found[row] = left.pop(0)
    return found
