"""Sentences with names marked in them: silver labels with names swapped, and sentences of our own.

A corpus has its own people; a tagger trained on it as it is knows those. So each labelled line is
taken again with names from the gazetteers in the place of its own (Dai and Adel 2020, An Analysis
of Simple Data Augmentation for Named Entity Recognition), and some in lower case or in capitals.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from dataqa.private.names.gazetteers import Names

PERSON, LOCATION, ORGANIZATION = 1, 2, 3
_SENTENCES = Path(__file__).with_name("sentences.txt")
_SLOT = re.compile(r"\{([a-z]+)\}")
_TITLES = ("Mr", "Mrs", "Ms", "Miss", "Dr", "Prof.", "Mr.", "Mrs.", "Ms.", "Dr.", "Sir", "Judge")
_FORMS = (
    *("Inc", "Inc.", "Ltd", "LLC", "PLC", "Corp.", "Group", "Corporation", "Company", "& Sons"),
    *("and Sons", "GmbH", "AG", "Holdings", "Partners", "Associates", "Industries", "Labs"),
)
_BODIES = ("University", "Bank", "Institute", "College", "Hospital", "Museum", "Times", "Herald")
_OF = (
    "University of",
    "Bank of",
    "Ministry of Justice of",
    "Museum of",
    "Port of",
    "Supreme Court of",
)
_WAYS = ("Street", "St", "Road", "Rd", "Avenue", "Ave", "Lane", "Drive", "Square", "Way", "Court")
_UNITS = ("Apt. {}", "Suite {}", "Unit {}", "Flat {}", "Floor {}")
_STEMS = "ac al bit can cor dat ed exo fin gen health hy info kin lum med micro net nov omni pro"
_ENDS = "a ad ance base bird cast ex hub ify ion is ity ium lab lio lytics ora path pay sense via x"
_RECASED = 12
"""One line in so many is taken again in another case."""
_STATES = "AL CA CO FL GA IL MA MI NC NJ NY OH PA QC TX UT VA WA"


class Labelled(NamedTuple):
    """A line and the names in it: kind, start and end in characters, by place."""

    text: str
    spans: tuple[tuple[int, int, int], ...]


class Source:
    """Names to put into sentences, drawn by a seeded generator."""

    def __init__(self, names: Names, random: Random) -> None:
        self._names, self._random = names, random
        self._makers: dict[str, tuple[int, Callable[[], str]]] = {
            "person": (PERSON, self.person),
            "first": (PERSON, self.first),
            "last": (PERSON, self.last),
            "city": (LOCATION, self.city),
            "country": (LOCATION, self.country),
            "place": (LOCATION, self.place),
            "street": (LOCATION, self.street),
            "address": (LOCATION, self.address),
            "org": (ORGANIZATION, self.organisation),
            "title": (0, lambda: self._random.choice(_TITLES)),
        }

    def first(self) -> str:
        """A first name."""
        return self._random.choice(self._names.first)

    def last(self) -> str:
        """A surname; some are of two parts."""
        one = self._random.choice(self._names.last)
        return f"{one}-{self._random.choice(self._names.last)}" if self._one_in(40) else one

    def person(self) -> str:
        """A full name in one of several forms."""
        first, last = self.first(), self.last()
        letter = self._random.choice("ABCDEFGHJKLMNPRSTW")
        form = self._random.randrange(20)
        if form < 12:
            return f"{first} {last}"
        return {
            12: f"{first} {letter}. {last}",
            13: f"{first} {letter} {last}",
            14: f"{letter}. {last}",
            15: f"{letter}.{first[0]}. {last}",
            16: f"{first} {self.first()} {last}",
            17: f"{first} {last} {self.last()}",
            18: f"{first} {last.upper()}",
        }.get(form, f"{first} {last}")

    def city(self) -> str:
        """A town, now and then in capitals."""
        one = self._random.choice(self._names.cities)
        return one.upper() if self._one_in(8) else one

    def country(self) -> str:
        """A country, mostly as English has it."""
        return self._random.choice(
            self._names.countries if self._one_in(4) else self._names.english
        )

    def place(self) -> str:
        """A town or a country."""
        return self.city() if self._one_in(2) else self.country()

    def street(self) -> str:
        """A street with a number before or behind it."""
        number = self._random.randrange(1, 9999 if self._one_in(2) else 200)
        if self._one_in(3):
            return f"{self._random.choice(self._names.streets)} {number}"
        name = self._random.choice((self.last, self.first, self.city))()
        written = f"{name} {self._random.choice(_WAYS)}"
        return written if self._one_in(5) else f"{number} {written}"

    def address(self) -> str:
        """A street, a unit, a town, a postal code, in several forms."""
        parts = [self.street()]
        if self._one_in(3):
            parts.append(self._random.choice(_UNITS).format(self._random.randrange(1, 999)))
        code = f"{self._random.randrange(1000, 99999):05d}"
        state = self._random.choice(_STATES.split())
        town = self.city()
        parts.append(
            self._random.choice(
                (town, f"{town} {code}", f"{code} {town}", f"{town}, {state} {code}")
            )
        )
        if self._one_in(3):
            parts.append(self.country())
        return self._random.choice((", ", ", ", " ", "\n")).join(parts)

    def organisation(self) -> str:
        """A company, a body, or an invented word."""
        pick, last = self._random.choice, self.last
        stems, ends = _STEMS.split(), _ENDS.split()
        made = (pick(stems) + pick(ends)).capitalize()
        form = self._random.randrange(15)
        some = self._random.sample(self._names.words, self._random.randrange(1, 4))
        letters = "".join(self._random.sample("ABCDEFGHIKLMNOPRSTU", 3))
        gap = " " if len(some) > 1 or self._one_in(2) else ""
        written = {
            3: f"{last()}-{last()}",
            4: f"{last()}, {last()} and {last()}",
            5: f"{pick(_OF)} {self.city()}",
            6: f"{self.city()} {pick(_BODIES)}",
            7: letters,
            8: f"{made} {pick(_FORMS)}",
            9: f"{made} {pick(stems).capitalize()}",
            10: made,
            11: made,
            12: gap.join(some),
            13: gap.join(some),
            14: gap.join([*some, made]),
        }
        return written.get(form, f"{last()} {pick(_FORMS)}")

    def like(self, kind: int, written: str) -> str:
        """Another name of a kind, of as many parts as the one that stands there."""
        if kind == PERSON:
            if " " in written:
                return self.person()
            return self.last() if self._one_in(2) else self.first()
        if kind == LOCATION:
            return self.place()
        return self.organisation()

    def filled(self, sentence: str) -> Labelled:
        """A sentence of our own with its slots filled."""
        pieces: list[str] = []
        spans: list[tuple[int, int, int]] = []
        size = done = 0
        for slot in _SLOT.finditer(sentence):
            pieces.append(sentence[done : slot.start()])
            kind, made = self._makers[slot.group(1)]
            value = made()
            start = size + len(pieces[-1])
            size = start + len(value)
            pieces.append(value)
            done = slot.end()
            if kind:
                spans.append((kind, start, size))
        text = "".join([*pieces, sentence[done:]]).replace("~", "\n")
        return Labelled(text, tuple(spans))

    def swapped(self, line: Labelled) -> Labelled:
        """The line with other names in it; ``'s`` stays."""
        pieces: list[str] = []
        spans: list[tuple[int, int, int]] = []
        size = done = 0
        for kind, start, end in line.spans:
            written = line.text[start:end]
            if written.endswith(("'s", "’s")):
                end, written = end - 2, written[:-2]  # noqa: PLW2901 - the name alone
            keeps = self._random.random() > (0.9, 0.6, 0.5)[kind - 1]
            new = written if keeps else self.like(kind, written)
            pieces += [line.text[done:start], new]
            size += start - done + len(new)
            spans.append((kind, size - len(new), size))
            done = end
        return Labelled("".join([*pieces, line.text[done:]]), tuple(spans))

    def recased(self, line: Labelled) -> Labelled:
        """The line in lower case, or now and then in capitals, where that keeps its length."""
        other = line.text.upper() if self._one_in(4) else line.text.lower()
        return line._replace(text=other) if len(other) == len(line.text) else line

    def _one_in(self, count: int) -> bool:
        return self._random.randrange(count) == 0


def sentences() -> tuple[str, ...]:
    """The sentences of our own."""
    lines = _SENTENCES.read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


def augmented(silver: Sequence[Labelled], names: Names, seed: int, own: int) -> list[Labelled]:
    """Training lines from labelled ones.

    Args:
        silver: Lines with names marked.
        names: What is put in.
        seed: Decides everything that is drawn.
        own: How often each of our own sentences is filled.
    """
    source = Source(names, Random(seed))  # noqa: S311 - a repeatable draw is what is wanted
    found = list(silver)
    for line in silver:
        if line.spans:
            found += [source.swapped(line), source.swapped(line)]
    found += [source.filled(one) for one in sentences() for _ in range(own)]
    return found + [source.recased(line) for line in found[::_RECASED]]
