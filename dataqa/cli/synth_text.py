"""``dataqa synth text``: other people in free text, and other words if a model is asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dataqa.cli.endpoints import (
    budget_option,
    cache_option,
    endpoint_of,
    endpoint_options,
    foreseen_words,
)
from dataqa.cli.fields import column_option, columns_of
from dataqa.cli.options import not_an_input, seed_option
from dataqa.errors import InputError

if TYPE_CHECKING:
    from dataqa.llm.client import Client
    from dataqa.llm.endpoint import Endpoint
    from dataqa.llm.rewrites import Prompt


@click.command("text")
@click.argument("notes", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write a file of the same name into.",
)
@click.option("--text-column", default="text", show_default=True, help="Column with the text.")
@click.option("--subject", default="", help="Column that says whom a row is about.")
@column_option
@seed_option
@endpoint_options
@budget_option
@cache_option
@click.option(
    "--prompt",
    metavar="NAME|FILE",
    help="With --endpoint: what the model is asked [notes].",
)
@click.option("--keep", multiple=True, metavar="WORDS", help="Words that a rewrite must keep.")
@click.option(
    "--keep-column", multiple=True, help="Column whose value a rewrite must keep, where it stands."
)
@click.option("--dry-run", is_flag=True, help="Only say what the model would take.")
def text_command(
    *,
    notes: Path,
    out: Path,
    text_column: str,
    subject: str,
    columns: tuple[str, ...],
    seed: int,
    budget: str,
    cache: Path | None,
    prompt: str | None,
    keep: tuple[str, ...],
    keep_column: tuple[str, ...],
    dry_run: bool,
    **settings: Any,
) -> None:
    """Replace people in free text by others, and leave all else that it says.

    NOTES is CSV, TSV, Parquet or JSON Lines. Written are the text, the column of --subject with
    other ids, and columns named by --column; all others are left out. With --subject one person is
    one identity in all rows and dates move together; without it each row stands alone. What a text
    says of somebody may still tell who it is: see docs/tables.md.

    With --endpoint or --model a language model says each text once more, when others stand in it.
    A rewrite that loses or adds a name, date, number or id is not taken. The budget is never
    passed, and what was answered is not asked again.
    """
    from dataqa.tables.files import read_table, write_table
    from dataqa.tables.notes.free import synthetic_notes

    target = out / notes.name
    not_an_input(target, [notes])
    more = {"budget": budget, "llm-cache": cache, "prompt": prompt, "keep": keep}
    endpoint = _endpoint(settings, more | {"keep-column": keep_column, "dry-run": dry_run})
    frame = read_table(notes)
    told: dict[str, Any] = {"subject": subject, "columns": columns_of(columns), "seed": seed}
    if endpoint is None:
        made = synthetic_notes(frame, text_column, **told)
    else:
        from dataqa.llm.budget import parse_budget
        from dataqa.llm.client import Client
        from dataqa.llm.rewrites import load_prompt
        from dataqa.registry import user_assets
        from dataqa.tables.notes.rewriting import Rewriting

        asked = load_prompt(prompt or "notes", user_assets())
        bound = parse_budget(budget)
        with Client(endpoint, cache=cache, budget=bound, offline=dry_run) as client:
            if dry_run:
                texts = synthetic_notes(frame, text_column, **told).frame[text_column]
                _tell_foreseen(texts.to_list(), asked, client)
                return
            how = Rewriting(client, asked, keep, keep_column, _progress)
            made = synthetic_notes(frame, text_column, rewriting=how, **told)
            _tell_rewritten(made.report["rewriting"], client)
    written = write_table(made.frame, target, made.report)
    if made.report["left_out"]:
        click.echo(f"left out: {', '.join(made.report['left_out'])}", err=True)
    click.echo(f"{made.frame.height:,} texts; wrote {', '.join(map(str, written))}", err=True)


def _endpoint(settings: Mapping[str, Any], more: Mapping[str, Any]) -> Endpoint | None:
    """The endpoint, if one is named here: one of the environment alone gets no text.

    Raises:
        InputError: It is none, or something is said of a model and none is named.
    """
    if settings["url"] or settings["model"]:
        return endpoint_of(**settings)
    named = {name.replace("_", "-"): value for name, value in settings.items()} | dict(more)
    given = sorted(name for name, value in named.items() if value)
    if given:
        hint = "--endpoint http://127.0.0.1:8080/v1 --model NAME"
        raise InputError("goes with a model", where=f"--{given[0]}", hint=hint)
    return None


def _progress(done: int, of: int) -> None:
    if done % 50 == 0 or done == of:
        click.echo(f"{done:,} of {of:,} texts asked about", err=True)


def _tell_foreseen(texts: list[str | None], prompt: Prompt, client: Client) -> None:
    from dataqa.tables.notes.rewriting import foresee

    click.echo(foreseen_words(foresee(texts, prompt, client)), err=True)


def _tell_rewritten(told: Mapping[str, Any], client: Client) -> None:
    """How many texts are the model's, why others are not, and what it took."""
    spent = client.spent
    money = f", {spent.usd:.4f} USD" if spent.nano else ""
    click.echo(
        f"{told['rewritten']:,} texts rewritten, {told['kept']:,} kept as they were; "
        f"{spent.requests:,} requests, {spent.tokens:,} tokens{money}",
        err=True,
    )
    for why, count in told["why_kept"].items():
        click.echo(f"  {count:,} kept: {why}", err=True)
    if {"budget", "unavailable", "offline"} & set(told["why_kept"]):
        click.echo("  run again to go on: what was answered is not asked again", err=True)
