"""Training of the tagger: labelled lines in, the bytes of a weights file out, the same each time.

A softmax regression over hashed features in as many buckets as rows times checks; the features that
weigh most get the rows of the small table. Probabilities are calibrated on lines that were held
out, for each kind (Platt 1999, Probabilistic Outputs for Support Vector Machines).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.arrow import text_buffers
from dataqa.errors import InputError
from dataqa.private.names.examples import Labelled, augmented
from dataqa.private.names.gazetteers import entries, names
from dataqa.private.names.tagger import KINDS, Tagger, compiled, lexicon, tables
from dataqa.private.names.weights import Weights, pack, read_bytes

_CHECK_BITS = 5
"""As the kernels have it."""
_HELD = 12
"""One line in so many is held out for calibration."""
_CHUNK = 4000
"""Lines whose features are written at a time."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What training depends on besides the lines.

    Attributes:
        seed: Decides names, order and which words gazetteers lack.
        passes: How often all examples are gone through.
        rate: Step size.
        shrink: Pull of weights towards zero.
        bits: The table has two to the power of this rows of four bytes.
        own: How often each sentence of our own is filled.
    """

    seed: int = 1
    passes: int = 4
    rate: float = 0.15
    shrink: float = 2e-5
    bits: int = 19
    own: int = 60


class _Examples(NamedTuple):
    """Words of some lines: their features, labels and lines."""

    rows: NDArray[np.uint64]
    labels: NDArray[np.uint8]


def train(silver: Sequence[Labelled], how: Settings, about: dict[str, str | int]) -> bytes:
    """A weights file.

    Args:
        silver: Labelled lines.
        how: Settings.
        about: Where the lines come from, for the header.

    Raises:
        InputError: There are no names in the lines.
    """
    held = [line for at, line in enumerate(silver) if at % _HELD == 0]
    seen = [line for at, line in enumerate(silver) if at % _HELD]
    if not any(line.spans for line in seen) or not any(line.spans for line in held):
        raise InputError("no names are marked in these texts", hint="give more, or other ones")
    words, bits = gazetteer()
    known = lexicon(words, bits)
    lines = augmented(seen, names(), how.seed, how.own)
    found = _examples(lines, known, how.seed)
    table, scale = _table(found, how)
    made: dict[str, str | int | float] = {**about, **msgspec.structs.asdict(how)}
    made |= {"lines": len(silver), "examples": len(found.labels)}
    plain = tuple((1.0, 0.0) for _ in KINDS)
    draft = read_bytes(pack(words, bits, table, scale, plain, made))
    fitted = calibration(draft, augmented(held, names(), how.seed + 1, 6))
    return pack(words, bits, table, scale, fitted, made)


def gazetteer() -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
    """Hashes of the gazetteers' words, ascending, and their bits."""
    known = entries()
    kernels, (_, folds) = compiled(), tables()
    buffers = text_buffers(pl.Series(list(known), dtype=pl.String))
    hashes = np.zeros(len(known), np.uint64)
    kernels.hash_words(buffers.data, buffers.offsets, folds, hashes)
    order = np.argsort(hashes, kind="stable")
    return hashes[order], np.array(list(known.values()), np.uint8)[order]


def calibration(weights: Weights, lines: Sequence[Labelled]) -> tuple[tuple[float, float], ...]:
    """Slope and offset of each kind, from runs in held-out lines and whether they are right."""
    runs = Tagger(weights).runs(text_buffers(pl.Series([line.text for line in lines])))
    spans = [_in_bytes(line) for line in lines]
    right = np.array(
        [
            any(one == kind + 1 and start < high and low < end for one, low, high in spans[row])
            for row, start, end, kind in zip(
                *(runs.texts.tolist(), runs.starts.tolist(), runs.ends.tolist()),
                runs.kinds.tolist(),
                strict=True,
            )
        ],
        np.float64,
    )
    return tuple(
        platt(runs.odds[runs.kinds == kind], right[runs.kinds == kind])
        for kind in range(len(KINDS))
    )


def platt(odds: NDArray[np.float64], right: NDArray[np.float64]) -> tuple[float, float]:
    """The logistic curve through what was right, by Newton's method; rounded to six digits.

    >>> platt(np.array([-2.0, -1.0, 1.0, 2.0]), np.array([0.0, 1.0, 0.0, 1.0]))[1]
    0.0
    """
    positive, count = float(right.sum()), len(right)
    high, low = (positive + 1) / (positive + 2), 1 / (count - positive + 2)  # Platt's targets
    aim = np.where(right > 0, high, low)
    columns = np.stack([odds, np.ones(count)])
    at = np.zeros(2)
    for _ in range(50):
        told = 1 / (1 + np.exp(-(at @ columns)))
        slope = columns @ (told - aim) + 1e-6 * at
        curve = (columns * (told * (1 - told))) @ columns.T + 1e-6 * np.eye(2)
        at = at - np.linalg.solve(curve, slope)
    return round(float(at[0]), 6), round(float(at[1]), 6) + 0.0


def _table(found: _Examples, how: Settings) -> tuple[NDArray[np.uint32], float]:
    """The small table, and what a whole weight is worth."""
    kernels = compiled()
    checks = 1 << _CHECK_BITS
    size = checks << how.bits
    counts = np.zeros(size, np.uint8)
    kernels.tally(found.rows, how.bits, counts)
    weights, squares = np.zeros((size, 3), np.float32), np.zeros((size, 3), np.float32)
    random = np.random.Generator(np.random.PCG64(how.seed))
    for number in range(how.passes):
        order = random.permutation(len(found.labels))
        rate = how.rate / (1 + number)
        told = (found.rows, found.labels, order, counts, how.bits, rate, how.shrink)
        kernels.learn(*told, weights, squares)
    return _packed(weights.reshape(checks, -1, 3), counts.reshape(checks, -1))


def _packed(
    weights: NDArray[np.float32], counts: NDArray[np.uint8]
) -> tuple[NDArray[np.uint32], float]:
    """Of the features that share a row the one that matters most, in nine bits a kind."""
    matter = np.abs(weights).max(axis=2) * np.sqrt(counts.astype(np.float32))
    check = np.argmax(matter, axis=0)
    kept = np.take_along_axis(weights, check[None, :, None], axis=0)[0]
    scale = float(max(np.quantile(np.abs(kept), 0.9999), 1e-6)) / 255
    whole = np.clip(np.rint(kept / scale), -255, 255).astype(np.int64) & 511
    table = check.astype(np.int64) | whole[:, 0] << 5 | whole[:, 1] << 14 | whole[:, 2] << 23
    return table.astype(np.uint32), scale


def _examples(lines: Sequence[Labelled], known: Any, seed: int) -> _Examples:
    rows: list[NDArray[np.uint64]] = []
    labels: list[NDArray[np.uint8]] = []
    for at in range(0, len(lines), _CHUNK):
        some = _some(lines[at : at + _CHUNK], known, seed + at)
        rows.append(some.rows)
        labels.append(some.labels)
    return _Examples(np.concatenate(rows), np.concatenate(labels))


def _some(lines: Sequence[Labelled], known: Any, seed: int) -> _Examples:
    """The words of some lines; of every second line some are kept out of the gazetteers."""
    kernels, (table, folds) = compiled(), tables()
    buffers = text_buffers(pl.Series([line.text for line in lines]))
    room = int(np.diff(buffers.offsets).max(initial=0)) + 1
    size = int(buffers.offsets[-1] - buffers.offsets[0])
    rows = np.empty((size, kernels.FEATURES), np.uint64)
    texts, starts, ends = (
        np.empty(size, np.int64),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
    )
    numbers = np.arange(len(lines), dtype=np.uint64) + np.uint64(seed)
    hidden = np.where(numbers % np.uint64(2) > 0, numbers * np.uint64(0x9E3779B97F4A7C15), 0)
    count = kernels.extract(
        *(buffers.data, buffers.offsets, table, folds, known, hidden.astype(np.uint64)),
        *(kernels.token_room(room), kernels.break_room(room), kernels.facts_room(room)),
        *(rows, texts, starts, ends),
    )
    labels = np.zeros(count, np.uint8)
    first = np.searchsorted(texts[:count], np.arange(len(lines) + 1))
    for at, line in enumerate(lines):
        low, high = first[at], first[at + 1]
        for kind, start, end in _in_bytes(line):
            inside = (starts[low:high] < end) & (ends[low:high] > start)
            labels[low:high][inside] = kind
    return _Examples(rows[:count].copy(), labels)


def _in_bytes(line: Labelled) -> list[tuple[int, int, int]]:
    if line.text.isascii():
        return list(line.spans)
    ends = [0, *np.cumsum([len(one.encode()) for one in line.text]).tolist()]
    return [(kind, ends[start], ends[end]) for kind, start, end in line.spans]
