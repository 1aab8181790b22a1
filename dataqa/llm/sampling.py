"""A judge's scores of a sample of a corpus: which documents are asked about, and their scores.

Whether a document is in the sample is decided by a digest of its id, so that it is the same in any
order, process and run. Replies are kept in the cache; a run whose replies are all there asks
nothing and gives the same bytes. A budget never changes what is asked: a run that has spent it
stops, and goes on with a larger one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from dataqa.errors import BoundError, RunError
from dataqa.io.store import Store
from dataqa.llm.asking import likely_tokens
from dataqa.llm.budget import Budget, Cost
from dataqa.llm.claims import Claims
from dataqa.llm.client import Client
from dataqa.llm.endpoint import Endpoint, endpoint
from dataqa.llm.judges import Judge, judge_digest, load_judge, question
from dataqa.llm.judging import Prepare, judge_repeatedly, judge_texts
from dataqa.llm.outgoing import Send, prepared_by, preparing
from dataqa.llm.question import Style
from dataqa.types import DOC_ID, TEXT, Assets

_ALL = 1 << 64


class Sampled(msgspec.Struct, frozen=True, kw_only=True):
    """Who judges which share of documents.

    Attributes:
        judge: The judge's name or file.
        share: Of documents that are asked about, from 0 to 1.
        endpoint: The model; by default that of the environment.
        style: ``chat``, or ``completion`` for small models.
        send: ``scrubbed`` or ``raw``.
        cache: The file of replies; by default the user's own.
        repeats: How often each document is asked about.
        temperature: Of repeated questions.
        budget: The most that may be spent in a run's folder, by all its processes, from its first
            attempt on; outside a run, by what one call of ``scorer`` gave.
        name: What it is spent for.
    """

    judge: str
    share: float
    endpoint: Endpoint | None = None
    style: Style = "chat"
    send: Send = "scrubbed"
    cache: str = ""
    repeats: int = 1
    temperature: float = 0.0
    budget: Budget = Budget()
    name: str = ""

    def claims(self, assets: Assets) -> Claims | None:
        """Where what is spent is claimed before, None without a budget."""
        if self.budget == Budget():
            return None
        return Claims(self.budget, self.name, Store(assets.run) if assets.run else None)

    @property
    def model(self) -> Endpoint:
        """The model.

        Raises:
            InputError: None is named, here or in the environment.
        """
        return self.endpoint or endpoint()


def sampled(doc_id: str, share: float) -> bool:
    """Whether a document is in the sample.

    >>> sum(sampled(f"page {number}", 0.1) for number in range(1000))
    103
    """
    return int.from_bytes(hashlib.sha256(doc_id.encode()).digest()[:8]) < share * _ALL


def digest(about: Sampled, assets: Assets) -> str:
    """What scores depend on beside the texts: the judge, the model, its server, what masks names.

    Raises:
        InputError: There is no such judge or no model.
    """
    model = about.model
    told: tuple[Any, ...] = (judge_digest(load_judge(about.judge, assets)), model.base, model.model)
    told += (prepared_by(about.send),)
    if about.repeats > 1:
        told += (about.repeats, about.temperature)
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()[:32]


def scorer(about: Sampled, assets: Assets) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """From documents to columns ``score`` and, of repeated questions, ``spread``.

    They are null outside the sample and where the reply does not conform.

    Nothing is sent before a document of the sample is met whose reply is not kept.

    Raises:
        InputError: A judge, a model, a key or a package is missing.
    """
    judge = load_judge(about.judge, assets)
    prepare = preparing(about.send, assets)
    model, cache = about.model, Path(about.cache) if about.cache else None
    claims = about.claims(assets)
    with Client(model, cache=cache, shared=claims):
        pass  # what is missing is said now

    def scores(docs: pl.DataFrame) -> pl.DataFrame:
        ids = docs[DOC_ID].to_list()
        inside = pl.Series([sampled(one, about.share) for one in ids], dtype=pl.Boolean)
        texts = docs[TEXT].filter(inside).to_list()
        with Client(model, cache=cache, shared=claims) as client:
            judged = _judged(about, judge, client, texts, prepare)
        if claims is not None and judged["error"].is_in(["budget"]).any():
            raise _over(claims, model)
        if lost := judged["error"].is_in(["unavailable"]).sum():
            what = f"{lost} documents of the sample have no reply"
            hint = "run again to continue; replies that came are kept"
            raise RunError(what, where=model.base, hint=hint)
        columns = judged.select("score", *(["spread"] if about.repeats > 1 else []))
        return columns.select(pl.all().gather(_rows(inside)))

    return scores


def foretold(about: Sampled, assets: Assets, documents: int | None) -> str:
    """What a run is going to ask, for people to read before it does.

    Args:
        about: Who judges which share.
        assets: Of the run.
        documents: How many come to the judge, None if that is not known yet.
    """
    model, judge = about.model, load_judge(about.judge, assets)
    long = question(judge, "x" * judge.characters, about.style)
    each = likely_tokens([one.content for one in long.messages]) + long.max_tokens
    asked = "documents"
    if documents is not None:
        some = round(documents * about.share)
        asked = f"{documents:,} documents, some {some:,}"
    times = f" {about.repeats} times" if about.repeats > 1 else ""
    told = (
        f"{model.model} at {model.base} is asked{times} about {about.share:.3g} of the {asked}, "
        f"each of some {each * about.repeats:,} tokens where a text is long"
    )
    claims = about.claims(assets)
    if claims is None:
        return f"{told}; there is no budget"
    return f"{told}; the budget is {_amounts(about.budget)}, {_spent(claims)} before"


def spent(about: Sampled, assets: Assets) -> str:
    """What a run has spent of its budget, empty if it has none."""
    claims = about.claims(assets)
    return "" if claims is None else f"{_spent(claims)} of {_amounts(about.budget)}"


def _over(claims: Claims, model: Endpoint) -> BoundError:
    hint = (
        "replies that came are kept: run again with a larger `budget`, or with a smaller `sample`, "
        "which is a part of this one"
    )
    what = f"the budget of {_amounts(claims.budget)} is too small: {_spent(claims)}"
    return BoundError(what, where=model.base, hint=hint)


def _spent(claims: Claims) -> str:
    total = claims.total
    bound = zip(total, claims.budget, strict=True)
    used = Budget(*(None if most is None else one for one, most in bound))
    return f"{_amounts(used)} spent"


def _amounts(budget: Budget) -> str:
    words = [
        *([] if budget.tokens is None else [f"{budget.tokens:,} tokens"]),
        *([] if budget.requests is None else [f"{budget.requests:,} requests"]),
        *([] if budget.nano is None else [f"{Cost(nano=budget.nano).usd:.4f} USD"]),
    ]
    return " and ".join(words)


def _rows(inside: pl.Series) -> pl.Series:
    """Which row of the sample each document is, null outside it."""
    number = inside.cast(pl.UInt32).cum_sum() - inside.cast(pl.UInt32)
    return pl.select(pl.when(inside).then(number)).to_series()


def _judged(
    about: Sampled, judge: Judge, client: Client, texts: Sequence[str], prepare: Prepare | None
) -> pl.DataFrame:
    if about.repeats == 1:
        return judge_texts(texts, judge, client, style=about.style, prepare=prepare)
    return judge_repeatedly(
        texts,
        judge,
        client,
        repeats=about.repeats,
        temperature=about.temperature,
        style=about.style,
        prepare=prepare,
    )
