r"""Lines and paragraphs as things to compare: where each stands, what it says, what goes with it.

A line ends at ``\n`` or ``\r\n``. A paragraph is a run of lines that are not blank. White space at
the ends of a line is not part of what it says.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Any, Literal, NamedTuple

import numpy as np
import polars as pl

from dataqa.edits import Edit
from dataqa.kernels import cache as compiled

type Unit = Literal["line", "paragraph"]

ROW, NUMBER, START, END, SAYS = "row", "number", "start", "end", "says"


def lines(texts: pl.Series) -> pl.DataFrame:
    r"""Every line of some texts, blank ones too; a null has none.

    Args:
        texts: A String column.

    Returns:
        ``row`` (which text), ``number`` (from 1), ``start`` and ``end`` (UTF-8 bytes of the text,
        without what ends it) and ``says`` (without white space at its ends).

    >>> lines(pl.Series(["é \n\nb"])).rows()
    [(0, 1, 0, 3, 'é'), (0, 2, 4, 4, ''), (0, 3, 5, 6, 'b')]
    """
    rows = pl.DataFrame({SAYS: texts}).with_row_index(ROW).drop_nulls()
    split = rows.with_columns(pl.col(SAYS).str.split("\n")).explode(SAYS)
    size = pl.col(SAYS).str.len_bytes().cast(pl.Int64)
    end = (size + 1).cum_sum().over(ROW) - 1
    last = pl.col(ROW).ne_missing(pl.col(ROW).shift(-1))
    carriage = (pl.col(SAYS).str.ends_with("\r") & ~last).cast(pl.Int64)
    return split.select(
        ROW,
        pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over(ROW).alias(NUMBER),
        (end - size).alias(START),
        (end - carriage).alias(END),
        pl.col(SAYS).str.strip_chars(),
    )


def units(every: pl.DataFrame, unit: Unit) -> pl.DataFrame:
    """What is compared: the lines that are not blank, or the paragraphs that they make up.

    Args:
        every: What ``lines`` gives.
        unit: ``line`` or ``paragraph``.

    Returns:
        The same columns; a paragraph has the number of its first line, and says what its lines do.
    """
    blank = pl.col(SAYS) == ""
    if unit == "line":
        return every.filter(~blank)
    begins = blank | blank.shift(fill_value=True) | (pl.col(ROW) != pl.col(ROW).shift())
    marked = every.with_columns(begins.cum_sum().alias("unit")).filter(~blank)
    return (
        marked.group_by("unit", maintain_order=True)
        .agg(pl.col(ROW, NUMBER, START).first(), pl.col(END).last(), pl.col(SAYS).str.join("\n"))
        .drop("unit")
    )


class Removed(NamedTuple):
    """Texts without some of their units, and for each unit the edit that removed it."""

    texts: pl.Series
    edits: list[Edit]


def remove(texts: pl.Series, every: pl.DataFrame, gone: pl.DataFrame) -> Removed:
    r"""Take units out of texts, and what would be left of the gap where each was.

    Args:
        texts: A String column.
        every: What ``lines`` gives of it.
        gone: ``row``, ``start`` and ``end`` of the units, ascending and disjoint.

    >>> texts = pl.Series(["a\n\nmenu\n\nb"])
    >>> remove(texts, every := lines(texts), every[2:3]).texts.to_list()
    ['a\n\nb']
    """
    by_row: dict[int, list[Edit]] = {}
    edits: list[Edit] = []
    for row, start, end in cuts(every, gone).iter_rows():
        edits.append(Edit(start, end - start, 0))
        by_row.setdefault(row, []).append(edits[-1])
    left = texts.to_list()
    for row, mine in by_row.items():
        left[row] = _without(left[row], mine)
    return Removed(pl.Series(texts.name, left, pl.String), edits)


def cuts(every: pl.DataFrame, gone: pl.DataFrame) -> pl.DataFrame:
    """What has to go with some units, so that no gap is left where they were.

    The line feed behind them goes, and the blank lines after them; at the beginning of a text also
    those before them, and behind the last line that stays everything.

    Args:
        every: What ``lines`` gives of the texts.
        gone: ``row``, ``start`` and ``end`` of the units, ascending and disjoint.

    Returns:
        ``row``, ``start`` and ``end``, one for each row of ``gone``, in order; they are disjoint.
    """
    size = 2 + int(every.select(pl.col(END).max().fill_null(0)).item())
    # all texts are laid out behind one another, as the kernel has them
    before = every[ROW].to_numpy().astype(np.int64) * size
    starts, ends = before + every[START].to_numpy(), before + every[END].to_numpy()
    bases = gone[ROW].to_numpy().astype(np.int64) * size
    lows = np.searchsorted(starts, bases + gone[START].to_numpy())
    highs = np.searchsorted(ends, bases + gone[END].to_numpy(), side="right")
    kinds = np.zeros(every.height, np.uint8)
    # neighbours are given different kinds, for spans of one kind are joined
    for at, (low, high) in enumerate(zip(lows.tolist(), highs.tolist(), strict=True)):
        kinds[low:high] = 1 + at % 2
    words = (every[SAYS] != "").to_numpy().astype(np.int32)
    first = np.append(np.flatnonzero(np.diff(before, prepend=-1)), every.height)
    spans = np.zeros((every.height, 4), np.int64)
    spans = spans[: _kernels().removed_spans(starts, ends, words, kinds, first, spans)]
    mine = spans[np.searchsorted(spans[:, 1], starts[lows], side="right") - 1]
    return gone.select(
        ROW, pl.Series(START, mine[:, 1] - bases), pl.Series(END, mine[:, 2] - bases)
    )


def _without(text: str, edits: Sequence[Edit]) -> str:
    data = text.encode()
    ends = [0, *(edit.start + edit.removed for edit in edits)]
    starts = [*(edit.start for edit in edits), len(data)]
    return b"".join(data[low:high] for low, high in zip(ends, starts, strict=True)).decode()


@cache
def _kernels() -> Any:
    """The compiled kernels; one process compiles while others wait."""
    with compiled.locked(compiled.folder()):
        return import_module("dataqa.kernels.line_facts")
