"""Hostile texts for a scan: mutated examples, and repetitions of what patterns begin with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from dataqa.private.packs import Recogniser

AROUND = (
    *(
        "",
        " ",
        "\n",
        "\r\n",
        "\x00",
        ".",
        ",",
        "-",
        "_",
        "/",
        ":",
        "(",
        ")",
        "+",
        "@",
        "0",
        "9",
        "a",
    ),
    *(
        "Z",
        "é",
        "ß",
        "中",
        "号",
        "（",
        "😀",
        "\u0301",
        "\u200b",
        "\u202e",
        "\ufeff",
        "１",
        "٣",
        "𝟗",
    ),
)
"""What is put beside, between and into values: borders, marks, digits of other scripts."""


class Mutator:
    """Texts made of the examples of recognisers, their words, and damage; the same for a seed."""

    def __init__(self, recognisers: Sequence[Recogniser], seed: int) -> None:
        examples = [example for one in recognisers for example in one.examples]
        self._pieces = sorted(
            {value for example in examples for value in example.values}
            | {example.text for example in examples}
            | {word for one in recognisers for word in (*one.words, *one.unlike)}
        )
        self._draw = Random(seed)

    def text(self) -> str:
        """Up to a dozen pieces, each as it is or damaged, with something between them."""
        draw = self._draw
        made = ""
        for _ in range(draw.randint(1, 12)):
            piece = draw.choice(self._pieces)
            made += (piece if draw.random() < 0.5 else self._damaged(piece)) + draw.choice(AROUND)
        return made

    def _damaged(self, piece: str) -> str:
        """With bytes changed, left out, doubled or swapped; what is no UTF-8 then is dropped."""
        draw = self._draw
        data = bytearray(piece.encode())
        for _ in range(draw.randint(1, 4)):
            at = draw.randrange(len(data)) if data else 0
            match draw.randrange(5):
                case 0 if data:
                    data[at] = draw.randrange(256)
                case 1 if data:
                    del data[at : at + draw.randint(1, 4)]
                case 2:
                    data[at:at] = data[at : at + draw.randint(1, 8)] * draw.randint(1, 6)
                case 3:
                    data[at:at] = draw.choice(AROUND).encode()
                case _:
                    data.reverse()
        return data.decode(errors="ignore")


def repetitions(recognisers: Sequence[Recogniser]) -> Iterator[tuple[str, str]]:
    """Of each pattern what could make a search start over and over: a name, and what to repeat.

    They are the values of its recogniser's examples: whole, their first half, a piece from their
    middle, and all but the last character, each alone and with a separator.
    """
    for one in recognisers:
        for value in dict.fromkeys(v for example in one.examples for v in example.values):
            half = len(value) // 2
            parts = (value, value[: half or 1], value[half // 2 : half // 2 + 3], value[:-1])
            for part in dict.fromkeys(part for part in parts if part):
                for between in ("", " ", "-"):
                    yield one.name, part + between
