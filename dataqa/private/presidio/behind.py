"""Presidio's recognisers, each asked only about texts in which it can find something."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from presidio_analyzer import EntityRecognizer, PatternRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts
from presidio_analyzer.predefined_recognizers import (
    EmailRecognizer,
    IbanRecognizer,
    PhoneRecognizer,
)

from dataqa.private.presidio.context import TextArtifacts
from dataqa.private.presidio.gates import Gates, Pattern
from dataqa.private.presidio.phones import Phones, runs


class Behind(EntityRecognizer):
    """A recogniser behind gates; with the results, the identity and the thresholds of its own.

    Args:
        recognizer: Any of Presidio's or its users'.
        gates: Of which patterns it takes one to find anything; None if that cannot be said.
    """

    def __init__(self, recognizer: Any, gates: frozenset[int] | None) -> None:
        self._recognizer = recognizer
        self._gates = gates
        self._phones = Phones(recognizer) if _as_stock(recognizer, PhoneRecognizer) else None
        super().__init__(
            supported_entities=recognizer.supported_entities,
            name=recognizer.name,
            supported_language=recognizer.supported_language,
            version=recognizer.version,
            context=recognizer.context,
        )
        self.score_thresholds = recognizer.score_thresholds
        self.is_loaded = recognizer.is_loaded

    @property
    def id(self) -> str:
        """The recogniser's: results that name it find this one."""
        return self._recognizer.id

    def load(self) -> None:
        """Load the recogniser."""
        self._recognizer.load()

    def country_code(self) -> Any:
        """The recogniser's."""
        return self._recognizer.country_code()

    def silent(self, artifacts: TextArtifacts) -> bool:
        """Whether it certainly finds nothing in a text."""
        if self._phones is not None:
            return next(runs(artifacts.text), None) is None
        return self._gates is not None and self._gates.isdisjoint(artifacts.possible)

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """What the recogniser finds in a text."""
        if self._phones is not None:
            return self._phones.analyze(text)
        known = nlp_artifacts if isinstance(nlp_artifacts, TextArtifacts) else None
        if known is not None and known.text is text and self.silent(known):
            return []
        found = self._recognizer.analyze(text, entities, nlp_artifacts)
        return list(found or ())

    def enhance_using_context(
        self,
        text: str,
        raw_recognizer_results: list[RecognizerResult],
        other_raw_recognizer_results: list[RecognizerResult],
        nlp_artifacts: NlpArtifacts,
        context: list[str] | None = None,
    ) -> list[RecognizerResult]:
        """The recogniser's own idea of context."""
        return self._recognizer.enhance_using_context(
            text, raw_recognizer_results, other_raw_recognizer_results, nlp_artifacts, context
        )


def offline(recognizer: Any) -> Any:
    """Presidio's check of e-mail addresses without its look for a newer list of public suffixes."""
    if type(recognizer) is not EmailRecognizer:
        return recognizer
    offline = copy.copy(recognizer)
    offline.validate_result = _has_public_suffix
    return offline


def _has_public_suffix(pattern_text: str) -> bool:
    return _suffixes()(pattern_text).fqdn != ""


@cache
def _suffixes() -> Any:
    import tldextract  # noqa: PLC0415 - with the first address

    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


def put_behind(recognizers: Sequence[Any], cache: Path | None = None) -> tuple[list[Behind], Gates]:
    """Put recognisers behind one automaton of all their patterns.

    Args:
        recognizers: Of Presidio, its users, or their registry files.
        cache: A folder in which what was compiled is kept.
    """
    patterns: list[Pattern] = []
    behind: list[Behind] = []
    for recognizer in map(offline, recognizers):
        mine = _patterns(recognizer)
        gates = None if mine is None else frozenset(range(len(patterns), len(patterns) + len(mine)))
        patterns += mine or []
        behind.append(Behind(recognizer, gates))
    return behind, Gates(patterns, cache)


def _patterns(recognizer: Any) -> list[Pattern] | None:
    """All that a recogniser looks for, if it looks as Presidio's own do; else None."""
    stock = any(_as_stock(recognizer, one) for one in (PatternRecognizer, IbanRecognizer))
    if not stock:
        return None
    return [Pattern(one.regex, int(recognizer.global_regex_flags)) for one in recognizer.patterns]


def _as_stock(recognizer: Any, kind: type[Any]) -> bool:
    """Whether a recogniser analyses as that class does, whatever else it does otherwise."""
    return isinstance(recognizer, kind) and type(recognizer).analyze is kind.analyze
