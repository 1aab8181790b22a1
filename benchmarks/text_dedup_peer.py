"""Runs inside text-dedup's environment: its MinHash command, with its own check of candidates.

``python text_dedup_peer.py JOB.json``. Settings are those of its shipped ``configs/minhash.toml``
but for the bands, which all tools share. Without the check, release 0.4.1 removes every document
of every cluster (its issue 129), so the check is on. Documents of fewer words than it would filter
away are let through: they are not what is measured.
"""

# pyright: basic, reportMissingImports=false

from __future__ import annotations

import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

CONFIG = """
[input]
input_type = "local_files"
file_type = "parquet"
[input.read_arguments]
path = "parquet"
data_files = "{corpus}/*.parquet"
split = "train"
cache_dir = "{out}/cache"
[algorithm]
algorithm_name = "minhash"
text_column = "text"
num_perm = {permutations}
bands = {bands}
rows = {rows}
ngram_size = {words}
threshold = {similarity}
min_length = 1
num_proc = {workers}
check_false_positive = true
[output]
output_dir = "{kept}"
[debug]
enable_profiling = false
"""


def main(job: dict[str, Any]) -> None:
    """Load, hash, cluster, check, filter, save: the tool's own ``main``."""
    os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HOME": f"{job['out']}/home"}
    warnings.simplefilter("ignore", DeprecationWarning)  # its polars is newer than it is
    from text_dedup.config.base import load_config_from_toml
    from text_dedup.minhash import main as deduplicate

    written = Path(job["out"]) / "config.toml"
    written.write_text(CONFIG.format(**job, permutations=job["bands"] * job["rows"]))
    deduplicate(load_config_from_toml(written))


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
