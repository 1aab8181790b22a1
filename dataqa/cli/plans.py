"""``dataqa plan`` and ``check``: before anything is run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dataqa.cli.options import (
    changed_reading,
    inputs_option,
    parse_settings,
    reading_options,
    rules_option,
    set_option,
)

if TYPE_CHECKING:
    from dataqa.engine.foresee import Forecast
    from dataqa.types import Assets


@click.command("plan")
@click.argument("pipeline")
@inputs_option
@set_option
@rules_option
@reading_options
@click.option("--workers", type=click.IntRange(1), help="Processes; default one per core.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def plan_command(
    *,
    pipeline: str,
    inputs: tuple[str, ...],
    settings: tuple[str, ...],
    rules: tuple[Path, ...],
    workers: int | None,
    as_json: bool,
    **reading: Any,
) -> None:
    """Show a pipeline's stages, and the time, memory and disk it will take, from a sample."""
    import msgspec

    from dataqa.engine.foresee import forecast
    from dataqa.engine.local import assets_of
    from dataqa.io.store import Store
    from dataqa.pipeline import Pipeline

    assets = assets_of(Store(Path()), rules)
    given = changed_reading(**reading) | parse_settings(settings)
    chosen = Pipeline.from_yaml(pipeline).with_settings(given, assets)
    told = forecast(chosen, inputs, assets)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(told._asdict())).decode())
    else:
        _tell(chosen.name, told, workers or os.cpu_count() or 1)


def _tell(name: str, told: Forecast, workers: int) -> None:
    click.secho(f"{name}: {told.files} files, {told.stored_mb:,.1f} MB stored", bold=True)
    click.echo(f"about {told.documents:,} documents, {told.text_mb:,.1f} MB of text\n")
    for stage in told.stages:
        click.secho(
            f"stage {stage.number}: about {stage.documents:,} documents, {stage.mb:,.1f} MB",
            bold=True,
        )
        for step in stage.steps:
            speed = f"{1 / step.seconds_per_mb:,.0f} MB/s" if step.seconds_per_mb > 0 else "–"
            click.echo(f"  {step.step:16} {speed:>12} per core")
        click.echo(f"  {'stays':16} {stage.stays:>11.0%}")
    click.echo(
        f"\ntime    about {_span(told.wall(workers))} on {workers} workers "
        f"({_span(told.cpu_seconds)} of CPU)\n"
        f"memory  about {told.memory_mb:,.0f} MB per worker\n"
        f"disk    about {told.output_mb:,.0f} MB of results, "
        f"{told.spill_mb:,.0f} MB more on the way"
    )


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


@click.command("check")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
@rules_option
def check_command(*, paths: tuple[Path, ...], rules: tuple[Path, ...]) -> int:
    """Validate pipelines and rule packs, and prove every rule on its own examples.

    PATHS are files or folders; by default ./pipelines and ./rules, else those that ship.
    Exit code 2 if anything is wrong.
    """
    from dataqa.errors import DataqaError
    from dataqa.registry import rule_folders, shipped
    from dataqa.types import Assets

    own = [folder for folder in (Path("pipelines"), Path("rules")) if folder.is_dir()]
    asked = list(paths) or own or [shipped("pipelines"), shipped("rules")]
    kinds = ("quality", "words", "private")
    folders = [path for path in asked if any((path / kind).is_dir() for kind in kinds)]
    assets = Assets(rule_folders(*rules, *folders), Path(".state"))
    wrong = 0
    for path in asked:
        for file in sorted(path.rglob("*.yaml")) if path.is_dir() else [path]:
            try:
                click.echo(f"ok     {file}  {_checked(file, assets)}")
            except DataqaError as error:
                wrong += 1
                click.echo(f"wrong  {error}", err=True)
    click.echo("nothing wrong" if not wrong else f"{wrong} wrong", err=bool(wrong))
    return 2 if wrong else 0


def _checked(file: Path, assets: Assets) -> str:
    from dataqa.errors import InputError
    from dataqa.packs import load_pack
    from dataqa.pipeline import Pipeline
    from dataqa.plan import make_plan
    from dataqa.proof import prove
    from dataqa.words import load_words
    from dataqa.yamlfile import read_yaml

    tree = read_yaml(file).value
    if not isinstance(tree, dict):
        raise InputError("neither a pipeline nor a rule pack", where=str(file))
    if "tables" in tree:
        from dataqa.tables.pipelines import TablePipeline, holds_tables

        holds_tables(file)
        return f"{len(TablePipeline.from_yaml(file).tables)} tables"
    if "steps" in tree:
        plan = make_plan(Pipeline.from_yaml(file), assets)
        rules = sum(len(stage.rules) for stage in plan.stages)
        return f"{len(plan.pipeline.steps)} steps in {len(plan.stages)} stages, {rules} rules"
    if "rules" in tree:
        pack = load_pack(str(file), assets)
        if problems := prove(pack, assets):
            told = "; ".join(f"{problem.where}: {problem.what}" for problem in problems)
            raise InputError(told, hint="mend the rule or its example")
        return f"{len(pack.rules)} rules, {len(pack.examples)} examples hold"
    if "recognisers" in tree:
        return _recognisers(file, assets)
    return f"{len(load_words(file.stem, assets))} words"


def _recognisers(file: Path, assets: Assets) -> str:
    from dataqa.private.packs import load_packs
    from dataqa.private.proof import require_proven

    recognisers = load_packs([str(file)], assets)
    require_proven(recognisers)
    examples = sum(len(one.examples) for one in recognisers)
    return f"{len(recognisers)} recognisers, {examples} examples hold"
