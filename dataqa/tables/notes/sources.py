"""From whose text the text of a synthetic row is made: somebody of the same sex and about the age.

Only what a text would betray has to agree, and what hints name. The more columns agree, the more
the synthetic row tells of the real person whom a reader of the text may recognise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain

import numpy as np
import polars as pl

from dataqa.tables.columns import Column
from dataqa.tables.notes.everybody import texts_of
from dataqa.tables.people.known import known_of
from dataqa.tables.people.persons import Known

type Traits = tuple[str, ...]


class Decks:
    """Real people by traits, dealt in turn: nobody twice before everybody was dealt."""

    def __init__(self, units: Sequence[Sequence[int]], traits: Sequence[Traits], seed: int) -> None:
        self._draw = np.random.default_rng([seed, 11])
        self._units = units
        self._decks: dict[Traits, list[int]] = {}
        for at in self._draw.permutation(len(units)).tolist():
            for known in coarser(traits[units[at][0]]):
                self._decks.setdefault(known, []).append(at)
        self._dealt = dict.fromkeys(self._decks, 0)
        self._used: set[int] = set()

    def take(self, traits: Traits) -> list[int]:
        """The rows of somebody with such traits, or, if there is nobody, of ever fewer of them."""
        known = next(one for one in coarser(traits) if one in self._decks)
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


def coarser(traits: Traits) -> list[Traits]:
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


def by_rows(
    original: pl.DataFrame,
    made: pl.DataFrame,
    columns: Mapping[str, Column],
    full: Sequence[bool],
    owners: Mapping[str, Sequence[int]],
    seed: int,
) -> tuple[list[int], Callable[[int], int]]:
    """Of each synthetic row the real one that gives its text, and what gives it another one.

    Rows of one key take the texts of one person, where hints do not say what they are to be like.

    Args:
        original: Real rows.
        made: Synthetic rows.
        columns: What their columns are.
        full: Which real rows have a text.
        owners: Of each key that synthetic rows share, which of them each row has.
        seed: Decides it.
    """
    like = list(dict.fromkeys(chain(*(columns[name].like for name in texts_of(columns)))))
    real, wanted = (traits_of(some, known_of(some, columns), like) for some in (original, made))
    key = "" if like else next(iter(owners), "")
    units = units_of(len(real), original[key].to_list() if key else None)
    whole = [[row for row in unit if full[row]] for unit in units]
    decks = Decks([unit for unit in whole if unit], real, seed)
    return dealt(wanted, owners[key] if key else None, decks), lambda row: decks.take(wanted[row])[
        0
    ]
