"""``Analyzer``: Presidio's engine over our recognisers, or over its own behind an automaton.

It is an ``AnalyzerEngine``, so whatever takes one takes it, and all that one can be asked for is
there: allow lists, ad-hoc recognisers, thresholds, decision processes, ``BatchAnalyzerEngine``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerResult
from presidio_analyzer.context_aware_enhancers import LemmaContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine, SpacyNlpEngine
from presidio_analyzer.recognizer_registry import RecognizerRegistry

from dataqa.errors import InputError
from dataqa.private.presidio.behind import Behind, put_behind
from dataqa.private.presidio.context import Nearby, TextArtifacts
from dataqa.private.presidio.gates import Gates
from dataqa.private.presidio.ours import as_presidio_recognizers
from dataqa.private.presidio.registry import read_registry
from dataqa.private.presidio.words import blank, settled
from dataqa.registry import user_assets


class Analyzer(AnalyzerEngine):
    """Analyse texts as Presidio's engine does, hundreds of times faster.

    Args:
        recognizers: By default all of dataqa's (``as_presidio_recognizers``). Or Presidio's: a
            registry, recognisers, or the path of a registry's YAML file; they find what they find
            in Presidio, with the same scores, and are only spared texts in which there is nothing.
        nlp_engine: Presidio's engine around a language model, for recognisers that need one
            (``SpacyRecognizer``). Without it words are cut, and no model runs.
        languages: Those of the texts; ``supported_languages`` says the same.
        settings: What ``AnalyzerEngine`` takes else.

    >>> found = Analyzer().analyze("Write to jane@corp.com", language="en")
    >>> [(one.entity_type, one.start, one.end) for one in found]
    [('EMAIL_ADDRESS', 9, 22)]
    """

    def __init__(
        self,
        recognizers: RecognizerRegistry | Iterable[EntityRecognizer] | Path | str | None = None,
        *,
        nlp_engine: NlpEngine | None = None,
        languages: Sequence[str] = ("en",),
        supported_languages: Sequence[str] = (),
        **settings: Any,
    ) -> None:
        languages = supported_languages or languages
        engine = nlp_engine or WordsOnly(languages)
        for language in languages:
            blank(language)  # now rather than with the first text
        some = _recognizers(recognizers, engine, languages)
        behind, gates = put_behind(some, user_assets().cache)
        registry = RecognizerRegistry(behind, supported_languages=list(languages))
        enhancer = settings.pop("context_aware_enhancer", None) or LemmaContextAwareEnhancer()
        if type(enhancer) is LemmaContextAwareEnhancer:
            enhancer = Nearby(enhancer)
        self._selections: dict[tuple[str, tuple[str, ...], int], list[EntityRecognizer]] = {}
        super().__init__(
            registry=registry,
            nlp_engine=_Gated(engine, gates),
            supported_languages=list(languages),
            context_aware_enhancer=enhancer,
            **settings,
        )

    def analyze(
        self,
        text: str,
        language: str,
        entities: list[str] | None = None,
        *rest: Any,
        **options: Any,
    ) -> list[RecognizerResult]:
        """What there is in a text, asked and told as by ``AnalyzerEngine.analyze``."""
        if rest or options.get("nlp_artifacts") is not None or options.get("ad_hoc_recognizers"):
            return super().analyze(text, language, entities, *rest, **options)
        artifacts: Any = self.nlp_engine.process_text(text, language)
        if not self.log_decision_process and self._silent(artifacts, language, entities):
            return []
        return super().analyze(text, language, entities, nlp_artifacts=artifacts, **options)

    def _silent(self, artifacts: TextArtifacts, language: str, entities: list[str] | None) -> bool:
        """Whether all that is asked for exists, and nothing that is asked can find anything."""
        asked = self._asked(language, tuple(entities or ()))
        return bool(asked) and all(
            isinstance(one, Behind) and one.silent(artifacts) for one in asked
        )

    def _asked(self, language: str, entities: tuple[str, ...]) -> list[EntityRecognizer]:
        known: list[EntityRecognizer] = list(self.registry.recognizers)
        key = (language, entities, len(known))
        if key not in self._selections:
            mine = [one for one in known if one.supported_language == language]
            kinds = {kind for one in mine for kind in one.supported_entities}
            chosen = [
                one for one in mine if not entities or set(one.supported_entities) & set(entities)
            ]
            self._selections[key] = chosen if kinds.issuperset(entities) else []
        return self._selections[key]

    def batch(
        self, texts: Iterable[str], language: str = "en", **options: Any
    ) -> Iterator[list[RecognizerResult]]:
        """Analyse texts one after the other; options are those of ``analyze``."""
        for text in texts:
            yield self.analyze(text, language, **options)


def _recognizers(given: Any, engine: NlpEngine, languages: Sequence[str]) -> list[EntityRecognizer]:
    if given is None:
        return as_presidio_recognizers(languages=languages)
    if isinstance(given, (str, Path)):
        given = read_registry(given, languages)
    found = list(given.recognizers if isinstance(given, RecognizerRegistry) else given)
    if isinstance(engine, WordsOnly):  # what comes from a model's entities is not there
        found = [one for one in found if not _from_a_model(one)]
    if not found:
        hint = "give recognisers, or an nlp_engine for those that take a model"
        raise InputError("there are no recognisers", where="Analyzer", hint=hint)
    return found


def _from_a_model(recognizer: EntityRecognizer) -> bool:
    from presidio_analyzer.predefined_recognizers import SpacyRecognizer  # noqa: PLC0415

    return isinstance(recognizer, SpacyRecognizer)


class WordsOnly(SpacyNlpEngine):
    """An engine that cuts texts into words; there is no model, and so there are no entities."""

    def __init__(self, languages: Sequence[str] = ("en",)) -> None:
        super().__init__(models=[{"lang_code": one, "model_name": one} for one in languages])
        self._languages = tuple(languages)

    def load(self) -> None:
        """Make the tokenizers."""
        self.nlp = {one: blank(one) for one in self._languages}

    def _doc_to_nlp_artifact(self, doc: Any, language: str) -> NlpArtifacts:
        return NlpArtifacts(
            entities=[],
            tokens=doc,
            tokens_indices=[token.idx for token in doc],
            # of forms of a stop word, which support nothing, a model would know as much
            lemmas=[settled(one.lower_) if language == "en" else one.lower_ for one in doc],
            nlp_engine=self,
            language=language,
        )


class _Gated(NlpEngine):
    """An engine that runs only when something of its work is asked for."""

    def __init__(self, engine: NlpEngine, gates: Gates) -> None:
        self._engine, self._gates = engine, gates

    def load(self) -> None:
        self._engine.load()

    def is_loaded(self) -> bool:
        return self._engine.is_loaded()

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        return TextArtifacts(text, language, self._engine, self._gates.possible(text))

    def process_batch(
        self, texts: Iterable[str], language: str, *_: Any, **__: Any
    ) -> Iterator[tuple[str, NlpArtifacts]]:
        for text in texts:
            yield text, self.process_text(text, language)

    def is_stopword(self, word: str, language: str) -> bool:
        return self._engine.is_stopword(word, language)

    def is_punct(self, word: str, language: str) -> bool:
        return self._engine.is_punct(word, language)

    def get_supported_entities(self) -> list[str]:
        return self._engine.get_supported_entities()

    def get_supported_languages(self) -> list[str]:
        return self._engine.get_supported_languages()
