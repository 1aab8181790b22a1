"""Says which language each text is written in, and how sure that is.

Long texts are judged from windows (``dataqa.languages``). A text with hardly a letter has no
language: it is abstained from, openly, instead of being given the model's guess.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec
import polars as pl

from dataqa.errors import InputError, did_you_mean
from dataqa.languages import Predict, identify, known_languages, model_digest, predictor
from dataqa.rules import Rule
from dataqa.types import TEXT, Action, Assets, Batch, Opened

CITE = "Penedo et al. 2024, FineWeb (arXiv 2406.17557): fastText en >= 0.65"
_ABSTAINED = {"keep": Action.KEEP, "review": Action.REVIEW, "drop": Action.DROP}


class Language(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Measure ``language``, ``language_score`` (0..1) and ``language_share``, and judge the first.

    Attributes:
        keep: Codes of the languages to keep, as the model spells them (``en``, ``zh``). None named
            keeps EVERY language whose score is high enough: an English corpus needs ``[en]``.
        min: The least score (rule ``language.score.min``); FineWeb and RefinedWeb used 0.65.
        doubt: A score this near to ``min``, on either side, sends the document to review.
        abstain: What a text without a language asks for: null, no letters, or too few of them.
        shortest: How many UTF-8 bytes of letters a text must have to be judged; 12 are four
            Chinese characters or two short English words.
    """

    judging: ClassVar[tuple[str, ...]] = ("keep", "min", "doubt", "abstain")

    keep: tuple[str, ...] = ()
    min: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.65
    doubt: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    abstain: Literal["review", "drop", "keep"] = "review"
    shortest: Annotated[int, msgspec.Meta(ge=1)] = 12

    def __post_init__(self) -> None:
        for name, value in (("min", self.min), ("doubt", self.doubt)):
            if not 0 <= value <= 1:
                raise InputError(
                    f"{value:g} is no probability",
                    where=f"language.{name}",
                    hint="give a number from 0 to 1",
                )
        if self.shortest < 1:
            raise InputError(
                "a text without letters has no language",
                where="language.shortest",
                hint="give 1 or more",
            )
        if self.abstain not in _ABSTAINED:
            hint = did_you_mean(self.abstain, _ABSTAINED)
            raise InputError("no such action", where="language.abstain", hint=hint)

    def rules(self, assets: Assets) -> tuple[Rule, ...]:  # noqa: ARG002 - every step gets them
        """``language.allowed`` when ``keep`` names languages, and ``language.score.min``.

        Raises:
            InputError: ``keep`` names a language that the model cannot name: none would be kept.
        """
        for code in self.keep:
            if code not in known_languages():
                raise InputError(
                    f"the model knows no language {code!r}",
                    where="language.keep",
                    hint=did_you_mean(code, known_languages()),
                )
        missing = _ABSTAINED[self.abstain]
        score = Rule(
            "language",
            "score",
            "language_score",
            min=self.min,
            doubt=self.doubt,
            cite=CITE,
            missing=missing,
        )
        if not self.keep:
            return (score,)
        allowed = Rule(
            "language", "allowed", "language", one_of=self.keep, cite=CITE, missing=missing
        )
        return (allowed, score)

    def digest(self, assets: Assets) -> str:  # noqa: ARG002 - every step gets them
        """The model file's digest."""
        return model_digest()

    def open(self, assets: Assets) -> Opened:  # noqa: ARG002 - every step gets them
        """Load the model; returns a function that measures each text by itself."""
        predict = predictor()
        return lambda batch: _measure(batch, self.shortest, predict)


def _measure(batch: Batch, shortest: int, predict: Predict) -> Batch:
    languages: list[str | None] = []
    scores: list[float | None] = []
    shares: list[float | None] = []
    for text in batch.docs[TEXT]:
        verdict = None if text is None else identify(text, shortest, predict)
        language, score, share = (None, None, None) if verdict is None else verdict
        languages.append(language)
        scores.append(score)
        shares.append(share)
    return batch.with_signals(
        {
            "language": pl.Series(languages, dtype=pl.String),
            "language_score": pl.Series(scores, dtype=pl.Float64),
            "language_share": pl.Series(shares, dtype=pl.Float64),
        }
    )
