"""``dataqa synth tables``: tables that hang together, and the schema that ``profile`` finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dataqa.cli.options import not_an_input, seed_option, synthetic_options
from dataqa.errors import BoundError, InputError

if TYPE_CHECKING:
    import polars as pl

_FORMATS = ("csv", "tsv", "parquet", "jsonl")


@click.command("tables")
@click.argument("schema", type=click.Path(path_type=Path, exists=True))
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write the tables to.",
)
@click.option(
    "--rows-scale",
    type=click.FloatRange(0, min_open=True),
    default=1.0,
    show_default=True,
    help="Rows of tables that have no parent, in those of the originals; the others follow.",
)
@seed_option
@click.option("--format", "form", type=click.Choice(_FORMATS), help="Of files [as the originals].")
@synthetic_options
@click.option("--epsilon", hidden=True, help="Refused, and told why.")
@click.option("--model", hidden=True, help="Refused but for trees, and told why.")
def tables_command(
    *,
    schema: Path,
    out: Path,
    rows_scale: float,
    seed: int,
    form: str | None,
    mark_rows: bool,
    save_model: Path | None,
    epsilon: str | None,
    model: str | None,
) -> None:
    """Make tables that hang together as those of SCHEMA do, and no row of them.

    SCHEMA is YAML that names tables and files, as `dataqa profile FOLDER -o schema.yaml` writes it,
    or a folder of tables. Keys and orders that it does not declare are found, and told. Keys are
    new, foreign keys point to them, each row has about as many children, and dates keep their
    order. Every file, or one beside it, says that it is synthetic. Texts stop the run, unless the
    schema says `kind: surrogate`; then columns and texts of all tables are searched for ids,
    addresses, numbers and secrets of the originals. Exit code 3 if one is left.
    """
    import polars as pl

    from dataqa.tables.files import write_table
    from dataqa.tables.linked.model import synthesize_tables
    from dataqa.tables.linked.refusing import no_epsilon, no_other_model
    from dataqa.tables.synthesizer import MARK

    if epsilon is not None:
        raise no_epsilon("--epsilon")
    if model not in {None, "trees"}:
        raise no_other_model("--model")
    told, frames, files = _read(schema)
    targets = _targets(files, out, form)
    for one in (*targets.values(), save_model):
        not_an_input(one, [schema, *(path for path in files.values() if isinstance(path, Path))])
    made = synthesize_tables(frames, told, scale=rows_scale, seed=seed)
    for one in made.report["found"]:
        click.echo(f"found: {one}", err=True)
    for name, frame in made.frames.items():
        about = made.report["tables"][name]
        kept = about["kept"]
        said = {**made.report, "synthetic": not kept, "table": name}
        marked = frame if not mark_rows else frame.with_columns(pl.lit(not kept).alias(MARK))
        written = write_table(marked, targets[name], said)
        click.echo(_line(name, about), err=True)
        click.echo(f"wrote {', '.join(map(str, written))}", err=True)
    if save_model is not None:
        made.model.save(save_model)
        click.echo(f"wrote {save_model}", err=True)
    if "left" in made.report:
        _check_left(made.report["left"], out)


def _check_left(told: Mapping[str, Any], out: Path) -> None:
    """See that nothing of the originals that tells somebody stands anywhere.

    Raises:
        BoundError: Something does.
    """
    if told["left"]:
        kinds = ", ".join(f"{kind} in {count:,} rows" for kind, count in told["left"].items())
        hint = "do not pass the tables on; say in the schema what the columns are that hold them"
        raise BoundError(f"values of the originals are left: {kinds}", where=str(out), hint=hint)
    click.echo(f"of {told['looked_for']:,} private values none is left", err=True)


def _line(name: str, about: Mapping[str, Any]) -> str:
    """What became of a table."""
    if about["kept"]:
        return f"{name}: {about['rows']:,} rows, copied as they are"
    told = f"{name}: {about['rows']:,} rows from {about['learnt_from']:,}"
    if about["left_out"]:
        told += f"; {about['left_out']:,} could not be learnt, being orphans or in a circle"
    if about.get("drawn_anew"):
        told += f"; {about['drawn_anew']:,} were drawn anew, being equal to a real one"
    if about.get("without_text"):
        told += f"; {about['without_text']:,} have no text: there was none that could be taken"
    if about["dropped"]:
        told += f"; {about['dropped']:,} were dropped, having the key of another"
    return told


def _read(schema: Path) -> tuple[Any, dict[str, pl.DataFrame], dict[str, Path | str]]:
    """A schema, its tables, and their files."""
    from dataqa.tables.files import read_table, tables_in
    from dataqa.tables.linked.schema import read_schema

    if schema.is_dir():
        files: dict[str, Path | str] = tables_in([schema])
        return None, {name: read_table(path) for name, path in files.items()}, files
    told = read_schema(schema)
    files = {name: told.source(name) for name in told.tables}
    return told, {name: read_table(path) for name, path in files.items()}, files


def _targets(files: Mapping[str, Path | str], out: Path, form: str | None) -> dict[str, Path]:
    """Where each table is written: the name of its file, or that of the table and a format."""
    found = {
        name: out / (f"{name}.{form or 'csv'}" if form or isinstance(path, str) else path.name)
        for name, path in files.items()
    }
    names = [path.name for path in found.values()]
    twice = sorted({one for one in names if names.count(one) > 1})
    if twice:
        hint = "--format names files by their tables"
        raise InputError(f"two tables would be written to {twice[0]}", where=str(out), hint=hint)
    return found


def schema_for(paths: Sequence[Path | str], out: Path | None) -> str:
    """The schema that is found for tables, with files as seen from where it is to be written."""
    import os

    from dataqa.tables.files import read_table, tables_in
    from dataqa.tables.linked.model import schema_text

    files = tables_in(paths)
    folder = out.resolve().parent if out is not None else Path.cwd()
    beside = {
        name: path if isinstance(path, str) else os.path.relpath(path.resolve(), folder)
        for name, path in files.items()
    }
    return schema_text({name: read_table(path) for name, path in files.items()}, beside)
