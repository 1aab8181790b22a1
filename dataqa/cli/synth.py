"""``dataqa profile`` and ``dataqa synth``: what columns are, and tables of nobody's rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import click

from dataqa.cli.options import Source, not_an_input, seed_option, synthetic_options
from dataqa.cli.synth_tables import schema_for, tables_command
from dataqa.cli.synth_text import text_command
from dataqa.errors import InputError

_SOURCE = Source(path_type=Path, exists=True, dir_okay=False)
_TABLE = click.argument("table", type=_SOURCE)


@click.command("profile")
@click.argument(
    "tables",
    nargs=-1,
    required=True,
    type=Source(path_type=Path, exists=True),
    metavar="TABLE…",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File of hints to write (YAML), to be edited and given to synth --hints.",
)
def profile_command(*, tables: tuple[Path | str, ...], as_json: bool, out: Path | None) -> None:
    """Tell what each column of a table is, how sure that is, and why.

    TABLE is CSV, TSV, Parquet or JSON Lines, by its ending. No value is printed. Of several tables,
    or a folder of them, a schema is made: with keys, and what points to what, for synth tables.
    """
    import msgspec

    from dataqa.tables.columns import write_hints
    from dataqa.tables.files import read_table
    from dataqa.tables.profile import profile

    not_an_input(out, [one for one in tables if isinstance(one, Path)])
    table, *others = tables
    if others or (isinstance(table, Path) and table.is_dir()):
        if as_json:
            raise InputError("a schema is YAML", where="--json", hint="-o schema.yaml")
        schema = schema_for(tables, out)
        click.echo(schema, nl=False) if out is None else out.write_text(schema, encoding="utf-8")
        return
    columns = profile(read_table(table))
    if out is not None:
        out.write_text(write_hints(columns), encoding="utf-8")
    if as_json:
        told = {
            name: {"confidence": 1.0, **msgspec.to_builtins(one)} for name, one in columns.items()
        }
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
        return
    head = ("column", "kind", "sure", "why")
    lines = [
        (
            name,
            " ".join(filter(None, (one.kind, one.entity, one.format))),
            f"{one.confidence:.2f}",
            one.why,
        )
        for name, one in columns.items()
    ]
    widths = [max(len(line[at]) for line in [head, *lines]) for at in range(3)]
    for line in [head, *lines]:
        cells = [one.ljust(width) for one, width in zip(line, widths, strict=False)]
        click.echo("  ".join([*cells, line[3]]))


@click.group("synth")
def synth_command() -> None:
    """Make synthetic tables, and measure them."""


synth_command.add_command(tables_command)
synth_command.add_command(text_command)


@synth_command.command("table")
@_TABLE
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write: CSV, TSV, Parquet or JSON Lines, by its ending.",
)
@click.option("--rows", type=click.IntRange(1), help="Rows to make [as many as TABLE has].")
@seed_option
@click.option(
    "--hints",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="What columns are, as `dataqa profile -o` writes it.",
)
@click.option("--given", multiple=True, metavar="COLUMN=VALUE", help="A value that all rows have.")
@click.option(
    "--model",
    type=click.Choice(["trees", "copula", "mostlyai"]),
    default="trees",
    show_default=True,
    help="Trees in turn, a Gaussian copula (quicker and coarser), or MOSTLY AI's engine.",
)
@click.option("--epsilon", type=float, help="Learn noisy counts: differentially private.")
@click.option("--delta", type=float, help="The chance that epsilon does not hold [1e-6].")
@click.option("--person", default="", help="With --epsilon: column that says whose a row is.")
@click.option("--rows-each", type=click.IntRange(1), help="With --person: rows learnt of each [1].")
@click.option(
    "--engine-python",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With --model mostlyai: the Python that has it [DATAQA_MOSTLYAI_PYTHON].",
)
@click.option(
    "--engine-minutes", type=click.FloatRange(0.1), help="How long it learns at most [60]."
)
@synthetic_options
def table_command(
    *,
    table: Path,
    out: Path,
    rows: int | None,
    seed: int,
    hints: Path | None,
    given: tuple[str, ...],
    model: Literal["trees", "copula", "mostlyai"],
    epsilon: float | None,
    delta: float | None,
    person: str,
    rows_each: int | None,
    engine_python: Path | None,
    engine_minutes: float | None,
    mark_rows: bool,
    save_model: Path | None,
) -> None:
    """Make a table that has what TABLE says, and no row of it.

    Private columns are not learnt: invented people stand in them. A column that looks like an id
    and is not declared as one stops the run; so does free text, unless hints say `kind: surrogate`.
    The file, or one beside it, says that it is synthetic. With --epsilon what is written, and the
    model, are differentially private: see docs/tables.md for what that covers.
    """
    import polars as pl

    from dataqa.tables.columns import read_hints
    from dataqa.tables.engines.argn import Settings
    from dataqa.tables.files import read_table, write_table
    from dataqa.tables.noisy.accounting import DELTA
    from dataqa.tables.synthesizer import MARK, synthesize

    for one in (out, save_model):
        not_an_input(one, [table])
    if epsilon is None and (delta is not None or person or rows_each is not None):
        raise InputError("--delta, --person and --rows-each go with --epsilon", where="--epsilon")
    if model != "mostlyai" and (engine_python is not None or engine_minutes is not None):
        raise InputError("an engine goes with --model mostlyai", where="--engine-python")
    if model == "mostlyai" and save_model is not None:
        raise InputError("an engine's model is not saved", where="--save-model")
    wanted = _given(given)
    known = read_hints(hints) if hints else {}
    made = synthesize(
        read_table(table),
        rows,
        seed=seed,
        hints=known,
        given=wanted,
        model=model,
        epsilon=epsilon,
        delta=DELTA if delta is None else delta,
        person=person,
        rows_each=rows_each or 1,
        engine=Settings(engine_python, engine_minutes or Settings().minutes),
    )
    frame = made.frame.with_columns(pl.lit(value=True).alias(MARK)) if mark_rows else made.frame
    written = write_table(frame, out, made.report)
    if save_model is not None:
        made.model.save(save_model)
        written.append(save_model)
    told = made.report
    if epsilon is None:
        click.echo(
            f"{told['rows']:,} rows from {told['learnt_from']:,}; {told['drawn_anew']:,} were drawn"
            f" anew, being equal to a real one; {told['still_equal']:,} still are",
            err=True,
        )
    else:
        _tell_privacy(told)
    click.echo(f"wrote {', '.join(map(str, written))}", err=True)


@synth_command.command("evaluate")
@click.argument("real", type=_SOURCE)
@click.argument("synthetic", type=_SOURCE)
@click.option(
    "--holdout",
    required=True,
    type=_SOURCE,
    help="Real rows that were not learnt, best about as many: what nobody gave away.",
)
@click.option("-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="HTML to write.")
@click.option("--json", "as_json", is_flag=True, help="Print all figures as JSON.")
@click.option("--target", default="", help="Column that a model is to foretell.")
@click.option(
    "--hints",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="What columns are, as `dataqa profile -o` writes it.",
)
@click.option(
    "--attacks", type=click.IntRange(10), default=1000, show_default=True, help="Guesses of each."
)
@click.pass_context
def evaluate_command(
    context: click.Context,
    *,
    real: Path,
    synthetic: Path,
    holdout: Path,
    out: Path | None,
    as_json: bool,
    target: str,
    hints: Path | None,
    attacks: int,
) -> None:
    """Tell whether SYNTHETIC is like REAL, of use, and gives nobody away.

    Ends with exit code 1 when a bound on privacy is passed, and says what to change.
    """
    from dataqa.report.tables import headline, tables_html
    from dataqa.tables.columns import read_hints
    from dataqa.tables.evidence.evaluation import evaluate
    from dataqa.tables.files import read_table

    not_an_input(out, [real, synthetic, holdout])
    known = read_hints(hints) if hints else {}
    frames = [read_table(path) for path in (real, synthetic, holdout)]
    found = evaluate(*frames, target=target, hints=known, tried=attacks)
    if out is not None:
        out.write_text(tables_html(found), encoding="utf-8")
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        _tell(found)
        click.echo(headline(found))
    if not all(one["holds"] for one in found["verdicts"]):
        context.exit(1)


def _tell(found: dict[str, Any]) -> None:
    """Figures beside what real rows reach, then what must hold."""
    lines = [
        ("columns alike", found["fidelity"]["univariate"], found["ceiling"]["univariate"]),
        ("pairs alike", found["fidelity"]["bivariate"], found["ceiling"]["bivariate"]),
    ]
    if found["usefulness"]:
        use = found["usefulness"]
        lines.append((f"AUC for {use['target']}", use["synthetic"], use["real"]))
    lines.append(("AUC of telling apart", found["discriminator"], 0.5))
    lines.append(("nearer to learnt rows", found["distances"]["dcr_share"], 0.5))
    for name, value, real in lines:
        click.echo(f"{name:<24}{value:.3f}  (real rows: {real:.3f})")
    for one in found["verdicts"]:
        sign = "ok    " if one["holds"] else "FAILED"
        click.echo(f"{sign} {one['name']}: {one['value']:.4f}, at most {one['bound']:.4f}")
        if not one["holds"]:
            click.echo(f"       change: {one['change']}")


def _tell_privacy(told: dict[str, Any]) -> None:
    """What is promised, what it was spent on, and what columns were taken for."""
    kept = told["privacy"]
    spent = ", ".join(f"{what} {share:.0%}" for what, share in kept["spent"].items())
    click.echo(f"{told['rows']:,} rows from about {told['learnt_from']:,}", err=True)
    click.echo(f"epsilon {kept['epsilon']:g}, delta {kept['delta']:g}, of {kept['of']}", err=True)
    click.echo(f"spent on: {spent}", err=True)
    click.echo(", ".join(f"{name}: {kind}" for name, kind in told["columns"].items()), err=True)


def _given(words: Sequence[str]) -> dict[str, str]:
    """``("region=EU",)`` as a mapping."""
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise InputError("write COLUMN=VALUE", where=f"--given {word}")
        found[name] = value
    return found
