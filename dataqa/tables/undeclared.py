"""What neither a column's name nor a recogniser tells: people and identifiers, by values alone.

Names are known by the lists that stand-ins are drawn from. What only looks like something private
is never modelled: the run stops, and asks what it is.
"""

from __future__ import annotations

import re
from itertools import pairwise

import polars as pl

from dataqa.private.standins.han import is_asian, is_family
from dataqa.private.standins.words import family_names, given_names, plain
from dataqa.tables.columns import Column

MANY = 20
"""Different values from which on they may be somebody's each, however many rows each has."""
_MOSTLY, _NEARLY_ALL, _SOME, _FEW = 0.6, 0.9, 0.2, 3
_WORDS_OF_ONE, _HAN_NAMES = 12, 5
_ROWS_EACH, _FORMS, _DIGITS, _LONG = 50, 3, 5, 7
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_NO_NAME = re.compile(r"[^\w\s.,'’-]|[\d_]")
_DAY = r"(?:^|[^0-9])[0-9]{1,4}[-./][0-9]{1,2}[-./][0-9]{1,4}"


def people(values: pl.Series) -> Column | None:
    """Names of people.

    Args:
        values: Different texts.

    Returns:
        A private column where most are names, an id that nobody declared where some are or hold
        one, None else.
    """
    texts = [text.strip() for text in values]
    if len(texts) < _FEW:
        return None
    named = sum(_is_name(text) for text in texts) / len(texts)
    if named >= _MOSTLY:
        return _private("PERSON", named)
    for entity, least, is_one in (
        ("PERSON", _HAN_NAMES, _is_han_name),
        ("GIVEN_NAME", _WORDS_OF_ONE, _is_given),
        ("FAMILY_NAME", _WORDS_OF_ONE, _is_family),
    ):
        share = sum(map(is_one, texts)) / len(texts)
        if share >= _NEARLY_ALL and len(texts) >= least:
            return _private(entity, share)
    held = sum(_holds_name(text) for text in texts)
    if held < max(_FEW, _SOME * len(texts)):
        return None
    return Column(
        "id", confidence=0.5, why=f"{held / len(texts):.0%} of its values hold names of people"
    )


def identifiers(values: pl.Series, rows: int) -> Column | None:
    """Texts of one form with many digits, of which there are many: an id that nobody declared.

    Args:
        values: Different texts.
        rows: How many rows have one.
    """
    different = len(values)
    if different < MANY or rows > _ROWS_EACH * different:
        return None
    if values.str.contains(_DAY).sum() >= _MOSTLY * different:
        why = "most of its values look like dates, but of no one form"
        return Column("id", confidence=0.5, why=why)
    forms = values.str.replace_all("[0-9]", "9").str.replace_all("[A-Za-z]", "a").n_unique()
    long = (values.str.count_matches("[0-9]") >= _DIGITS).sum()
    if forms > _FORMS or long < _NEARLY_ALL * different:
        return None
    why = f"{different:,} values of one form with many digits, {rows / different:.0f} rows each"
    return Column("id", confidence=0.5, why=why)


def somebodys(numbers: pl.Series, name: str) -> Column | None:
    """Whole numbers, all of one length of seven digits or more, some rows each: likewise.

    Args:
        numbers: Of all rows.
        name: The column's; codes are told by it.
    """
    rows, different = len(numbers), numbers.n_unique()
    ends = [int(numbers.min() or 0), int(numbers.max() or 0)]  # pyright: ignore[reportArgumentType]
    alike = len(str(ends[0])) == len(str(ends[1])) >= _LONG
    if not alike or name.lower().endswith("code") or different < MANY:
        return None
    if rows > _ROWS_EACH * different or not float((numbers % 10).max() or 0):  # pyright: ignore[reportArgumentType]
        return None
    why = f"{different:,} whole numbers, all of one length, {rows / different:.0f} rows each"
    return Column("id", confidence=0.6, why=why)


def _private(entity: str, share: float) -> Column:
    why = f"{share:.0%} of its values are names of people"
    return Column("private", entity, confidence=round(share, 3), why=why)


def _is_name(text: str) -> bool:
    """A given name and a family name, and little else.

    >>> _is_name("Anna Müller"), _is_name("SCHMIDT, Emma"), _is_name("New York")
    (True, True, False)
    """
    return not _NO_NAME.search(text) and len(text.split()) <= 4 and _pair(_WORD.findall(text))


def _holds_name(text: str) -> bool:
    """Both side by side in capitals, somewhere.

    >>> _holds_name("saw Emma Schmidt today"), _holds_name("an emma schmidt"), _holds_name("Emma")
    (True, False, False)
    """
    words = _WORD.findall(text)
    return any(
        one[0].isupper() and other[0].isupper() and _pair([one, other])
        for one, other in pairwise(words)
    )


def _pair(words: list[str]) -> bool:
    known = [(word in given_names(), word in family_names()) for word in map(plain, words)]
    ends = (known[0], known[-1]) if len(known) > 1 else ((False, False), (False, False))
    return (ends[0][0] and ends[1][1]) or (ends[0][1] and ends[1][0])


def _is_given(text: str) -> bool:
    return plain(text) in given_names()


def _is_family(text: str) -> bool:
    return plain(text) in family_names()


def _is_han_name(text: str) -> bool:
    """Two or three characters, of which the first is a frequent family name.

    >>> _is_han_name("张伟"), _is_han_name("欧阳小红"), _is_han_name("感冒")
    (True, True, False)
    """
    head = 2 if len(text) > 2 and is_family(text[:2]) else 1
    rest = text[head:]
    return is_family(text[:head]) and len(rest) in {1, 2} and all(map(is_asian, rest))
