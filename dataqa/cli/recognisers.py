"""Which recognisers a command uses: options, and what they open to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dataqa.cli.options import Command, rules_option

if TYPE_CHECKING:
    from dataqa.private.finder import Finder
    from dataqa.private.packs import Recogniser


def recogniser_options(command: Command) -> Command:
    """``--pack``, ``--entity`` and ``--rules``; each may be given several times."""
    kinds = click.option("--entity", "entities", multiple=True, help="Kind to look for [all].")
    packs = click.option("--pack", "packs", multiple=True, help="Pack of recognisers [all].")
    return packs(kinds(rules_option(command)))


def names_options(command: Command) -> Command:
    """``--names`` and ``--languages``: what finds people, places and organisations."""
    stages = click.option(
        "--names",
        "stages",
        callback=_listed,
        help="What finds people, places, organisations, in order: tagger,spacy,lac [none].",
    )
    languages = click.option(
        "--languages", callback=_listed, default="en", show_default=True, help="Of names: en,zh."
    )
    return stages(languages(command))


def doubt_option(command: Command) -> Command:
    """``--doubt``: the score from which on something is found."""
    return click.option(
        "--doubt",
        type=click.FloatRange(0, 1),
        default=0.4,
        show_default=True,
        help="Below it is nothing.",
    )(command)


def recognisers_of(
    packs: Sequence[str], entities: Sequence[str], rules: Sequence[Path]
) -> tuple[Recogniser, ...]:
    """The recognisers of some packs.

    Raises:
        InputError: There is no such pack or kind.
    """
    from dataqa.private.packs import USUAL, load_packs
    from dataqa.private.packs import entities as of_entities
    from dataqa.registry import user_assets

    return of_entities(load_packs(packs or USUAL, user_assets(*rules)), entities)


def scanner_of(
    packs: Sequence[str],
    entities: Sequence[str],
    rules: Sequence[Path],
    stages: Sequence[str] = (),
    languages: Sequence[str] = ("en",),
) -> Finder:
    """The recognisers of some packs, and stages that find names, opened.

    Raises:
        InputError: There is no such pack, kind or stage, or a package that it needs is missing.
    """
    from dataqa.private.finder import Finder, plan
    from dataqa.private.packs import USUAL
    from dataqa.registry import user_assets

    assets = user_assets(*rules)
    return Finder(plan(packs or USUAL, entities, assets, stages, languages), assets.cache)


def _listed(context: click.Context, option: click.Parameter, given: str | None) -> tuple[str, ...]:  # noqa: ARG001
    """Words parted by commas."""
    return tuple(word.strip() for word in (given or "").split(",") if word.strip())
