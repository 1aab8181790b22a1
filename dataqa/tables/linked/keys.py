"""New keys of the form that the old ones have, and never an old one.

Which keys there were is not kept. A sieve is: one bit for each key, and ten times as many bits as
keys. It lets no old key through, and stops one new one in ten as well, so that whoever tries all
keys there could be does not learn which ones there were.
"""

from __future__ import annotations

from hashlib import blake2b

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.tables.learning.trees import Floats
from dataqa.tables.people.masks import CAPITAL, DIGIT, SMALL, masks
from dataqa.tables.people.private_forms import form_of
from dataqa.tables.profile import least_rows

_THIN, _LEAST = 10, 512
_TRIES, _WIDER = 12, 6
_DIGITS, _HEX = "0123456789", "0123456789abcdef"
_POOLS = {
    DIGIT: _DIGITS,
    CAPITAL: "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    SMALL: "abcdefghijklmnopqrstuvwxyz",
    "\ue003": _HEX,
    "\ue004": "89ab",
}
_UUID = f"{'\ue003' * 8}-{'\ue003' * 4}-4{'\ue003' * 3}-\ue004{'\ue003' * 3}-{'\ue003' * 12}"


class Fresh(msgspec.Struct, frozen=True):
    """What makes new keys.

    Attributes:
        name: The column's.
        forms: Masks, with how many keys had them; none for whole numbers one after the other.
        begins: Where those begin.
        upper: Letters of hexadecimal keys are capitals.
        sieve: The bits, eight in a byte.
        size: How many bits there are.
    """

    name: str
    forms: dict[str, int]
    begins: int = 0
    upper: bool = False
    sieve: bytes = b""
    size: int = 0

    def draw(self, rows: int, seed: list[int]) -> list[str]:
        """So many different keys, none of them an old one.

        Args:
            rows: How many.
            seed: Decides them.
        """
        if not self.forms:
            return [str(self.begins + row) for row in range(rows)]
        draw = np.random.default_rng(seed)
        made: dict[str, None] = {}
        forms = dict(self.forms)
        for _ in range(_WIDER):
            for _ in range(_TRIES):
                some = _filled(forms, int((rows - len(made)) * 1.2) + 20, draw)
                some = [one.upper() for one in some] if self.upper else some
                stopped = self._stopped(some)
                made |= {one: None for one, old in zip(some, stopped, strict=True) if not old}
                if len(made) >= rows:
                    return list(made)[:rows]
            # there are not so many of this form: one more digit
            forms = {f"{form}{DIGIT}": count for form, count in forms.items()}
        return [f"{one}-{at}" for at, one in enumerate(_filled(forms, rows, draw))]

    def _stopped(self, keys: list[str]) -> NDArray[np.bool_]:
        bits = np.unpackbits(np.frombuffer(self.sieve, np.uint8))
        return bits[_places(keys, self.size)].astype(np.bool_)


def fresh_of(values: pl.Series, *, repeated: bool = False) -> Fresh:
    """What makes new keys like some.

    Args:
        values: Keys as texts, none missing.
        repeated: Each may stand there more than once.
    """
    texts = values.unique(maintain_order=True) if repeated else values
    form = form_of(texts, "ID", least_rows(len(texts)))
    if form.consecutive is not None:
        numbers = [int(one) for one in texts.to_list()]
        return Fresh(values.name, {}, begins=max(numbers) + 1)
    uuid = form.entity == "UUID"
    known = {_UUID: 1} if uuid else form.forms or masks(texts, least_rows(len(texts)))
    size = max(_THIN * len(texts), _LEAST)
    bits = np.zeros(size, np.uint8)
    # letters of either case are the same key to a reader
    bits[_places(texts.to_list(), size)] = 1
    return Fresh(values.name, known, 0, form.case == "upper", np.packbits(bits).tobytes(), size)


def _places(keys: list[str], size: int) -> NDArray[np.int64]:
    digests = b"".join(blake2b(one.lower().encode(), digest_size=8).digest() for one in keys)
    return (np.frombuffer(digests, "<u8") % np.uint64(size)).astype(np.int64)


def _filled(forms: dict[str, int], rows: int, draw: np.random.Generator) -> list[str]:
    """Masks with drawn signs in them, each as often as it was met."""
    names = sorted(forms)
    shares: Floats = np.array([forms[one] for one in names], np.float64)
    which = draw.choice(len(names), rows, p=shares / shares.sum())
    made = np.empty(rows, object)
    for at, form in enumerate(names):
        mine = np.flatnonzero(which == at)
        first = form.find(DIGIT)
        signs: list[NDArray[np.str_]] = []
        for place, sign in enumerate(form):
            pool = list("23456789" if place == first else _POOLS.get(sign, sign))
            signs.append(np.array(pool)[draw.integers(0, len(pool), len(mine))])
        if signs:
            width = len(signs)
            matrix = np.ascontiguousarray(np.stack(signs, axis=1).astype("<U1"))
            made[mine] = matrix.view(f"<U{width}")[:, 0]
    return [str(one) for one in made.tolist()]
