"""Corpora with a known truth: real documents, and near-duplicates of them planted by kind.

Every planted document says which document it was made from and how (``benchmarks.planting``). The
same seed gives the same bytes anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from random import Random

import polars as pl

from benchmarks.bench import ROOT
from benchmarks.planting import NEAR, PIECE, Kind

SEED = "planted 1"
CORPUS = pl.Schema({"id": pl.String, "text": pl.String, "kind": pl.String, "made_from": pl.String})
SINGLE = "untouched"


def sources(data: Path, language: str) -> pl.DataFrame:
    """Columns ``id`` and ``text`` of real documents: perf_en or perf_zh, else the examples."""
    large = data / f"perf_{language}.parquet"
    if large.is_file():
        return pl.read_parquet(large, columns=["id", "text"])
    folder = ROOT / "examples" / "data"
    if language == "zh":
        return pl.read_ndjson(folder / "docs-zh.jsonl.gz").select("id", "text")
    return pl.read_ndjson(folder / "docs-en.jsonl.zst").select("id", "text")


def planted(
    documents: pl.DataFrame, kinds: Sequence[Kind], size: int, seed: str = SEED
) -> pl.DataFrame:
    """A corpus of about ``size`` documents (``CORPUS``): families of each kind, and single ones.

    Sources are documents of 100 to 4,000 words and at least six lines; fewer of them make a
    smaller corpus.
    """
    pool = _shuffled(_middling(documents), seed).iter_rows()
    donors = _donors(documents)
    rows: list[tuple[str, str, str, str | None]] = []
    for kind in kinds:
        for number in range(max(1, round(kind.share * size / kind.makes))):
            taken = [one for one, _ in zip(pool, range(kind.takes), strict=False)]
            if len(taken) < kind.takes:
                break
            rows += _family(kind, number, taken, donors, seed)
    left = max(0, size - len(rows))
    rows += [(name, text, SINGLE, None) for (name, text), _ in zip(pool, range(left), strict=False)]
    return _shuffled(pl.DataFrame(rows, CORPUS, orient="row"), seed)


def with_copies(
    documents: pl.DataFrame, share: float, kinds: Sequence[Kind] = NEAR, seed: str = SEED
) -> pl.DataFrame:
    """All the documents (``CORPUS``), and near-duplicates of a share of them, in a mixed order."""
    donors = _donors(documents)
    enough = pl.col("text").str.count_matches(r"\S+") >= 50
    long = documents.filter(enough & (pl.col("text").str.count_matches("\n") >= 6))
    picked = _shuffled(long, seed).head(round(share * documents.height))
    rows: list[tuple[str, str, str, str | None]] = []
    for number, document in enumerate(picked.iter_rows()):
        kind = kinds[number % len(kinds)]
        rows += _family(kind, number, [document], donors, seed)[1:]
    alone = documents.select("id", "text", pl.lit(SINGLE).alias("kind"))
    alone = alone.with_columns(pl.lit(None, pl.String).alias("made_from"))
    return _shuffled(pl.concat([alone, pl.DataFrame(rows, CORPUS, orient="row")]), seed)


def write_parts(corpus: pl.DataFrame, folder: Path, parts: int = 2) -> Path:
    """``id`` and ``text`` as parquet files of like size, for tools that work on whole files."""
    folder.mkdir(parents=True)
    for part in range(parts):
        rows = corpus.select("id", "text").gather_every(parts, part)
        rows.write_parquet(folder / f"part-{part:02d}.parquet", row_group_size=4096)
    return folder


def _family(
    kind: Kind, number: int, taken: Sequence[tuple[str, str]], donors: Sequence[str], seed: str
) -> list[tuple[str, str, str, str | None]]:
    random = Random(f"{seed}/{kind.name}/{number}")
    texts = kind.build([text for _, text in taken], random, donors)
    label = re.sub(r"\W+", "-", kind.name)
    rows: list[tuple[str, str, str, str | None]] = []
    for nth, text in enumerate(texts):
        if not taken:
            rows.append((f"{label}/{number}/{nth}", text, kind.name, None))
            continue
        origin, before = taken[nth if kind.takes > 1 else 0]
        untouched = nth == 0 and text == before
        name = origin if untouched else f"{origin}#{label}/{number}/{nth}"
        rows.append((name, text, kind.name, None if untouched else origin))
    return rows


def _middling(documents: pl.DataFrame) -> pl.DataFrame:
    pieces = pl.col("text").str.count_matches(r"[\u3400-\u9fff]|[^\s\u3400-\u9fff]+")
    lines = pl.col("text").str.count_matches(r"\n")
    return documents.filter(pieces.is_between(100, 4000) & (lines >= 6))


def _donors(documents: pl.DataFrame) -> list[str]:
    """Words that edits put in, from all over the corpus, in a fixed order."""
    some = documents.gather_every(max(1, documents.height // 200))["text"]
    found: set[str] = set()
    for text in some:
        found.update(
            piece for piece in PIECE.findall(text[:4000]) if piece.strip(".,;:()").isalpha()
        )
    return sorted(found)


def _shuffled(frame: pl.DataFrame, seed: str) -> pl.DataFrame:
    """By a hash of the id: the same order everywhere, and no copy after its source."""
    places = [blake2b(f"{seed}/{name}".encode(), digest_size=8).digest() for name in frame["id"]]
    return frame.with_columns(pl.Series("_place", places)).sort("_place", "id").drop("_place")
