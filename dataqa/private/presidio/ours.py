"""dataqa's recognisers, as one of Presidio's: for an ``AnalyzerEngine`` that is there already."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
from presidio_analyzer import AnalysisExplanation, EntityRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from dataqa.private.finder import NAMES, Finder, Plan, plan
from dataqa.private.names.stages import LAC, TAGGER
from dataqa.private.packs import USUAL
from dataqa.private.places import in_characters, whole
from dataqa.private.proof import DOUBT
from dataqa.registry import user_assets

NAME = "dataqa"


class PackRecognizer(EntityRecognizer):
    """All recognisers of some packs together: one pass over a text finds what all of them find.

    Context is in the scores already, so Presidio's enhancer leaves them as they are.
    """

    def __init__(
        self,
        finder: Finder,
        patterns: Finder,
        entities: Sequence[str],
        language: str,
        doubt: float = DOUBT,
    ) -> None:
        self._finder, self._patterns, self._doubt = finder, patterns, doubt
        super().__init__(
            supported_entities=list(entities), supported_language=language, name=NAME, context=None
        )

    def load(self) -> None:
        """Nothing: it is open."""

    def analyze(
        self,
        text: str,
        entities: list[str] | None = None,
        nlp_artifacts: NlpArtifacts | None = None,  # noqa: ARG002 - Presidio's signature
    ) -> list[RecognizerResult]:
        """What is found in a text, by place; offsets are characters."""
        text = whole(text)
        named = not entities or not set(NAMES).isdisjoint(entities)
        finder = self._finder if named else self._patterns
        rows = finder.scan(pl.Series([text], dtype=pl.String), self._doubt)
        found: list[RecognizerResult] = []
        for _, entity, recogniser, start, end, score in in_characters(text, rows).iter_rows():
            if entities and entity not in entities:
                continue
            found.append(self._result(entity, start, end, score, recogniser))
        return found

    def _result(self, entity: str, start: int, end: int, score: float, name: str) -> Any:
        explanation = AnalysisExplanation(
            recognizer=NAME,
            original_score=score,
            pattern_name=name,
            textual_explanation=f"Found by the recogniser {name} of dataqa",
        )
        return RecognizerResult(
            entity_type=entity,
            start=start,
            end=end,
            score=score,
            analysis_explanation=explanation,
            recognition_metadata={
                RecognizerResult.RECOGNIZER_NAME_KEY: name,
                RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
            },
        )


def as_presidio_recognizers(
    *,
    packs: Sequence[str] = USUAL,
    entities: Sequence[str] = (),
    names: Sequence[str] = (),
    languages: Sequence[str] = ("en",),
    doubt: float = DOUBT,
    rules: Sequence[Path] = (),
) -> list[EntityRecognizer]:
    """Our recognisers for Presidio: one for each language, each with all kinds.

    Args:
        packs: Packs, or paths of such files.
        entities: Kinds that are looked for; by default all.
        names: What finds names of people, places and organisations, as in the step ``private``;
            by default ``tagger``, and in Chinese ``lac`` too.
        languages: Under which languages they are registered.
        doubt: Values of a lower score are left out.
        rules: Folders with packs of one's own.

    Raises:
        InputError: There is no such pack, kind or stage.
    """
    assets = user_assets(*rules)
    named = not entities or not set(NAMES).isdisjoint(entities)

    def recogniser(language: str) -> PackRecognizer:
        usual = (TAGGER, LAC) if language == "zh" else (TAGGER,)
        stages = (tuple(names) or usual) if named else ()
        what = plan(tuple(packs), tuple(entities), assets, stages)
        kinds = sorted({one.entity for one in what.recognisers}.union(what.kinds))
        finder = opened(what)
        patterns = opened(what._replace(stages=(), kinds=())) if what.stages else finder
        return PackRecognizer(finder, patterns, kinds, language, doubt)

    @cache
    def opened(what: Plan) -> Finder:
        return Finder(what, assets.cache)

    return [recogniser(language) for language in languages]
