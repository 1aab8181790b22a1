"""Runs inside datatrove's environment, never in ours: its four filters, timed or rule by rule.

Called as ``python datatrove_filters.py JOB.json``; the job names its files and what to do.
"""

# pyright: basic, reportMissingImports=false

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq


def timed(job: dict) -> dict:
    """CPU seconds of the four filters: in one pipeline, which splits words once, and apart."""
    from datatrove.data import Document
    from datatrove.pipeline.filters import (
        C4QualityFilter,
        FineWebQualityFilter,
        GopherQualityFilter,
        GopherRepetitionFilter,
    )

    filters = [
        GopherRepetitionFilter(),
        GopherQualityFilter(),
        C4QualityFilter(),
        FineWebQualityFilter(),
    ]
    texts = pq.read_table(job["texts"])["text"].to_pylist()
    for each in filters:  # models are loaded before the clock starts
        each.filter(Document(text="Some words. And more of them.", id="0"))
    begun = time.process_time()
    for text in texts:
        for each in filters:
            each.filter(Document(text=text, id="0"))
    together = time.process_time()
    for each in filters:
        for text in texts:
            each.filter(Document(text=text, id="0"))
    apart = time.process_time()
    return {"together": together - begun, "apart": apart - together}


def rule_by_rule(job: dict) -> dict:
    """Which documents each rule drops, when it is the only one that is switched on."""
    from datatrove.data import Document

    if job["words"]:
        _hand_over(job["words"], job["sentences"])
    table = pq.read_table(job["texts"])
    checks = [(check["key"], _filter(check), check) for check in job["checks"]]
    found = {key: [] for key, _, _ in checks}
    for text in table["text"].to_pylist():
        for key, each, check in checks:
            result = each.filter(Document(text=text, id="0"))
            dropped = result is not True
            if dropped and check["reason"]:
                dropped = result[1] == check["reason"]
            found[key].append(dropped)
    pq.write_table(pa.table(found), job["out"])
    return {}


def _filter(check: dict) -> Any:
    from datatrove.pipeline import filters

    arguments = dict(check["arguments"])
    for name in ("top_n_grams", "dup_n_grams"):
        if name in arguments:
            arguments[name] = tuple(tuple(pair) for pair in arguments[name])
    return getattr(filters, check["filter"])(**arguments)


def _hand_over(words_file: str, sentences_file: str) -> None:
    """Give datatrove our words, and our number of sentences, for each text that it asks about."""
    from datatrove.pipeline.filters import (
        c4_filters,
        fineweb_quality_filter,
        gopher_quality_filter,
        gopher_repetition_filter,
    )

    table = pq.read_table(words_file)
    words = dict(zip(table["text"].to_pylist(), table["words"].to_pylist(), strict=True))
    table = pq.read_table(sentences_file)
    counts = dict(zip(table["line"].to_pylist(), table["sentences"].to_pylist(), strict=True))
    for module in (gopher_quality_filter, gopher_repetition_filter, fineweb_quality_filter):
        module.split_into_words = lambda text, _language: words[text]
    c4_filters.split_into_sentences = lambda line, _language: [""] * counts[line]


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    job = json.loads(Path(sys.argv[1]).read_text())
    answer = {"timed": timed, "rules": rule_by_rule}[job["do"]](job)
    Path(job["answer"]).write_text(json.dumps(answer))
