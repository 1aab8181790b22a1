"""Runs inside SemHash's environment: ``python semhash_peer.py JOB.json``.

Embeds and deduplicates texts as its documentation shows, and writes for each removed text which one
it is said to be a duplicate of. Texts are told apart by a number, its ``id``.
"""

# pyright: basic, reportMissingImports=false

from __future__ import annotations

import json
import sys
import time
from pathlib import Path


def main() -> None:
    from model2vec import StaticModel
    from semhash import SemHash

    job = json.loads(Path(sys.argv[1]).read_text())
    texts = json.loads(Path(job["texts"]).read_text())
    records = [{"id": str(at), "text": text} for at, text in enumerate(texts)]
    model = StaticModel.from_pretrained(job["model"])
    begun = time.process_time()
    index = SemHash.from_records(records=records, columns=["text"], model=model)
    embedded = time.process_time()
    result = index.self_deduplicate(threshold=job["similarity"])
    ended = time.process_time()
    removed = [
        {
            "id": int(found.record["id"]),
            "of": int(found.duplicate_of["id"]) if found.duplicate_of else -1,
            "score": float(found.score),
        }
        for found in result.filtered
    ]
    told = {"first": embedded - begun, "second": ended - embedded, "removed": removed}
    Path(job["out"]).write_text(json.dumps(told))


if __name__ == "__main__":
    main()
