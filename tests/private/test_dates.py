"""Dates of one subject move together, in whatever form they are written."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataqa.private.standins import Who, stand_in
from dataqa.private.standins.dates import offset, tells_day

KEY = b"a key of tests, long enough"
DAYS = st.dates(date(1930, 1, 1), date(2030, 12, 31))
MONTHS = "January February March April May June July August September October November December"


def moved(value: str, subject: str = "p1", *, weekdays: bool = False, day_first: bool = False):
    return stand_in(
        "DATE_TIME", value, KEY, subject=subject, weekdays=weekdays, day_first=day_first
    )


def forms(day: date) -> dict[str, str]:
    month = MONTHS.split()[day.month - 1]
    return {
        "iso": day.isoformat(),
        "compact": day.strftime("%Y%m%d"),
        "timed": f"{day.isoformat()}T23:59:00Z",
        "american": day.strftime("%m/%d/%Y"),
        "german": day.strftime("%d.%m.%Y"),
        "month first": f"{month} {day.day}, {day.year}",
        "day first": f"{day.day} {month} {day.year}",
        "short": f"{day.day}-{month[:3]}-{day.year}",
        "capitals": f"{day.day} {month.upper()} {day.year}",
        "weekday": f"{day:%A}, {month} {day.day}, {day.year}",
        "chinese": f"{day.year}年{day.month}月{day.day}日",
    }


@given(day=DAYS, weekdays=st.booleans())
def test_every_form_of_a_day_moves_by_the_same_number_of_days(day: date, weekdays: bool):
    days = offset(Who(KEY, subject="p1", weekdays=weekdays))
    wanted = forms(day + timedelta(days))
    wanted["short"] = wanted["short"] if day.month != 5 else ""  # May is as long as its short form
    for form, written in forms(day).items():
        if not wanted[form]:
            continue
        assert moved(written, weekdays=weekdays) == wanted[form], form
    assert not weekdays or wanted["weekday"].startswith(f"{day:%A}")


@given(one=DAYS, other=DAYS, subject=st.text(max_size=5))
def test_what_lies_between_two_days_of_a_subject_stays(one: date, other: date, subject: str):
    first, second = (date.fromisoformat(moved(day.isoformat(), subject)) for day in (one, other))
    assert second - first == other - one
    assert first != one


def test_one_known_date_does_not_tell_those_of_others():
    """Field trap: a constant offset reveals all dates as soon as one is known."""
    offsets = {offset(Who(KEY, subject=f"patient {at}")) for at in range(200)}
    assert len(offsets) > 150
    assert all(365 < abs(days) < 365 * 5.2 for days in offsets)
    assert min(offsets) < 0 < max(offsets)


def test_which_number_is_the_day_can_be_said():
    american, european = moved("03/04/2021"), moved("03/04/2021", day_first=True)
    days = offset(Who(KEY, subject="p1"))
    assert american == (date(2021, 3, 4) + timedelta(days)).strftime("%m/%d/%Y")
    assert european == (date(2021, 4, 3) + timedelta(days)).strftime("%d/%m/%Y")
    assert moved("13/04/2021") == (date(2021, 4, 13) + timedelta(days)).strftime("%d/%m/%Y")


def test_a_day_without_a_year_and_a_year_without_a_day_move_too():
    for written in ("March 3", "3 May", "May", "3月3日", "March 2021", "2021", "03/2021", "1990s"):
        assert moved(written) != written
        assert re.sub("[0-9]+|[A-Za-z]{2,}", "", moved(written)) == re.sub(
            "[0-9]+|[A-Za-z]{2,}", "", written
        )


@pytest.mark.parametrize("length", ["two weeks", "30 days", "yesterday", "3年", "24 hours", "now"])
def test_a_length_of_time_is_no_date_and_stays(length: str):
    assert not tells_day(length)
    assert moved(length) == length


def test_a_date_that_is_none_keeps_its_form_only():
    assert re.fullmatch("[0-9]{2}/[0-9]{2}/[0-9]{4}", moved("99/99/9999"))
    assert moved("99/99/9999") != "99/99/9999"


def test_ages_move_by_subject_and_say_nothing_of_the_very_old():
    assert stand_in("AGE", "34 years old", KEY, subject="p1").endswith(" years old")
    for age in range(1, 120):
        made = int(stand_in("AGE", str(age), KEY, subject=f"p{age}"))
        assert 1 <= made <= 89
        assert made != age
        assert age > 92 or abs(made - age) <= 3
    assert stand_in("AGE", "thirty-four", KEY) != "thirty-four"
