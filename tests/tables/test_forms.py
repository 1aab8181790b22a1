"""Numbers and dates read and written in the form of their column, all rows at once."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from dataqa.tables.forms import NumberForm, read_numbers, write_numbers

READ: list[tuple[list[str], list[float | None], NumberForm]] = [
    (["1", "25", "-3", "+4"], [1, 25, -3, 4], NumberForm()),
    (["1.50", "-0.25"], [1.5, -0.25], NumberForm(decimals=2)),
    (["1.5", "2", ".25"], [1.5, 2, 0.25], NumberForm(decimals=2, fixed=False)),
    (
        ["$1,234.50", "-$3.00", "$-2.00", "NA"],
        [1234.5, -3, -2, None],
        NumberForm("$", "", 2, True, ".", ",", 0),
    ),
    (
        ["1.234,50 €", "7,00 €", "8 $"],
        [1234.5, 7, None],
        NumberForm("", " €", 2, True, ",", ".", 0),
    ),
    (["12'000", "5"], [12000, 5], NumberForm(point=",", thousands="'")),
    (["5 ", "6"], [5, 6], NumberForm()),
    (["0012", "0345"], [12, 345], NumberForm(width=4)),
    (["1e3", "2.5E-2", "1e999"], [1000, 0.025, None], NumberForm(decimals=12, fixed=False)),
    (["12.5%", "3.0%", "?"], [12.5, 3, None], NumberForm("", "%", 1)),
    (["5 kg", "6 kg", "7 lb"], [5, 6, None], NumberForm("", " kg")),
    (["30年", "40年"], [30, 40], NumberForm("", "年")),
    (["1,234", "5,678"], [1234, 5678], NumberForm(thousands=",")),
    (["1.2.3", "x", ""], [None, None, None], NumberForm()),
]


@pytest.mark.parametrize(("texts", "numbers", "form"), READ)
def test_numbers_are_read_with_their_form(
    texts: list[str], numbers: list[float | None], form: NumberForm
):
    read, found = read_numbers(pl.Series([*texts, None], dtype=pl.String))
    wanted = [float("nan") if one is None else one for one in [*numbers, None]]
    assert np.array_equal(read, wanted, equal_nan=True)
    assert found == form


def written(value: float, form: NumberForm) -> str:
    """By Python's own formatting, one at a time."""
    text = f"{abs(value):,.{form.decimals}f}"
    whole, _, places = text.partition(".")
    whole = whole.replace(",", form.thousands).zfill(form.width)
    places = places if form.fixed else places.rstrip("0")
    sign = "-" if value < 0 and float(text.replace(",", "")) else ""
    return f"{sign}{form.before}{whole}{form.point if places else ''}{places}{form.after}"


@pytest.mark.parametrize("places", [0, 1, 3])
@pytest.mark.parametrize("fixed", [True, False])
@pytest.mark.parametrize("thousands", ["", ",", " "])
def test_numbers_are_written_as_one_by_one(places: int, fixed: bool, thousands: str):
    draw = np.random.default_rng(places)
    sizes = 10 ** draw.uniform(-3, 11, 500) * draw.choice([-1, 1], 500)
    some = np.array([*sizes.tolist(), 0.0, -0.0, 999.9996, -1000.0], np.float64)
    values: NDArray[np.float64] = np.round(some, places)
    form = NumberForm("€", " x", places, fixed, ".", thousands, 0)
    assert write_numbers(values, form).to_list() == [written(one, form) for one in values]
    huge = np.array([1.5e17, -12.0])  # larger than what whole numbers of 64 bits hold in places
    assert write_numbers(huge, form).to_list() == [written(one, form) for one in huge]


def test_what_was_written_is_read_again():
    form = NumberForm("", " €", 2, True, ",", ".", 0)
    values = np.array([1234567.25, -0.5, 12.0, 999.99])
    read, found = read_numbers(write_numbers(values, form))
    assert (read.tolist(), found) == (values.tolist(), form)
