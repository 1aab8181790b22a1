"""``dataqa decide``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dataqa.cli.options import (
    Folder,
    changed_output,
    examples_option,
    log_option,
    parse_settings,
    rules_option,
    set_option,
)

if TYPE_CHECKING:
    from dataqa.engine.decide import Foreseen


@click.command("decide")
@click.argument("run", type=Folder(exists=True))
@set_option
@click.option("--dry-run", is_flag=True, help="Foresee it from stored signals; read no text.")
@click.option(
    "-o",
    "--out",
    type=Folder(),
    help="Another folder for the result; by default it takes the place of RUN.",
)
@click.option(
    "--overlay",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Findings from elsewhere, such as people's verdicts: a table with doc_id and action.",
)
@click.option("--workers", type=click.IntRange(1), help="Processes; default one per core.")
@rules_option
@examples_option
@log_option
def decide_command(
    *,
    run: Path,
    settings: tuple[str, ...],
    dry_run: bool,
    out: Path | None,
    overlay: Path | None,
    workers: int | None,
    rules: tuple[Path, ...],
    examples: bool | None,
    log: str,
) -> None:
    """Try other bounds on a finished run.

    What was measured is read back, not measured again. A document that a looser bound revives
    first runs the steps it missed, and duplicates are settled again, so the result is what a new
    run with these bounds would give.
    """
    from dataqa.cli.progress import watch_of
    from dataqa.engine.decide import decide, foresee
    from dataqa.engine.driver import Options

    given = parse_settings(settings) | changed_output(examples=examples)
    if not given and overlay is None:
        raise click.UsageError("nothing to decide: give --set NAME=VALUE or --overlay FILE")
    if dry_run:
        foreseen = foresee(run, given, rules, overlay)
        _tell_json(foreseen) if log == "json" else _tell(foreseen)
        return
    with watch_of(log) as watch:
        options = Options(workers=workers, overlay=overlay, rules=rules)
        watch.finished(decide(run, given, out, options, watch))


def _tell_json(foreseen: Foreseen) -> None:
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(foreseen._asdict())).decode())


def _tell(foreseen: Foreseen) -> None:
    total = sum(foreseen.before.values())
    click.echo(f"{total:,} documents")
    for verdict in ("kept", "rejected", "review"):
        now, then = foreseen.before.get(verdict, 0), foreseen.after.get(verdict, 0)
        click.echo(f"  {verdict:9} {now:>12,} → {then:>12,}  ({then - now:+,})")
    for rule, (now, then) in foreseen.rules.items():
        click.echo(f"  {rule} asks to drop or review {now:,} → {then:,}")
    if foreseen.revived:
        click.echo(
            f"{foreseen.revived:,} rejected documents would first run the steps they missed, and "
            "duplicates be settled again: some of them may be rejected there."
        )
