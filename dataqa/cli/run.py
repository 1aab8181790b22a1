"""``dataqa run``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import click

from dataqa.cli.options import (
    changed_output,
    changed_reading,
    examples_option,
    inputs_option,
    log_option,
    out_option,
    parse_settings,
    reading_options,
    rules_option,
    set_option,
)


@click.command("run")
@click.argument("pipeline")
@inputs_option
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
    type=click.FloatRange(0, 1),
    help="Stop (exit 3) when a larger share of the documents is rejected.",
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
    fresh: bool,
    output_format: str | None,
    overlay: Path | None,
    rules: tuple[Path, ...],
    examples: bool | None,
    log: str,
    **reading: Any,
) -> None:
    """Judge and clean a corpus.

    PIPELINE is a YAML file or the name of one that ships with dataqa (quickstart, web-en, web-zh).

    Kept documents are in OUT/kept, the others with all their reasons in OUT/rejected, OUT/review
    and OUT/quarantine; OUT/report.html shows it all. Run the same command again to continue a run
    that was interrupted.
    """
    from dataqa.cli.progress import watch_of
    from dataqa.engine.local import Options, assets_of, run_local
    from dataqa.io.store import Store
    from dataqa.pipeline import Pipeline

    written = changed_output(format=output_format, examples=examples)
    given = changed_reading(limit=limit, **reading) | parse_settings(settings) | written
    options = Options(workers, on_error, fresh, max_drop, overlay, rules)
    chosen = Pipeline.from_yaml(pipeline).with_settings(given, assets_of(Store(out), rules))
    with watch_of(log) as watch:
        finished = run_local(chosen, inputs, out, options, watch)
        watch.finished(finished)
