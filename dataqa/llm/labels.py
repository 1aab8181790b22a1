"""How sure a model is of a label: the probabilities of its tokens where the label stands.

The tokens of a reply's JSON say nothing, for a grammar forced them; at the place of the label the
log probabilities are the model's own. Those of all first tokens of a label are added, and divided
by the sum over all labels. Where a token begins several labels, the tokens behind it decide. Only
the likeliest tokens are told: a label that is not among them is taken to be as likely as the last
one that is, which is the most that it can be, so that no label seems surer than it is known to be.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from dataqa.llm.question import Label


class Token(NamedTuple):
    """A token of a reply, and what could have stood in its place, with log probabilities.

    Both in UTF-8: a token may be a part of a character.
    """

    text: bytes
    others: dict[bytes, float]


class Sureness(NamedTuple):
    """Of each label its probability among labels, and how much was on labels at all."""

    probabilities: dict[str, float]
    mass: float


def tokens_of(choice: dict[str, Any]) -> list[Token]:
    """The tokens with log probabilities of a choice, in either form that servers give.

    >>> tokens_of({"logprobs": {"tokens": [" hi"], "top_logprobs": [{" hi": -0.1}]}})
    [Token(text=b' hi', others={b' hi': -0.1})]
    """
    told = choice.get("logprobs")
    if not isinstance(told, dict):
        return []
    given: dict[str, Any] = told
    try:
        content: list[dict[str, Any]] = given.get("content") or []
        if content:
            return [Token(_text(one), _most(_told(one))) for one in content]
        texts: list[str] = given.get("tokens") or []
        tops: list[dict[str, float]] = given.get("top_logprobs") or []
        return [
            Token(text.encode(), _most({"token": one, "logprob": top[one]} for one in top))
            for text, top in zip(texts, tops, strict=False)
        ]
    except (KeyError, TypeError, AttributeError, ValueError):
        return []


def sureness(
    tokens: Sequence[Token], text: str, place: int, labels: Sequence[Label]
) -> Sureness | None:
    """The probability of each label at a place in a reply.

    Args:
        tokens: Of the reply.
        text: The reply.
        place: The character of it at which the label begins.
        labels: All that are possible.

    Returns:
        None where the tokens do not say: they are not those of the reply, or no label is among
        what could stand there.

    >>> one = Token(b" high", {b" high": -0.7, b" low": -1.4, b" the": -2.0})
    >>> sureness([one], " high", 1, ["low", "high"]).probabilities["high"] > 0.6
    True
    """
    begin = b"".join(token.text for token in tokens).find(text.encode())
    if begin < 0:
        return None
    left = begin + len(text[:place].encode())
    for number, token in enumerate(tokens):
        if len(token.text) > left:
            said = {str(label).encode(): b"" for label in labels}
            mass = _spread(tokens, number, token.text[:left], said)
            total = math.fsum(mass.values())
            if total <= 0:
                return None
            least = math.exp(min(token.others.values()))
            bounded = {word: one or least for word, one in mass.items()}
            over = math.fsum(bounded.values())
            shares = {word.decode(): one / over for word, one in bounded.items()}
            return Sureness(shares, min(1.0, total))
        left -= len(token.text)
    return None


def _told(one: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from one["top_logprobs"]
    yield one


def _text(one: dict[str, Any]) -> bytes:
    raw = one.get("bytes")
    return bytes(raw) if isinstance(raw, list) else one["token"].encode()


def _most(given: Iterable[dict[str, Any]]) -> dict[bytes, float]:
    """Texts and their log probabilities; the chosen one may be told twice."""
    found: dict[bytes, float] = {}
    for one in given:
        value = one["logprob"]
        if isinstance(value, int | float) and math.isfinite(value):
            text = _text(one)
            found[text] = max(value, found.get(text, -math.inf))
    return found


def _spread(
    tokens: Sequence[Token], number: int, before: bytes, said: dict[bytes, bytes]
) -> dict[bytes, float]:
    """The probability at one token that falls to each label.

    Args:
        tokens: Of the reply.
        number: The token's.
        before: What the token has before the label's own letters, such as a quotation mark.
        said: The labels that are still possible, with what was said of them already.
    """
    mass = dict.fromkeys(said, 0.0)
    token = tokens[number]
    for text, value in sorted(token.others.items()):
        if not text.startswith(before):
            continue
        rest = text[len(before) :]
        fits = {word: done for word, done in said.items() if _begins(word, done, rest)}
        if not fits:
            continue
        shares = dict.fromkeys(fits, 1 / len(fits))
        if len(fits) > 1 and text == token.text and number + 1 < len(tokens):
            further = {
                word: done + (rest if done else rest.lstrip()) for word, done in fits.items()
            }
            behind = _spread(tokens, number + 1, b"", further)
            if (total := math.fsum(behind.values())) > 0:
                shares = {word: share / total for word, share in behind.items()}
        for word, share in shares.items():
            mass[word] += math.exp(value) * share
    return mass


def _begins(word: bytes, done: bytes, rest: bytes) -> bool:
    """Whether a token goes on with a label, or ends it."""
    rest = rest if done else rest.lstrip()
    left = word[len(done) :]
    if not rest:
        return False
    if not rest.startswith(left):
        return left.startswith(rest)
    behind = rest[len(left) : len(left) + 1]
    return not behind or not (behind.isalnum() or behind in {b"_", b"-"})
