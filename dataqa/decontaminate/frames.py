"""``dataqa.contamination``: benchmark entries in a frame of texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import polars as pl

from dataqa.decontaminate.benchmarks import Benchmark, benchmark, read_benchmarks
from dataqa.decontaminate.corpus import bare, matcher_of
from dataqa.decontaminate.verdicts import DOUBT, MAX, PUBLIC, Bounds, judged
from dataqa.errors import InputError, did_you_mean

_AT_ONCE = 16 << 20

type Benchmarks = str | Path | Sequence[str | Path] | Mapping[str, pl.DataFrame]


def contamination(
    df: pl.DataFrame | pl.LazyFrame | Any,
    benchmarks: Benchmarks,
    *,
    fields: Mapping[str, str] | None = None,
    text_column: str = "text",
    id_column: str | None = None,
    max: float = MAX,  # noqa: A002 - as the step calls it
    doubt: float = DOUBT,
    public: int = PUBLIC,
) -> pl.DataFrame:
    """Find benchmark entries in texts.

    Args:
        df: A polars or pandas frame; of a LazyFrame both columns are collected.
        benchmarks: Files, folders or patterns; or frames by the name of their benchmark.
        fields: Roles (``question``, ``answer``, ``passage``, ``id``) to columns of the benchmarks,
            where names alone do not tell.
        text_column: The column that holds the texts.
        id_column: A column to call the documents by.
        max: With ``doubt``: above ``max + doubt`` an entry is found, from ``max - doubt`` on it is
            for review.
        doubt: See ``max``.
        public: An entry that so many of the texts hold without its answer is for review there.

    Returns:
        One row for each entry in each text, by text and entry: ``row``, ``doc_id`` (where there is
        a column for it), ``benchmark``, ``entry``, ``verdict`` (``found`` or ``review``),
        ``score``, ``question_share``, ``answer_share``, ``passage_share``, ``start`` and ``end``
        (characters) and the ``passage`` between them.

    Raises:
        InputError: A column or a file does not exist, or no question is recognised.

    >>> asked = "Ann has nine pears and buys six more at the fair, then gives four to Bo."
    >>> item = {"question": asked + " How many pears does she have left?", "answer": "11"}
    >>> texts = pl.DataFrame({"text": ["Nothing.", f"Q: {item['question']} A: 11"]})
    >>> found = contamination(texts, {"fair": pl.DataFrame([item])})
    >>> found.select("row", "entry", "verdict").rows()
    [(1, 'fair#1', 'found')]
    """
    frame = _frame(df, [text_column] if id_column is None else [text_column, id_column])
    bounds = Bounds(max, doubt, public)
    bounds.check()
    texts = frame[text_column].cast(pl.String)
    known = _read(benchmarks, fields or {})
    matcher = matcher_of(known, lambda: (part for _, part in _parts(texts)))
    found = pl.concat(
        [
            matcher.find(part).matches.with_columns(pl.col("text") + before)
            for before, part in _parts(texts)
        ]
    )
    index = matcher.index
    held = bare(found, len(index.ids))
    told = judged(found, bounds, held >= bounds.public)
    names = [one.name for one in index.census]
    own = [] if id_column is None else [frame[id_column].gather(told["text"]).alias("doc_id")]
    return pl.DataFrame(
        [
            told["text"].alias("row"),
            *own,
            pl.Series("benchmark", [names[group] for group in told["group"]], pl.String),
            pl.Series("entry", [index.ids[entry] for entry in told["entry"]], pl.String),
            told["verdict"],
            told["score"],
            *(told[part].alias(f"{part}_share") for part in ("question", "answer", "passage")),
            *_quoted(told, texts),
        ]
    )


def _frame(df: pl.DataFrame | pl.LazyFrame | Any, needed: Sequence[str]) -> pl.DataFrame:
    """The columns that are needed, in memory."""
    if not isinstance(df, pl.DataFrame | pl.LazyFrame):
        if not hasattr(df, "columns"):
            hint = "give a polars or pandas DataFrame, or a LazyFrame"
            raise InputError(f"no frame: {type(df).__name__}", hint=hint)
        df = cast("pl.DataFrame", pl.from_pandas(df))
    columns = df.collect_schema().names()
    for name in needed:
        if name not in columns:
            raise InputError(f"the frame has no column {name!r}", hint=did_you_mean(name, columns))
    return df.lazy().select(list(dict.fromkeys(needed))).collect()


def _read(benchmarks: Benchmarks, fields: Mapping[str, str]) -> list[Benchmark]:
    if isinstance(benchmarks, Mapping):
        return [benchmark(name, rows.to_dicts(), fields, name) for name, rows in benchmarks.items()]
    single = isinstance(benchmarks, str | Path)
    return read_benchmarks([benchmarks] if single else list(benchmarks), fields)


def _parts(texts: pl.Series) -> Iterator[tuple[int, pl.Series]]:
    """Texts some megabytes at a time, and how many come before; at least one part."""
    sizes = texts.str.len_bytes().fill_null(0).cum_sum()
    begin = 0
    while begin < texts.len() or not begin:
        done = int(sizes[begin - 1]) if begin else 0
        end = max(begin + 1, int(sizes.search_sorted(done + _AT_ONCE, side="right")))
        yield begin, texts[begin:end]
        begin = end


def _quoted(told: pl.DataFrame, texts: pl.Series) -> list[pl.Series]:
    """Start, end (in characters) and what stands between, of each match."""
    rows: list[tuple[int, int, str]] = []
    raw, known = b"", -1
    for row, start, end in told.select("text", "start", "end").iter_rows():
        if row != known:
            raw, known = texts[row].encode(), row
        passage = raw[start:end].decode()
        before = len(raw[:start].decode())
        rows.append((before, before + len(passage), passage))
    kinds = {"start": pl.Int64, "end": pl.Int64, "passage": pl.String}
    return pl.DataFrame(rows, kinds, orient="row").get_columns()
