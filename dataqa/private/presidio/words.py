"""The words near a place in a text, as Presidio's context enhancer wants them, without a model."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

import regex
import spacy
from spacy.lang.en.stop_words import STOP_WORDS

_SPACE_BEFORE = regex.compile(r"(?r)\s")
_SPACE = regex.compile(r"\s")
_COLONS = regex.compile(r"\S*:\S*")
_PLAIN_COLON = regex.compile(r"[(\[]?(?:\d+:\d+|https?://[^:\s]*|[A-Za-z]+:)[,.;)\]]*")
"""Words whose colon spaCy cuts off, or whose parts are keywords by themselves."""
_FIRST_REACH = 160
_IRREGULAR = {
    **dict.fromkeys(
        ("am", "are", "is", "was", "were", "been", "being", "'s", "’s", "'m", "'re"), "be"
    ),
    **dict.fromkeys(("gave", "given", "gives", "giving"), "give"),
    **dict.fromkeys(("went", "gone", "goes", "going"), "go"),
    **dict.fromkeys(("kept", "keeps", "keeping"), "keep"),
    **dict.fromkeys(("said", "says", "saying"), "say"),
    **dict.fromkeys(("saw", "seen", "sees", "seeing"), "see"),
    **dict.fromkeys(("took", "taken", "takes", "taking"), "take"),
    **dict.fromkeys(("got", "gotten", "gets", "getting"), "get"),
    **dict.fromkeys(("showed", "shown", "shows", "showing"), "show"),
    **dict.fromkeys(("became", "becomes", "becoming"), "become"),
    **dict.fromkeys(("did", "does", "done", "doing"), "do"),
    **dict.fromkeys(("had", "has", "having"), "have"),
    **dict.fromkeys(("made", "makes", "making"), "make"),
}


class Near:
    """Tokens near a place, laid out as artifacts are."""

    def __init__(
        self, tokens: list[str], places: list[int], lemmas: list[str], keys: frozenset[str]
    ) -> None:
        self.tokens, self.tokens_indices = tokens, places
        self.lemmas, self.keywords = lemmas, keys


def views(text: str, language: str, start: int, before: int, behind: int) -> tuple[Near, Near]:
    """The words near a place, as they stand and without their endings.

    Args:
        text: The text.
        language: Its language.
        start: The place.
        before: How many keywords are wanted up to it, as far as there are so many.
        behind: How many from there on.
    """
    reach = _FIRST_REACH
    while True:
        low, tokens, places, end = _window(text, language, start, reach)
        whole = low == 0 and end == len(text)
        both = [_view(text, language, tokens, places, at_ends) for at_ends in (False, True)]
        counts = [_counts(view, start) for view in both]
        enough = all(one >= before and other >= behind for one, other in counts)
        if enough or whole or reach > len(text):
            return both[0], both[1]
        reach *= 4


def _window(
    text: str, language: str, start: int, reach: int
) -> tuple[int, list[str], list[int], int]:
    """Tokens from white space to white space around a place, and where they begin."""
    before = _SPACE_BEFORE.search(text, 0, max(0, start - reach))
    behind = _SPACE.search(text, min(len(text), start + reach))
    low, high = before.end() if before else 0, behind.start() if behind else len(text)
    doc = blank(language).tokenizer(text[low:high])
    return low, [token.text for token in doc], [low + token.idx for token in doc], high


def _view(text: str, language: str, tokens: list[str], places: list[int], at_ends: bool) -> Near:
    plain = [_base(one.lower()) for one in tokens] if at_ends else [one.lower() for one in tokens]
    vocabulary = blank(language).vocab
    keys = [
        piece
        for one in plain
        if one != "be" and not vocabulary[one].is_stop and not vocabulary[one].is_punct
        for piece in one.split(":")
    ]
    pieces = _pieces(text, language) if ":" in text else frozenset[str]()
    return Near(tokens, places, plain, pieces.union(keys))


@lru_cache(maxsize=4)  # asked for once for each result in a text
def _pieces(text: str, language: str) -> frozenset[str]:
    """What Presidio makes of words with a colon anywhere in the text: keywords everywhere."""
    tokenizer = blank(language).tokenizer
    found: set[str] = set()
    for chunk in set(_COLONS.findall(text)):
        if _PLAIN_COLON.fullmatch(chunk):
            continue
        for token in tokenizer(chunk):
            if ":" in token.text and not token.is_stop and not token.is_punct:
                found.update(token.text.lower().split(":"))
    return frozenset(found)


def _counts(view: Near, start: int) -> tuple[int, int]:
    """How many keywords there are up to a place, and from there on."""
    words = zip(view.tokens_indices, view.lemmas, strict=True)
    places = [place for place, lemma in words if lemma in view.keywords]
    before = sum(place <= start for place in places)
    return before, len(places) - before + 1


@cache
def stem(word: str) -> str:
    """What of a word is there whatever its ending."""
    lower = word.lower()
    return lower[:-1] if len(lower) > 3 and lower[-1] in "ey" else lower


@cache
def _base(word: str) -> str:
    """A guess at a word's lemma: what English endings leave."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word in STOP_WORDS or len(word) < 4 or not word.isalpha():
        return word
    for ending, instead in (
        ("ies", "y"),
        ("es", ""),
        ("es", "e"),
        ("s", ""),
        ("ied", "y"),
        ("ed", ""),
        ("ed", "e"),
        ("ing", ""),
        ("ing", "e"),
    ):
        if not word.endswith(ending):
            continue
        base = word.removesuffix(ending) + instead
        doubled = base[:-1] if len(base) > 3 and base[-1] == base[-2] else base
        for guess in (base, doubled):
            if guess in STOP_WORDS:
                return guess
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            return word.removesuffix(ending)
    return word.removesuffix("s") if not word.endswith("ss") else word


def settled(word: str) -> str:
    """The stop word that an English word is a form of, as lemmas have it; else the word itself.

    >>> settled("called"), settled("phones")
    ('call', 'phones')
    """
    base = _base(word)
    return base if base in STOP_WORDS else word


@cache
def blank(language: str) -> Any:
    """SpaCy's rules for a language, without a model."""
    return spacy.blank(language)
