"""Runs inside datatrove's environment: its four MinHash stages, parquet in, kept documents out.

``python datatrove_dedup_peer.py JOB.json``; the stages and their settings are those that its own
documentation shows, FineWeb's, with as many tasks as there are input files.
"""

# pyright: basic, reportMissingImports=false

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def main(job: dict[str, Any]) -> None:
    """Signatures, buckets, clusters, filter."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import (
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupFilter,
        MinhashDedupSignature,
    )
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.pipeline.readers import ParquetReader
    from datatrove.pipeline.writers import ParquetWriter

    config = MinhashConfig(
        n_grams=job["words"], num_buckets=job["bands"], hashes_per_bucket=job["rows"]
    )
    work = Path(job["out"])
    files = len(list(Path(job["corpus"]).glob("*.parquet")))
    signatures, buckets, clusters = (
        str(work / name) for name in ("signatures", "buckets", "clusters")
    )
    reader = ParquetReader(job["corpus"], glob_pattern="*.parquet")
    language = {"zh": "cmn_Hani"}.get(job["language"], "eng")
    signing = MinhashDedupSignature(signatures, config=config, language=language)
    stages = (
        ("sign", files, [reader, signing]),
        ("match", job["bands"], [MinhashDedupBuckets(signatures, buckets, config=config)]),
        ("cluster", 1, [MinhashDedupCluster(buckets, clusters, config=config)]),
        ("filter", files, [reader, MinhashDedupFilter(clusters), ParquetWriter(job["kept"])]),
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
