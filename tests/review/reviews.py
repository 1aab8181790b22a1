"""Ledgers as a push and a pull leave them, made directly."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dataqa.review.asking.flows import Flow, load_flow
from dataqa.review.asking.items import Choice, choose
from dataqa.review.ledger import Annotation, Item, Ledger, Prelabel, ledger_folder, open_ledger


@contextmanager
def ledger_of(source: Path, flow: str) -> Generator[tuple[Ledger, Flow]]:
    asked = load_flow(flow)
    with open_ledger(ledger_folder(source, asked.name)) as ledger:
        yield ledger, asked


def item(key: str, **changed: Any) -> Item:
    told: dict[str, Any] = {
        "key": key,
        "doc_id": f"doc-{key}",
        "ref": None,
        "reason": "gopher.word_count.min",
        "doubt": 0.5,
        "kind": "asked",
        "blind": False,
        "facts": {},
        "data": None,
    }
    told |= changed
    return Item(**told)


def said(
    number: int, key: str, answer: dict[str, Any], flow: Flow, person: int = 1, **changed: Any
) -> Annotation:
    at = f"2026-11-{2 + number % 20:02}T09:00:{number % 60:02}.000000Z"
    told: dict[str, Any] = {
        "id": number,
        "key": key,
        "task": number,
        "annotator": str(person),
        "created": at,
        "updated": at,
        "seconds": 12.0,
        "skipped": False,
        "answer": answer,
        "shown": None,
    }
    told |= {"controls": flow.digest, **changed}
    return Annotation(**told)


def prelabel(key: str, answer: dict[str, Any], **changed: Any) -> Prelabel:
    told: dict[str, Any] = {"model": "m1", "probability": 0.9, "cost": {"tokens": 100.0}}
    told |= {"key": key, "answer": answer, **changed}
    return Prelabel(**told)


def asked(source: Path, flow: Flow, ledger: Ledger) -> list[Item]:
    """Choose a source's items and forget their texts, as a push does once the server has them."""
    found = list(choose(source, flow, Choice(items=None, blind=0.0)))
    ledger.add(one._replace(data=None) for one in found)
    return found


def lines(path: Path) -> list[dict[str, Any]]:
    import msgspec

    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]


def write_lines(path: Path, rows: Iterable[Any]) -> Path:
    import msgspec

    path.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
    return path
