"""The step language: its speed, and whom it agrees with.

Windows must be fast on long texts, say what the model says of the whole text, and name the larger
part of texts made of two languages, 60 and 40 characters in the hundred, in either order. Beside
it, when they are installed: the model on whole texts, py3langid and lingua.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from benchmarks.bench import Arguments, Board, arguments, cpu_seconds
from benchmarks.peers import python_of
from dataqa.languages import identify, predictor
from dataqa.steps.language import Language
from dataqa.types import DOC, TEXT, Assets, batch_of

SPEED = 50.0
AGREE = 99.5
LARGER_HALF = 98.0
LONG = 4000
"""Bytes from which a text counts as long."""
PEERS = ("py3langid", "lingua")


class Labelled(NamedTuple):
    """A text and the language it is known to be in."""

    text: str
    language: str


def main(argv: list[str] | None = None) -> int:
    """Measure everything; 1 when a line does not hold."""
    asked = arguments(__doc__ or "", argv)
    board = Board("language", asked.json)
    for name in ("perf_en", "perf_zh"):
        path = asked.data / f"{name}.parquet"
        if path.is_file():
            _corpus(board, name, pl.read_parquet(path, columns=[TEXT])[TEXT], asked)
        else:
            board.skip(name, f"no {path.name}")
    path = asked.data / "langid_20.jsonl"
    if path.is_file():
        _labelled(board, path, asked)
    else:
        board.skip("langid_20", f"no {path.name}")
    return board.close()


def _corpus(board: Board, name: str, text: pl.Series, asked: Arguments) -> None:
    sample = text.sample(3000 if asked.quick else min(text.len(), 20_000), seed=1)
    long = text.filter(text.str.len_bytes() >= LONG).head(1000 if asked.quick else 6000)
    board.check(f"{name}, long texts", _speed(long), "MB/CPU s", at_least=SPEED)
    board.note(f"{name}, all texts", _speed(sample), "MB/CPU s")
    predict = predictor()
    texts = sample.to_list()
    board.note(
        f"{name}, the model on whole texts",
        _megabytes(sample[:1000]) / cpu_seconds(lambda: [predict(t) for t in texts[:1000]], 1),
        "MB/CPU s",
    )
    found = _ours(texts)
    whole = [predict(one)[0] for one in texts]
    share = _percent(ours in {None, model} for ours, model in zip(found, whole, strict=True))
    detail = f"{found.count(None)} of {len(found)} abstained from"
    if name == "perf_zh":
        board.check(f"{name}, agrees with whole texts", share, "%", at_least=AGREE, detail=detail)
    else:
        board.note(f"{name}, agrees with whole texts", share, "%", detail)


def _labelled(board: Board, path: Path, asked: Arguments) -> None:
    kinds: dict[str, list[Labelled]] = defaultdict(list)
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            kinds[row["kind"]].append(Labelled(row["text"], row["lang"]))
    predict = predictor()
    long = [one.text for one in kinds["long"]]
    same = _percent(a == predict(t)[0] for a, t in zip(_ours(long), long, strict=True))
    board.check("langid_20 long, agrees with whole texts", same, "%", at_least=AGREE)
    two = _two_languages(kinds["long"])
    right = _accuracy(two, _ours([one.text for one in two]))
    detail = f"{len(two)} texts"
    board.check("larger of two languages", right, "%", at_least=LARGER_HALF, detail=detail)
    sets = {"short": kinds["short"], "long": kinds["long"], "two languages": two}
    for name, texts in sets.items():
        only = [one.text for one in texts]
        board.note(f"{name}, accuracy", _accuracy(texts, _ours(only)), "%")
        whole = [predict(one)[0] for one in only]
        board.note(f"{name}, the model on whole texts", _accuracy(texts, whole), "%")
    for peer in PEERS:
        _peer(board, peer, sets, asked)


def _two_languages(texts: Sequence[Labelled]) -> list[Labelled]:
    """Texts of 1,000 and 4,000 characters, 60 % in one language and 40 % in another."""
    by: dict[str, list[str]] = defaultdict(list)
    for text, language in texts:
        by[language].append(text)
    mixed: list[Labelled] = []
    for place, (large, small) in enumerate(permutations(sorted(by), 2)):
        for size in (1000, 4000):
            pieces = 4 if size == 1000 else 12
            start = place % 40
            first = " ".join(by[large][start : start + pieces])[: size * 6 // 10]
            second = " ".join(by[small][start : start + pieces])[: size * 4 // 10]
            mixed.append(Labelled(f"{first}\n{second}", large))
            mixed.append(Labelled(f"{second}\n{first}", large))
    return mixed


def _peer(board: Board, peer: str, sets: dict[str, list[Labelled]], asked: Arguments) -> None:
    python = python_of(peer)
    if python is None:
        board.skip(peer, "its environment was not made (make peers)")
        return
    for name, texts in sets.items():
        some = texts[:: max(1, len(texts) // (100 if asked.quick else 1000))]
        answer = _ask(python, peer, [one.text for one in some])
        speed = sum(len(one.text.encode()) for one in some) / 1e6 / answer["seconds"]
        detail = f"at {speed:.2g} MB/CPU s"
        board.note(f"{name}, {peer}", _accuracy(some, answer["languages"]), "%", detail)


def _ask(python: Path, peer: str, texts: list[str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        asked = Path(folder) / "texts.json"
        asked.write_text(json.dumps(texts), encoding="utf-8")
        script = Path(__file__).with_name("language_peer.py")
        command = [str(python), str(script), peer, str(asked)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def _speed(text: pl.Series) -> float:
    """Megabytes a CPU second of the step as it runs in a pipeline."""
    numbers = pl.Series(DOC, range(text.len()), pl.UInt64)
    batch = batch_of(pl.DataFrame([numbers, text.alias(TEXT)]))
    measure = Language().open(Assets((), Path()))
    return _megabytes(text) / cpu_seconds(lambda: measure(batch))


def _ours(texts: Sequence[str]) -> list[str | None]:
    predict = predictor()
    verdicts = [identify(text, 12, predict) for text in texts]
    return [None if verdict is None else verdict.language for verdict in verdicts]


def _accuracy(texts: Sequence[Labelled], found: Sequence[str | None]) -> float:
    return _percent(one.language == named for one, named in zip(texts, found, strict=True))


def _percent(hits: Any) -> float:
    marks = list(hits)
    return 100 * sum(marks) / max(1, len(marks))


def _megabytes(text: pl.Series) -> float:
    return int(text.str.len_bytes().sum()) / 1e6


if __name__ == "__main__":
    sys.exit(main())
