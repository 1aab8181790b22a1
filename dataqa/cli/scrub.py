"""``dataqa scrub``: private data out of files, without a pipeline file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import click

from dataqa.cli.fields import column_option, columns_of
from dataqa.cli.options import (
    changed_output,
    changed_reading,
    examples_option,
    inputs_option,
    log_option,
    out_option,
    reading_options,
)
from dataqa.cli.recognisers import names_options, recogniser_options

_SEARCH = ("packs", "entities", "names", "languages")
"""Settings by which other columns are searched as the text is."""


@click.command("scrub")
@inputs_option
@out_option
@click.option(
    "--style",
    type=click.Choice(["surrogate", "tag", "mask", "hash", "remove"]),
    default="tag",
    show_default=True,
    help="What is put in the place of a value.",
)
@recogniser_options
@names_options
@click.option("--sure", type=click.FloatRange(0, 1), help="From this score on it is private [0.8].")
@click.option(
    "--doubt", type=click.FloatRange(0, 1), help="From this score on it is scrubbed [0.4]."
)
@click.option(
    "--scope",
    type=click.Choice(["document", "subject", "dataset", "project"]),
    help="Where the same value gets the same stand-in [dataset].",
)
@click.option("--dataset", help="Its name: with another one, stand-ins are others.")
@click.option("--subject", help="Column that says whom a document is about.")
@click.option("--weekdays", is_flag=True, help="Dates move by whole weeks.")
@click.option("--day-first", is_flag=True, help="03/04/2021 is the third of April.")
@column_option
@click.option("--key", help="env:NAME or file:PATH, for surrogate and hash [env:DATAQA_KEY].")
@click.option("--workers", type=click.IntRange(1), help="Processes; default one per core.")
@click.option("--fresh", is_flag=True, help="Forget what an earlier run left in the folder.")
@click.option(
    "--on-error",
    type=click.Choice(["stop", "quarantine"]),
    default="stop",
    show_default=True,
    help="When a file is damaged: stop, or set the documents aside.",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["parquet", "jsonl.zst"]),
    help="How documents are written.",
)
@reading_options
@examples_option
@log_option
def scrub_command(
    *,
    inputs: tuple[str, ...],
    out: Path,
    style: str,
    packs: tuple[str, ...],
    entities: tuple[str, ...],
    stages: tuple[str, ...],
    languages: tuple[str, ...],
    sure: float | None,
    doubt: float | None,
    scope: str | None,
    dataset: str | None,
    subject: str | None,
    weekdays: bool,
    day_first: bool,
    columns: tuple[str, ...],
    key: str | None,
    workers: int | None,
    fresh: bool,
    on_error: Literal["stop", "quarantine"],
    output_format: str | None,
    rules: tuple[Path, ...],
    examples: bool | None,
    log: str,
    **reading: Any,
) -> None:
    """Replace private data in texts; everything else stays as it is.

    Scrubbed documents are in OUT/kept. Where something was replaced, and of which kind, is in
    OUT/findings and OUT/report.html, without the values. Scrubbed are the text column and those
    named by --column, and records that cannot be read are in OUT/quarantine as they are.
    """
    from dataqa.cli.progress import watch_of
    from dataqa.engine.local import Options, assets_of, run_local
    from dataqa.io.store import Store
    from dataqa.pipeline import Pipeline
    from dataqa.private.packs import USUAL

    keyed = style in {"surrogate", "hash"}
    find = _given(packs=list(packs or USUAL), entities=list(entities), sure=sure, doubt=doubt)
    find |= _given(names=list(stages), languages=list(languages))
    replace = {name: find[name] for name in _SEARCH if name in find and columns}
    replace |= _given(
        style=style,
        scope=scope,
        dataset=dataset,
        subject=subject,
        weekdays=weekdays,
        day_first=day_first,
        columns=columns_of(columns),
        key=(key or "env:DATAQA_KEY") if keyed else None,
    )
    tree = {"name": "scrub", "steps": [{"private": find}, {"scrub": replace}]}
    given = changed_reading(**reading) | changed_output(format=output_format, examples=examples)
    chosen = Pipeline.from_builtins(tree, name="dataqa scrub")
    chosen = chosen.with_settings(given, assets_of(Store(out), rules))
    with watch_of(log) as watch:
        options = Options(workers, on_error, fresh, rules=rules)
        watch.finished(run_local(chosen, inputs, out, options, watch))


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}
