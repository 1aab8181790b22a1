"""How numbers and dates are written in a column, read and written again in the same form."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

type Floats = NDArray[np.float64]

_MONEY = r"(?:(?:[A-Z]{1,3})?[$€£¥₹₽₩]|Rs\.?|kr|CHF|USD|EUR|GBP|CNY|RMB|JPY|INR)"
_NUMBER = re.compile(
    rf"(?P<before>(?:{_MONEY}\s?)?)(?P<sign>[+-]?)(?P<unit>(?:{_MONEY})?)"
    r"(?P<body>[0-9][0-9.,' ]*|[.,][0-9]+)(?P<power>[eE][+-]?[0-9]+)?"
    rf"(?P<after>(?:\s?(?:{_MONEY}|%|‰|°[CF]?|[a-zµ]{{1,3}}[a-zA-Z]{{0,2}}[²³]?|[\u3400-\u9fff]{{1,2}}))?)"
)
_POINT = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:[.][0-9]+)?|[0-9]*[.]?[0-9]+|[0-9]+[.]")
_COMMA = re.compile(r"[0-9]{1,3}(?:[. '][0-9]{3})+(?:,[0-9]+)?|[0-9]*,[0-9]+|[0-9]+")
DATES = (
    *("%Y-%m-%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%Y/%m/%d", "%d-%m-%Y", "%Y.%m.%d"),
    *("%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y", "%Y年%m月%d日", "%m/%d/%y"),
    *("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M"),
    *("%Y-%m-%dT%H:%M", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M", "%d.%m.%Y %H:%M"),
)
"""Formats that are tried, month first where both would do."""
COMPACT = "%Y%m%d"
_WHOLE = 1e15


class NumberForm(NamedTuple):
    """How the numbers of a column are written.

    Attributes:
        before: A sign of a currency or the like before each.
        after: A unit or percent sign behind each.
        decimals: Places behind the point, at most.
        fixed: Whether all have as many.
        point: What parts them from the whole.
        thousands: What parts groups of three digits; nothing if nothing does.
        width: Digits of the whole, filled up with zeros; 0 if they are not.
    """

    before: str = ""
    after: str = ""
    decimals: int = 0
    fixed: bool = True
    point: str = "."
    thousands: str = ""
    width: int = 0


def read_numbers(texts: list[str]) -> tuple[list[float | None], NumberForm]:
    """Texts as numbers, None for what is none, and the form that most have."""
    seen: dict[tuple[str, str], int] = {}
    parts = [_NUMBER.fullmatch(text) for text in texts]
    for part in parts:
        if part is not None:
            key = (part["before"] + part["unit"], part["after"])
            seen[key] = seen.get(key, 0) + 1
    if not seen:
        return [None] * len(texts), NumberForm()
    before, after = max(seen, key=lambda key: (seen[key], key))
    bodies = [
        part["body"].strip()
        if part is not None and (part["before"] + part["unit"], part["after"]) == (before, after)
        else None
        for part in parts
    ]
    some = [body for body in bodies if body is not None]
    comma = not all(_POINT.fullmatch(body) for body in some) and (
        sum(bool(_COMMA.fullmatch(body)) for body in some)
        > sum(bool(_POINT.fullmatch(body)) for body in some)
    )
    grammar, point = (_COMMA, ",") if comma else (_POINT, ".")
    fits = [body is not None and bool(grammar.fullmatch(body)) for body in bodies]
    read = [
        _number(part, body or "", point) if fit and part is not None else None
        for part, body, fit in zip(parts, bodies, fits, strict=True)
    ]
    whole = [body for body, one in zip(bodies, read, strict=True) if one is not None and body]
    powers = any(part is not None and part["power"] for part in parts)
    return read, _form(whole, before, after, point, powers=powers)


def _number(part: re.Match[str], body: str, point: str) -> float | None:
    plain = re.sub("[ ']", "", body).replace("." if point == "," else ",", "").replace(",", ".")
    value = float(plain + (part["power"] or ""))
    return (-value if part["sign"] == "-" else value) if abs(value) < float("inf") else None


def _form(bodies: list[str], before: str, after: str, point: str, *, powers: bool) -> NumberForm:
    places = {len(body.partition(point)[2]) for body in bodies} or {0}
    wholes = [body.partition(point)[0] for body in bodies]
    groups = {match.group() for body in wholes if (match := re.search("[., ']", body))}
    padded = [whole for whole in wholes if len(whole) > 1 and whole[0] == "0"]
    widths = {len(whole) for whole in wholes}
    decimals = 12 if powers else min(max(places), 12)
    return NumberForm(
        before,
        after,
        decimals,
        len(places) == 1 and not powers,
        point,
        min(groups) if groups else "",
        max(widths) if padded and len(widths) == 1 else 0,
    )


def is_padded(text: str) -> bool:
    """Whether a text is a number with a leading zero, which a number would lose.

    >>> is_padded("00123"), is_padded("0"), is_padded("0.5")
    (True, False, False)
    """
    return len(text) > 1 and text[0] == "0" and text.isdigit()


def write_numbers(values: Floats, form: NumberForm) -> list[str]:
    """Numbers in the form of their column.

    >>> write_numbers(np.array([1234.5, -3.0]), NumberForm("$", "", 2, True, ".", ",", 0))
    ['$1,234.50', '-$3.00']
    """
    group = "," if form.thousands else ""
    written: list[str] = []
    for value in values.tolist():
        sign = "-" if value < 0 and round(value, form.decimals) != 0 else ""
        text = f"{abs(value):{group}.{form.decimals}f}"
        whole, _, places = text.partition(".")
        if form.thousands:
            whole = whole.replace(",", form.thousands)
        if not form.fixed:
            places = places.rstrip("0")
        whole = whole.zfill(form.width)
        body = f"{whole}{form.point}{places}" if places else whole
        written.append(f"{sign}{form.before}{body}{form.after}")
    return written


def read_dates(texts: pl.Series, form: str) -> Floats:
    """Texts as seconds since 1970, NaN for what is no such date."""
    read = texts.str.strptime(pl.Datetime("us"), form, strict=False)
    return (read.dt.epoch("us").cast(pl.Float64) / 1e6).fill_null(float("nan")).to_numpy()


def date_form(texts: pl.Series, *, compact: bool = False) -> tuple[str, float]:
    """The format that most texts have, and how large a share; none if no text is a date."""
    best, most = "", 0.0
    if not len(texts):
        return best, most
    for form in (*DATES, *((COMPACT,) if compact else ())):
        share = float(np.mean(~np.isnan(read_dates(texts, form))))
        if share > most:
            best, most = form, share
        if most == 1:
            break
    return best, most


def write_dates(values: Floats, form: str) -> list[str]:
    """Seconds since 1970 in a format."""
    return as_datetimes(values).dt.strftime(form).to_list()


def as_datetimes(values: Floats) -> pl.Series:
    """Seconds since 1970 as a polars series of type Datetime."""
    whole: NDArray[Any] = np.round(values * 1e6).astype(np.int64)
    return pl.Series(whole).cast(pl.Datetime("us"))


def is_daily(form: str) -> bool:
    """Whether a format has no time of day."""
    return "%H" not in form


def whole(values: Floats) -> bool:
    """Whether all of some numbers are whole ones that a float holds exactly."""
    return bool(np.all(values == np.round(values)) and np.all(np.abs(values) < _WHOLE))
