"""How numbers and dates are written in a column, read and written again in the same form."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

type Floats = NDArray[np.float64]

_MONEY = r"(?:(?:[A-Z]{1,3})?[$€£¥₹₽₩]|Rs\.?|kr|CHF|USD|EUR|GBP|CNY|RMB|JPY|INR)"
_NUMBER = (
    rf"\A(?P<before>(?:{_MONEY}\s?)?)(?P<sign>[+-]?)(?P<unit>(?:{_MONEY})?)"
    r"(?P<body>[0-9](?:[0-9.,' ]*[0-9.,'])?|[.,][0-9]+)(?P<power>(?:[eE][+-]?[0-9]+)?)"
    rf"(?P<after>(?:\s?(?:{_MONEY}|%|‰|°[CF]?|[a-zµ]{{1,3}}[a-zA-Z]{{0,2}}[²³]?|"
    r"[\u3400-\u9fff]{1,2}))?) *\z"
)
_PLAIN = r"\A[+-]?[0-9]+(?:[.][0-9]+)?\z"
_POINT = r"\A(?:[0-9]{1,3}(?:,[0-9]{3})+(?:[.][0-9]+)?|[0-9]*[.]?[0-9]+|[0-9]+[.])\z"
_COMMA = r"\A(?:[0-9]{1,3}(?:[. '][0-9]{3})+(?:,[0-9]+)?|[0-9]*,[0-9]+|[0-9]+)\z"
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


def read_numbers(texts: pl.Series) -> tuple[Floats, NumberForm]:
    """Texts as numbers, NaN for what is none, and the form that most have."""
    there = texts.drop_nulls()
    if there.str.contains(_PLAIN).all():
        read = texts.cast(pl.Float64, strict=False)
        return _finite(read), _form(there.str.strip_chars_start("+-"))
    parts = texts.str.extract_groups(_NUMBER).struct.unnest()
    parts = parts.with_columns(pl.col("before") + pl.col("unit"))
    shapes = parts.drop_nulls("body").group_by("before", "after").len()
    if not shapes.height:
        return np.full(len(texts), np.nan), NumberForm()
    before, after, _ = shapes.sort("len", "before", "after").row(-1)
    usual = (pl.col("before") == before) & (pl.col("after") == after)
    parts = parts.with_columns(pl.when(usual).then(pl.col("body")).alias("body"))
    bodies = parts["body"]
    pointed, commaed = (bodies.str.contains(one).sum() for one in (_POINT, _COMMA))
    comma = pointed < len(bodies) - bodies.null_count() and commaed > pointed
    grammar, point = (_COMMA, ",") if comma else (_POINT, ".")
    plain = pl.col("body").str.replace_all("[. ']" if comma else "[, ']", "")
    value = (plain.str.replace(",", ".", literal=True) + pl.col("power")).cast(
        pl.Float64, strict=False
    )
    signed = pl.when(pl.col("sign") == "-").then(-value).otherwise(value)
    read = parts.select(pl.when(pl.col("body").str.contains(grammar)).then(signed)).to_series()
    powers = bool((parts["power"] != "").any())
    return _finite(read), _form(
        bodies.filter(read.is_finite()), before, after, point, powers=powers
    )


def _finite(values: pl.Series) -> Floats:
    numbers = values.fill_null(float("nan")).to_numpy()
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _form(
    bodies: pl.Series, before: str = "", after: str = "", point: str = ".", *, powers: bool = False
) -> NumberForm:
    split = bodies.str.splitn(point, 2).struct.unnest()
    wholes, fractions = split["field_0"], split["field_1"].fill_null("")
    places = fractions.str.len_chars().unique()
    widths = wholes.str.len_chars().unique()
    groups = wholes.str.extract("([., '])").drop_nulls().unique()
    padded = wholes.str.contains("^0.").any()
    return NumberForm(
        before,
        after,
        12 if powers else min(max(places.to_list(), default=0), 12),
        len(places) <= 1 and not powers,
        point,
        min(groups.to_list(), default=""),
        widths[0] if padded and len(widths) == 1 else 0,
    )


def is_padded(text: str) -> bool:
    """Whether a text is a number with a leading zero, which a number would lose.

    >>> is_padded("00123"), is_padded("0"), is_padded("0.5")
    (True, False, False)
    """
    return len(text) > 1 and text[0] == "0" and text.isdigit()


def write_numbers(values: Floats, form: NumberForm) -> pl.Series:
    """Numbers in the form of their column.

    >>> write_numbers(np.array([1234.5, -3.0]), NumberForm("$", "", 2, True, ".", ",", 0)).to_list()
    ['$1,234.50', '-$3.00']
    """
    size = np.abs(values)
    scaled = np.rint(size * 10.0**form.decimals)
    if not np.all(scaled < _WHOLE):
        return pl.Series([_write_number(value, form) for value in values.tolist()], dtype=pl.String)
    units = scaled.astype(np.int64)
    unit = 10**form.decimals
    number = pl.DataFrame(
        {"whole": units // unit, "rest": units % unit, "below": (values < 0) & (units > 0)}
    )
    below = pl.when("below").then(pl.lit(f"-{form.before}")).otherwise(pl.lit(form.before))
    places = pl.lit("")
    if form.decimals:
        places = form.point + pl.col("rest").cast(pl.String).str.zfill(form.decimals)
        if not form.fixed:
            places = places.str.strip_chars_end("0").str.strip_suffix(form.point)
    whole = _grouped(pl.col("whole"), form, int(units.max(initial=0)) // unit)
    return number.select(pl.concat_str([below, whole, places, pl.lit(form.after)])).to_series()


def _grouped(whole: pl.Expr, form: NumberForm, most: int) -> pl.Expr:
    """Whole numbers up to one, with what parts groups of three digits."""
    written = whole.cast(pl.String)
    powers = [power for power in (3, 6, 9, 12) if form.thousands and most >= 10**power]
    for power in powers:
        head = whole // 10**power
        tail = [
            (whole // 10**low % 1000).cast(pl.String).str.zfill(3)
            for low in range(power - 3, -1, -3)
        ]
        parts = pl.concat_str([head.cast(pl.String), *tail], separator=form.thousands)
        written = pl.when(head > 0).then(parts).otherwise(written)
    return written.str.zfill(form.width) if form.width else written


def _write_number(value: float, form: NumberForm) -> str:
    """One number that is too large for the way of all others."""
    sign = "-" if value < 0 and round(value, form.decimals) != 0 else ""
    group = "," if form.thousands else ""
    whole, _, places = f"{abs(value):{group}.{form.decimals}f}".partition(".")
    whole = whole.replace(",", form.thousands).zfill(form.width)
    places = places if form.fixed else places.rstrip("0")
    return f"{sign}{form.before}{whole}{form.point if places else ''}{places}{form.after}"


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


def write_dates(values: Floats, form: str) -> pl.Series:
    """Seconds since 1970 in a format."""
    return as_datetimes(values).dt.strftime(form)


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
