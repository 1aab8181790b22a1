"""Fuzzing of scan and scrub: no crash, nothing lost, the same without hyperscan, no quadratic time.

Texts are examples of all recognisers, damaged byte by byte and strung together (a mutator of our
own, seeded). Of each: the scan with the automaton equals the scan without; spans are in order,
apart and on code points; scrubbing changes nothing outside of spans. Time is measured on
repetitions of pieces of every example, at n, 2n and 4n bytes, and once more at 16n where the
first look says that it grows faster than it may. ``--minutes 60`` runs for so long,
``--seed`` makes other texts.
"""

from __future__ import annotations

import argparse
import sys
import time
from itertools import count
from math import log2
from pathlib import Path

import polars as pl

from benchmarks.bench import Arguments, Board
from benchmarks.fuzzing import Mutator, repetitions
from dataqa.private.automaton import Everywhere
from dataqa.private.finder import Finder, plan
from dataqa.private.forms import expressions
from dataqa.private.packs import Recogniser, load_packs, pack_names
from dataqa.private.scan import Scanner
from dataqa.registry import shipped
from dataqa.scrubbing import scrub
from dataqa.types import Assets

BATCH, SIZE, GROWTH = 60, 5_000, 1.3
_SLOW = 0.02
"""CPU seconds below which a time is too short to say how it grows."""


def main(given: Arguments, minutes: float, seed: int) -> int:
    """Fuzz for so long, a quarter of it with repetitions."""
    board = Board("fuzz", given.json)
    assets = Assets((shipped("rules"),), Path())
    recognisers = load_packs(pack_names(assets), assets)
    fast = Scanner(recognisers)
    slow = Scanner(recognisers, automaton_of=Everywhere(len(expressions(recognisers))))
    _mutated(board, Mutator(recognisers, seed), fast, slow, 45 * minutes)
    _repeated(board, recognisers, fast, 15 * minutes)
    return board.close()


def _mutated(board: Board, mutator: Mutator, fast: Scanner, slow: Scanner, seconds: float) -> None:
    texts = unequal = misplaced = lost = crashes = 0
    # as scrub looks: a value is taken wherever else it stands, too
    finder = Finder(plan(_packs(), (), Assets((shipped("rules"),), Path())))
    end = time.monotonic() + seconds
    for round_ in count():
        if time.monotonic() > end:
            break
        some = pl.Series([mutator.text() for _ in range(BATCH)], dtype=pl.String)
        texts += BATCH
        try:
            found = fast.scan(some)
            unequal += not found.equals(slow.scan(some))
            misplaced += _misplaced(some, found)
            if round_ % 10 == 0:
                lost += _lost(some, finder)
        except Exception as error:  # noqa: BLE001 - any is what we look for
            crashes += 1
            print(f"crash: {type(error).__name__} in round {round_}", flush=True)
    board.note("texts", texts, "", f"in {seconds:.0f} s")
    board.limit("crashes", crashes, "batches", at_most=0)
    board.limit("found otherwise without hyperscan", unequal, "batches", at_most=0)
    board.limit("spans not in order, apart, on code points", misplaced, "", at_most=0)
    board.limit("texts changed outside of spans", lost, "", at_most=0)


def _misplaced(texts: pl.Series, found: pl.DataFrame) -> int:
    wrong, row, behind = 0, -1, 0
    for at, start, end in found.select("row", "start", "end").iter_rows():
        behind = behind if at == row else 0
        row = at
        data = texts[row].encode()
        whole = _decodes(data[start:end]) and _decodes(data[:start])
        wrong += not (behind <= start < end <= len(data) and whole)
        behind = end
    return wrong


def _decodes(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _lost(texts: pl.Series, finder: Finder) -> int:
    """Texts in which scrubbing took away or changed what is in no span."""
    # no name of a column that is a word of a recogniser: it is read as one before each value
    scrubbed = scrub(pl.DataFrame({"x": texts}), ["x"], packs=_packs(), style="remove")
    rows = finder.scan(texts, 0.4)
    left = [text.encode() for text in texts]
    for row, start, end in reversed(rows.select("row", "start", "end").rows()):
        left[row] = left[row][:start] + left[row][end:]
    pairs = zip(left, scrubbed["x"], strict=True)
    return sum(kept != text.encode() for kept, text in pairs)


def _packs() -> list[str]:
    return [f"private/{name}" for name in pack_names(Assets((shipped("rules"),), Path()))]


def _repeated(
    board: Board, recognisers: tuple[Recogniser, ...], scanner: Scanner, seconds: float
) -> None:
    end = time.monotonic() + seconds
    worst, name, tried = 0.0, "", 0
    every = list(dict.fromkeys(repetitions(recognisers)))
    # those of all recognisers in turn, so that a short run sees something of each
    step = 7919
    for at in range(len(every)):
        if time.monotonic() > end:
            break
        who, piece = every[at * step % len(every)]
        grown = _growth(scanner, piece)
        tried += 1
        if grown > worst:
            worst, name = grown, who
    detail = f"of {tried} of {len(every)} repetitions; worst: {name}"
    board.limit("time grows as size to the power of", worst, "", at_most=GROWTH, detail=detail)


def _growth(scanner: Scanner, piece: str) -> float:
    """The exponent between n and 4n bytes, or 16n, where it takes long enough to tell."""
    times: list[float] = []
    for size in (SIZE, 2 * SIZE, 4 * SIZE):
        text = pl.Series([piece * (size // len(piece.encode()))])
        best = min(_seconds(scanner, text) for _ in range(2 if size == SIZE else 1))
        times.append(best)
    if times[2] < _SLOW:
        return 0.0
    grown = log2(times[2] / times[0]) / 2
    if grown <= GROWTH:
        return grown
    # machines are shared: what looks slow is measured again, over a span that noise matters less in
    again = [
        min(_seconds(scanner, pl.Series([piece * (size // len(piece.encode()))])) for _ in range(4))
        for size in (SIZE, 16 * SIZE)
    ]
    return min(grown, log2(again[1] / again[0]) / 4)


def _seconds(scanner: Scanner, text: pl.Series) -> float:
    begun = time.process_time()
    scanner.scan(text)
    return time.process_time() - begun


def _arguments() -> tuple[Arguments, float, int]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"), help="not used")
    parser.add_argument("--quick", action="store_true", help="under 50 s")
    parser.add_argument("--json", type=Path, help="write the lines to this file")
    parser.add_argument("--minutes", type=float, default=5.0, help="how long")
    parser.add_argument("--seed", type=int, default=1, help="which texts")
    parsed = parser.parse_args()
    given = Arguments(parsed.data, parsed.quick, parsed.json)
    return given, 0.3 if parsed.quick else parsed.minutes, parsed.seed


if __name__ == "__main__":
    sys.exit(main(*_arguments()))
