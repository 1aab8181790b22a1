"""Finds items of benchmarks in texts: a model trained on them would be measured by memory.

How is told in ``docs/contamination.md``; the method is that of decon (Ai2, 2025). The step notes
what it found and how surely; bounds decide, and can be changed on a finished run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import blake2b
from typing import ClassVar, Literal

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.decontaminate.benchmarks import (
    benchmark_files,
    benchmark_names,
    digest_of,
    read_benchmarks,
)
from dataqa.decontaminate.corpus import bare, matcher_of, unanswered
from dataqa.decontaminate.match import Found, Matcher, tokens
from dataqa.decontaminate.verdicts import DOUBT, MAX, PUBLIC, Bounds
from dataqa.errors import InputError, did_you_mean
from dataqa.io.corpus import Corpus
from dataqa.io.sources import Reading, find
from dataqa.rules import Rule
from dataqa.types import DOC, TEXT, Action, Assets, Batch, Opened

STEP = "contamination"
PUBLIC_SIGNAL = "contamination_public"
CITE = "Ai2 2025, decon: score 0.8 over n-gram clusters"
_ACTIONS = {"drop": Action.DROP, "review": Action.REVIEW, "keep": Action.KEEP}


class Contamination(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Measure ``contamination`` (0..1, with ``:NAME`` for each benchmark) and judge it.

    Also measured: ``contamination_tokens``, the words of the text in passages that were found, and
    ``contamination_control:NAME``, the same score of decoys where it is higher (what is found by
    chance). A benchmark is called as its file without endings; scores below 0.5 are told as 0.

    Attributes:
        against: Benchmark files (JSON lines, parquet, Arrow, CSV, TSV), folders, patterns.
        fields: Roles (``question``, ``answer``, ``passage``, ``id``) to columns, where the names
            of the files' columns do not tell.
        background: Files of texts of the same kind, such as a sample of the corpus: n-grams that
            many of them hold weigh little.
        public: An entry that so many texts of the background hold without its answer was public
            before it was a benchmark's; its question alone then asks for review.
        max: The largest score (rules ``contamination.NAME.max``).
        doubt: A score this near to ``max``, on either side, sends the document to review.
        action: What a score above ``max + doubt`` asks for.
    """

    judging: ClassVar[tuple[str, ...]] = ("max", "doubt", "action")

    against: tuple[str, ...] = ()
    fields: dict[str, str] = {}
    background: tuple[str, ...] = ()
    public: int = PUBLIC
    max: float = MAX
    doubt: float = DOUBT
    action: Literal["drop", "review", "keep"] = "drop"

    def __post_init__(self) -> None:
        Bounds(self.max, self.doubt, self.public).check()
        if self.action not in _ACTIONS:
            hint = did_you_mean(self.action, _ACTIONS)
            raise InputError("no such action", where="contamination.action", hint=hint)

    def rules(self, assets: Assets) -> tuple[Rule, ...]:  # noqa: ARG002 - every step gets them
        """``contamination.NAME`` for each benchmark, and ``contamination.public``.

        Raises:
            InputError: No benchmark is named, or one does not exist.
        """
        found = [
            Rule(
                STEP,
                name,
                f"{STEP}:{name}",
                max=self.max,
                action=_ACTIONS[self.action],
                doubt=0.0 if self.action == "keep" else self.doubt,
                cite=CITE,
                missing=Action.KEEP,
            )
            for name in benchmark_names(self.against)
        ]
        if self.background:
            least = self.max - self.doubt
            rule = Rule(STEP, "public", PUBLIC_SIGNAL, max=least, action=Action.REVIEW, cite=CITE)
            found.append(rule._replace(missing=Action.KEEP))
        return tuple(found)

    def digest(self, assets: Assets) -> str:  # noqa: ARG002 - every step gets them
        """Of the benchmarks and of the background."""
        background = find(self.background, Reading()) if self.background else []
        parts = (digest_of(benchmark_files(self.against)), digest_of(background))
        return blake2b("".join(parts).encode(), digest_size=16).hexdigest()

    def open(self, assets: Assets) -> Opened:  # noqa: ARG002 - every step gets them
        """Read the benchmarks and the background; returns a function that looks into texts."""
        benchmarks = read_benchmarks(self.against, self.fields)
        if not self.background:
            return partial(_measure, matcher=matcher_of(benchmarks), public=None)
        with Corpus(self.background, Reading()) as corpus:
            matcher = matcher_of(benchmarks, corpus.texts)
            counts = np.zeros(len(matcher.index.ids), np.int64)
            for texts in corpus.texts():
                counts += bare(matcher.find(texts).matches, counts.size)
        return partial(_measure, matcher=matcher, public=counts >= self.public)


def _measure(batch: Batch, *, matcher: Matcher, public: NDArray[np.bool_] | None) -> Batch:
    texts = batch.docs[TEXT]
    found = matcher.find(texts)
    names = [census.name for census in matcher.index.census]
    batch = batch.with_signals(_signals(texts, found, names, public))
    return batch.with_findings(_findings(batch.docs[DOC], found.matches, names, matcher.index.ids))


def _signals(
    texts: pl.Series, found: Found, names: Sequence[str], public: NDArray[np.bool_] | None
) -> dict[str, pl.Series]:
    """The best scores; a question without its answer that was public has a signal of its own."""
    matches, known = found.matches, found.matches.clear()
    if public is not None:
        at = pl.Series(public).gather(matches["entry"])
        known = matches.filter(at & matches.select(unanswered()).to_series())
        matches = matches.filter(~(at & matches.select(unanswered()).to_series()))
    signals = {
        STEP: _best(matches, texts.len()),
        f"{STEP}_tokens": pl.Series(tokens(found.matches, texts.len())),
    }
    if public is not None:
        signals[PUBLIC_SIGNAL] = _best(known, texts.len())
    for group, name in enumerate(names):
        mine = pl.col("group") == group
        signals[f"{STEP}:{name}"] = _best(matches.filter(mine), texts.len())
        signals[f"{STEP}_control:{name}"] = _best(found.control.filter(mine), texts.len())
    there = texts.is_not_null()
    return {
        name: pl.select(pl.when(there).then(signal)).to_series() for name, signal in signals.items()
    }


def _best(rows: pl.DataFrame, texts: int) -> pl.Series:
    """The highest score of each text, 0 where there is none."""
    best = np.zeros(texts)
    np.maximum.at(best, rows["text"].to_numpy(), rows["score"].to_numpy())
    return pl.Series(best)


def _findings(
    docs: pl.Series, matches: pl.DataFrame, names: Sequence[str], ids: Sequence[str]
) -> pl.DataFrame:
    """One for each entry found, with numbers only; the rules decide what comes of it."""
    shares = matches.select("question", "answer", "passage")
    return pl.DataFrame(
        {
            DOC: docs.gather(matches["text"]),
            "step": pl.repeat(STEP, matches.height, eager=True),
            "rule": pl.Series(
                [f"{STEP}.{names[group]}" for group in matches["group"]], dtype=pl.String
            ),
            "action": pl.repeat(int(Action.KEEP), matches.height, dtype=pl.UInt8, eager=True),
            "score": matches["score"],
            "detail": pl.Series(
                [_detail(row) for row in shares.iter_rows(named=True)], dtype=pl.String
            ),
            "start": matches["start"],
            "end": matches["end"],
            "ref": pl.Series([ids[entry] for entry in matches["entry"]], dtype=pl.String),
        }
    )


def _detail(shares: Mapping[str, float | None]) -> str:
    """The shares of the entry's parts: ``question 0.98, answer 1.00``."""
    return ", ".join(f"{part} {share:.2f}" for part, share in shares.items() if share is not None)
