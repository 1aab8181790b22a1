"""Judging inside a Spark job: the function that ``mapInArrow`` takes.

spark-submit examples/etl/spark_judge.py INPUT OUT  (parquet folders; dataqa on every executor)
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pyarrow as pa

import dataqa
from dataqa.steps.normalize import Normalize
from dataqa.steps.quality import Quality

PIPELINE = dataqa.Pipeline.of("gate", Normalize(), Quality(packs=("gopher-dclm",)))
COLUMNS = pa.schema(
    {
        "id": pa.string(),
        "text": pa.string(),
        "verdict": pa.string(),
        "reasons": pa.list_(pa.string()),
    }
)
SCHEMA = "id string, text string, verdict string, reasons array<string>"
"""The same for Spark. It reads no lists of 64-bit offsets, as polars makes them: hence a cast."""


def judged(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """One partition: its documents with ``verdict`` and ``reasons``."""
    for batch in dataqa.judge_batches(batches, PIPELINE):
        yield batch.select(COLUMNS.names).cast(COLUMNS)


def main() -> None:
    """Write the kept documents of a table."""
    from pyspark.sql import SparkSession  # noqa: PLC0415

    source, target = sys.argv[1:]
    spark = SparkSession.builder.config("spark.executorEnv.POLARS_MAX_THREADS", "1").getOrCreate()
    documents = spark.read.parquet(source).mapInArrow(judged, SCHEMA)
    documents.where("verdict = 'kept'").write.parquet(target)


if __name__ == "__main__":
    main()
