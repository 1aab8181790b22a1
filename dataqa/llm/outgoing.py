"""What a text is before it leaves for a model: scrubbed, unless the user says otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Literal

import polars as pl

from dataqa.private.columns import replaced
from dataqa.private.finder import Finder, plan
from dataqa.private.packs import USUAL
from dataqa.private.proof import DOUBT
from dataqa.private.replacing import About, Replacing
from dataqa.types import Assets

type Send = Literal["scrubbed", "raw"]


def preparing(
    send: Send,
    assets: Assets,
    *,
    packs: Sequence[str] = USUAL,
    names: Sequence[str] = ("tagger",),
    languages: Sequence[str] = ("en",),
) -> Callable[[str], str] | None:
    """What is done to texts before they leave.

    Args:
        send: ``scrubbed``: letters and digits of private values become stars, doubtful ones too,
            and so do names of people, places and organisations; ``raw``: nothing is done.
        assets: Where recognisers are.
        packs: Packs of recognisers.
        names: What finds names, as in the step ``private``: in Chinese texts ``lac``.
        languages: Of names.

    Raises:
        InputError: There is no such pack or stage, or its package is missing.
    """
    if send == "raw":
        return None
    finder = _finder(tuple(packs), tuple(names), tuple(languages), assets)
    how = Replacing(style="mask")

    def scrubbed(text: str) -> str:
        column = pl.Series("text", [text])
        made, _ = replaced(column, (), "", finder, how, [About()], DOUBT)
        return made[0]

    return scrubbed


@cache
def _finder(
    packs: tuple[str, ...], names: tuple[str, ...], languages: tuple[str, ...], assets: Assets
) -> Finder:
    return Finder(plan(packs, (), assets, names, languages))
