"""From input files to the sketches of a sample: what a run would note, and shingles beside it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from dataqa.duplicates.signatures import shingle_sets
from dataqa.duplicates.stored import Held, reband, wide
from dataqa.errors import InputError
from dataqa.io.corpus import Corpus
from dataqa.io.sources import Reading
from dataqa.io.store import Store
from dataqa.preview import folder
from dataqa.preview.cost import Spent
from dataqa.preview.lowest import text_size
from dataqa.preview.sampling import Better, Sample, draw
from dataqa.signals import catalogue
from dataqa.steps.duplicates import Duplicates
from dataqa.steps.quality import Quality
from dataqa.types import DOC, TEXT, Assets, Batch, batch_of

SAMPLE = 50_000
"""Documents in a sample; with their companions there may be more."""
BATCH_BYTES = 16 << 20
_SIGNATURE_BYTES = 512 << 20
_EVERY = 5.0
"""Seconds between what is told of reading."""
_OF_SIGNALS = {"best", "least"}


class Asked(NamedTuple):
    """What a preview is of, and how it is made.

    Attributes:
        step: The step that is previewed.
        reading: How inputs are read.
        sample: Documents at most.
        companions: Look the rest of the corpus through for what is like the sample.
        examples: Show masked excerpts of pairs.
    """

    step: Duplicates
    reading: Reading = Reading()
    sample: int = SAMPLE
    companions: bool = True
    examples: bool = True


def drawn(
    corpus: Corpus, asked: Asked, assets: Assets, spent: Spent, say: Callable[[str], None]
) -> tuple[Sample, int]:
    """A sample of a corpus, and how many records of it are damaged.

    Raises:
        InputError: There is no document.
    """
    step = asked.step
    damaged: list[int] = []

    def chunks() -> Iterator[pl.DataFrame]:
        damaged.clear()
        documents = size = 0
        told = time.monotonic()
        clock = time.process_time()
        for _, chunk in corpus.chunks():
            damaged.append(chunk.damaged.height)
            docs = chunk.docs.filter(pl.col(TEXT).is_not_null())
            spent.read += time.process_time() - clock
            yield docs
            documents, size = documents + docs.height, size + text_size(docs)
            if time.monotonic() - told > _EVERY:
                told = time.monotonic()
                say(f"{documents:,} documents, {size / 1e6:,.0f} MB of text")
            clock = time.process_time()
        spent.passes += 1

    def values(docs: pl.DataFrame) -> list[pl.Series]:
        batch = _measuring(step, docs.columns, assets)(batch_of(docs))
        return [wish.values(batch, step.source_column) for wish in step.wishes]

    places = max(step.permutations, step.banding.permutations)
    sample = draw(
        chunks,
        max(1, min(asked.sample, _SIGNATURE_BYTES // (4 * places))),
        step.cutting,
        columns=_columns(step),
        seed=step.seed,
        better=Better(values, [wish.descending for wish in step.wishes]),
        companions=asked.companions,
    )
    if sample is None:
        raise InputError("there is no document with a text", hint="name other inputs with -i")
    return sample, sum(damaged)


def _columns(step: Duplicates) -> list[str]:
    named = [wish.what for wish in step.wishes if isinstance(wish.what, str)]
    return [step.source_column, *named]


def _batches(docs: pl.DataFrame) -> Iterator[pl.DataFrame]:
    upto = docs[TEXT].str.len_bytes().cast(pl.UInt64).cum_sum().to_numpy()
    low = 0
    while low < docs.height:
        begun = int(upto[low - 1]) if low else 0
        high = max(low + 1, int(np.searchsorted(upto, begun + BATCH_BYTES, side="right")))
        yield docs[low:high]
        low = high


def sketched(sample: Sample, step: Duplicates, assets: Assets, spent: Spent) -> pl.DataFrame:
    """The documents' own rows, as a run would note them."""
    measure = _measuring(step, sample.docs.columns, assets)
    sketch = step.sketcher(assets)
    found: list[pl.DataFrame] = []
    for docs in _batches(sample.docs):
        batch = measure(batch_of(docs.drop("seed")))
        clock = time.process_time()
        rows = sketch(batch).docs
        spent.sketch += time.process_time() - clock
        assert rows is not None, "the step describes every document"
        chars = docs[TEXT].str.len_chars().cast(pl.Int64)
        found.append(rows.with_columns(docs["seed"], chars=chars))
    return pl.concat(found)


def _measuring(
    step: Duplicates, columns: Sequence[str], assets: Assets
) -> Callable[[Batch], Batch]:
    """What measures the signals that documents are kept by."""
    named = [wish.what for wish in step.wishes if wish.kind in _OF_SIGNALS]
    signals = tuple(name for name in named if name not in columns and name in catalogue())
    if not signals:
        return lambda batch: batch
    return Quality(signals=signals).open(assets)


def with_sets(
    docs: pl.DataFrame,
    sample: Sample,
    step: Duplicates,
    store: Store,
    scratch: Path,
    spent: Spent,
) -> pl.DataFrame:
    """Keep the shingles of documents that may be like another one, and note where they are."""
    from dataqa.duplicates.links import link, number  # noqa: PLC0415 - compiled code

    place = scratch / "wide"
    place.mkdir()
    layout = wide(max(step.permutations, step.banding.permutations))
    merge = reband(Held(docs), layout, place, roles="role" in docs.columns)
    numbering = number(merge)
    linked = link(merge, numbering, place)
    inside = linked.members[numbering.nodes(docs[DOC])]
    starts, sizes = np.zeros(docs.height, np.int64), np.zeros(docs.height, np.int64)
    total, done = 0, 0
    with folder.sets_path(store).open("wb") as file:
        for batch in _batches(sample.docs):
            rows = np.arange(done, done + batch.height)
            done += batch.height
            mine = inside[rows]
            texts = batch[TEXT].filter(pl.Series(mine))
            clock = time.process_time()
            sets = shingle_sets(texts, step.cutting)
            spent.sets += time.process_time() - clock
            spent.sets_bytes += int(texts.str.len_bytes().sum())
            sets.values.tofile(file)
            starts[rows[mine]], sizes[rows[mine]] = sets.offsets[:-1] + total, sets.sizes
            total += len(sets.values)
    return docs.with_columns(pl.Series(folder.AT, starts), pl.Series(folder.SIZE, sizes))
