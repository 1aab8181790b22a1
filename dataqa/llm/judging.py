"""Texts to verdicts: a judge's questions about each, and what came back, as a frame."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import msgspec
import polars as pl

from dataqa.llm.client import Client, Foreseen
from dataqa.llm.judges import Judge, question
from dataqa.llm.question import Question, Reply, Style

VERDICTS = pl.Schema(
    {
        "label": pl.String,
        "score": pl.Float64,
        "probability": pl.Float64,
        "mass": pl.Float64,
        "reason": pl.String,
        "error": pl.String,
        "tokens": pl.Int64,
        "cached": pl.Boolean,
    }
)
"""One row for each text. ``score`` is the value expected by the probabilities of the labels, or
that of the label where there are none; ``probability`` is the label's; ``mass`` the share of the
model's probability that was on labels at all; ``error`` as in ``Reply``, or ``empty``."""

type Prepare = Callable[[str], str]


def judge_texts(
    texts: Sequence[str | None],
    judge: Judge,
    client: Client,
    *,
    style: Style = "chat",
    prepare: Prepare | None = None,
) -> pl.DataFrame:
    """Have a model judge texts; rows as ``VERDICTS`` has them, in the order of the texts.

    Args:
        texts: Any texts; nothing is asked about nulls and empty ones.
        judge: What is asked.
        client: Whom.
        style: ``chat``; ``completion`` for small models.
        prepare: What is done to a text before it leaves, such as ``outgoing.scrubber()``.

    Raises:
        RunError: The endpoint does not work; verdicts that came are kept in the cache.
        InputError: It does not take the key, or cannot be asked in this style.
    """
    replies = client.ask(_questions(texts, judge, style, prepare))
    rows = [_row(judge, next(replies)) if _asked(text) else _EMPTY for text in texts]
    for _ in replies:  # lets it end
        pass
    return pl.DataFrame(rows, schema=VERDICTS, orient="row")


def judge_repeatedly(
    texts: Sequence[str | None],
    judge: Judge,
    client: Client,
    *,
    repeats: int,
    temperature: float,
    style: Style = "chat",
    prepare: Prepare | None = None,
) -> pl.DataFrame:
    """Ask about each text several times, and see how far the answers lie apart.

    Args:
        texts: As ``judge_texts`` takes them.
        judge: What is asked.
        client: Whom.
        repeats: How often.
        temperature: Above 0: with the likeliest reply each time nothing would be learnt.
        style: As there.
        prepare: As there.

    Returns:
        One row for each text: ``score``, the mean of those that came; ``spread``, the highest
        less the lowest of them, null of fewer than two; ``error``, the first one, if there is no
        score.

    Raises:
        RunError: The endpoint does not work; replies that came are kept.
    """
    questions = (
        msgspec.structs.replace(one, temperature=temperature, repeat=at)
        for one in _questions(texts, judge, style, prepare)
        for at in range(repeats)
    )
    replies = client.ask(questions)
    rows: list[tuple[float | None, float | None, str | None]] = []
    for text in texts:
        mine = [next(replies) for _ in range(repeats)] if _asked(text) else []
        scores = [score for one in mine if (score := expected(judge, one)) is not None]
        spread = max(scores) - min(scores) if len(scores) > 1 else None
        mean = math.fsum(scores) / len(scores) if scores else None
        error = next((one.error for one in mine if one.error), "empty")
        rows.append((mean, spread, None if scores else error))
    for _ in replies:  # lets it end
        pass
    schema = {"score": pl.Float64, "spread": pl.Float64, "error": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def foresee(
    texts: Sequence[str | None],
    judge: Judge,
    client: Client,
    *,
    style: Style = "chat",
    prepare: Prepare | None = None,
) -> Foreseen:
    """What judging texts would take; nothing is sent."""
    return client.foresee(_questions(texts, judge, style, prepare))


def expected(judge: Judge, reply: Reply) -> float | None:
    """The score of a reply: by the probabilities of all labels if there are any.

    Where next to none of the probability is on labels, it says nothing, and the label counts.
    """
    if reply.label is None:
        return None
    if reply.probabilities is None:
        return judge.value(reply.label)
    shares = reply.probabilities
    return math.fsum(judge.value(label) * shares[str(label)] for label in judge.labels)


_EMPTY = (None, None, None, None, None, "empty", 0, False)


def _questions(
    texts: Sequence[str | None], judge: Judge, style: Style, prepare: Prepare | None
) -> Iterator[Question]:
    for text in texts:
        if text is not None and _asked(text):
            yield question(judge, prepare(text) if prepare else text, style)


def _asked(text: str | None) -> bool:
    return bool(text and text.strip())


def _row(judge: Judge, reply: Reply) -> tuple[object, ...]:
    label = None if reply.label is None else str(reply.label)
    shares = reply.probabilities
    reason = (reply.value or {}).get("reason")
    return (
        label,
        expected(judge, reply),
        shares[label] if shares and label is not None else None,
        reply.mass,
        reason if isinstance(reason, str) else None,
        reply.error or None,
        reply.tokens_in + reply.tokens_out,
        reply.cached,
    )
