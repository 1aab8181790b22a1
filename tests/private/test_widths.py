"""Full-width signs: the same is found as in plain ones, at its place."""

from __future__ import annotations

from itertools import pairwise

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from dataqa.private.widths import narrowed

_WIDE = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})


@given(st.lists(st.none() | st.text("a9@.é中１Ａ．，＠🙂\uff5e\uffe5", max_size=12), max_size=6))
def test_places_lead_back(texts: list[str | None]):
    made = narrowed(pl.Series(texts, dtype=pl.String))
    assert len(made.texts) == len(texts)
    for row, (old, new) in enumerate(zip(texts, made.texts, strict=True)):
        if row not in made.places:
            assert new == old
            continue
        assert old is not None
        assert new.isprintable()
        data, plain, places = old.encode(), new.encode(), made.places[row].tolist()
        assert len(places) == len(plain) + 1
        assert places[-1] == len(data)
        for at, (low, high) in enumerate(pairwise(places)):
            was, now = data[low:high], plain[at : at + 1]
            assert was == now or was.decode() == now.decode().translate(_WIDE)


def test_a_slice_of_a_column_is_read_by_itself():
    column = pl.Series(["１", "b", "２", "c"])
    for low in range(4):
        made = narrowed(column[low:])
        assert made.texts.to_list() == ["1", "b", "2", "c"][low:]
        assert sorted(made.places) == [row - low for row in (0, 2) if row >= low]


def test_marks_alone_change_nothing():
    column = pl.Series(["好，一－二．", None])
    assert narrowed(column).texts.to_list() == column.to_list()
