"""Looks through a corpus of any size: matches go to a file as they come, and are judged at the end.

Whether an entry is public is known only when every document has been seen, so there are two passes:
one over the corpus, one over the matches. Memory is that of the index and of one batch.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec
import numpy as np
import polars as pl

from dataqa.decontaminate.corpus import bare
from dataqa.decontaminate.match import MATCHES, Matcher
from dataqa.decontaminate.verdicts import Bounds, Line, Sums, judged, won
from dataqa.io.corpus import Corpus
from dataqa.types import DOC_ID, TEXT

_TOGETHER = 20_000
"""Matches that are judged at once, and the rest of their last document."""
LONGEST = 2000
"""Characters of a passage."""

type Saw = Callable[[int, int, int], None]
"""Told of bytes of text, documents and matches so far."""


class Searched(NamedTuple):
    """What a search came to.

    Attributes:
        lines: One for each benchmark.
        read: Documents looked into.
        damaged: Records that are no documents.
        documents: Documents in which any entry was found.
    """

    lines: list[Line]
    read: int
    damaged: int
    documents: int


def search(
    corpus: Corpus, matcher: Matcher, bounds: Bounds, out: Path | None, saw: Saw
) -> Searched:
    """Look for a matcher's entries in a corpus.

    Args:
        corpus: Where.
        matcher: For what.
        bounds: When an entry is found, and when it is for review.
        out: Where evidence is written, one JSON object a line: document, benchmark, entry,
            verdict, score, shares, byte span and passage. Readable by its owner only.
        saw: Told how far it is.
    """
    index = matcher.index
    counts = np.zeros(len(index.ids), np.int64)
    control = np.zeros(len(index.census), np.int64)
    read = damaged = size = rows = 0
    with TemporaryDirectory(prefix="dataqa-") as folder:
        spool = Path(folder) / "matches.jsonl"
        with _private(spool) as kept:
            for _, chunk in corpus.chunks():
                found = matcher.find(chunk.docs[TEXT])
                counts += bare(found.matches, counts.size)
                control += won(found.control, bounds, control.size)
                for row in _rows(found.matches, chunk.docs, read):
                    kept.write(msgspec.json.encode(row) + b"\n")
                read, damaged = read + chunk.docs.height, damaged + chunk.damaged.height
                size += int(chunk.docs[TEXT].str.len_bytes().sum())
                rows += found.matches.height
                saw(size, read, rows)
        public = counts >= bounds.public
        sums = Sums(index, public)
        with _private(out or Path(os.devnull)) as target:
            for batch in _batches(spool):
                told = judged(batch, bounds, public)
                sums.add(told)
                if out is not None:
                    target.writelines(_lines(told, index.ids, [c.name for c in index.census]))
    return Searched(list(sums.lines(control)), read, damaged, sums.documents)


def _private(path: Path) -> Any:
    """Open a file for writing that only its owner may read: it quotes documents."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    return os.fdopen(os.open(path, flags, 0o600), "wb")


def _rows(matches: pl.DataFrame, docs: pl.DataFrame, before: int) -> Iterator[dict[str, Any]]:
    """Matches with their documents' ids and the passages; documents counted from ``before``."""
    if not matches.height:
        return
    ids = docs[DOC_ID].gather(matches["text"])
    quoted = passages(matches, docs[TEXT])
    for row, doc_id, passage in zip(matches.iter_rows(named=True), ids, quoted, strict=True):
        row["text"] += before
        yield row | {"doc_id": doc_id, "quoted": passage}


def passages(matches: pl.DataFrame, texts: pl.Series) -> list[str]:
    """What stands in the texts where the matches are, up to ``LONGEST`` characters."""
    found: list[str] = []
    raw, known = b"", -1
    for row, start, end in matches.select("text", "start", "end").iter_rows():
        if row != known:
            raw, known = texts[row].encode(), row
        found.append(raw[start:end].decode()[:LONGEST])
    return found


def _batches(spool: Path) -> Iterator[pl.DataFrame]:
    """The matches again, each document whole."""
    kinds = {**MATCHES, "doc_id": pl.String(), "quoted": pl.String()}
    held: list[Mapping[str, Any]] = []
    with spool.open("rb") as lines:
        for line in lines:
            row: dict[str, Any] = msgspec.json.decode(line)
            if len(held) >= _TOGETHER and row["text"] != held[-1]["text"]:
                yield pl.DataFrame(held, kinds)
                held = []
            held.append(row)
    yield pl.DataFrame(held, kinds)


def _lines(told: pl.DataFrame, ids: Sequence[str], names: Sequence[str]) -> Iterator[bytes]:
    for row in told.iter_rows(named=True):
        shares = {f"{part}_share": row[part] for part in ("question", "answer", "passage")}
        yield (
            msgspec.json.encode(
                {
                    "doc_id": row["doc_id"],
                    "benchmark": names[row["group"]],
                    "entry": ids[row["entry"]],
                    "verdict": row["verdict"],
                    "score": row["score"],
                    **shares,
                    "start": row["start"],
                    "end": row["end"],
                    "passage": row["quoted"],
                }
            )
            + b"\n"
        )
