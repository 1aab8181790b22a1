"""How near-duplicates are made of one document: the kinds that ``benchmarks.planted`` plants.

Words are edited one by one or in phrases, paragraphs moved, headers and footers shared, edits
chained, templates filled in differently, excerpts taken, texts made too short for a shingle.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from random import Random
from typing import NamedTuple

PIECE = re.compile(r"[\u3400-\u9fff]|[^\s\u3400-\u9fff]+|\s+")
"""A Han character, a run of other characters, or white space: pieces make up the whole text."""
_HAN = re.compile(r"[\u3400-\u9fff]")

type Build = Callable[[Sequence[str], Random, Sequence[str]], list[str]]
"""Source texts, a source of chance and words of other documents → the texts of one family."""


class Kind(NamedTuple):
    """One way to plant.

    Attributes:
        name: As it stands in tables.
        takes: Source documents for one family.
        makes: Documents in one family.
        share: Of the documents of a corpus.
        build: Makes them; the first is the source itself unless the kind changes all.
    """

    name: str
    takes: int
    makes: int
    share: float
    build: Build


def edit(text: str, share: float, longest: int, random: Random, donors: Sequence[str]) -> str:
    """Substitute, insert or delete words in runs of up to ``longest``, ``share`` of them in all."""
    pieces = PIECE.findall(text)
    places = [at for at, piece in enumerate(pieces) if not piece.isspace()]
    wanted = round(share * len(places))
    touched: set[int] = set()
    while len(touched) < wanted:
        length = min(random.randint((longest + 1) // 2, longest), wanted - len(touched))
        start = random.randrange(len(places) - length + 1)
        run = range(start, start + length)
        if not touched.isdisjoint(run):
            length, run = 1, range(start, start + 1)
            if start in touched:
                continue
        touched.update(run)
        _change(pieces, [places[k] for k in run], random, donors)
    return "".join(pieces)


def _change(
    pieces: list[str], places: Sequence[int], random: Random, donors: Sequence[str]
) -> None:
    how = random.choice(("substitute", "insert", "delete"))
    for at in places:
        joint = "" if _HAN.fullmatch(pieces[at]) else " "
        if how == "delete":
            pieces[at] = ""
        elif how == "substitute":
            pieces[at] = random.choice(donors)
        else:
            pieces[at] = f"{random.choice(donors)}{joint}{pieces[at]}"


def _edited(
    share: float, longest: int, texts: Sequence[str], random: Random, donors: Sequence[str]
) -> list[str]:
    return [texts[0], edit(texts[0], share, longest, random, donors)]


def _moved(texts: Sequence[str], random: Random, donors: Sequence[str]) -> list[str]:  # noqa: ARG001
    """Three to six blocks of lines in another order."""
    lines = texts[0].splitlines()
    cuts = sorted(random.sample(range(1, len(lines)), min(random.randint(2, 5), len(lines) - 1)))
    blocks = [lines[a:b] for a, b in zip([0, *cuts], [*cuts, len(lines)], strict=True)]
    blocks = [*blocks[1:], blocks[0]]
    middle = blocks[:-1]
    random.shuffle(middle)
    return [texts[0], "\n".join(line for block in [*middle, blocks[-1]] for line in block)]


def _reformatted(texts: Sequence[str], random: Random, donors: Sequence[str]) -> list[str]:  # noqa: ARG001
    """The same words with other spaces, line ends and case."""
    pieces = PIECE.findall(texts[0])
    changed = [
        random.choice((" ", "  ", "\n"))
        if piece.isspace()
        else (piece.upper() if piece.isascii() and random.random() < 0.3 else piece)
        for piece in pieces
    ]
    return [texts[0], "".join(changed).strip()]


def _framed(texts: Sequence[str], random: Random, donors: Sequence[str]) -> list[str]:
    """The page itself, and it again below a line of navigation and above a notice."""
    room = max(8, len(PIECE.findall(texts[0])) // 60)
    header, footer = (_some(donors, random, room) for _ in range(2))
    return [texts[0], f"{header}\n\n{texts[0]}\n\n{footer}"]


def _boilerplate(texts: Sequence[str], random: Random, donors: Sequence[str]) -> list[str]:
    """Different short pages in the same long frame."""
    header, footer = (_some(donors, random, 60) for _ in range(2))
    pages: list[str] = []
    for text in texts:
        size = random.choice((60, 120, 250))
        page = "".join(PIECE.findall(text)[: 2 * size])
        pages.append(f"{header}\n\n{page}\n\n{footer}")
    return pages


def _chain(texts: Sequence[str], random: Random, donors: Sequence[str]) -> list[str]:
    """A ~ B ~ C ~ D: each has another twelfth of the words replaced, so that A and C are unlike."""
    pieces = PIECE.findall(texts[0])
    places = [at for at, piece in enumerate(pieces) if not piece.isspace()]
    chain = [texts[0]]
    step = max(1, len(places) // 12)
    for link in range(3):
        for at in places[link * 3 * step : link * 3 * step + step]:
            pieces[at] = random.choice(donors)
        chain.append("".join(pieces))
    return chain


def _template(texts: Sequence[str], random: Random, donors: Sequence[str]) -> list[str]:
    """One text with a slot of four words in every sixty, filled in eight times."""
    pieces = PIECE.findall("".join(PIECE.findall(texts[0])[:1000]))
    places = [at for at, piece in enumerate(pieces) if not piece.isspace()]
    slots = [at for nth, at in enumerate(places) if nth % 60 in {20, 21, 22, 23}]
    filled: list[str] = []
    for _ in range(8):
        for at in slots:
            pieces[at] = random.choice(donors)
        filled.append("".join(pieces))
    return filled


def _contained(texts: Sequence[str], random: Random, donors: Sequence[str]) -> list[str]:  # noqa: ARG001
    """A document, and an excerpt of a third to two thirds of it."""
    pieces = PIECE.findall(texts[0])
    size = int(len(pieces) * random.uniform(0.33, 0.66))
    start = random.randrange(len(pieces) - size)
    return [texts[0], "".join(pieces[start : start + size]).strip()]


def _short(texts: Sequence[str], random: Random, donors: Sequence[str]) -> list[str]:  # noqa: ARG001
    """One to four words: twice the same, and once with the last word another one."""
    words = [random.choice(donors) for _ in range(random.randint(1, 4))]
    return [" ".join(words), " ".join(words), " ".join([*words[:-1], random.choice(donors)])]


def _empty(texts: Sequence[str], random: Random, donors: Sequence[str]) -> list[str]:  # noqa: ARG001
    return ["", " \n", "\t", "  "]


def _some(donors: Sequence[str], random: Random, words: int) -> str:
    return " ".join(random.choice(donors) for _ in range(words))


WORDS, PHRASES = 1, 12
"""The longest run of an edit: a word alone, or six to twelve words together."""


def _edits(percents: Sequence[int], longest: int, share: float) -> Iterator[Kind]:
    how = "words" if longest == WORDS else "phrases"
    for percent in percents:
        build = partial(_edited, percent / 100, longest)
        yield Kind(f"{percent} % edited, {how}", 1, 2, share, build)


ENGLISH = (
    *_edits((1, 2, 5, 10, 20), WORDS, 0.08),
    *_edits((5, 10, 20), PHRASES, 0.08),
    Kind("reformatted", 1, 2, 0.04, _reformatted),
    Kind("paragraphs moved", 1, 2, 0.08, _moved),
    Kind("header and footer added", 1, 2, 0.04, _framed),
    Kind("chains", 1, 4, 0.06, _chain),
    Kind("templates", 1, 8, 0.04, _template),
    Kind("shared boilerplate", 10, 10, 0.04, _boilerplate),
    Kind("contained", 1, 2, 0.03, _contained),
    Kind("short", 0, 3, 0.01, _short),
    Kind("empty", 0, 4, 0.002, _empty),
)
CHINESE = (
    *_edits((1, 2, 5), WORDS, 0.12),
    *_edits((5, 10, 20), PHRASES, 0.12),
    Kind("paragraphs moved", 1, 2, 0.08, _moved),
    Kind("chains", 1, 4, 0.06, _chain),
    Kind("templates", 1, 8, 0.04, _template),
)
NEAR = (
    *_edits((1, 2), WORDS, 1),
    *_edits((5,), PHRASES, 1),
    Kind("reformatted", 1, 2, 1, _reformatted),
    Kind("paragraphs moved", 1, 2, 1, _moved),
    Kind("header and footer added", 1, 2, 1, _framed),
)
"""Copies that mostly stay above a similarity of 0.8."""
