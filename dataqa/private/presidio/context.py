"""Words around a result without a language model: only those near it are cut into tokens.

Presidio's context enhancer asks for the lemmas of a whole text, for which a model runs over it.
Whether a word nearby supports a result can nearly always be told without: the word as it stands and
the word without its ending give the same answer. Where they do not, the model is asked after all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from presidio_analyzer import RecognizerResult
from presidio_analyzer.context_aware_enhancers import (
    ContextAwareEnhancer,
    LemmaContextAwareEnhancer,
)
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine

from dataqa.private.presidio.words import Near, stem, views

_FAR = 4096


class TextArtifacts(NlpArtifacts):
    """What Presidio's recognisers may ask about a text, worked out when one asks.

    Args:
        text: The text.
        language: Its language.
        engine: Makes the whole of it; its model runs once, and only if it must.
        possible: Whatever the gates told of the text.
    """

    def __init__(
        self, text: str, language: str, engine: NlpEngine, possible: frozenset[int]
    ) -> None:
        self.text, self.language, self.nlp_engine = text, language, engine
        self.possible = possible
        self._whole: NlpArtifacts | None = None
        self._lower: str | None = None

    def may_support(self, words: Sequence[str], result: RecognizerResult) -> bool:
        """Whether one of a recogniser's words, whatever its ending, stands anywhere near a result.

        Before the result that is anywhere; behind it, as far as the words behind may count.
        """
        if self._lower is None:
            self._lower = self.text.lower()
        high = result.end + _FAR if len(self._lower) == len(self.text) else len(self._lower)
        return any(self._lower.find(stem(one), 0, high) >= 0 for one in words)

    @property
    def whole(self) -> NlpArtifacts:
        """The engine's own artifacts of the text."""
        if self._whole is None:
            self._whole = self.nlp_engine.process_text(self.text, self.language)
        return self._whole

    @property
    def is_whole(self) -> bool:
        """Whether the engine has run."""
        return self._whole is not None

    def __getattr__(self, name: str) -> Any:
        if name in {"entities", "tokens", "tokens_indices", "lemmas", "keywords", "scores"}:
            return getattr(self.whole, name)
        raise AttributeError(name)

    def to_json(self) -> str:
        """All of them, as JSON."""
        return self.whole.to_json()


class Nearby(ContextAwareEnhancer):
    """``LemmaContextAwareEnhancer``, given the words near each result instead of all.

    Args:
        enhancer: The one whose settings and code decide.
    """

    def __init__(self, enhancer: LemmaContextAwareEnhancer) -> None:
        super().__init__(
            context_similarity_factor=enhancer.context_similarity_factor,
            min_score_with_context_similarity=enhancer.min_score_with_context_similarity,
            context_prefix_count=enhancer.context_prefix_count,
            context_suffix_count=enhancer.context_suffix_count,
        )
        self._enhancer = enhancer
        behind = enhancer.context_suffix_count
        self._needed = enhancer.context_prefix_count + 1, behind + 2 if behind else 0

    def enhance_using_context(
        self,
        text: str,
        raw_results: list[RecognizerResult],
        nlp_artifacts: NlpArtifacts,
        recognizers: list[Any],
        context: list[str] | None = None,
    ) -> list[RecognizerResult]:
        """The results, those with a supporting word nearby with a higher score."""
        artifacts = nlp_artifacts
        if not isinstance(artifacts, TextArtifacts) or artifacts.is_whole or not raw_results:
            return self._asked(text, raw_results, artifacts, recognizers, context)
        known = {recognizer.id: recognizer for recognizer in recognizers}
        enhanced: list[RecognizerResult] = []
        for result in raw_results:
            told = result.recognition_metadata or {}
            recognizer = known.get(told.get(RecognizerResult.RECOGNIZER_IDENTIFIER_KEY))
            if recognizer is None or not recognizer.context:
                enhanced.append(result)
                continue
            if artifacts.is_whole:
                enhanced += self._asked(text, [result], artifacts, [recognizer], context)
                continue
            enhanced += self._near(result, artifacts, recognizer, context)
        return enhanced

    def _near(
        self,
        result: RecognizerResult,
        artifacts: TextArtifacts,
        recognizer: Any,
        context: list[str] | None,
    ) -> list[RecognizerResult]:
        text = artifacts.text
        if not context and not artifacts.may_support(recognizer.context, result):
            return [result]
        as_written, without_endings = views(text, artifacts.language, result.start, *self._needed)
        supported = self._supported(as_written, text, result, recognizer, context)
        if supported != self._supported(without_endings, text, result, recognizer, context):
            return self._asked(text, [result], artifacts.whole, [recognizer], context)
        if not supported:
            return [result]
        return self._asked(text, [result], as_written, [recognizer], context)

    def _supported(
        self,
        near: Near,
        text: str,
        result: RecognizerResult,
        recognizer: Any,
        context: list[str] | None,
    ) -> bool:
        enhancer: Any = self._enhancer
        word = text[result.start : result.end]
        words = enhancer._extract_surrounding_words(near, word, result.start)  # noqa: SLF001
        words += [one.lower() for one in context or ()]
        mode = enhancer.context_matching_mode
        found = enhancer._find_supportive_word_in_context(words, recognizer.context, mode)  # noqa: SLF001
        return found != ""

    def _asked(
        self,
        text: str,
        results: list[RecognizerResult],
        artifacts: Any,
        recognizers: list[Any],
        context: list[str] | None,
    ) -> list[RecognizerResult]:
        return self._enhancer.enhance_using_context(
            text=text,
            raw_results=results,
            nlp_artifacts=artifacts,
            recognizers=recognizers,
            context=list(context) if context else context,
        )
