"""``dataqa dedup``: near-duplicate removal, looked at before it is done."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dataqa.cli.options import (
    changed_reading,
    reading_options,
    rules_option,
    some_inputs_option,
)

if TYPE_CHECKING:
    from dataqa.preview.sketching import Asked
    from dataqa.steps.duplicates import Duplicates

OUT = Path("dedup-preview")


@click.group("dedup")
def dedup_command() -> None:
    """Near-duplicate removal, looked at before it is done."""


@dedup_command.command("preview")
@click.argument("made", required=False, type=click.Path(path_type=Path, file_okay=False))
@some_inputs_option
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help=f"Folder of the preview [{OUT}, or MADE].",
)
@click.option("--similarity", type=float, help="From which similarity on a document goes [0.8].")
@click.option("--review-band", help="LOW,HIGH: between them a person decides.")
@click.option("--measure", type=click.Choice(["jaccard", "containment"]), help="[jaccard]")
@click.option("--shingle", help="word:N or char:N [word:5].")
@click.option("--bands", help="Bands and rows as 14x8, or a preset [from --similarity].")
@click.option("--permutations", type=click.IntRange(1), help="Places of a signature [128].")
@click.option(
    "--keep", multiple=True, help="longest, '{newest: date}', ... as in a pipeline. Repeatable."
)
@click.option("--source-column", help="Where a document's source is told [source].")
@click.option("--pipeline", help="Take the settings of its step `duplicates`, and how it reads.")
@click.option(
    "--sample",
    type=click.IntRange(1),
    default=50_000,
    show_default=True,
    help="Documents at most, chosen by a hash of their ids.",
)
@click.option("--quick", is_flag=True, help="Do not look for what is like the sample elsewhere.")
@rules_option
@reading_options
@click.option(
    "--examples/--no-examples",
    default=None,
    help="Whether pairs are shown, masked; by default they are.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what preview.json holds.")
def preview_command(
    *,
    made: Path | None,
    inputs: tuple[str, ...],
    out: Path | None,
    pipeline: str | None,
    sample: int,
    quick: bool,
    rules: tuple[Path, ...],
    examples: bool | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Foresee from a sample what the step `duplicates` would remove.

    With -i, a sample is drawn and sketched: OUT/preview.html shows how alike documents are, pairs
    near the bound, and what would go at this bound and at others. With MADE, the folder of such a
    preview or of a finished run, the same for another bound, from the sketches it keeps.
    """
    import msgspec

    from dataqa.preview.again import preview_again
    from dataqa.preview.making import preview

    if bool(inputs) == (made is not None):
        raise click.UsageError("give inputs with -i, or the folder of a preview or a run")
    fields = _fields(given)
    if made is not None:
        _only_new_bounds(fields, given, pipeline)
        told = preview_again(made, fields, out, examples=examples, say=_say)
        target = out or made
    else:
        target = out or OUT
        asked = _asked(fields, given, pipeline, rules)
        asked = asked._replace(sample=sample, companions=not quick, examples=examples is not False)
        told = preview(inputs, target, asked, _assets(target, rules), _say)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(told, order="sorted")).decode())
    else:
        _tell(told, target)


def _fields(given: dict[str, Any]) -> dict[str, Any]:
    """The step's fields that were given; what is left in ``given`` is of reading."""
    import yaml

    from dataqa.errors import InputError
    from dataqa.index.parameters import parse_bands, parse_shingle

    names = ("similarity", "measure", "permutations", "source_column")
    fields = {name: value for name in names if (value := given.pop(name)) is not None}
    for name, parse in (("shingle", parse_shingle), ("bands", parse_bands)):
        if (value := given.pop(name)) is not None:
            fields[name] = parse(value)
    band, keep = given.pop("review_band"), given.pop("keep")
    if band is not None:
        try:
            low, high = (float(part) for part in band.strip("[]").split(","))
        except ValueError:
            hint = "such as 0.75,0.85"
            raise InputError("not two shares", where=f"--review-band {band}", hint=hint) from None
        fields["review_band"] = (low, high)
    if keep:
        try:
            fields["keep"] = tuple(yaml.safe_load(wish) for wish in keep)
        except yaml.YAMLError:
            hint = "such as --keep longest, or --keep '{newest: date}'"
            raise InputError("the value is not YAML", where="--keep", hint=hint) from None
    return fields


def _only_new_bounds(fields: dict[str, Any], given: dict[str, Any], pipeline: str | None) -> None:
    """Refuse what sketches were made with."""
    fixed = {"shingle", "permutations", "measure", "source_column"} & set(fields)
    fixed |= {name for name, value in given.items() if value is not None}
    fixed |= {"pipeline"} if pipeline is not None else set()
    if fixed:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in sorted(fixed))
        raise click.UsageError(f"{names}: the sketches are made; preview the inputs with -i")


def _asked(
    fields: dict[str, Any], given: dict[str, Any], pipeline: str | None, rules: tuple[Path, ...]
) -> Asked:
    from dataqa.io.sources import Reading
    from dataqa.pipeline import Pipeline
    from dataqa.preview.again import changed
    from dataqa.preview.sketching import Asked
    from dataqa.steps.duplicates import Duplicates

    step, reading = Duplicates(), Reading()
    changes = changed_reading(**given)
    if pipeline is not None:
        chosen = Pipeline.from_yaml(pipeline).with_settings(changes, _assets(OUT, rules))
        step, reading = _step(chosen, pipeline), chosen.reading
    elif changes:
        reading = Reading(**{name.partition(".")[2]: value for name, value in changes.items()})
    return Asked(changed(step, fields), reading)


def _step(pipeline: Any, name: str) -> Duplicates:
    from dataqa.errors import InputError
    from dataqa.steps.duplicates import Duplicates

    found = [named.step for named in pipeline.steps if isinstance(named.step, Duplicates)]
    if not found:
        hint = "add one, or leave --pipeline out"
        raise InputError("it has no step `duplicates`", where=name, hint=hint)
    return found[0]


def _assets(out: Path, rules: tuple[Path, ...]) -> Any:
    from dataqa.engine.local import assets_of
    from dataqa.io.store import Store

    return assets_of(Store(out), rules)


def _say(line: str) -> None:
    sys.stderr.write(f"{line} …\n")


def _tell(told: dict[str, Any], out: Path) -> None:
    from dataqa.report.preview import headline, seconds, warnings
    from dataqa.report.words import count, share, size

    documents = told["corpus"]["documents"]
    sample = told["sample"]
    click.secho(headline(told), bold=True)
    if sample and not sample["whole"]:
        more = sample["documents"] - sample["seeds"]
        click.echo(f"from a sample of {count(sample['seeds'])}, and {count(more)} like these")
    for line in warnings(told):
        click.echo(f"! {line}")
    sampled = sample is not None and not sample["whole"]
    click.echo("\nsimilarity     would go           ±    share        text")
    for row in told["bounds"]:
        mark = "→" if row["asked"] else " "
        error = count(2 * row["error"]) if sampled else ""
        click.echo(
            f"{mark} {row['similarity']:<8.4g} {count(row['documents']):>12} {error:>11}"
            f" {share(row['documents'], documents):>8} {size(row['bytes']):>11}"
        )
    if told["cost"] is not None:
        cost = told["cost"]
        disk = cost["disk"]
        times = cost["seconds"]
        click.echo(
            f"\ntime    {seconds(times['sketch'] + times['rule'])} of CPU, and"
            f" {seconds(times['read'])} to read"
            f"\nmemory  {size(cost['memory'])} for the merge"
            f"\ndisk    {size(disk['keys'] + disk['sketches'])} of sketches,"
            f" {size(disk['shingles'])} more while it settles"
        )
    click.echo(f"\nPreview: {out / 'preview.html'}")
