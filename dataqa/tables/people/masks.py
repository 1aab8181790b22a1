"""The form of private values: which signs are digits and letters, and nothing of who they are."""

from __future__ import annotations

from collections import Counter

import polars as pl

from dataqa.private.standins.draw import DIGITS, LOWER, UPPER, Draw
from dataqa.private.standins.phones import number_of

DIGIT, CAPITAL, SMALL = "\ue000", "\ue001", "\ue002"
_POOLS = {DIGIT: DIGITS, CAPITAL: UPPER, SMALL: LOWER}
_MOST, _HEAD = 20, 12


def masks(values: pl.Series, least: int, *, phone: bool = False) -> dict[str, int]:
    """The forms that at least so many values have, with how many; else the most frequent one.

    A beginning of letters that all values share, and the country code of a telephone number, are
    part of the form.

    Args:
        values: Texts.
        least: A form of fewer values is not kept.
        phone: They are telephone numbers.
    """
    texts = values.to_list()
    head = _shared(min(texts), max(texts)) if len(texts) > 1 else ""
    cut = next((at for at, one in enumerate(head) if one in DIGITS), len(head))
    counts = Counter(mask(text, cut, phone=phone) for text in texts)
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    kept = [one for one in ordered if one[1] >= least][:_MOST] or ordered[:1]
    return dict(kept)


def _shared(one: str, other: str) -> str:
    """What two texts both begin with; of the first and last in order, what all between do."""
    at = 0
    while at < min(len(one), len(other), _HEAD) and one[at] == other[at]:
        at += 1
    return one[:at]


def mask(text: str, kept: int = 0, *, phone: bool = False) -> str:
    """The form of a value.

    Args:
        text: The value.
        kept: So many signs at its beginning stay as they are.
        phone: A country code behind a plus, and zeros that are dialled first, stay.

    >>> mask("+44 20 79", phone=True).replace(DIGIT, "9"), mask("Ab-1").replace(DIGIT, "9")[2:]
    ('+44 99 99', '-9')
    """
    if phone:
        kept = _dialled(text)
    return text[:kept] + "".join(_sign(one) for one in text[kept:])


def _dialled(text: str) -> int:
    """How many signs of a telephone number say where it is and nothing of whose it is."""
    if text.startswith("+"):
        return 1 + len(number_of(text).country)
    zeros = len(text) - len(text.lstrip("0"))
    return zeros or int(text.isdigit() and len(text) == 11 and text[0] == "1")


def _sign(one: str) -> str:
    if one.isdigit():
        return DIGIT
    if one.isalpha():
        return CAPITAL if one.isupper() else SMALL
    return one


def filled(form: str, draw: Draw) -> str:
    """A form with drawn digits and letters in it; its first digit is one from 2 to 9."""
    first = form.find(DIGIT)
    made = (
        str(2 + draw.below(8))
        if at == first
        else draw.one_of(_POOLS[one])
        if one in _POOLS
        else one
        for at, one in enumerate(form)
    )
    return "".join(made)


def chosen(forms: dict[str, int], draw: Draw) -> str:
    """One of some forms, as often as it was met."""
    at = draw.below(sum(forms.values()))
    for form, count in forms.items():
        at -= count
        if at < 0:
            return form
    return next(iter(forms))
