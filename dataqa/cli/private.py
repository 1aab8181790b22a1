"""``dataqa private``: what private data there is in files."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import click

from dataqa.cli.options import changed_reading, inputs_option, reading_options, rules_option
from dataqa.cli.scrub import PACKS

_COLUMNS = ("entity", "recogniser", "spans", "doubtful", "documents")


@click.group("private")
def private_command() -> None:
    """Look for private data."""


@private_command.command("scan")
@inputs_option
@click.option("--pack", "packs", multiple=True, help="Pack of recognisers [all]. Repeatable.")
@click.option("--entity", "entities", multiple=True, help="Kind to look for [all]. Repeatable.")
@click.option("--sure", type=float, default=0.8, show_default=True, help="Below it is doubtful.")
@click.option("--doubt", type=float, default=0.4, show_default=True, help="Below it is nothing.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "jsonl"]),
    default="table",
    show_default=True,
    help="A line for each recogniser, or a JSON object for each span.",
)
@click.option("--show", is_flag=True, help="With --format jsonl: print the values themselves.")
@rules_option
@reading_options
def scan_command(
    *,
    inputs: tuple[str, ...],
    packs: tuple[str, ...],
    entities: tuple[str, ...],
    sure: float,
    doubt: float,
    form: str,
    show: bool,
    rules: tuple[Path, ...],
    **reading: Any,
) -> None:
    """Tell what private data there is, by kind; values are printed only with --show.

    Nothing is written. Offsets are characters.
    """
    from dataqa.index.files import documents
    from dataqa.io.sources import Reading
    from dataqa.private.packs import entities as of_entities
    from dataqa.private.packs import load_packs
    from dataqa.private.scan import Scanner
    from dataqa.registry import rule_folders
    from dataqa.types import DOC_ID, TEXT, Assets

    if show and form != "jsonl":
        raise click.UsageError("--show goes with --format jsonl")
    assets = Assets(rule_folders(*rules), Path())
    scanner = Scanner(of_entities(load_packs(packs or PACKS, assets), entities))
    given = changed_reading(**reading)
    how = Reading(**{name.partition(".")[2]: value for name, value in given.items()})
    spans, doubtful, holders = Counter[Any](), Counter[Any](), Counter[Any]()
    total = 0
    with documents(inputs, how) as found:
        for chunk in found.chunks:
            ids, texts = chunk.docs[DOC_ID], chunk.docs[TEXT]
            rows = scanner.scan(texts, doubt)
            total += len(ids)
            if form == "jsonl":
                for row in rows.iter_rows(named=True):
                    click.echo(_line(row, ids[row["row"]], texts[row["row"]], sure, show=show))
                continue
            for entity, recogniser, score in rows.select("entity", "recogniser", "score").rows():
                spans[entity, recogniser] += 1
                doubtful[entity, recogniser] += score < sure
            one = rows.select("row", "entity", "recogniser").unique()
            holders.update(one.select("entity", "recogniser").rows())
    if form == "table":
        lines = [(*key, spans[key], doubtful[key], holders[key]) for key in sorted(spans)]
        _table(lines)
        click.echo(f"{total:,} documents, {sum(spans.values()):,} spans", err=True)


def _line(row: dict[str, Any], doc_id: str, text: str, sure: float, *, show: bool) -> str:
    data = text.encode()
    start = len(data[: row["start"]].decode())
    value = data[row["start"] : row["end"]].decode()
    told = {
        "doc_id": doc_id,
        "entity": row["entity"],
        "recogniser": row["recogniser"],
        "start": start,
        "end": start + len(value),
        "score": row["score"],
        "doubtful": row["score"] < sure,
    }
    return json.dumps(told | ({"value": value} if show else {}), ensure_ascii=False)


def _table(lines: list[tuple[Any, ...]]) -> None:
    rows = [
        _COLUMNS,
        *(tuple(f"{one:,}" if isinstance(one, int) else one for one in line) for line in lines),
    ]
    widths = [max(len(row[at]) for row in rows) for at in range(len(_COLUMNS))]
    for row in rows:
        cells = [
            one.rjust(width) if at > 1 else one.ljust(width)
            for at, (one, width) in enumerate(zip(row, widths, strict=True))
        ]
        click.echo("  ".join(cells).rstrip())
