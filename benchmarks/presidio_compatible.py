"""Presidio's own recognisers behind our automaton, beside Presidio: the same spans, faster.

A part of ``private_speed``. Stock Presidio reads the same whole documents in its own environment;
every span or score that differs is listed, by kind and place, without its value.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.bench import Board

KINDS = (
    *("EMAIL_ADDRESS", "PHONE_NUMBER", "IP_ADDRESS", "CREDIT_CARD", "US_SSN", "US_ITIN"),
    *("IBAN_CODE", "CRYPTO", "MAC_ADDRESS", "UK_NHS", "MEDICAL_LICENSE"),
)
TIMES = 40.0
WHOLE = {"web text": 20_000_000, "judgments": 10**9, "templates": 10**9}
QUICK = {"web text": 150_000, "judgments": 100_000, "templates": 30_000}
"""Characters of whole documents of each kind."""


def compatible(board: Board, texts: dict[str, pl.Series], python: Path, *, quick: bool) -> None:
    """Measure and compare on texts of each kind."""
    from presidio_analyzer.recognizer_registry import RecognizerRegistry

    from dataqa.private import Analyzer

    registry = RecognizerRegistry()
    registry.load_predefined_recognizers()
    ours = Analyzer(registry)
    for kind, series in texts.items():
        some = _documents(series, (QUICK if quick else WHOLE)[kind])
        others = series.drop_nulls().filter(~series.drop_nulls().is_in(some))
        for text in _documents(others, 100_000):  # libphonenumber compiles its plans as they come
            ours.analyze(text, language="en", entities=list(KINDS))
        mine: list[Any] = []
        seconds = float("inf")
        for _ in range(2):  # the rest of those plans is compiled in the first
            begun = time.process_time()
            mine = [ours.analyze(text, language="en", entities=list(KINDS)) for text in some]
            seconds = min(seconds, time.process_time() - begun)
        stock, theirs = analyzed(python, some, KINDS)
        different = _different(mine, stock)
        megabytes = sum(len(text.encode()) for text in some) / 1e6
        about = f"{len(some):,} documents, {sum(map(len, stock)):,} spans {different[:5] or ''}"
        board.note(f"compatible, {kind}", megabytes / seconds, "MB/CPU s")
        board.check(f"compatible, {kind}, times", theirs / seconds, "x", at_least=TIMES)
        board.limit(f"compatible, {kind}, differ", len(different), "spans", at_most=0, detail=about)


def analyzed(
    python: Path, texts: list[str], entities: tuple[str, ...]
) -> tuple[list[list[Any]], float]:
    """What stock Presidio finds in texts, as kind, start, end and score; and its CPU seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        told, out = folder / "texts", folder / "out.json"
        told.write_text("\n".join(json.dumps(text) for text in texts))
        job: dict[str, Any] = {"texts": str(told), "out": str(out), "entities": entities}
        (folder / "job.json").write_text(json.dumps(job))
        script = Path(__file__).with_name("presidio_peer.py")
        command = [str(python), str(script), str(folder / "job.json")]
        subprocess.run(command, check=True, capture_output=True)
        found = json.loads(out.read_text())
    return found["spans"], found["seconds"]


def _documents(texts: pl.Series, characters: int) -> list[str]:
    """Whole documents from all over, until there are so many characters."""
    some: list[str] = []
    for text in texts.drop_nulls().sample(fraction=1, shuffle=True, seed=11):
        if characters <= 0:
            break
        some.append(text)
        characters -= len(text)
    return some


def _different(mine: list[Any], stock: list[list[Any]]) -> list[tuple[int, str, int, int]]:
    found: list[tuple[int, str, int, int]] = []
    for at, (ours, theirs) in enumerate(zip(mine, stock, strict=True)):
        one = {(r.entity_type, r.start, r.end, round(r.score, 6)) for r in ours}
        other = {(kind, start, end, round(score, 6)) for kind, start, end, score in theirs}
        found += [(at, kind, start, end) for kind, start, end, _ in sorted(one ^ other)]
    return found
