"""``dataqa run``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import click
from click.core import ParameterSource

from dataqa.cli.options import (
    Share,
    changed_output,
    changed_reading,
    examples_option,
    log_option,
    out_option,
    parse_settings,
    reading_options,
    rules_option,
    set_option,
    some_inputs_option,
)


@click.command("run")
@click.argument("pipeline")
@some_inputs_option
@out_option
@set_option
@click.option("--workers", type=click.IntRange(1), help="Processes; default one per core.")
@click.option("--limit", type=click.IntRange(1), help="Read only the first N documents.")
@click.option(
    "--on-error",
    type=click.Choice(["stop", "quarantine"]),
    default="stop",
    show_default=True,
    help="When a step raises or a file is damaged: stop, or set the documents aside.",
)
@click.option(
    "--max-drop",
    type=Share(),
    help="Finish, but exit with 3, if a larger share than this (5% or 0.05) is lost: rejected, or "
    "in quarantine.",
)
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="Processes of this machine, or a Ray cluster.",
)
@click.option(
    "--address",
    help="The Ray cluster: auto or ray://HOST:PORT; default $RAY_ADDRESS, else this machine.",
)
@click.option("--fresh", is_flag=True, help="Forget what an earlier run left in the folder.")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["parquet", "jsonl.zst"]),
    help="How documents are written.",
)
@click.option(
    "--overlay",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Findings from elsewhere: a table with doc_id and action, or other columns as signals.",
)
@rules_option
@reading_options
@examples_option
@log_option
def run_command(
    *,
    pipeline: str,
    inputs: tuple[str, ...],
    out: Path,
    settings: tuple[str, ...],
    workers: int | None,
    limit: int | None,
    on_error: Literal["stop", "quarantine"],
    max_drop: float | None,
    engine: Literal["local", "ray"],
    address: str | None,
    fresh: bool,
    output_format: str | None,
    overlay: Path | None,
    rules: tuple[Path, ...],
    examples: bool | None,
    log: str,
    **reading: Any,
) -> None:
    """Judge and clean a corpus.

    PIPELINE is a YAML file or the name of one that ships with dataqa (quickstart, web-en, web-zh,
    private-records).

    Kept documents are in OUT/kept, the others with all their reasons in OUT/rejected, OUT/review
    and OUT/quarantine; OUT/report.html shows it all. Run the same command again to continue a run
    that was interrupted.

    A pipeline that has `tables:` in place of steps makes synthetic tables: OUT/NAME.csv,
    OUT/NAME.report.html and OUT/manifest.json. Of the options it takes -i and -o alone. Exit code 3
    if a test of privacy fails.
    """
    from dataqa.cli.progress import watch_of
    from dataqa.engine.local import Options, assets_of, run_local
    from dataqa.engine.losses import bounded
    from dataqa.io.store import Store
    from dataqa.pipeline import Pipeline
    from dataqa.registry import find_pipeline
    from dataqa.tables.pipelines import holds_tables

    if holds_tables(find_pipeline(pipeline)):
        _check_options()
        _tables(find_pipeline(pipeline), inputs, out, quiet=log == "none")
        return
    if not inputs:
        raise click.UsageError("Missing option '-i' / '--input'.")
    if address is not None and engine != "ray":
        raise click.UsageError("--address is of a Ray cluster: add --engine ray.")
    written = changed_output(format=output_format, examples=examples)
    given = changed_reading(limit=limit, **reading) | parse_settings(settings) | written
    options = Options(workers, on_error, fresh, max_drop, overlay, rules, engine, address)
    chosen = Pipeline.from_yaml(pipeline).with_settings(given, assets_of(Store(out), rules))
    with watch_of(log) as watch:
        finished = run_local(chosen, inputs, out, options, watch)
        watch.finished(finished)
    bounded(finished, max_drop)


def _tables(path: Path, inputs: tuple[str, ...], out: Path, *, quiet: bool) -> None:
    """Run a pipeline of tables.

    Raises:
        BoundError: A test of privacy fails.
    """
    from dataqa.errors import BoundError
    from dataqa.tables.pipelines import TablePipeline
    from dataqa.tables.run import run_tables

    ran = run_tables(
        TablePipeline.from_yaml(path),
        inputs,
        out,
        (lambda _: None) if quiet else lambda told: click.echo(told, err=True),
    )
    if not quiet:
        click.echo(f"wrote {', '.join(map(str, ran.files))}", err=True)
    if ran.failed:
        hint = "do not pass the tables on; the report says what to change"
        raise BoundError("; ".join(ran.failed), where=str(out), hint=hint)


def _check_options() -> None:
    """See that only options are given that a pipeline of tables takes.

    Raises:
        InputError: Another one is.
    """
    from dataqa.errors import InputError

    context = click.get_current_context()
    for parameter in context.command.params:
        name = parameter.name or ""
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if given and name not in {"pipeline", "inputs", "out", "log", "fresh"}:
            hint = "write it into the pipeline file: dataqa init tables shows what there is"
            raise InputError(
                "a pipeline of tables has no such option", where=parameter.opts[0], hint=hint
            )
