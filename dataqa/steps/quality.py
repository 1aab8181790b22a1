"""Measures what rule packs ask for, and brings their rules.

The step only measures; what a bound does to a document is decided with all other evidence by
``dataqa.policy``. Every pack is proven on its own examples when the step opens.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from hashlib import blake2b
from typing import Annotated, ClassVar, Literal

import msgspec
import polars as pl

from dataqa import signals
from dataqa.bounds import check_changed
from dataqa.errors import InputError, did_you_mean
from dataqa.languages import known_languages
from dataqa.packs import Pack, load_packs, pack_digest
from dataqa.proof import require_proven
from dataqa.rules import Rule, with_bounds
from dataqa.types import TEXT, Action, Assets, Batch, Opened
from dataqa.words import load_words, words_digest

PREFIX = "column:"
"""What the signal that holds a source column is called: ``column:licence``."""


class Column(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the values of one source column must be."""

    one_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    min: float | None = None
    max: float | None = None
    action: Literal["drop", "review"] = "drop"
    missing: Literal["keep", "review", "drop"] = "review"
    doubt: Annotated[float, msgspec.Meta(ge=0)] = 0.0


class Quality(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Judge texts by rule packs, and documents by columns of the source.

    Attributes:
        packs: Names, globs (``fineweb2-*``) or paths of rule packs.
        signals: More signals to measure and keep, without a rule.
        languages: Hold the packs that name no language themselves to documents in these, as the
            step ``language`` found them: ``[en]`` for Gopher's rules in a corpus of many languages.
        bounds: Other bounds than the packs', ``gopher.word_count.min`` to number; ``inf`` switches
            one off.
        columns: Source columns to judge, such as ``licence: {one_of: [cc0, mit]}``; their bounds
            are named ``quality.licence.min``.
    """

    judging: ClassVar[tuple[str, ...]] = ("bounds", "languages")

    packs: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    bounds: dict[str, float] = {}
    columns: dict[str, Column] = {}

    def rules(self, assets: Assets) -> tuple[Rule, ...]:
        """The packs' rules in order, then those on columns, with this step's bounds in force.

        Raises:
            InputError: ``languages`` has one that no document can be found to be in.
        """
        for code in self.languages:
            if code not in known_languages():
                raise InputError(
                    f"the model knows no language {code!r}",
                    where="quality.languages",
                    hint=did_you_mean(code, known_languages()),
                )
        written = [
            rule if rule.languages else rule._replace(languages=self.languages)
            for pack in load_packs(self.packs, assets)
            for rule in pack.rules
        ]
        written += [_column_rule(name, column) for name, column in self.columns.items()]
        bounded = with_bounds(written, self.bounds)
        check_changed(written, bounded)
        return tuple(bounded)

    def open(self, assets: Assets) -> Opened:
        """Prove the packs and return the function that measures a batch, all signals at once."""
        packs = load_packs(self.packs, assets)
        for pack in packs:
            require_proven(pack, assets)
        wanted = _wanted(packs, self.signals)
        lists = {
            name: load_words(name, assets)
            for name in {signal.partition(":")[2] for signal in wanted} - {""}
        }
        return partial(_measure, wanted=wanted, words=lists, columns=tuple(self.columns))

    def digest(self, assets: Assets) -> str:
        """Of the files that results depend on: packs with their lists, and lists of signals."""
        lists = sorted({signal.partition(":")[2] for signal in self.signals} - {""})
        parts = [pack_digest(pack, assets) for pack in load_packs(self.packs, assets)]
        parts += [words_digest(name, assets) for name in lists]
        return blake2b("".join(parts).encode(), digest_size=16).hexdigest()

    def measures(self, assets: Assets) -> str:
        """Of what is measured, whatever the bounds: signals, and the contents of word lists."""
        wanted = _wanted(load_packs(self.packs, assets), self.signals)
        lists = sorted({signal.partition(":")[2] for signal in wanted} - {""})
        parts = [*wanted, *(words_digest(name, assets) for name in lists)]
        return blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


def _measure(
    batch: Batch,
    *,
    wanted: Sequence[str],
    words: dict[str, frozenset[str]],
    columns: Sequence[str],
) -> Batch:
    found = _columns(batch.docs, columns)
    if wanted:
        measured = signals.compute(batch.docs[TEXT], wanted, words.__getitem__)
        found = [*measured.get_columns(), *found]
    return batch.with_signals(pl.DataFrame(found)) if found else batch


def _columns(docs: pl.DataFrame, names: Sequence[str]) -> list[pl.Series]:
    for name in names:
        if name not in docs.columns:
            raise InputError(
                f"the source has no column {name!r}",
                where=f"step quality, columns.{name}",
                hint=did_you_mean(name, docs.columns),
            )
    return [docs[name].alias(f"{PREFIX}{name}") for name in names]


def _wanted(packs: Sequence[Pack], extra: Sequence[str]) -> tuple[str, ...]:
    known = signals.catalogue()
    for place, name in enumerate(extra):
        base, _, words = name.partition(":")
        if base not in known or known[base].needs_words != bool(words):
            hint = did_you_mean(base, known)
            if base in known:
                hint = f"write {base}:LIST" if known[base].needs_words else f"write {base}"
            raise InputError(
                f"no signal is named {name!r}", where=f"step quality, signals[{place}]", hint=hint
            )
    own = [rule.signal for pack in packs for rule in pack.rules]
    return tuple(dict.fromkeys([*own, *extra]))


def _column_rule(name: str, column: Column) -> Rule:
    where = f"step quality, columns.{name}"
    listed = bool(column.one_of or column.none_of)
    numeric = column.min is not None or column.max is not None
    if listed == numeric:
        raise InputError(
            "a column is judged either by one_of and none_of or by min and max",
            where=where,
            hint="two kinds at once, or none, were given",
        )
    if column.min is not None and column.max is not None and column.min > column.max:
        raise InputError("min is above max: every document trips", where=where)
    return Rule(
        pack="quality",
        name=name,
        signal=f"{PREFIX}{name}",
        min=column.min,
        max=column.max,
        one_of=column.one_of,
        none_of=column.none_of,
        action=Action[column.action.upper()],
        doubt=column.doubt,
        missing=Action[column.missing.upper()],
        cite="the pipeline",
    )
