"""``dataqa contamination``: benchmark items in training text."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dataqa.cli.options import changed_reading, inputs_option, not_an_input, reading_options

if TYPE_CHECKING:
    from dataqa.decontaminate.control import Estimate
    from dataqa.decontaminate.evidence import Searched
    from dataqa.decontaminate.verdicts import Line

_EVERY = 5.0
"""Seconds between lines that tell how far it is."""
_COLUMNS = ("benchmark", "entries", "used", "found", "documents", "review", "precision (95 %)")


@click.command("contamination")
@inputs_option
@click.option(
    "--against",
    multiple=True,
    required=True,
    metavar="PATH",
    help="Benchmark file, folder or quoted glob: JSON lines, parquet, Arrow, CSV. Repeatable.",
)
@click.option(
    "--field",
    "fields",
    multiple=True,
    metavar="ROLE=NAME",
    help="Which field of the benchmarks is question, answer, passage or id. Repeatable.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where evidence is written, one JSON object for each match, with the passage.",
)
@click.option(
    "--background",
    multiple=True,
    metavar="PATH",
    help="Texts that say what is common; by default a sample of the input. Repeatable.",
)
@click.option("--max", "most", type=float, help="The largest score that is not found [0.7].")
@click.option("--doubt", type=float, help="So near to it is for review [0.1].")
@click.option(
    "--public",
    type=int,
    help="An entry that so many documents hold without its answer is for review there [10].",
)
@click.option(
    "--max-found",
    type=click.IntRange(0),
    help="Exit with code 3 when entries are found in more documents.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "jsonl"]),
    default="table",
    show_default=True,
    help="How the result is printed: a line for each benchmark.",
)
@reading_options
def contamination_command(
    *,
    inputs: tuple[str, ...],
    against: tuple[str, ...],
    fields: tuple[str, ...],
    out: Path | None,
    background: tuple[str, ...],
    most: float | None,
    doubt: float | None,
    public: int | None,
    max_found: int | None,
    form: str,
    **reading: Any,
) -> None:
    """Find training text that contains benchmark items, with evidence and estimated precision.

    An item is found when its question is there, nearly word for word, and its answer close by. What
    is less sure is for review. The precision is estimated with decoys: see docs/contamination.md.
    """
    import msgspec

    from dataqa.decontaminate.benchmarks import read_benchmarks
    from dataqa.decontaminate.corpus import matcher_of
    from dataqa.decontaminate.evidence import search
    from dataqa.decontaminate.verdicts import Bounds
    from dataqa.errors import BoundError
    from dataqa.io.corpus import Corpus
    from dataqa.io.sources import Reading

    usual = Bounds()
    bounds = Bounds(
        usual.max if most is None else most,
        usual.doubt if doubt is None else doubt,
        usual.public if public is None else public,
    )
    bounds.check()
    not_an_input(out, (*inputs, *against, *background))
    given = changed_reading(**reading)
    how = Reading(**{name.partition(".")[2]: value for name, value in given.items()})
    benchmarks = read_benchmarks(against, _roles(fields))
    with Corpus(inputs, how) as corpus:
        if background:
            with Corpus(background, Reading(text_column=how.text_column)) as known:
                matcher = matcher_of(benchmarks, known.texts)
        else:
            matcher = matcher_of(benchmarks, corpus.sample)
        told = search(corpus, matcher, bounds, out, _progress())
    if form == "jsonl":
        for line in told.lines:
            plain = line._asdict() | {"precision": line.precision._asdict()}
            click.echo(msgspec.json.encode(plain))
    else:
        _table(told, out)
    if max_found is not None and told.documents > max_found:
        raise BoundError(
            f"benchmark entries are found in {told.documents:,} documents",
            where=f"--max-found {max_found}",
            hint="-o FILE writes which; the step `contamination` removes them",
        )


def _roles(fields: Sequence[str]) -> dict[str, str]:
    from dataqa.errors import InputError

    pairs = [field.partition("=") for field in fields]
    for role, equals, name in pairs:
        if not (role and equals and name):
            raise InputError(
                "a field is written ROLE=NAME",
                where=f"--field {role}",
                hint="for example --field question=stem",
            )
    return {role: name for role, _, name in pairs}


def _progress() -> Callable[[int, int, int], None]:
    """Tells how far a search is, every few seconds, on standard error."""
    started = told = time.monotonic()

    def saw(size: int, documents: int, matches: int) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told >= _EVERY:
            told = now
            speed = size / 1e6 / (now - started)
            sys.stderr.write(
                f"{documents:,} documents, {size / 1e6:,.0f} MB of text, {matches:,} matches, "
                f"{speed:.0f} MB/s\n"
            )

    return saw


def _table(told: Searched, out: Path | None) -> None:
    rows = [_COLUMNS, *(_cells(line) for line in told.lines)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(_COLUMNS))]
    for row in rows:
        numbers = "  ".join(
            f"{cell:>{width}}" for cell, width in list(zip(row, widths, strict=True))[1:]
        )
        click.echo(f"{row[0]:{widths[0]}}  {numbers}".rstrip())
    click.echo(f"\n{told.read:,} documents read, entries found in {told.documents:,}")
    if told.damaged:
        click.echo(f"{told.damaged:,} records are damaged or have no text: not looked into")
    for line in told.lines:
        for note in _notes(line):
            click.echo(f"{line.benchmark}: {note}")
    if out is not None:
        click.echo(f"evidence: {out}")


def _cells(line: Line) -> tuple[str, ...]:
    counts = (line.entries, line.used, line.found, line.documents, line.review)
    return (line.benchmark, *(f"{count:,}" for count in counts), _share(line.precision))


def _share(estimate: Estimate) -> str:
    """An estimate in percent, rounded down: ``99.1 (95.2 to 100)``.

    >>> from dataqa.decontaminate.control import precision
    >>> _share(precision(3, 0, 4)), _share(precision(0, 0, 4))
    ('100.0 (33.3 to 100.0)', '–')
    """
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return "–"
    value, low, high = (
        int(1000 * share + 1e-9) / 10 for share in (estimate.value, estimate.low, estimate.high)
    )
    return f"{value} ({low} to {high})"


def _notes(line: Line) -> list[str]:
    left = {
        "too short": line.short,
        "of too few different words": line.plain,
        "repeated": line.repeated,
    }
    why = ", ".join(f"{count:,} {reason}" for reason, count in left.items() if count)
    notes = [f"entries not looked for: {why}"] if why else []
    if line.control:
        notes.append(f"{line.control:,} documents match a decoy better than any entry")
    if line.public:
        notes.append(
            f"{line.public:,} entries stand in many documents without their answers: for review"
        )
    return notes
