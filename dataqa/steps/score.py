"""``score``: what a model says of each text, with the bounds it is held to.

The model is a folder that ``dataqa train`` wrote, or a fastText file that the user brings. A score
becomes the signal ``score.NAME``; bounds over it are rules like any other, so that a finished run
can be decided anew with other ones. Between two bounds the model is in doubt: such documents go to
review.
"""

from __future__ import annotations

import math
import re
from functools import partial
from typing import ClassVar, Literal

import msgspec
import polars as pl

from dataqa.errors import InputError
from dataqa.rules import Rule
from dataqa.scores.models import (
    Scorer,
    band_of,
    check_model,
    is_probability,
    model_digest,
    name_of,
    open_model,
)
from dataqa.types import TEXT, Action, Assets, Batch, Opened

_ACTIONS = {"keep": Action.KEEP, "review": Action.REVIEW, "drop": Action.DROP}
_NAME = re.compile(r"[\w-]+(\.[\w-]+)*")


class Score(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Score texts by a model of yours, and judge the score.

    Attributes:
        model: A folder that ``dataqa train`` wrote, or ``fasttext:`` and a ``.bin`` or ``.ftz``
            file.
        name: What the signal and the rules are called after ``score.``; by default the folder's or
            the file's name.
        label: The label of a fastText model whose probability is the score.
        keep: The least score that stays (rule ``score.NAME.min``).
        most: The highest score that stays (rule ``score.NAME.max``), for perplexity.
        doubt: ``[low, high]``: between them a document goes to review, whatever ``keep`` or
            ``most``, which lies in it, says; or ``model``: the band that was measured when the
            model was trained. Their ends are the bounds of the rules ``score.NAME`` and
            ``score.NAME.sure``.
        action: What a document beyond the bounds asks for; ``keep`` only tells the score.
        missing: What a text asks for in which there is nothing to score.
        chars: Read only so many characters of each text, from its beginning; 0 for all.
    """

    judging: ClassVar[tuple[str, ...]] = ("keep", "most", "doubt", "action", "missing")

    model: str = ""
    name: str = ""
    label: str = ""
    keep: float | None = None
    most: float | None = None
    doubt: tuple[float, float] | Literal["model"] | None = None
    action: Literal["drop", "review", "keep"] = "drop"
    missing: Literal["keep", "review", "drop"] = "review"
    chars: int = 0

    def __post_init__(self) -> None:
        for name in ("action", "missing"):
            if getattr(self, name) not in _ACTIONS:
                hint = f"one of {', '.join(_ACTIONS)}"
                raise InputError("no such action", where=f"score.{name}", hint=hint)
        if self.chars < 0:
            raise InputError("it cannot be negative", where="score.chars", hint="0 reads all")
        if self.keep is not None and self.most is not None:
            hint = "`keep` for what is good when it is high, `most` for what is good when it is low"
            raise InputError("give one of keep and most", where="score", hint=hint)
        if self.name and not _NAME.fullmatch(self.name):
            hint = "letters, digits, - and _, with points between"
            raise InputError("this is no name", where="score.name", hint=hint)
        self._check_band()

    def rules(self, assets: Assets) -> tuple[Rule, ...]:  # noqa: ARG002 - every step gets them
        """``score.NAME``, and with a band of doubt ``score.NAME.sure``.

        Raises:
            InputError: There is no such model, or its scores cannot have these bounds.
        """
        model = self._model
        bounds = self._bounds(model)
        if bounds is None or self.action == "keep":
            return ()
        stays, goes = bounds
        side = "max" if self.most is not None else "min"
        mine, missing = _ACTIONS[self.action], _ACTIONS[self.missing]
        first = mine if goes is None else Action.REVIEW
        rule = partial(Rule, "score", signal=self.signal)
        found = [rule(self.title, **{side: stays}, action=first, missing=missing)]
        if goes is not None:
            name = f"{self.title}.sure"
            found.append(rule(name, **{side: goes}, action=mine, missing=Action.KEEP))
        return tuple(found)

    def digest(self, assets: Assets) -> str:  # noqa: ARG002 - every step gets them
        """The digest of the model's files."""
        return model_digest(self._model)

    def measures(self, assets: Assets) -> str:
        """The same: whatever the bounds, scores are the model's."""
        return self.digest(assets)

    def open(self, assets: Assets) -> Opened:  # noqa: ARG002 - every step is opened alike
        """Load the model; returns the function that scores a batch.

        Raises:
            InputError: It is not there, or damaged.
        """
        return partial(
            _score, scorer=open_model(self._model, self.label, self.chars), signal=self.signal
        )

    @property
    def title(self) -> str:
        """What the score is called."""
        return self.name or re.sub(r"[^\w.-]+", "-", name_of(self._model)).strip(".") or "model"

    @property
    def signal(self) -> str:
        """The signal's name."""
        return f"score.{self.title}"

    @property
    def _model(self) -> str:
        if not self.model:
            hint = "name a folder that `dataqa train` wrote, or fasttext:FILE.bin"
            raise InputError("no model is named", where="score.model", hint=hint)
        return self.model

    def _check_band(self) -> None:
        bound = self.keep if self.keep is not None else self.most
        if bound is not None and not math.isfinite(bound):
            raise InputError("a bound must be a number", where="score.keep or score.most")
        if not isinstance(self.doubt, tuple):
            return
        low, high = self.doubt
        if not low <= high:
            hint = "write [low, high]"
            raise InputError("the band ends before it begins", where="score.doubt", hint=hint)
        if bound is None:
            hint = "`keep` for what is good when it is high, `most` for what is good when it is low"
            raise InputError("a band of doubt needs a bound", where="score.doubt", hint=hint)
        if not low <= bound <= high:
            hint = f"the band [{low:g}, {high:g}] must hold {bound:g}"
            raise InputError("the bound lies outside the band", where="score.doubt", hint=hint)

    def _bounds(self, model: str) -> tuple[float, float | None] | None:
        """From where a document stays, and from where it goes without doubt, where that differs."""
        check_model(model, self.label)
        if is_probability(model):
            self._check_probability()
        band = self.doubt
        if band == "model":
            band = band_of(model)
            if band is None:
                hint = "give [low, high]"
                raise InputError("the model knows no band", where="score.doubt", hint=hint)
        bound = self.keep if self.keep is not None else self.most
        if band is None:
            return None if bound is None else (bound, None)
        low, high = band
        return (low, high) if self.most is not None else (high, low)

    def _check_probability(self) -> None:
        given = [self.keep, self.most, *(self.doubt if isinstance(self.doubt, tuple) else ())]
        if any(one is not None and not 0 <= one <= 1 for one in given):
            hint = "give numbers from 0 to 1"
            raise InputError("this model's scores are probabilities", where="score", hint=hint)


def _score(batch: Batch, *, scorer: Scorer, signal: str) -> Batch:
    if not batch.docs.height:
        return batch.with_signals({signal: pl.Series([], dtype=pl.Float64)})
    return batch.with_signals({signal: scorer.scores(batch.docs[TEXT])})
