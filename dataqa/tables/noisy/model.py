"""A model of noisy counts: variables are drawn from it as from trees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from dataqa.errors import InputError
from dataqa.tables.learning.trees import Floats
from dataqa.tables.noisy.fields import Field
from dataqa.tables.noisy.joint import Joint


class Noisy(NamedTuple):
    """What is learnt of noisy counts, and nothing of any row.

    A category is one variable. A number is one, and before it stands another where something else
    may stand in its place: 0 is a number.

    Attributes:
        fields: How each column that is learnt is coded.
        joint: The distribution of codes.
    """

    fields: list[Field]
    joint: Joint

    @property
    def sizes(self) -> list[int]:
        """Of each variable that is written, how many codes there are; 0 for numbers."""
        return [size for one in self.fields for size in sizes_of(one)]

    def sets(self, given: Mapping[int, float | Floats]) -> bool:
        """Whatever is given can be set."""
        del given
        return True

    def draw(self, rows: int, seed: list[int], given: Mapping[int, float | Floats]) -> list[Floats]:
        """Values of each variable for some rows.

        Args:
            rows: How many.
            seed: Decides them.
            given: Variables whose value is set in all rows.

        Raises:
            InputError: No row can have what is given.
        """
        masks: dict[int, Floats] = {}
        at = 0
        for number, field in enumerate(self.fields):
            mine = sizes_of(field)
            some = [given[at + of] for of in range(len(mine)) if at + of in given]
            if some:
                masks[number] = _mask(field, float(some[-1]))
            at += len(mine)
        joint = self.joint.only(masks) if masks else self.joint
        if not joint.possible:
            raise InputError("no row can have what is given", where="given")
        values: list[Floats] = []
        for number, (field, codes) in enumerate(
            zip(self.fields, joint.draw(rows, seed), strict=True)
        ):
            if not field.numeric:
                values.append(codes.astype(np.float64))
                continue
            if field.tokens:
                values.append(np.where(codes < field.tokens, codes + 1.0, 0.0))
            chance = np.random.default_rng([*seed, 13, number]).random((2, rows))
            values.append(field.drawn(codes, chance))
        for of, value in given.items():
            values[of] = np.full(rows, float(value))
        return values


def sizes_of(field: Field) -> list[int]:
    """The variables of a column: how many codes each has, 0 for numbers."""
    if not field.numeric:
        return [field.tokens]
    return [field.tokens + 1, 0] if field.tokens else [0]


def _mask(field: Field, value: float) -> Floats:
    """Which codes what is given may have."""
    mask = np.zeros(field.size)
    mask[int(field.bin_of(np.array([value]))[0]) if field.numeric else int(value)] = 1.0
    return mask
