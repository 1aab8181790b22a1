"""A plain Python job, for cron or any scheduler: files in, a table out, an exit code.

python examples/etl/plain_job.py INPUT OUT
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import dataqa
from dataqa.errors import DataqaError

PIPELINE = "quickstart"
MAX_DROP = 0.5
COLUMNS = ("doc_id", "text")


def main() -> int:
    """Clean the inputs, put what is kept into one table, and print the counts as JSON."""
    inputs, out = sys.argv[1], Path(sys.argv[2])
    try:
        # killed and started again it continues; started again on more files it does only those
        result = dataqa.run(PIPELINE, inputs, out / "run", max_drop=MAX_DROP)
    except DataqaError as error:
        print(f"Error: {error}", file=sys.stderr)
        return error.exit_code  # 1: run it again; 2: mend the input; 3: more than MAX_DROP is lost
    result.scan("kept").select(COLUMNS).sink_parquet(out / "clean.parquet")
    print(json.dumps(result.counts))
    return 0


if __name__ == "__main__":  # a large corpus is judged by worker processes, which import this file
    sys.exit(main())
