"""Offsets survive any chain of edits, and the stored form gives back what went in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dataqa.edits import (
    Edit,
    compose,
    decode,
    encode,
    growth,
    merge,
    result_span,
    source_span,
    to_result,
    to_source,
)

type Change = tuple[int, int, int]


@st.composite
def edit_lists(draw: st.DrawFn, length: int) -> list[Edit]:
    edits: list[Edit] = []
    at = 0
    for gap, removed, inserted in draw(st.lists(st.tuples(*[st.integers(0, 5)] * 3), max_size=6)):
        start = at + gap
        if start + removed > length:
            break
        if removed or inserted:
            edits.append(Edit(start, removed, inserted))
        at = start + removed + 1
    return edits


def apply(marks: list[int], edits: list[Edit], fresh: int) -> list[int]:
    """Each byte of a text is a number; an inserted one is negative."""
    out: list[int] = []
    at = 0
    for start, removed, inserted in edits:
        out += marks[at:start] + [fresh] * inserted
        at = start + removed
    return out + marks[at:]


@given(st.data(), st.integers(0, 60))
def test_stored_form_gives_back_the_edits(data: st.DataObject, length: int):
    edits = data.draw(edit_lists(length))
    assert decode(encode(edits)) == edits
    assert growth(encode(edits)) == len(apply(list(range(length)), edits, -1)) - length


def test_large_numbers_survive():
    edits = [Edit(127, 128, 16384), Edit(1 << 33, 1, 0)]
    assert decode(encode(edits)) == edits


@given(st.data(), st.integers(0, 60))
def test_untouched_bytes_map_both_ways(data: st.DataObject, length: int):
    edits = data.draw(edit_lists(length))
    stored = encode(edits)
    new = apply(list(range(length)), edits, -1)
    for place, source in enumerate(new):
        if source >= 0:
            assert to_source(stored, place) == source
            assert to_source(stored, place + 1, end=True) == source + 1
            assert to_result(stored, source) == place
            assert to_result(stored, source + 1, end=True) == place + 1


@given(st.data(), st.integers(0, 60))
def test_source_span_covers_exactly_what_the_span_came_from(data: st.DataObject, length: int):
    edits = data.draw(edit_lists(length))
    new = apply(list(range(length)), edits, -1)
    start = data.draw(st.integers(0, len(new)))
    end = data.draw(st.integers(start, len(new)))
    low, high = source_span([encode(edits)], start, end)
    kept = [source for source in new[start:end] if source >= 0]
    assert 0 <= low <= high <= length
    assert not kept or (low <= kept[0] and kept[-1] < high)
    if len(kept) == end - start > 0:
        assert (low, high) == (kept[0], kept[-1] + 1)


@given(st.data(), st.integers(0, 60))
def test_composed_edits_do_what_both_did(data: st.DataObject, length: int):
    first = data.draw(edit_lists(length))
    middle = apply(list(range(length)), first, -1)
    second = data.draw(edit_lists(len(middle)))
    last = apply(middle, second, -2)
    both = compose(first, second)
    again = apply(list(range(length)), both, -3)
    assert len(again) == len(last)
    assert all(a == b for a, b in zip(again, last, strict=True) if a >= 0)
    assert decode(encode(both)) == both
    chain = [encode(first), encode(second)]
    for place, source in enumerate(again):
        if source >= 0:
            assert source_span(chain, place, place + 1) == (source, source + 1)
            assert result_span(chain, source, source + 1) == (place, place + 1)


@given(st.data(), st.integers(0, 60))
def test_merge_joins_what_one_step_stored_in_parts(data: st.DataObject, length: int):
    edits = data.draw(edit_lists(length))
    assert merge([encode(edits[::2]), encode(edits[1::2])]) == encode(edits)


def test_a_span_beside_a_deletion_does_not_take_it_in():
    stored = encode([Edit(4, 3, 0)])
    assert source_span([stored], 0, 4) == (0, 4)
    assert source_span([stored], 4, 6) == (7, 9)
    assert source_span([stored], 4, 4) == (7, 7)


def test_a_span_inside_a_replacement_covers_all_that_was_replaced():
    assert source_span([encode([Edit(2, 5, 3)])], 3, 4) == (2, 7)
