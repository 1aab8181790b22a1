"""How much of an entry was found, as one number: 1 is all of it, word for word.

The weights of the parts, and how they shift for short questions, are decon's (Ai2, 2025).
"""

from __future__ import annotations

from typing import NamedTuple

PERFECT, ORDINARY = 20, 50
"""Up to so many words all of an entry is needed; from so many on the score is as it is."""
SURE = 0.8
"""The score at which decon speaks of contamination; the guard for short entries is built on it."""
_GRAMS = 20
_WORDS = 4


class Weights(NamedTuple):
    """What question, answer and passage count for; together 1."""

    question: float
    answer: float
    passage: float


def weights(grams: int, answer: int, passage: int) -> Weights:
    """The weights for a question of so many n-grams, an answer and a passage of so many words.

    A question of fewer than 20 n-grams says less, and part of its weight goes to the others.

    >>> weights(30, 5, 0)
    Weights(question=0.75, answer=0.25, passage=0.0)
    """
    sure = min(1.0, 0.5 + 0.5 * grams / _GRAMS)
    if answer and passage:
        lost = 0.7 * (1 - sure)
        told = min(1.0, 0.5 + 0.5 * answer / _WORDS)
        whole = 0.2 + lost / 2
        return Weights(0.7 * sure, whole * told, 0.1 + lost / 2 + whole * (1 - told))
    if answer:
        return Weights(0.75 * sure, 1 - 0.75 * sure, 0.0)
    if passage:
        return Weights(0.85 * sure, 0.0, 1 - 0.85 * sure)
    return Weights(1.0, 0.0, 0.0)


def guarded(score: float, words: int) -> float:
    """The score of an entry of so many words: a short one counts in full only if it is whole.

    >>> guarded(1.0, 20), guarded(0.9, 50), round(guarded(0.9, 20), 2), round(guarded(0.9, 35), 2)
    (1.0, 0.9, 0.72, 0.8)
    """
    if score >= 1 or words >= ORDINARY:
        return score
    part = max(0, words - PERFECT) / (ORDINARY - PERFECT)
    return score * SURE / (1 - (1 - SURE) * part)
