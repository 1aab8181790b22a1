"""``dataqa private scan``: what private data there is in files, by kind and field."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from dataqa.cli.counting import counted
from dataqa.cli.fields import column_option, known_columns, lines_of
from dataqa.cli.options import changed_reading, inputs_option, log_option, reading_options
from dataqa.cli.recognisers import doubt_option, names_options, recogniser_options, scanner_of

if TYPE_CHECKING:
    import polars as pl

    from dataqa.private.finder import Finder

_COLUMNS = ("entity", "field", "recogniser", "spans", "doubtful", "documents")


@click.command("scan")
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
@column_option
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
    columns: tuple[str, ...],
    rules: tuple[Path, ...],
    log: str,
    **reading: Any,
) -> None:
    """Tell what private data there is, by kind and field; values are printed only with --show.

    Nothing is written. Looked into are texts and the columns named by --column. Offsets are
    characters of the string that holds a value.
    """
    from dataqa.io.documents import documents
    from dataqa.io.sources import Reading

    if show and form != "jsonl":
        raise click.UsageError("--show goes with --format jsonl")
    finder = scanner_of(packs, entities, rules, stages, languages)
    wanted = known_columns(columns, packs, rules)
    given = changed_reading(**reading)
    how = Reading(**{name.partition(".")[2]: value for name, value in given.items()})
    spans, doubtful, holders = Counter[Any](), Counter[Any](), Counter[Any]()
    total = damaged = 0
    with documents(inputs, how) as found:
        for chunk in counted(found, log, printing=form == "jsonl"):
            total += chunk.docs.height
            damaged += chunk.damaged.height
            told: set[tuple[Any, ...]] = set()
            for one in _found(chunk.docs, found.public(chunk.docs), wanted, finder, doubt):
                if form == "jsonl":
                    click.echo(_line(one, sure, show=show))
                    continue
                key = one.entity, one.field, one.recogniser
                spans[key] += 1
                doubtful[key] += one.score < sure
                told.add((*key, one.doc_id))
            holders.update(key[:3] for key in told)
    if form == "table":
        lines = [(*key, spans[key], doubtful[key], holders[key]) for key in sorted(spans)]
        table(lines, _COLUMNS)
        click.echo(f"{total:,} documents, {sum(spans.values()):,} spans", err=True)
    if damaged:
        lost = f"{damaged:,} records are damaged or have no text: not looked into"
        click.echo(lost, err=True)


class _Found(NamedTuple):
    """A value: its document and field, the string that holds it, and where."""

    doc_id: str
    field: str
    text: str
    entity: str
    recogniser: str
    start: int
    end: int
    score: float


def _found(
    docs: pl.DataFrame,
    public: pl.DataFrame,
    columns: Mapping[str, str],
    finder: Finder,
    doubt: float,
) -> Iterator[_Found]:
    """What is found in some documents' texts, then in each column."""
    from dataqa.private.columns import head_of
    from dataqa.types import DOC_ID, TEXT

    ids = docs[DOC_ID].to_list()
    texts = docs[TEXT]
    for row, entity, recogniser, start, end, score in finder.scan(texts, doubt).iter_rows():
        low, high = _characters(texts[row], start, end)
        yield _Found(ids[row], "text", texts[row], entity, recogniser, low, high, score)
    for path, kind in columns.items():
        lines = enumerate(lines_of(public, {path: kind}))
        held = [(ids[row], field, text) for row, some in lines for _, field, text in some]
        if kind != "scan":
            for doc_id, _, text in held:
                if text.strip():
                    yield _Found(doc_id, path, text, kind, "column", 0, len(text), 1.0)
            continue
        heads = [head_of(field) for _, field, _ in held]
        whole = [head + text for head, (_, _, text) in zip(heads, held, strict=True)]
        for row, entity, by, start, end, score in finder.scan(pl_texts(whole), doubt).iter_rows():
            low, high = _characters(whole[row], start, end)
            skip = len(heads[row])
            if low >= skip:
                doc_id, _, text = held[row]
                yield _Found(doc_id, path, text, entity, by, low - skip, high - skip, score)


def pl_texts(texts: Sequence[str]) -> pl.Series:
    """Texts as a column."""
    import polars as pl

    return pl.Series(texts, dtype=pl.String)


def _characters(text: str, start: int, end: int) -> tuple[int, int]:
    """A place in bytes, in characters."""
    data = text.encode()
    first = len(data[:start].decode())
    return first, first + len(data[start:end].decode())


def _line(one: _Found, sure: float, *, show: bool) -> str:
    told: dict[str, Any] = {
        "doc_id": one.doc_id,
        "field": one.field,
        "entity": one.entity,
        "recogniser": one.recogniser,
        "start": one.start,
        "end": one.end,
        "score": one.score,
        "doubtful": one.score < sure,
    }
    value = {"value": one.text[one.start : one.end]} if show else {}
    return json.dumps(told | value, ensure_ascii=False)


def table(lines: list[tuple[Any, ...]], head: tuple[str, ...]) -> None:
    """Print lines under their heads, numbers to the right."""
    words = [tuple(f"{one:,}" if isinstance(one, int) else one for one in line) for line in lines]
    rows = [head, *words]
    widths = [max(len(row[at]) for row in rows) for at in range(len(head))]
    numbers = {at for at in range(len(head)) if any(line[at] != str(line[at]) for line in lines)}
    numbers |= {at for at in range(len(head)) if at > 3}
    for row in rows:
        cells = [
            one.rjust(width) if at in numbers else one.ljust(width)
            for at, (one, width) in enumerate(zip(row, widths, strict=True))
        ]
        click.echo("  ".join(cells).rstrip())
