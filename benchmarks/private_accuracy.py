"""Private data, how much of it is found: ours with names by the cascade beside stock Presidio.

Both read ``tab_train.jsonl`` (judgments, Text Anonymization Benchmark) and
``presidio_synth.jsonl`` (templates, presidio-research). Presidio is ``AnalyzerEngine`` as it comes
with ``en_core_web_md``; ours has all packs and ``names: [tagger, spacy]`` with the same model, from
the score 0.4 (``doubt``) on.

Kinds of the judgments: PERSON is PERSON, LOC is LOCATION, ORG is ORGANIZATION. Kinds of the
templates: PERSON; GPE, STREET_ADDRESS and ZIP_CODE are LOCATION; ORGANIZATION; PHONE_NUMBER;
CREDIT_CARD. A span is reached when a predicted one of its kind overlaps it, and a predicted one is
right when a marked one of its kind overlaps it. Phones and cards count on odd ``template_id`` only:
even ones were looked at while building. Direct identifiers are reached by a span of any kind that
overlaps them; character precision is the share of masked characters that lie in a span that is
marked DIRECT or QUASI. For them ours masks people and what patterns find, not places and
organisations: in judgments those are mostly courts and states, which nobody has to be protected
from; Presidio masks all that it finds. A line tells what ours has with all kinds.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from benchmarks.bench import Arguments, Board, arguments
from benchmarks.peers import python_of
from dataqa.private.finder import NAMES, Finder, plan
from dataqa.private.packs import pack_names
from dataqa.registry import shipped
from dataqa.types import Assets

DOUBT, TIMES, DIRECT, PHONES, CARDS = 0.4, 8.0, 0.90, 0.80, 1.0
STAGES = ("tagger", "spacy")
QUICK = {"tab_train": 6, "presidio_synth": 5}
"""One document in so many is read with ``--quick``."""
_KINDS = {
    "LOC": "LOCATION",
    "GPE": "LOCATION",
    "STREET_ADDRESS": "LOCATION",
    "ZIP_CODE": "LOCATION",
    "ORG": "ORGANIZATION",
}


_WIDE = ("LOCATION", "ORGANIZATION")


class Mark(NamedTuple):
    """A span in characters: kind, start, end, and in judgments DIRECT, QUASI or NO_MASK."""

    kind: str
    start: int
    end: int
    masks: str = ""


class Document(NamedTuple):
    """A text, what is marked in it, and its template."""

    text: str
    marks: list[Mark]
    template: int


type Spans = list[list[Mark]]


def main(given: Arguments) -> int:
    board = Board("private_accuracy", given.json)
    python = python_of("presidio")
    for name in ("tab_train", "presidio_synth"):
        path = given.data / f"{name}.jsonl"
        if not path.is_file():
            board.skip(name, "the file is not there")
            continue
        documents = _read(path)[:: QUICK[name] if given.quick else 1]
        ours, rate = _ours(documents)
        stock: Spans | None = None
        if python is None:
            board.skip(f"{name}: beside Presidio", "its environment was not made (make peers)")
        else:
            stock, other = _stock(python, documents)
            board.note(f"{name}: Presidio", other, "ch/CPU s")
            board.check(f"{name}: times Presidio", rate / other, "x", at_least=TIMES)
        board.note(f"{name}: ours", rate, "ch/CPU s")
        _names(board, name, documents, ours, stock)
        if name == "tab_train":
            _direct(board, documents, ours, stock)
        else:
            odd = [at for at, one in enumerate(documents) if one.template % 2]
            _numbers(board, documents, ours, stock, odd)
    return board.close()


def _names(
    board: Board, name: str, documents: Sequence[Document], ours: Spans, stock: Spans | None
) -> None:
    for kind in NAMES:
        precision, recall = rates(documents, ours, kind)
        if stock is None:
            board.note(f"{name}: {kind} recall", recall, "")
            board.note(f"{name}: {kind} precision", precision, "")
            continue
        stock_precision, stock_recall = rates(documents, stock, kind)
        board.check(f"{name}: {kind} recall", recall, "", at_least=stock_recall)
        if kind == "PERSON":
            board.check(f"{name}: {kind} precision", precision, "", at_least=stock_precision)
        else:
            board.note(
                f"{name}: {kind} precision", precision, "", f"Presidio {stock_precision:.3f}"
            )


def _direct(board: Board, documents: Sequence[Document], ours: Spans, stock: Spans | None) -> None:
    whole = _masked(documents, ours)
    board.note("all kinds masked: recall", whole[0], "", f"character precision {whole[1]:.3f}")
    ours = [[mark for mark in one if mark.kind not in _WIDE] for one in ours]
    recall, precision = _masked(documents, ours)
    board.check("direct identifiers: recall", recall, "", at_least=DIRECT)
    for kind in ("PERSON", "CODE"):
        share = _masked(documents, ours, kind)[0]
        board.note(f"direct identifiers: recall of {kind}", share, "")
    if stock is None:
        board.note("direct identifiers: character precision", precision, "")
        return
    told = _masked(documents, stock)
    board.note("direct identifiers: recall of Presidio", told[0], "")
    board.check("direct identifiers: character precision", precision, "", at_least=told[1])


def _numbers(
    board: Board,
    documents: Sequence[Document],
    ours: Spans,
    stock: Spans | None,
    rows: Sequence[int],
) -> None:
    some = [documents[row] for row in rows]
    mine = [ours[row] for row in rows]
    for kind, least in (("PHONE_NUMBER", PHONES), ("CREDIT_CARD", CARDS)):
        precision, recall = rates(some, mine, kind)
        board.check(f"odd templates: {kind} recall", recall, "", at_least=least)
        if stock is None:
            board.note(f"odd templates: {kind} precision", precision, "")
            continue
        before, reached = rates(some, [stock[row] for row in rows], kind)
        board.note(f"odd templates: {kind} recall of Presidio", reached, "")
        board.check(f"odd templates: {kind} precision", precision, "", at_least=before)


def rates(documents: Sequence[Document], spans: Spans, kind: str) -> tuple[float, float]:
    """Precision and recall of a kind by overlap; 1 where there is nothing."""
    found = marked = right = reached = 0
    for one, mine in zip(documents, spans, strict=True):
        gold = [mark for mark in one.marks if mark.kind == kind]
        told = [mark for mark in mine if mark.kind == kind]
        found, marked = found + len(told), marked + len(gold)
        right += sum(_meets(mark, gold) for mark in told)
        reached += sum(_meets(mark, told) for mark in gold)
    return right / found if found else 1.0, reached / marked if marked else 1.0


def _masked(
    documents: Sequence[Document], spans: Spans, kind: str | None = None
) -> tuple[float, float]:
    """Recall of mentions marked DIRECT, of a kind or all, and precision of masked characters."""
    marked = reached = masked = right = 0
    for one, mine in zip(documents, spans, strict=True):
        direct = [
            mark for mark in one.marks if mark.masks == "DIRECT" and kind in {None, mark.kind}
        ]
        marked, reached = marked + len(direct), reached + sum(_meets(mark, mine) for mark in direct)
        covered = _places(mine)
        masked += len(covered)
        right += len(covered & _places(m for m in one.marks if m.masks in {"DIRECT", "QUASI"}))
    return reached / max(1, marked), right / max(1, masked)


def _meets(mark: Mark, others: Iterable[Mark]) -> bool:
    return any(mark.start < other.end and other.start < mark.end for other in others)


def _places(marks: Iterable[Mark]) -> set[int]:
    return {at for mark in marks for at in range(mark.start, mark.end)}


def _ours(documents: Sequence[Document]) -> tuple[Spans, float]:
    """Our spans, and characters a CPU second once everything is open."""
    assets = Assets((shipped("rules"),), Path())
    finder = Finder(plan(pack_names(assets), (), assets, STAGES))
    texts = pl.Series([one.text for one in documents])
    finder.scan(texts.head(1), DOUBT)
    begun = time.process_time()
    rows = finder.scan(texts, DOUBT)
    seconds = time.process_time() - begun
    spans: Spans = [[] for _ in documents]
    for row, kind, start, end in rows.select("row", "entity", "start", "end").iter_rows():
        data = documents[row].text.encode()
        spans[row].append(Mark(kind, len(data[:start].decode()), len(data[:end].decode())))
    return spans, _characters(documents) / seconds


def _stock(python: Path, documents: Sequence[Document]) -> tuple[Spans, float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        told, out = folder / "texts", folder / "out.json"
        told.write_text("\n".join(json.dumps(one.text) for one in documents))
        job: dict[str, Any] = {"texts": str(told), "out": str(out), "entities": []}
        job["model"] = "en_core_web_md"
        (folder / "job.json").write_text(json.dumps(job))
        script = Path(__file__).with_name("presidio_peer.py")
        command = [str(python), str(script), str(folder / "job.json")]
        subprocess.run(command, check=True, capture_output=True)
        found = json.loads(out.read_text())
    spans = [[Mark(kind, start, end) for kind, start, end, _ in one] for one in found["spans"]]
    return spans, _characters(documents) / found["seconds"]


def _characters(documents: Sequence[Document]) -> int:
    return sum(len(one.text) for one in documents)


def _read(path: Path) -> list[Document]:
    found: list[Document] = []
    mark = _of_judgment if path.stem == "tab_train" else _of_template
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        listed = row["entities"]
        # in the judgments the list was written as Python writes it
        listed = ast.literal_eval(listed) if isinstance(listed, str) else listed
        marks = sorted({mark(one) for one in listed})
        found.append(Document(row["text"], marks, int(row.get("template_id", 0))))
    return found


def _of_judgment(one: dict[str, Any]) -> Mark:
    kind: str = one["entity_type"]
    ends = one["start_offset"], one["end_offset"]
    return Mark(_KINDS.get(kind, kind), *ends, one["identifier_type"])


def _of_template(one: dict[str, Any]) -> Mark:
    kind: str = one["type"]
    return Mark(_KINDS.get(kind, kind), one["start"], one["end"])


if __name__ == "__main__":
    sys.exit(main(arguments(__doc__ or "")))
