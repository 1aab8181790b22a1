"""``dataqa prelabel``: a language model's answers, for people to check."""

from __future__ import annotations

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
from dataqa.cli.options import log_option
from dataqa.cli.review_options import choice_options, flow_options, source_argument

if TYPE_CHECKING:
    from dataqa.review.asking.prelabel import Prelabelled


@click.command("prelabel")
@source_argument
@flow_options
@choice_options
@endpoint_options
@budget_option
@cache_option
@click.option(
    "--send",
    type=click.Choice(["scrubbed", "raw"]),
    default="scrubbed",
    show_default=True,
    help="Texts leave with private values masked, or as they are.",
)
@click.option("--dry-run", is_flag=True, help="Only say what it would take.")
@log_option
def prelabel_command(
    *,
    source: Path,
    flow: str,
    language: str,
    state: Path | None,
    items: int,
    audit: float,
    blind: float,
    gold: Path | None,
    reason: str,
    budget: str,
    cache: Path | None,
    send: Any,
    dry_run: bool,
    log: str,
    **settings: Any,
) -> None:
    """Ask a language model about the items of SOURCE, a run's folder or a file of records.

    Items are chosen as `review push` chooses them. The budget is never passed; what was answered
    is not asked again, so the same command goes on after a stop. Then `review push` sends them.
    """
    from dataqa.errors import RunError
    from dataqa.llm.budget import parse_budget
    from dataqa.llm.client import Client
    from dataqa.llm.outgoing import preparing
    from dataqa.registry import user_assets
    from dataqa.review.asking.items import Choice, shown_again
    from dataqa.review.asking.prelabel import check_askable, foresee, prelabel
    from dataqa.review.reviews import add_items, as_json, reviewing

    choice = Choice(items, audit, blind, gold, reason)
    endpoint = endpoint_of(**settings)
    with (
        reviewing(source, flow, language, state, new=True) as (ledger, asked),
        Client(endpoint, cache=cache, budget=parse_budget(budget), offline=dry_run) as client,
    ):
        check_askable(asked, scrubbed=send == "scrubbed")
        add_items(ledger, asked, source, choice)
        if log not in ("json", "none"):
            click.echo("looking at what would be sent …", err=True)
        prepare = preparing(send, user_assets())
        datas = shown_again(source, asked, list(ledger.items("data IS NULL")))
        plan = foresee(ledger, asked, client, datas, prepare)
        if log not in ("json", "none"):
            click.echo(foreseen_words(plan), err=True)
        if dry_run:
            return
        told = prelabel(ledger, asked, client, datas, prepare, _progress(log))
    click.echo(as_json(told) if log == "json" else _told(told))
    if told.failed and not told.labelled and "budget" not in told.failed:
        what = f"no item of {told.items:,} has an answer ({', '.join(sorted(told.failed))})"
        hint = "dataqa llm probe tells what this endpoint and model can do"
        raise RunError(what, where=f"{endpoint.base}, {endpoint.model}", hint=hint)


def _progress(log: str) -> Any:
    if log in ("json", "none"):
        return None

    def tell(done: int, of: int) -> None:
        if done % 50 == 0 or done == of:
            click.echo(f"{done:,} of {of:,} items", err=True)

    return tell


def _told(told: Prelabelled) -> str:
    money = f", {told.usd:.4f} USD" if told.usd else ""
    lines = [
        (
            f"{told.labelled:,} of {told.items:,} items prelabelled ({told.cached:,} from before); "
            f"{told.requests:,} requests, {told.tokens:,} tokens{money}"
        )
    ]
    lines += [f"  {count:,} without an answer: {why}" for why, count in sorted(told.failed.items())]
    return "\n".join(lines)
