"""``score``: what a model says of each text, with the bounds it is held to.

The model is a folder that ``dataqa train`` wrote, a fastText file that the user brings, or a judge
whom a language model answers for a sample of the documents. A score becomes the signal
``score.NAME``; bounds over it are rules like any other, so that a finished run can be decided anew
with other ones. Between two bounds the model is in doubt: such documents go to review.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import partial
from pathlib import PurePath
from typing import Annotated, ClassVar, Literal

import msgspec
import polars as pl

from dataqa.errors import InputError
from dataqa.llm.budget import parse_budget
from dataqa.llm.endpoint import Endpoint
from dataqa.llm.outgoing import Send
from dataqa.llm.question import Style
from dataqa.llm.sampling import Sampled, digest, foretold, scorer, spent
from dataqa.rules import Rule
from dataqa.scores.models import (
    band_of,
    check_model,
    is_probability,
    memory_of,
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
        model: A folder that ``dataqa train`` wrote, ``fasttext:`` and a ``.bin`` or ``.ftz`` file,
            or ``encoder:`` and the folder of an encoder in ONNX with its tokenizer and config.
        llm: In place of a model: a judge (``judge/educational``, or a file), whom a language model
            answers. Its replies are kept, so a run repeats without the network.
        sample: The share of documents that the language model is asked about, by a digest of their
            ids. The score of the others is null, and they stay.
        endpoint: The language model: ``url``, ``model``, ``key`` (``env:NAME`` or ``file:PATH``)
            and so on; by default that of ``DATAQA_LLM_ENDPOINT`` and ``DATAQA_LLM_MODEL``.
        repeats: It is asked so many times about each of them; the score is the mean.
        temperature: Of repeated questions; above 0, for else all answers would be the same.
        spread: A document on which repeated answers lie further apart goes to review (rule
            ``score.NAME.spread.max``), so that people are asked about it.
        style: How it is asked: ``chat``; ``completion``, a list of examples, for small models.
        send: ``scrubbed``: private values and names are masked before a text leaves; ``raw``.
        budget: The most that is spent on it in the output folder, by all processes, retries and
            resumed runs together: ``2M-tokens``, ``500-requests``, ``3.50-usd``, or several with
            commas. It changes no result: a run that has spent it stops (exit 3), and goes on with
            a larger one.
        cache: The file of its replies; by default the user's own, or ``DATAQA_LLM_CACHE``.
        name: What the signal and the rules are called after ``score.``; by default the folder's or
            the file's name.
        label: The label of a fastText model or an encoder whose probability is the score.
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

    judging: ClassVar[tuple[str, ...]] = ("keep", "most", "doubt", "spread", "action", "missing")
    running: ClassVar[tuple[str, ...]] = ("budget",)

    model: str = ""
    llm: str = ""
    sample: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.01
    endpoint: Endpoint | None = None
    repeats: Annotated[int, msgspec.Meta(ge=1, le=32)] = 1
    temperature: Annotated[float, msgspec.Meta(gt=0)] = 0.7
    spread: float | None = None
    style: Style = "chat"
    send: Send = "scrubbed"
    budget: str = ""
    cache: str = ""
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
        parse_budget(self.budget)
        self._check_band()

    def rules(self, assets: Assets) -> tuple[Rule, ...]:  # noqa: ARG002 - every step gets them
        """``score.NAME``, and with a band of doubt ``score.NAME.sure``.

        Raises:
            InputError: There is no such model, or its scores cannot have these bounds.
        """
        bounds = self._bounds()
        apart = self._apart()
        if bounds is None or self.action == "keep":
            return apart
        stays, goes = bounds
        side = "max" if self.most is not None else "min"
        mine = _ACTIONS[self.action]
        missing = Action.KEEP if self.llm else _ACTIONS[self.missing]
        first = mine if goes is None else Action.REVIEW
        rule = partial(Rule, "score", signal=self.signal)
        found = [rule(self.title, **{side: stays}, action=first, missing=missing)]
        if goes is not None:
            name = f"{self.title}.sure"
            found.append(rule(name, **{side: goes}, action=mine, missing=Action.KEEP))
        return (*found, *apart)

    def _apart(self) -> tuple[Rule, ...]:
        if self.spread is None:
            return ()
        if self.repeats < 2:
            hint = "say how often with repeats: 3"
            raise InputError("one answer has no spread", where="score.spread", hint=hint)
        name, review = f"{self.title}.spread", Action.REVIEW
        rule = Rule(
            "score",
            name,
            signal=f"{self.signal}.spread",
            max=self.spread,
            action=review,
            missing=Action.KEEP,
        )
        return (rule,)

    def digest(self, assets: Assets) -> str:
        """The digest of the model's files, or of the judge and which language model it is."""
        if self.llm:
            return digest(self._sampled, assets)
        return model_digest(self._model)

    def measures(self, assets: Assets) -> str:
        """The same: whatever the bounds, scores are the model's."""
        return self.digest(assets)

    def open(self, assets: Assets) -> Opened:
        """Load the model; returns the function that scores a batch.

        Raises:
            InputError: It is not there, or damaged.
        """
        if self.llm:
            more = (f"{self.signal}.spread",) if self.repeats > 1 else ()
            asked = scorer(self._sampled, assets)
            return partial(_score, scores=asked, signals=(self.signal, *more))
        model = open_model(self._model, self.label, self.chars)
        return partial(_score, scores=lambda docs: model.scores(docs[TEXT]), signals=(self.signal,))

    def asks(self, assets: Assets, documents: int | None) -> str:
        """What a language model is going to be asked; nothing for other models."""
        return foretold(self._sampled, assets, documents) if self.llm else ""

    def asked(self, assets: Assets) -> str:
        """What that did take of the budget."""
        return spent(self._sampled, assets) if self.llm else ""

    @property
    def resources(self) -> dict[str, float]:
        """Memory for an encoder, which each worker loads."""
        memory = memory_of(self.model) if self.model else 0.0
        return {"memory": memory} if memory else {}

    @property
    def title(self) -> str:
        """What the score is called."""
        known = PurePath(self.llm).stem if self.llm else name_of(self._model)
        return self.name or re.sub(r"[^\w.-]+", "-", known).strip(".") or "model"

    @property
    def signal(self) -> str:
        """The signal's name."""
        return f"score.{self.title}"

    @property
    def _model(self) -> str:
        if not self.model or self.llm:
            hint = "name a folder that `dataqa train` wrote, fasttext:FILE.bin or encoder:FOLDER"
            what = "give one of model and llm" if self.model else "no model is named"
            raise InputError(what, where="score.model", hint=hint)
        if self.repeats > 1 or self.spread is not None:
            hint = "a model says the same each time; repeats and spread are for llm"
            raise InputError("this is not for a model", where="score.repeats", hint=hint)
        if self.budget:
            hint = "a budget is of a language model: llm"
            raise InputError("this is not for a model", where="score.budget", hint=hint)
        return self.model

    @property
    def _sampled(self) -> Sampled:
        if self.model or self.label or self.chars or self.doubt == "model":
            hint = "a judge says how much of a text is read; leave model, label, chars out"
            raise InputError("this is not for a judge", where="score.llm", hint=hint)
        return Sampled(
            judge=self.llm,
            share=self.sample,
            endpoint=self.endpoint,
            style=self.style,
            send=self.send,
            cache=self.cache,
            repeats=self.repeats,
            temperature=self.temperature,
            budget=parse_budget(self.budget),
            name=self.signal,
        )

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

    def _bounds(self) -> tuple[float, float | None] | None:
        """From where a document stays, and from where it goes without doubt, where that differs."""
        band = self.doubt
        if self.llm:
            _ = self._sampled
        else:
            check_model(self._model, self.label)
            if is_probability(self._model, self.label):
                self._check_probability()
        if band == "model":
            band = band_of(self._model)
            if band is None:
                hint = "give [low, high]; `dataqa train quality LABELS --model …` measures one"
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


def _score(
    batch: Batch,
    *,
    scores: Callable[[pl.DataFrame], pl.Series | pl.DataFrame],
    signals: tuple[str, ...],
) -> Batch:
    if not batch.docs.height:
        return batch.with_signals({name: pl.Series([], dtype=pl.Float64) for name in signals})
    told = scores(batch.docs)
    columns = [told] if isinstance(told, pl.Series) else told.get_columns()
    return batch.with_signals(dict(zip(signals, columns, strict=True)))
