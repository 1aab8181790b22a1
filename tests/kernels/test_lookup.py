"""Look-ups beside plain Python that must give the same."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dataqa.arrow import text_buffers
from dataqa.duplicates.bands import Bands, band_keys
from dataqa.kernels import lookup
from dataqa.kernels.lookup import Limits

MASK = (1 << 64) - 1
BANDS, ROWS = 4, 2
PLACES = 9
"""One more than the bands have."""
few = settings(max_examples=80, deadline=None)
values_of_places = st.sampled_from([0x9E3779B9, 0x7F4A7C15, 0xF39CC060])
signatures = st.lists(
    st.lists(values_of_places, min_size=PLACES, max_size=PLACES), min_size=1, max_size=30
)


class Table(NamedTuple):
    directory: NDArray[np.int64]
    keys: NDArray[np.uint64]
    rows: NDArray[np.uint32]


def keys_of(values: NDArray[np.uint32]) -> NDArray[np.uint64]:
    return band_keys(values, Bands(BANDS, ROWS))


def table_of(keys: NDArray[np.uint64], bits: int) -> Table:
    flat = keys.reshape(-1)
    order = np.argsort(flat, kind="stable")
    borders = np.arange((1 << bits) + 1, dtype=object) << (64 - bits)
    starts = [int((flat < border).sum()) if border <= MASK else len(flat) for border in borders]
    rows = (order // keys.shape[1]).astype(np.uint32)
    return Table(np.array(starts, np.int64), flat[order], rows)


def met(one: NDArray[np.uint32], other: NDArray[np.uint32], band: int) -> bool:
    places = slice(band * ROWS, (band + 1) * ROWS)
    return bool((one[places] == other[places]).all())


def pairs(
    known: NDArray[np.uint32],
    gone: NDArray[np.bool_],
    asked: NDArray[np.uint32],
    least: int,
    most: int,
    used: NDArray[np.int64],
) -> set[tuple[int, int, int]]:
    """What ``probe`` finds, and in ``used`` how much it looked at."""
    found: set[tuple[int, int, int]] = set()
    for doc, one in enumerate(asked):
        for band in range(BANDS):
            meeting = [r for r, other in enumerate(known) if met(one, other, band) and not gone[r]]
            looked_at = meeting[: most - used[doc, band]]
            used[doc, band] += len(looked_at)
            for row in looked_at:
                shared = int((one == known[row]).sum())
                if shared >= least:
                    found.add((doc, row, shared))
    return found


@few
@given(
    signatures,
    signatures,
    st.integers(1, PLACES),
    st.integers(1, 6),
    st.integers(1, 8),
    st.data(),
)
def test_probe_finds_what_brute_force_finds(
    known: list[list[int]],
    asked: list[list[int]],
    least: int,
    most: int,
    bits: int,
    data: st.DataObject,
):
    values, wanted = np.array(known, np.uint32), np.array(asked, np.uint32)
    gone = np.array([data.draw(st.booleans()) for _ in known], np.bool_)
    table = table_of(keys_of(values), bits)
    used = np.zeros((len(wanted), BANDS), np.int64)
    room = [np.zeros(BANDS * most, np.int64) for _ in range(3)]
    found: set[tuple[int, int, int]] = set()
    at = 0
    while at < len(wanted):
        before = at
        at, filled = lookup.probe(
            *table,
            values,
            gone,
            keys_of(wanted),
            wanted,
            Limits(least, most, ROWS),
            used,
            at,
            *room,
        )
        assert at > before
        found |= set(zip(*(column[:filled].tolist() for column in room), strict=True))
    expected_used = np.zeros_like(used)
    assert found == pairs(values, gone, wanted, least, most, expected_used)
    assert (used == expected_used).all()


@few
@given(signatures, st.integers(1, PLACES), st.integers(1, 4), st.integers(1, 12), st.data())
def test_admit_lets_in_what_is_like_none_before(
    asked: list[list[int]], least: int, most: int, room: int, data: st.DataObject
):
    values = np.array(asked, np.uint32)
    fresh = np.array([data.draw(st.booleans()) for _ in asked], np.bool_)
    recent = lookup.recent_room(room, BANDS, PLACES)
    used = np.zeros((len(values), BANDS), np.int64)
    found, shares = np.full(len(values), -7), np.full(len(values), -7)
    end = lookup.admit(
        recent, keys_of(values), values, fresh, Limits(least, most, ROWS), used, 0, found, shares
    )
    entries: list[NDArray[np.uint32]] = []
    for doc, one in enumerate(values):
        if len(entries) == room:
            assert end == doc
            break
        looked_at = {
            row
            for band in range(BANDS)
            for row in [r for r, other in enumerate(entries) if met(one, other, band)][:most]
        }
        similar = [
            (-shared, row)
            for row in looked_at
            if (shared := int((one == entries[row]).sum())) >= least
        ]
        shared, nearest = min(similar, default=(0, -1))
        assert (found[doc], shares[doc]) == (nearest, -shared)
        if fresh[doc] and not similar:
            entries.append(one)
    else:
        assert end == len(values)
    assert recent.size[0] == len(entries)
    assert (recent.values[: len(entries)] == np.array(entries).reshape(-1, PLACES)).all()


def test_equal_documents_count_on_from_table_to_table():
    """The most that is looked at for a band holds over all tables together, the oldest first."""
    values = np.ones((5, PLACES), np.uint32)
    used = np.zeros((1, BANDS), np.int64)
    room = [np.zeros(BANDS * 7, np.int64) for _ in range(3)]
    found: list[list[int]] = []
    for _ in range(2):
        table = table_of(keys_of(values), 3)
        one = values[:1]
        _, filled = lookup.probe(
            *table, values, np.zeros(0, np.bool_), keys_of(one), one, Limits(1, 7, ROWS), used, 0,
            *room,
        )  # fmt: skip
        found.append(sorted(set(room[1][:filled].tolist())))
    assert found == [[0, 1, 2, 3, 4], [0, 1]]


def mixed(state: int) -> int:
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        state = ((state ^ (state >> 33)) * factor) & MASK
    return state ^ (state >> 33)


def id_key(name: str) -> int:
    data = name.encode()
    state = 0x9E3779B97F4A7C15 ^ len(data)
    whole = len(data) - len(data) % 8
    for at in range(0, whole, 8):
        word = int.from_bytes(data[at : at + 8], "little")
        state = ((state ^ word) * 0xD6E8FEB86659FD93) & MASK
        state ^= state >> 32
    state = ((state ^ int.from_bytes(data[whole:], "big")) * 0xD6E8FEB86659FD93) & MASK
    return mixed(mixed(state) ^ 0x6A09E667F3BCC909)


@few
@given(st.lists(st.text(max_size=40), max_size=8))
def test_keys_of_ids_are_those_of_plain_python(names: list[str]):
    buffers = text_buffers(pl.Series(names, dtype=pl.String))
    out = np.zeros(len(names), np.uint64)
    lookup.id_keys(buffers.data, buffers.offsets, out)
    assert out.tolist() == [id_key(name) for name in names]
