"""What ``benchmarks.index`` runs, each part in a process of its own that prints what it took."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from threading import Event, Thread
from typing import Any, Self

import numpy as np
import polars as pl

from benchmarks.planted import sources
from dataqa.engine.host import peak_memory_mb

SHARES = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05)
"""Of the words of a copy, so many are others."""
SIMILARITY = 0.8
BATCH, ROWS = 8192, 8192


def _make(work: Path, data: str, documents: str, asked: str) -> dict[str, float]:
    """Write ``known.parquet``, and ``asked.parquet`` with the id of what each is a copy of."""
    rng = np.random.default_rng(3)
    known = _dealt(Path(data), int(documents), rng)
    names = pl.select("k" + pl.int_range(known.len()).cast(pl.String)).to_series()
    pl.DataFrame({"doc_id": names, "text": known}).write_parquet(
        work / "known.parquet", row_group_size=ROWS
    )
    places = rng.choice(known.len(), int(asked) // 2, replace=False)
    copies = [_edited(known[int(k)], rng, SHARES[k % len(SHARES)]) for k in places]
    others = [_edited(known[int(k)], rng, 0.8) for k in places]
    frame = pl.DataFrame(
        {
            "doc_id": [f"q{k}" for k in range(2 * len(places))],
            "text": [*copies, *others],
            "copy_of": [*names.gather(places), *([None] * len(places))],
        }
    )
    frame.sample(fraction=1, shuffle=True, seed=1).write_parquet(
        work / "asked.parquet", row_group_size=ROWS
    )
    return {}


def _dealt(data: Path, documents: int, rng: np.random.Generator) -> pl.Series:
    texts = sources(data, "en")["text"].str.split("\n\n").explode()
    texts = texts.filter(texts.str.len_chars() > 200)
    parts = [texts.head(documents)]
    while (made := sum(map(len, parts))) < documents:
        again = [_edited(text, rng, 0.5) for text in texts.head(documents - made)]
        parts.append(pl.Series("text", again))
    return pl.concat(parts)


def _edited(text: str, rng: np.random.Generator, share: float) -> str:
    """The text with about a share of its words replaced."""
    words = text.split(" ")
    places = np.flatnonzero(rng.random(len(words)) < share)
    numbers = rng.integers(1 << 40, size=len(places))
    for at, number in zip(places.tolist(), numbers.tolist(), strict=True):
        words[at] = f"x{number}"
    return " ".join(words)


def _add(work: Path, name: str) -> dict[str, float]:
    from dataqa.index.index import Index

    path = work / name
    index = Index.open(path) if path.exists() else Index.create(path, similarity=SIMILARITY)
    _warm(index, work)
    with _Clock() as clock, index.adding() as adding:
        for ids, texts in _read(work / "known.parquet"):
            adding.add(ids, texts)
    return {**clock.told, "entries": len(index), "unchanged": adding.told.unchanged}


def _warm(index: Any, work: Path) -> None:
    """Import what is needed, and compile what is not compiled yet."""
    index.look_up(*next(_read(work / "asked.parquet")), None)


def _read(file: Path) -> Iterator[tuple[pl.Series, pl.Series]]:
    """Ids and texts, as the command reads them."""
    from dataqa.io.documents import documents
    from dataqa.io.sources import Reading

    with documents([file], Reading()) as found:
        for _, chunk in found.chunks:
            yield chunk.docs["doc_id"], chunk.docs["text"]


def _say(work: Path, name: str) -> dict[str, float]:
    """Add, and say what is committed until somebody puts an end to it."""
    from dataqa.index.index import Index

    with Index.create(work / name, similarity=SIMILARITY).adding() as adding:
        for ids, texts in _read(work / "known.parquet"):
            adding.add(ids, texts)
            adding.flush()
            print(adding.now.manifest.entries, flush=True)
    return {}


def _query(work: Path, name: str) -> dict[str, float]:
    from dataqa.index.index import Index

    index = Index.open(work / name)
    _warm(index, work)
    with _Clock() as clock:
        for ids, texts in _read(work / "asked.parquet"):
            index.look_up(ids, texts, None)
    return clock.told


def _judge(work: Path, name: str) -> dict[str, float]:
    """Compare what is found with true similarities."""
    from dataqa.index.index import Index
    from dataqa.index.rates import rate

    index = Index.open(work / name)
    asked = pl.read_parquet(work / "asked.parquet")
    found = index.query(asked, every=True).select("doc_id", "ref", "similarity", "standard_error")
    copies = asked.drop_nulls("copy_of").select("doc_id", ref="copy_of")
    pairs = pl.concat([found.select("doc_id", "ref"), copies]).unique(maintain_order=True)
    pairs = pairs.with_columns(true=_true(work, asked, pairs))
    copies = copies.join(pairs, on=["doc_id", "ref"]).join(found, on=["doc_id", "ref"], how="left")
    steps = copies["true"].to_numpy()
    promises = np.array([rate(index.parameters, float(true)).at_least for true in steps])
    hit = copies["similarity"].is_not_null().to_numpy()
    told = found.join(pairs, on=["doc_id", "ref"])
    # of all copies, not of those found only: these are the ones that were estimated high
    sure = copies.filter(pl.col("true") >= 0.9, pl.col("similarity").is_not_null())
    errors = (sure["similarity"] - sure["true"]).to_numpy()
    stated = (sure["true"] * (1 - sure["true"])).to_numpy() / index.parameters.permutations
    return {
        "copies": len(hit),
        "found": float(hit.mean()),
        "promised": float(promises.mean()),
        "slack": float(np.sqrt((promises * (1 - promises)).sum()) / promises.sum()),
        "copies_90": int((steps >= 0.9).sum()),
        "found_90": float(hit[steps >= 0.9].mean()),
        "matches": told.height,
        "far": float((told["true"].to_numpy() < 0.65).mean()),
        "error": float(np.sqrt((errors**2).sum() / stated.sum())),
    }


def _true(work: Path, asked: pl.DataFrame, pairs: pl.DataFrame) -> pl.Series:
    """The true Jaccard similarities of pairs, from the texts."""
    from dataqa.duplicates.signatures import Shingle, shingle_sets, similarities

    known = pl.scan_parquet(work / "known.parquet")
    needed = known.filter(pl.col("doc_id").is_in(pairs["ref"].unique().implode())).collect()
    texts = pl.concat([asked.select("doc_id", "text"), needed]).with_row_index("place")
    sets = shingle_sets(texts["text"], Shingle())
    place = dict(zip(texts["doc_id"], texts["place"], strict=True))
    left, right = (
        np.array([place[name] for name in pairs[side]], np.int64) for side in ("doc_id", "ref")
    )
    return pl.Series(similarities(sets, left, right).jaccard)


def _unrelated(seed: int) -> Iterator[pl.Series]:
    rng = np.random.default_rng(seed)
    while True:
        words = rng.integers(0, 1 << 40, (BATCH, 20)).astype(str)
        yield pl.DataFrame({"row": words.tolist()})["row"].list.join(" ")


def _stream_process(work: Path, unrelated: str) -> dict[str, float]:
    """Fill a filter to its capacity, then ask for documents that it has never seen."""
    from dataqa.index.bloom import BloomFilter

    file = work / "known.parquet"
    BloomFilter(1).admit(next(_read(file))[1][:1])  # imports and compiles
    seen = BloomFilter(pl.scan_parquet(file).select(pl.len()).collect().item())
    with _Clock() as clock:
        for _, texts in _read(file):
            seen.admit(texts)
    new = seen.passed.new
    filling = _unrelated(1)
    while seen.room:
        seen.admit(next(filling)[: seen.room])
    asked = pl.concat(
        seen.query(texts.to_frame("text"))
        for texts in islice(_unrelated(2), int(unrelated) // BATCH)
    )
    told = {"bytes": seen.bytes, "new": new}
    rates = {"asked": len(asked), "stated": seen.rate(), "seen": float(1 - asked.to_numpy().mean())}
    return {**clock.told, **told, **rates}


def _datasketch(work: Path, documents: str) -> dict[str, float]:
    """Its MinHashLSH in memory with our bands, given signatures that are made already."""
    import datasketch

    from dataqa.duplicates import to_datasketch
    from dataqa.duplicates.signatures import Shingle, signatures

    frame = pl.read_parquet(work / "known.parquet", n_rows=int(documents))
    minhashes = to_datasketch(signatures(frame["text"], Shingle(), 128, 1))
    before = _own_memory()
    lsh = datasketch.MinHashLSH(num_perm=128, params=(12, 5))
    with _Clock() as adding:
        for name, minhash in zip(frame["doc_id"], minhashes, strict=True):
            lsh.insert(name, minhash)
    grown = _own_memory() - before
    with _Clock() as asking:
        for minhash in minhashes:
            lsh.query(minhash)
    return {
        "add_seconds": adding.told["cpu_seconds"],
        "look_up_seconds": asking.told["cpu_seconds"],
        "bytes": grown / len(frame),
    }


class _Clock:
    """What a block took, and the most memory of its own: pages of mapped files are the system's."""

    def __enter__(self) -> Self:
        self._peak, self._done = 0.0, Event()
        self._watch = Thread(target=self._look, daemon=True)
        self._watch.start()
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        self.told: dict[str, float] = {}
        return self

    def __exit__(self, *_: object) -> None:
        self.told = {
            "wall_seconds": time.perf_counter() - self._wall,
            "cpu_seconds": time.process_time() - self._cpu,
        }
        self._done.set()
        self._watch.join()
        self.told |= {"peak_gb": self._peak / 1e9, "all_gb": peak_memory_mb() / 1e3}

    def _look(self) -> None:
        while not self._done.wait(0.02):
            self._peak = max(self._peak, _own_memory())


def _own_memory() -> float:
    """Bytes that this process holds and no file does; all, where that is not told."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return peak_memory_mb() * 1e6
    return 1024.0 * int(status.read_text(encoding="ascii").partition("RssAnon:")[2].split()[0])


PARTS = {
    "--make": _make,
    "--add": _add,
    "--say": _say,
    "--query": _query,
    "--judge": _judge,
    "--stream": _stream_process,
    "--datasketch": _datasketch,
}

if __name__ == "__main__":
    print(json.dumps(PARTS[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])))
