"""Options that name a language model, and what becomes of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dataqa.cli.options import Command

if TYPE_CHECKING:
    from dataqa.llm.client import Foreseen
    from dataqa.llm.endpoint import Endpoint

_NUMBERS: tuple[tuple[str, click.ParamType[Any], str], ...] = (
    ("concurrency", click.IntRange(1, 256), "Requests at a time [4]."),
    ("timeout", click.FloatRange(0.1), "Seconds that an answer may take [120]."),
    ("retries", click.IntRange(0, 20), "So often is a request tried again [5]."),
    ("requests_per_minute", click.IntRange(1), "At most."),
    ("tokens_per_minute", click.IntRange(1), "At most, in and out."),
    ("price_in", click.FloatRange(0), "US dollars per million tokens sent."),
    ("price_out", click.FloatRange(0), "The same of tokens received."),
)


def endpoint_options(command: Command) -> Command:
    """``--endpoint``, ``--model``, ``--key`` and how fast it may be asked."""
    for name, kind, told in reversed(_NUMBERS):
        command = click.option(f"--{name.replace('_', '-')}", type=kind, help=told)(command)
    key = click.option(
        *("--key", "key"),
        default="",
        metavar="env:NAME|file:PATH",
        help="Where its key is [DATAQA_LLM_KEY].",
    )
    model = click.option(
        *("--model", "model"),
        default="",
        metavar="NAME",
        help="The model's name there [DATAQA_LLM_MODEL].",
    )
    url = click.option(
        *("--endpoint", "url"),
        default="",
        metavar="URL",
        help="Base of a server that speaks OpenAI's protocol [DATAQA_LLM_ENDPOINT].",
    )
    return url(model(key(command)))


def cache_option(command: Command) -> Command:
    """``--llm-cache``: where replies are kept."""
    return click.option(
        "--llm-cache",
        "cache",
        type=click.Path(path_type=Path, dir_okay=False),
        help="File of replies that are kept [the user's own; DATAQA_LLM_CACHE].",
    )(command)


def budget_option(command: Command) -> Command:
    """``--budget``: the most that may be spent."""
    return click.option(
        "--budget",
        default="",
        metavar="N-tokens|N-requests|N-usd",
        help="Never spend more: 2M-tokens, 500-requests, 3.50-usd; several with commas.",
    )(command)


def endpoint_of(*, url: str, model: str, key: str, **settings: Any) -> Endpoint:
    """The endpoint that options name; what was not given is as the endpoint has it."""
    from dataqa.llm.endpoint import endpoint

    known = {name: settings[name] for name, *_ in _NUMBERS if settings.get(name) is not None}
    return endpoint(url, model, key, **known)


def foreseen_words(plan: Foreseen) -> str:
    """What asking would take, in words."""
    likely, most = plan.likely, plan.most
    money = f", {likely.usd:.2f} to {most.usd:.2f} USD" if most.nano else ""
    return (
        f"{plan.questions:,} questions, {plan.cached:,} of them answered before; "
        f"about {likely.tokens:,} tokens, at most {most.tokens:,}{money}"
    )
