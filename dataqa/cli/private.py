"""``dataqa private``: what private data there is in files."""

from __future__ import annotations

import json
from pathlib import Path

import click

from dataqa.cli.private_scan import scan_command, table
from dataqa.cli.recognisers import doubt_option, names_options, recogniser_options, scanner_of


@click.group("private")
def private_command() -> None:
    """Look for private data."""


private_command.add_command(scan_command)


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
    table(lines, head)


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
