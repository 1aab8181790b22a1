"""Runs inside datatrove's environment: filters, near-duplicates and private patterns, in two runs.

``python datatrove_job_peer.py JOB.json``. What a filter removes it writes away under its name, so
that it can be compared; the MinHash stages between the two are its own.
"""

# pyright: basic, reportMissingImports=false

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def main(job: dict[str, Any]) -> None:
    """Filter and sign; match; cluster; take out, replace and write."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import (
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupFilter,
        MinhashDedupSignature,
    )
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.pipeline.filters import (
        C4QualityFilter,
        FineWebQualityFilter,
        GopherQualityFilter,
        GopherRepetitionFilter,
    )
    from datatrove.pipeline.formatters import PIIFormatter
    from datatrove.pipeline.readers import ParquetReader
    from datatrove.pipeline.writers import ParquetWriter

    work = Path(job["out"])
    files = len(list(Path(job["corpus"]).glob("*.parquet")))
    config = MinhashConfig(
        n_grams=job["words"], num_buckets=job["bands"], hashes_per_bucket=job["rows"]
    )
    filtered, signatures, buckets, clusters = (
        str(work / name) for name in ("filtered", "signatures", "buckets", "clusters")
    )

    def away(name: str) -> Any:
        return ParquetWriter(str(work / "removed" / name))

    good = [
        ParquetReader(job["corpus"], glob_pattern="*.parquet"),
        GopherRepetitionFilter(exclusion_writer=away("gopher repetition")),
        GopherQualityFilter(exclusion_writer=away("gopher quality")),
        C4QualityFilter(filter_no_terminal_punct=False, exclusion_writer=away("c4")),
        FineWebQualityFilter(exclusion_writer=away("fineweb")),
        ParquetWriter(filtered),
    ]
    reader = ParquetReader(filtered, glob_pattern="*.parquet")
    taken = MinhashDedupFilter(clusters, exclusion_writer=away("duplicates"))
    stages = (
        ("filter", files, good),
        ("sign", files, [reader, MinhashDedupSignature(signatures, config=config)]),
        ("match", job["bands"], [MinhashDedupBuckets(signatures, buckets, config=config)]),
        ("cluster", 1, [MinhashDedupCluster(buckets, clusters, config=config)]),
        ("write", files, [reader, taken, PIIFormatter(), ParquetWriter(job["kept"])]),
    )
    for name, tasks, pipeline in stages:
        LocalPipelineExecutor(
            pipeline=pipeline,
            tasks=tasks,
            workers=min(tasks, job["workers"]),
            logging_dir=str(work / "logs" / name),
            start_method="fork",  # else nobody can tell what its workers took
        ).run()


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
