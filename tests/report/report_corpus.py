"""A plausible run over invented documents, for the tests of the report."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from dataqa.report.build import build
from dataqa.report.tally import Tally, merge
from dataqa.rules import Rule
from dataqa.types import DOC, DOC_ID, FINDINGS, TEXT, Action, Batch, complete

KINDS = {
    "word_count": "count",
    "mean_word_length": "length",
    "alpha_words": "share",
    "duplicate_lines": "share",
    "symbol_ratio": "ratio",
    "has_terminal": "flag",
    "language_score": "share",
}
RULES = (
    Rule("language", "score", "language_score", min=0.65),
    Rule("gopher", "word_count", "word_count", min=50, max=100_000),
    Rule("gopher", "mean_word_length", "mean_word_length", min=3, max=10),
    Rule("gopher", "alpha_words", "alpha_words", min=0.8),
    Rule("gopher", "duplicate_lines", "duplicate_lines", max=0.3),
    Rule("gopher", "symbol_ratio", "symbol_ratio", max=0.1),
    Rule("fineweb", "line_punctuation", "alpha_words", min=0.72, action=Action.REVIEW),
)
STEPS = ("normalize", "language", "quality", "exact")
LANGUAGES = ("en", "zh", "de", "fr", "es", "ja", "ru")
SOURCES = ("crawl-2025-08", "wikipedia", "forum-dump", "manuals", "news")
WORDS = {
    "en": "the river was low that summer and nobody in the village spoke of rain any more",
    "zh": "那年夏天河水很浅，村里再也没有人提起下雨的事。",
    "de": "der Fluss war in jenem Sommer seicht und niemand im Dorf sprach noch vom Regen",
    "fr": "la rivière était basse cet été et personne au village ne parlait plus de pluie",
    "es": "el río estaba bajo aquel verano y nadie en el pueblo hablaba ya de la lluvia",
    "ja": "その夏は川の水が少なく、村では誰も雨の話をしなくなった。",
    "ru": "в то лето река обмелела и никто в деревне больше не говорил о дожде",
}


def documents(count: int, seed: int = 1) -> Batch:
    """A batch with signals and findings, as it is when its documents leave."""
    rng = np.random.default_rng(seed)
    language = rng.choice(LANGUAGES, count, p=[0.52, 0.16, 0.1, 0.08, 0.06, 0.05, 0.03])
    source = rng.choice(SOURCES, count, p=[0.55, 0.2, 0.13, 0.08, 0.04])
    crawled = source == "crawl-2025-08"
    words = np.round(rng.lognormal(np.where(crawled, 5.2, 6.3), 1.3)).astype(np.int64)
    signals = pl.DataFrame(
        {
            "language": language,
            "language_score": np.clip(rng.beta(12, np.where(crawled, 2.0, 0.7)), 0, 1),
            "word_count": words,
            "mean_word_length": np.round(rng.normal(4.8, 0.9, count).clip(1, 24), 3),
            "alpha_words": rng.beta(14, np.where(crawled, 2.2, 1.2)).round(4),
            "duplicate_lines": rng.beta(0.7, np.where(crawled, 5, 12)).round(4),
            "symbol_ratio": (rng.exponential(0.018, count) * (1 + crawled)).round(4),
            "has_terminal": rng.random(count) < 0.82,
        }
    )
    texts = [_text(code, number) for number, code in enumerate(language)]
    docs = pl.DataFrame(
        {
            DOC: np.arange(count, dtype=np.uint64),
            DOC_ID: [f"{where}/{number:06d}" for number, where in enumerate(source)],
            TEXT: texts,
            "source": source,
        }
    )
    return Batch(docs, signals, findings(docs, signals, rng))


def findings(docs: pl.DataFrame, signals: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Trips of every rule, some edits, and some exact copies."""
    frames = [_trips(docs, signals, rule) for rule in RULES]
    edited = docs.select(DOC).filter(pl.Series(rng.random(docs.height) < 0.2))
    kinds = rng.choice(["nfc=1", "controls=2", "nfc=1 line_ends=7"], edited.height)
    frames.append(_found(edited, "normalize", "normalize.text", Action.REWRITE, pl.Series(kinds)))
    copies = docs.select(DOC).filter(pl.Series(rng.random(docs.height) < 0.06))
    same = _found(copies, "exact", "exact.copy", Action.DROP).with_columns(
        ref=pl.lit("wikipedia/000007")
    )
    return pl.concat([*frames, same]).sort(DOC, maintain_order=True)


def _trips(docs: pl.DataFrame, signals: pl.DataFrame, rule: Rule) -> pl.DataFrame:
    step = "language" if rule.pack == "language" else "quality"
    value = signals[rule.signal].cast(pl.Float64)
    frames: list[pl.DataFrame] = []
    for side, bound in (("min", rule.min), ("max", rule.max)):
        if bound is not None:
            mask = value < bound if side == "min" else value > bound
            one = _found(docs.filter(mask), step, f"{rule.key}.{side}", rule.action)
            frames.append(one.with_columns(score=value.filter(mask), bound=pl.lit(float(bound))))
    return pl.concat(frames)


def _found(
    docs: pl.DataFrame, step: str, rule: str, action: Action, detail: pl.Series | None = None
) -> pl.DataFrame:
    frame = docs.select(DOC).with_columns(
        step=pl.lit(step), rule=pl.lit(rule), action=pl.lit(int(action), pl.UInt8)
    )
    return complete(frame if detail is None else frame.with_columns(detail.alias("detail")))


def actions(batch: Batch) -> pl.Series:
    """The strongest action of each document."""
    strongest = np.zeros(batch.docs.height, np.uint8)
    at = np.searchsorted(batch.docs[DOC].to_numpy(), batch.findings[DOC].to_numpy())
    np.maximum.at(strongest, at, batch.findings["action"].to_numpy())
    return pl.Series("action", strongest)


def part(batch: Batch, start: int, end: int) -> Batch:
    """Some consecutive documents of a batch, with what is known of them."""
    docs = batch.docs[start:end]
    mine = batch.findings.filter(pl.col(DOC).is_in(docs[DOC].implode()))
    return Batch(docs, batch.signals[start:end], mine)


def tally() -> Tally:
    """An empty tally for this run."""
    return Tally(RULES, "source", steps=STEPS, kinds=KINDS)


def counted(batch: Batch) -> Tally:
    """A tally of the whole batch: copies leave at the second stage, the others at the end."""
    whole = tally()
    whole.add(batch, actions(batch), 1)
    return whole


def _text(language: str, number: int) -> str:
    sentence = WORDS[language]
    lines = [f"{sentence} ({number % 97 + at})." for at in range(1 + number % 6)]
    if number % 11 == 0:
        lines.insert(1, f"Write to person{number}@example.org or call +49 30 {number:07d}.")
    return "\n".join(lines)


EMPTY = pl.DataFrame(schema=FINDINGS)


def facts() -> dict[str, Any]:
    """What the engine knows of this run besides the counts."""
    return {
        "pipeline": {
            "name": "web-mixed",
            "description": "Web pages and reference texts in several languages, judged by "
            "published quality rules, without copies.",
            "steps": [{"language": {"threshold": 0.65}}, {"normalize": {}}, "quality", "exact"],
        },
        "rules": [
            {
                "step": "language" if rule.pack == "language" else "quality",
                "key": rule.key,
                "signal": rule.signal,
                "action": rule.action.name.lower(),
                **{side: getattr(rule, side) for side in ("min", "max")},
            }
            for rule in RULES
        ],
        "counts": {},
    }


def report(count: int = 4000) -> dict[str, Any]:
    """The report of a run over ``count`` documents, a few of them in quarantine."""
    whole = counted(documents(count))
    damaged = pl.DataFrame(
        {
            "step": [None, None, "normalize"],
            "error": ["the line is not JSON", "the line is not JSON", "ValueError"],
            "raw": [b"{", b"[", b"abc"],
        }
    )
    whole.quarantine(damaged)
    return build(merge([whole.to_dict()]), facts())
