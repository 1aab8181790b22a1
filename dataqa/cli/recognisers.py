"""Which recognisers a command uses: options, and what they open to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dataqa.cli.options import Command, rules_option

if TYPE_CHECKING:
    from dataqa.private.packs import Recogniser
    from dataqa.private.scan import Scanner


def recogniser_options(command: Command) -> Command:
    """``--pack``, ``--entity`` and ``--rules``; each may be given several times."""
    kinds = click.option("--entity", "entities", multiple=True, help="Kind to look for [all].")
    packs = click.option("--pack", "packs", multiple=True, help="Pack of recognisers [all].")
    return packs(kinds(rules_option(command)))


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


def scanner_of(packs: Sequence[str], entities: Sequence[str], rules: Sequence[Path]) -> Scanner:
    """The recognisers of some packs, opened.

    Raises:
        InputError: There is no such pack or kind.
    """
    from dataqa.private.scan import Scanner
    from dataqa.registry import user_assets

    return Scanner(recognisers_of(packs, entities, rules), user_assets(*rules).cache)
