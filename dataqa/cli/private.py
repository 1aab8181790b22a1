"""``dataqa private``: what private data there is in files."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import click

from dataqa.cli.counting import counted
from dataqa.cli.options import (
    changed_reading,
    inputs_option,
    log_option,
    reading_options,
)
from dataqa.cli.recognisers import doubt_option, names_options, recogniser_options, scanner_of

_COLUMNS = ("entity", "recogniser", "spans", "doubtful", "documents")


@click.group("private")
def private_command() -> None:
    """Look for private data."""


@private_command.command("scan")
@inputs_option
@recogniser_options
@names_options
@click.option(
    "--sure",
    type=click.FloatRange(0, 1),
    default=0.8,
    show_default=True,
    help="Below it is doubtful.",
)
@doubt_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "jsonl"]),
    default="table",
    show_default=True,
    help="A line for each recogniser, or a JSON object for each span.",
)
@click.option("--show", is_flag=True, help="With --format jsonl: print the values themselves.")
@reading_options
@log_option
def scan_command(
    *,
    inputs: tuple[str, ...],
    packs: tuple[str, ...],
    entities: tuple[str, ...],
    stages: tuple[str, ...],
    languages: tuple[str, ...],
    sure: float,
    doubt: float,
    form: str,
    show: bool,
    rules: tuple[Path, ...],
    log: str,
    **reading: Any,
) -> None:
    """Tell what private data there is, by kind; values are printed only with --show.

    Nothing is written. Offsets are characters.
    """
    from dataqa.io.documents import documents
    from dataqa.io.sources import Reading
    from dataqa.types import DOC_ID, TEXT

    if show and form != "jsonl":
        raise click.UsageError("--show goes with --format jsonl")
    scanner = scanner_of(packs, entities, rules, stages, languages)
    given = changed_reading(**reading)
    how = Reading(**{name.partition(".")[2]: value for name, value in given.items()})
    spans, doubtful, holders = Counter[Any](), Counter[Any](), Counter[Any]()
    total = damaged = 0
    with documents(inputs, how) as found:
        for chunk in counted(found, log, printing=form == "jsonl"):
            ids, texts = chunk.docs[DOC_ID], chunk.docs[TEXT]
            rows = scanner.scan(texts, doubt)
            total += len(ids)
            damaged += chunk.damaged.height
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
        _table(lines, _COLUMNS)
        click.echo(f"{total:,} documents, {sum(spans.values()):,} spans", err=True)
    if damaged:
        told = f"{damaged:,} records are damaged or have no text: not looked into"
        click.echo(told, err=True)


@private_command.command("evaluate")
@click.argument("gold", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@recogniser_options
@names_options
@click.option("--name", "names", multiple=True, metavar="THEIRS=OURS", help="A kind's other name.")
@doubt_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def evaluate_command(
    *,
    gold: Path,
    packs: tuple[str, ...],
    entities: tuple[str, ...],
    stages: tuple[str, ...],
    languages: tuple[str, ...],
    names: tuple[str, ...],
    doubt: float,
    as_json: bool,
    rules: tuple[Path, ...],
) -> None:
    """Compare with spans that people marked: precision, recall and F1 of each kind, and leaks.

    GOLD is JSON Lines with text and entities: a list of objects with start, end (characters) and
    type. A span overlaps if it shares a character with one of its kind; leaked are characters of
    marked spans that nothing covers.
    """
    from dataqa.private.evaluate import evaluate, read_gold

    scanner = scanner_of(packs, entities, rules, stages, languages)
    if wrong := [name for name in names if "=" not in name]:
        raise click.UsageError(f"--name {wrong[0]}: write THEIRS=OURS")
    pairs = {name.partition("=")[0]: name.partition("=")[2] for name in names}
    scores = evaluate(scanner, read_gold(gold, pairs), doubt)
    if as_json:
        ratios = ("precision", "recall", "exact_f1")
        rows = [one._asdict() | {name: getattr(one, name) for name in ratios} for one in scores]
        click.echo(json.dumps(rows, indent=1))
        return
    head = ("entity", "marked", "found", "precision", "recall", "exact F1", "leaked")
    lines = [
        (
            *(one.entity, one.gold, one.found),
            *(_share(value) for value in (one.precision, one.recall, one.exact_f1)),
            _share(one.leaked / one.characters if one.characters else None),
        )
        for one in scores
    ]
    _table(lines, head)


@private_command.command("export")
@recogniser_options
@click.option("--out", "-o", type=click.Path(path_type=Path), help="The file [standard output].")
def export_command(
    *, packs: tuple[str, ...], entities: tuple[str, ...], rules: tuple[Path, ...], out: Path | None
) -> None:
    """Write recognisers as a registry for Presidio, in YAML.

    Patterns, borders, scores and context words go with them; checks cannot, so patterns that had
    one score low, and a comment names them. In Python, `dataqa.private.as_presidio_recognizers`
    gives Presidio the recognisers as they are.
    """
    from dataqa.cli.recognisers import recognisers_of
    from dataqa.private.registry import as_registry

    written = as_registry(recognisers_of(packs, entities, rules))
    if out is None:
        click.echo(written, nl=False)
        return
    if out.exists():
        raise click.UsageError(f"{out} is there already")
    out.write_text(written, encoding="utf-8")
    click.echo(f"wrote {out}", err=True)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


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


def _table(lines: list[tuple[Any, ...]], head: tuple[str, ...]) -> None:
    words = [tuple(f"{one:,}" if isinstance(one, int) else one for one in line) for line in lines]
    rows = [head, *words]
    widths = [max(len(row[at]) for row in rows) for at in range(len(head))]
    numbers = {at for at in range(len(head)) if any(line[at] != str(line[at]) for line in lines)}
    numbers |= {at for at in range(len(head)) if at > 2}
    for row in rows:
        cells = [
            one.rjust(width) if at in numbers else one.ljust(width)
            for at, (one, width) in enumerate(zip(row, widths, strict=True))
        ]
        click.echo("  ".join(cells).rstrip())
