"""Telephone numbers as their countries write them, known by the sizes of their groups of digits.

What the numbering plans say is libphonenumber's (``phonenumbers``). From its formats a table is
made: sizes of groups (``3-3-4``) to the countries that write them so. Most digits in texts have a
form that no country writes: one look into the table, and the library is never asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from itertools import product
from typing import Any, NamedTuple

_GROUP = re.compile(r"\((?:\\d|\[[0-9-]+\])(?:\{([0-9]+)(?:,([0-9]+))?\})?\)")
_RUNS = re.compile("[0-9]+")
_LONGEST = 15
"""Digits of a number, with its country's (ITU-T E.164)."""


class _Form(NamedTuple):
    """One way in which a country writes numbers of some sizes."""

    region: str
    prefix: str
    leading: re.Pattern[str]
    number: re.Pattern[str]


def regions_of(value: str, regions: str) -> tuple[str, ...]:
    """The countries of some, ``US,GB``, that part a number into groups as this one is.

    >>> regions_of("(415) 555-2671", "US,DE"), regions_of("0043 12", "US,DE")
    (('US',), ())
    """
    groups = _RUNS.findall(value)
    digits = "".join(groups)
    found = [
        form.region
        for form in _forms(regions).get(tuple(map(len, groups)), ())
        if digits.startswith(form.prefix)
        and form.leading.match(digits, len(form.prefix))
        and form.number.fullmatch(digits, len(form.prefix))
    ]
    return tuple(dict.fromkeys(found))


@cache
def _forms(regions: str) -> dict[tuple[int, ...], list[_Form]]:
    table: dict[tuple[int, ...], list[_Form]] = {}
    for region in regions.split(","):
        for sizes, form in _written(region):
            if form not in table.setdefault(sizes, []):
                table[sizes].append(form)
    return table


def _written(region: str) -> Iterator[tuple[tuple[int, ...], _Form]]:
    """Every way that a country writes numbers in: sizes of groups, and what must hold."""
    known: Any = _metadata(region)
    number = re.compile(known.general_desc.national_number_pattern)
    for written in known.number_format:
        groups = _GROUP.findall(written.pattern)
        if _places(written.format) != list(range(1, len(groups) + 1)):
            continue  # digits are added or change places
        leading = re.compile(written.leading_digits_pattern[-1:][0] if _leads(written) else "")
        rule = written.national_prefix_formatting_rule or ""
        for sizes in product(
            *(range(int(low or 1), int(high or low or 1) + 1) for low, high in groups)
        ):
            if sum(sizes) <= _LONGEST:
                yield sizes, _Form(region, "", leading, number)
                if prefix := "".join(_RUNS.findall(rule.replace("\\1", ""))):
                    form = _Form(region, prefix, leading, number)
                    yield (len(prefix) + sizes[0], *sizes[1:]), form
                    yield (len(prefix), *sizes), form


def _leads(written: Any) -> bool:
    return bool(written.leading_digits_pattern)


def _places(written: str) -> list[int]:
    return [int(one) for one in re.findall(r"\\([0-9])", written)]


@cache
def _metadata(region: str) -> Any:
    return import_module("phonenumbers").PhoneMetadata.metadata_for_region(region)
