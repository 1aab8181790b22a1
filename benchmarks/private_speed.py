"""Private data by patterns: our scan beside stock Presidio, on web text, judgments and templates.

Ours looks for everything in the packs; Presidio is asked for its pattern entities only, which does
not keep it from running spaCy. Both are measured in MB of text per CPU second once they are open;
Presidio, being slow, reads fewer texts of each kind. Then its own recognisers run behind our
automaton, beside stock Presidio on the same documents.
"""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from random import Random

import polars as pl

from benchmarks.bench import ROOT, Arguments, Board, arguments, cpu_seconds
from benchmarks.peers import python_of
from benchmarks.presidio_compatible import analyzed, compatible
from dataqa.private.digits import luhn_digit
from dataqa.private.packs import load_packs, pack_names
from dataqa.private.scan import Scanner
from dataqa.registry import shipped
from dataqa.types import Assets

TIMES, RATE = 500.0, 40.0
CARDS = 8_000
PATTERNS = (
    *("EMAIL_ADDRESS", "PHONE_NUMBER", "IP_ADDRESS", "CREDIT_CARD", "US_SSN", "US_ITIN"),
    *("IBAN_CODE", "CRYPTO", "MAC_ADDRESS", "US_BANK_NUMBER", "US_PASSPORT", "US_DRIVER_LICENSE"),
)
SAMPLES = {"web text": 150_000, "judgments": 150_000, "templates": 60_000}
"""Characters that Presidio reads of each kind; a third of it with ``--quick``."""


def main(given: Arguments) -> int:
    board = Board("private_speed", given.json)
    texts = _texts(given.data)
    assets = Assets((shipped("rules"),), Path())
    scanner = Scanner(load_packs(pack_names(assets), assets))
    rates: dict[str, tuple[float, float]] = {}
    for kind, series in texts.items():
        few = series if given.quick or kind != "web text" else series.sample(fraction=1, seed=1)
        few = few.head(2000) if given.quick else few
        size = _megabytes(few)
        times = max(1, round(8 / size))
        seconds = cpu_seconds(
            lambda few=few, times=times: [scanner.scan(few, 0.4) for _ in range(times)]
        )
        rates[kind] = size * times / seconds, 0.0
        board.note(f"ours, {kind}", rates[kind][0], "MB/CPU s", f"{size:.1f} MB, {times} times")
    cards = _cards()
    seconds = cpu_seconds(lambda: [scanner.scan(cards, 0.4) for _ in range(10)])
    rate = 10 * _megabytes(cards) / seconds
    board.note("ours, a column of cards", rate, "MB/CPU s", f"{CARDS} numbers drawn by seed")
    if not (given.data / "perf_en.parquet").is_file():
        board.skip("speed on web text", "perf_en.parquet is not there")
    else:
        board.note("ours, web text", rates["web text"][0], "MB/CPU s", f"aim: {RATE:g}")
    python = python_of("presidio")
    if python is None:
        board.skip("times Presidio", "its environment was not made (make peers)")
        return board.close()
    for kind, series in texts.items():
        rate = _presidio(python, _sample(series, SAMPLES[kind] // (3 if given.quick else 1)))
        board.note(f"Presidio, {kind}", rate, "MB/CPU s")
        board.check(f"times Presidio, {kind}", rates[kind][0] / rate, "x", at_least=TIMES)
    if find_spec("presidio_analyzer") is None:
        board.skip("compatible", "the extra presidio is not installed")
    else:
        compatible(board, texts, python, quick=given.quick)
    return board.close()


def _texts(data: Path) -> dict[str, pl.Series]:
    files = {"web text": "perf_en.parquet", "judgments": "tab_train.jsonl"}
    found: dict[str, pl.Series] = {}
    for kind, name in (*files.items(), ("templates", "presidio_synth.jsonl")):
        path = data / name
        if path.is_file() and path.suffix == ".parquet":
            found[kind] = pl.read_parquet(path, columns=["text"])["text"]
        elif path.is_file():
            rows = [json.loads(line)["text"] for line in path.read_text("utf-8").splitlines()]
            found[kind] = pl.Series(rows)
    if not found:  # the examples, to see that it runs and how fast about
        folder = ROOT / "examples" / "data"
        found["web text"] = pl.read_ndjson(folder / "docs-en.jsonl.zst")["text"].drop_nulls()
    return found


def _cards() -> pl.Series:
    """Numbers as cards have them, of which each is found: nobody's, drawn by seed."""
    draw = Random(3)
    bodies = [f"4{draw.randrange(10**14):014d}" for _ in range(CARDS)]
    return pl.Series([body + luhn_digit(body) for body in bodies])


def _sample(texts: pl.Series, characters: int) -> list[str]:
    """Texts from all over, each at most a tenth of all that is wanted."""
    some: list[str] = []
    left = characters
    for text in texts.sample(fraction=1, shuffle=True, seed=7):
        some.append(text[: min(left, characters // 10)])
        left -= len(some[-1])
        if left <= 0:
            break
    return some


def _presidio(python: Path, texts: list[str]) -> float:
    _, seconds = analyzed(python, texts, PATTERNS)
    return sum(len(text.encode()) for text in texts) / 1e6 / seconds


def _megabytes(texts: pl.Series) -> float:
    return int(texts.str.len_bytes().sum()) / 1e6


if __name__ == "__main__":
    sys.exit(main(arguments(__doc__ or "")))
