"""Options that the review's commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from dataqa.errors import InputError

type Command = Callable[..., Any]

source_argument = click.argument("source", type=click.Path(path_type=Path))


def the_only_review() -> Path:
    """The one run that is this folder, or directly below it, and has a review.

    Raises:
        InputError: There is none, or there are several.
    """
    from dataqa.review.ledger import FILE, FOLDER

    ledgers = [*Path().glob(f"{FOLDER}/*/{FILE}"), *Path().glob(f"*/{FOLDER}/*/{FILE}")]
    found = sorted({path.parents[2] for path in ledgers})
    if len(found) == 1:
        return found[0]
    several = ", ".join(map(str, found))
    what = f"several runs have a review: {several}" if found else "no run here has a review"
    raise InputError(what, where=str(Path.cwd()), hint="name the run's folder")


def _given_or_only(context: click.Context, parameter: click.Parameter, value: Path | None) -> Path:
    del context, parameter
    return the_only_review() if value is None else value


reviewed_argument = click.argument(
    "source", type=click.Path(path_type=Path), required=False, callback=_given_or_only
)
"""A run that was pushed before; without it the only one that is here."""


def flow_options(command: Command) -> Command:
    """``--flow``, ``--language`` and ``--state``."""
    for option in (
        click.option(
            "--state",
            type=click.Path(path_type=Path, file_okay=False),
            help="Folder of the ledger; by default in the run, or beside the file of records.",
        ),
        click.option(
            "--language",
            default="en",
            show_default=True,
            help="Of the page and instruction: en, zh, or one of a flow of your own.",
        ),
        click.option(
            "--flow",
            default="quality",
            show_default=True,
            help="What is asked: a flow's name (dataqa review flows) or folder.",
        ),
    ):
        command = option(command)
    return command


def server_options(command: Command) -> Command:
    """``--url`` and ``--key``."""
    for option in (
        click.option(
            "--key",
            default="",
            metavar="PLACE",
            help="Where the access token is: env:NAME or file:PATH; else LABEL_STUDIO_API_KEY.",
        ),
        click.option(
            "--url",
            default="",
            help="Label Studio's address; else LABEL_STUDIO_URL, else label-studio up.",
        ),
    ):
        command = option(command)
    return command


def choice_options(command: Command) -> Command:
    """What is chosen: ``--items``, ``--audit``, ``--blind``, ``--gold``, ``--reason``."""
    for option in (
        click.option("--reason", default="", help="Only items whose reason has this in it."),
        click.option(
            "--gold",
            type=click.Path(path_type=Path, exists=True, dir_okay=False),
            help="Items whose answers are known, to measure annotators by.",
        ),
        click.option(
            "--blind",
            type=click.FloatRange(0, 1),
            default=0.1,
            show_default=True,
            help="Share of the items that is shown without a prelabel.",
        ),
        click.option(
            "--audit",
            type=click.FloatRange(0, 1),
            default=0.0,
            show_default=True,
            help="Share of all documents that is asked about too, drawn by chance.",
        ),
        click.option(
            "--items",
            type=click.IntRange(1),
            default=500,
            show_default=True,
            help="At most so many, spread over reasons, languages and sources.",
        ),
    ):
        command = option(command)
    return command


def rule_option(command: Command) -> Command:
    """``--agree``: whose word counts."""
    return click.option(
        "--agree",
        "rule",
        type=click.Choice(["majority", "unanimous", "latest"]),
        default="majority",
        show_default=True,
        help="What counts where people do not agree.",
    )(command)
