"""Accuracy on planted truth: a table of ways to plant near-duplicates, beside three other tools.

5,000 documents, a fifth of them Chinese; every number is against exact similarities of all pairs
and greedy removal by them (``benchmarks.scores``), at a similarity of 0.8. Recall is what is gone
of what greedy removal takes away, precision what of the removed is like a document that was kept.
Kinds of which nothing should go have a precision only: 0 % when anything went.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks import brute
from benchmarks.bench import Arguments, Board, arguments
from benchmarks.dedupers import OURS, Outcome, ToolError, bands_of_ours, tools
from benchmarks.planted import SINGLE, planted, sources, write_parts
from benchmarks.planting import CHINESE, ENGLISH, Kind
from benchmarks.scores import (
    Score,
    Truth,
    promise,
    score,
    true_references,
    truth_of,
    verdict,
)
from dataqa import kernels

SIMILARITY = 0.8
LANGUAGES: tuple[tuple[str, Sequence[Kind], int, int], ...] = (
    ("en", ENGLISH, 4000, 120),
    ("zh", CHINESE, 1000, 40),
)
"""Kinds, and documents in full and with ``--quick``."""
STARTING = ("text-dedup", "datatrove")
"""Peers that take seconds to start: with ``--quick`` they are asked about English only."""
CHECKED = 300
"""Documents whose pairs are found twice, the second time by comparing all with all."""

type Rows = dict[str, dict[str, Score]]
"""By kind, then by tool."""


def main(given: Arguments) -> int:
    board = Board("truth", given.json)
    kernels.warm()
    tables: dict[str, Rows] = {}
    with tempfile.TemporaryDirectory() as name:
        for language, kinds, full, quick in LANGUAGES:
            corpus = planted(sources(given.data, language), kinds, quick if given.quick else full)
            truth = truth_of(corpus, SIMILARITY)
            _reference(board, language, truth)
            folder = write_parts(corpus, Path(name) / language / "corpus")
            left_out = STARTING if given.quick and language != "en" else ()
            tables[language] = _tools(board, language, truth, folder, left_out)
    for language, rows in tables.items():
        _print(language, rows)
    return board.close()


def _reference(board: Board, language: str, truth: Truth) -> None:
    """The reference is held to the plainest way there is, on as many documents as that can take."""
    first = truth.sets.offsets[: CHECKED + 1]
    few = brute.Shingles(truth.sets.keys[: first[-1]], first)
    differ = 0
    for bound in (0.3, SIMILARITY):
        found = set(brute.similar_pairs(few, bound).select("a", "b").iter_rows())
        differ += len(found ^ brute.all_pairs(few, bound))
    name = f"{language}, pairs that comparing all with all finds otherwise"
    board.limit(name, differ, "", at_most=0, detail=f"of {len(first) - 1} documents")


def _tools(
    board: Board, language: str, truth: Truth, folder: Path, left_out: Sequence[str]
) -> Rows:
    kinds = list(dict.fromkeys(sorted(truth.kinds, key=_place)))
    rows: Rows = {kind: {} for kind in [*kinds, "all"]}
    for tool in tools():
        if tool.missing or tool.name in left_out:
            board.skip(f"{language}, {tool.name}", tool.missing or "left out of --quick")
            continue
        try:
            outcome = tool.run(folder, folder.parent / tool.name, SIMILARITY, language)
        except ToolError as error:
            if tool.name == OURS:
                raise
            board.skip(f"{language}, {tool.name}", str(error))
            continue
        told = verdict(truth, outcome.kept)
        for kind in kinds:
            rows[kind][tool.name] = score(truth, told, [kind])
        rows["all"][tool.name] = score(truth, told)
        _report(board, language, tool.name, rows)
        if tool.name == OURS:
            _held(board, language, truth, outcome, rows["all"][OURS])
    return rows


def _report(board: Board, language: str, tool: str, rows: Rows) -> None:
    for kind, by_tool in rows.items():
        found = by_tool[tool]
        name = f"{language}, {kind}, {tool}"
        right = f"{found.right} of {found.removed} removed are like a kept one"
        if found.recall is None:
            board.note(f"{name}, wrongly removed", found.removed - found.right, "", right)
        else:
            board.note(f"{name}, recall", found.recall, "%", f"{found.wanted} duplicates; {right}")


def _held(board: Board, language: str, truth: Truth, outcome: Outcome, found: Score) -> None:
    """What must hold of ours: nothing wrong, and no less found than the bands promise."""
    wrong = found.removed - found.right
    board.limit(f"{language}, {OURS}, wrongly removed", wrong, "", at_most=0)
    bands, rows = bands_of_ours(SIMILARITY)
    due, spread = promise(truth, bands, rows)
    told = f"{bands} bands of {rows} promise {due:.2f} ± {spread:.2f} %"
    same = found.agreement or 0.0
    name = f"{language}, {OURS}, of what greedy removal removes"
    board.check(name, same, "%", at_least=due - 3 * spread, detail=told)
    if outcome.pairs is not None:
        true = true_references(truth, outcome.kept, outcome.pairs)
        share = 100 * true / max(1, outcome.pairs.height)
        name = f"{language}, {OURS}, as like the one it names as it says"
        board.check(name, share, "%", at_least=100.0)


def _print(language: str, rows: Mapping[str, Mapping[str, Score]]) -> None:
    """The table as Markdown: recall / precision, per cent, and documents removed."""
    names = list(rows["all"])
    if not names:
        return
    print(
        f"\n| {language}: recall / precision (removed) | documents | greedy | {' | '.join(names)} |"
    )
    print(f"|---|---:|---:|{'---:|' * len(names)}")
    for kind, by_tool in rows.items():
        one = next(iter(by_tool.values()))
        cells = " | ".join(_cell(by_tool[name]) for name in names)
        print(f"| {kind} | {one.documents} | {one.wanted} | {cells} |")


def _cell(found: Score) -> str:
    recall = "–" if found.recall is None else f"{found.recall:.0f}"
    precision = "–" if found.precision is None else f"{found.precision:.0f}"
    return f"{recall} / {precision} ({found.removed})"


def _place(kind: str) -> int:
    order = [one.name for one in (*ENGLISH, *CHINESE)]
    return order.index(kind) if kind != SINGLE else len(order)


if __name__ == "__main__":
    sys.exit(main(arguments(__doc__ or "")))
