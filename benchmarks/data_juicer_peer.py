"""Runs inside Data-Juicer's environment: its operators nearest to ours, one after another.

``python data_juicer_peer.py JOB.json``. Bounds are the published ones where an operator has them,
else the operator's own. It keeps the whole set on disk between operators, as its executor does.
"""

# pyright: basic, reportMissingImports=false

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"


def main(job: dict[str, Any]) -> None:
    """Operators in turn; after each the ids that it took out are written down."""
    import datasets
    from data_juicer.core.data import NestedDataset
    from data_juicer.ops import load_ops

    operators: list[dict[str, Any]] = [
        {"whitespace_normalization_mapper": {}},
        {"words_num_filter": {"tokenization": False, "min_num": 50, "max_num": 100_000}},
        {"average_line_length_filter": {"min_len": 10}},
        {"alphanumeric_filter": {"tokenization": False, "min_ratio": 0.25}},
        {"special_characters_filter": {"max_ratio": 0.25}},
        {"character_repetition_filter": {"rep_len": 10, "max_ratio": 0.5}},
        {"word_repetition_filter": {"tokenization": False, "rep_len": 10, "max_ratio": 0.5}},
        {
            "document_minhash_deduplicator": {
                "tokenization": "space",
                "window_size": job["words"],
                "num_permutations": job["bands"] * job["rows"],
                "jaccard_threshold": job["similarity"],
                "num_bands": job["bands"],
                "num_rows_per_band": job["rows"],
            }
        },
        {"clean_email_mapper": {}},
        {"clean_ip_mapper": {}},
    ]
    files = sorted(str(path) for path in Path(job["corpus"]).glob("*.parquet"))
    cache = str(Path(job["out"]) / "cache")
    read = datasets.load_dataset("parquet", data_files=files, split="train", cache_dir=cache)
    left, removed, ids = NestedDataset(read), {}, set(read["id"])
    for operator, told in zip(load_ops(operators), operators, strict=True):
        left = operator.run(left)
        now = set(left["id"])
        if ids - now:
            removed[next(iter(told))] = sorted(ids - now)
        ids = now
    left.select_columns(["id", "text"]).save_to_disk(job["kept"])
    Path(job["out"], "removed.json").write_text(json.dumps(removed))


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
