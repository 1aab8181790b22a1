"""``dataqa llm``: what an endpoint does, and the replies that are kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dataqa.cli.endpoints import budget_option, cache_option, endpoint_of, endpoint_options

if TYPE_CHECKING:
    from dataqa.llm.asking import Abilities


@click.group("llm")
def llm_command() -> None:
    """Tell what a language model's endpoint does, and keep its replies."""


@llm_command.command("probe")
@endpoint_options
@budget_option
@cache_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def probe_command(*, budget: str, cache: Path | None, as_json: bool, **given: Any) -> None:
    """Find out what a model honours, by a dozen short requests.

    Each way of asking for an object is tried with a schema that no model would obey by itself: a
    server that ignores it without a word, and one that fails, both do not honour it. What is found
    is kept, and used whenever that model is asked.
    """
    import msgspec

    from dataqa.errors import BoundError
    from dataqa.llm.budget import parse_budget
    from dataqa.llm.client import Client
    from dataqa.llm.sending import OverBudgetError

    endpoint = endpoint_of(**given)
    with Client(endpoint, cache=cache, budget=parse_budget(budget)) as client:
        try:
            able = client.probe(every=True, anew=True)
        except OverBudgetError:
            what = "the budget is too small to find out"
            raise BoundError(what, where=f"--budget {budget}", hint="20k-tokens will do") from None
        spent = client.spent
    if as_json:
        told = msgspec.to_builtins(able) | {"requests": spent.requests, "tokens": spent.tokens}
        click.echo(json.dumps(told, indent=1))
        return
    click.echo(f"{endpoint.model} at {endpoint.base}")
    for line in _lines(able):
        click.echo(f"  {line}")
    click.echo(f"found out with {spent.requests} requests, {spent.tokens:,} tokens", err=True)


def _lines(able: Abilities) -> list[str]:
    """What a model does, for people."""
    if not able.chat:
        lines = ["chats: no"]
    else:
        lines = [f"chats: yes, a short answer takes {able.seconds:.2f} s"]
        lines += [f"  {way}: {found}" for way, found in able.tried.items()]
        lines.append(f"  objects are asked for by {able.way}")
        lines.append(f"  log probabilities: {able.chat_logprobs or 'none'}")
    if not able.completion:
        return [*lines, "completions: no"]
    return [
        *lines,
        "completions: yes",
        f"  log probabilities: {able.completion_logprobs or 'none'}",
    ]


@llm_command.group("cache")
def cache_group() -> None:
    """Look into the replies that are kept, and delete them."""


@cache_group.command("info")
@cache_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def info_command(*, cache: Path | None, as_json: bool) -> None:
    """Tell how many replies of which model are kept, and where."""
    from dataqa.llm.cache import Cache, default_path

    path = cache or default_path()
    held = Cache(path).held() if path.exists() else []
    if as_json:
        rows = [one._asdict() for one in held]
        click.echo(json.dumps({"path": str(path), "models": rows}, indent=1))
        return
    click.echo(f"{path}: {sum(one.replies for one in held):,} replies")
    for one in held:
        wrong = f", {one.failed:,} of them do not conform" if one.failed else ""
        told = f"{one.replies:,} replies, {one.bytes:,} bytes{wrong}"
        click.echo(f"  {one.model} at {one.endpoint}: {told}")


@cache_group.command("purge")
@cache_option
@click.option("--endpoint", default="", metavar="URL", help="Only of this endpoint.")
@click.option("--model", default="", metavar="NAME", help="Only of this model.")
@click.option("--failed", is_flag=True, help="Only what did not conform, so it is asked again.")
@click.option(
    "--older-than", type=click.FloatRange(0), metavar="DAYS", default=0.0, help="Only older ones."
)
def purge_command(
    *, cache: Path | None, endpoint: str, model: str, failed: bool, older_than: float
) -> None:
    """Delete replies; what they took in the file is overwritten."""
    from dataqa.llm.cache import Cache, default_path

    path = cache or default_path()
    gone = 0
    if path.exists():
        gone = Cache(path).purge(
            endpoint=endpoint.rstrip("/"), model=model, failed=failed, days=older_than
        )
    click.echo(f"{path}: {gone:,} replies deleted")
