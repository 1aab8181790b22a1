"""Arrow in, Arrow out, a batch at a time: what any engine that speaks Arrow can call.

python examples/etl/arrow_handover.py INPUT.parquet OUT.parquet
"""

from __future__ import annotations

import sys
from collections import Counter

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

import dataqa
from dataqa.steps.language import Language
from dataqa.steps.normalize import Normalize
from dataqa.steps.quality import Quality

PIPELINE = dataqa.Pipeline.of(
    "gate",  # no step that needs to know all documents, such as exact
    Normalize(),
    Language(),
    Quality(packs=("fineweb2-*", "short-form")),
)


def judged(reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """The documents with ``verdict`` and ``reasons``, read as they are asked for."""
    nothing = dataqa.judge(reader.schema.empty_table(), PIPELINE)  # for the columns alone
    schema = nothing.to_arrow(compat_level=pl.CompatLevel.oldest()).schema
    return pa.RecordBatchReader.from_batches(schema, dataqa.judge_batches(reader, PIPELINE))


def main() -> None:
    """Write the kept documents of a dataset, never holding more than a batch of it."""
    source, target = sys.argv[1:]
    reader = judged(ds.dataset(source).scanner(batch_size=256).to_reader())
    counts: Counter[str] = Counter()
    with pq.ParquetWriter(target, reader.schema) as writer:
        for batch in reader:
            counts.update(batch["verdict"].to_pylist())
            writer.write_batch(batch.filter(pc.equal(batch["verdict"], "kept")))
    print(*(f"{verdict} {counts[verdict]}" for verdict in sorted(counts)), sep=", ")


if __name__ == "__main__":
    main()
