"""Which of several like documents stays: the keep policy, and all members of clusters in its order.

A policy is a list of wishes; the first that tells two documents apart decides. Where none does, a
hash of the content decides, then one of the id, so that neither files, their order nor shards do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.duplicates.links import Linked
from dataqa.errors import InputError, did_you_mean
from dataqa.types import DOC, TEXT, Batch, Merge

KINDS = ("longest", "shortest", "best", "least", "newest", "oldest", "source_priority")
_BIGGER_FIRST = {"longest", "best", "newest"}
_OF_COLUMN = {"newest", "oldest"}
_OF_SIGNAL = {"best", "least"}
HELD = "held"
"""Column: whether a document is in review already. Such a one comes after all that are not."""
BY_HASH = "content hash"
TIES = ("content", "order")


class Wish(NamedTuple):
    """One entry of a keep policy.

    Attributes:
        kind: ``longest`` or ``shortest`` (characters), ``best`` or ``least`` (a signal, else a
            column), ``newest`` or ``oldest`` (a column), ``source_priority`` (names, the best
            first).
        what: The signal's or column's name, or the names of sources.
    """

    kind: Literal["longest", "shortest", "best", "least", "newest", "oldest", "source_priority"]
    what: Any = None

    def values(self, batch: Batch, source_column: str) -> pl.Series:
        """What documents are compared by; null comes last."""
        if self.kind in {"longest", "shortest"}:
            return batch.docs[TEXT].str.len_chars().fill_null(0).cast(pl.Int64)
        if self.kind in _OF_SIGNAL:
            known = batch.signals if self.what in batch.signals.columns else batch.docs
            return _without_nan(_pick(known, self.what, "signal or column"))
        if self.kind in _OF_COLUMN:
            return _without_nan(_pick(batch.docs, self.what, "column"))
        places = {name: at for at, name in enumerate(self.what)}
        column = _pick(batch.docs, source_column, "column").cast(pl.String)
        return column.replace_strict(places, default=len(places), return_dtype=pl.Int64)

    @property
    def descending(self) -> bool:
        """Whether the greater value is the better."""
        return self.kind in _BIGGER_FIRST


def wish_of(written: Any, where: str) -> Wish:
    """An entry of a keep policy as YAML gives it: ``longest``, ``{newest: date}``.

    Raises:
        InputError: There is no such wish, or it lacks what it is about.
    """
    kind, what = (written, None) if isinstance(written, str) else _only(written, where)
    if kind not in KINDS:
        raise InputError(f"no such policy {kind!r}", where=where, hint=did_you_mean(kind, KINDS))
    bare = kind in {"longest", "shortest"}
    if bare and what is None:
        return Wish(kind)
    if kind == "source_priority" and isinstance(what, list | tuple) and what:
        return Wish(kind, tuple(str(name) for name in what))
    if not bare and kind != "source_priority" and isinstance(what, str) and what:
        return Wish(kind, what)
    example = {"source_priority": "[wiki, crawl]", "newest": "date", "oldest": "date"}
    hint = f"write {kind}" if bare else f"write {{{kind}: {example.get(kind, 'word_count')}}}"
    raise InputError(f"{kind} does not go with {what!r}", where=where, hint=hint)


def rank_columns(wishes: Sequence[Wish]) -> list[str]:
    """The names of the columns that hold what documents are ranked by."""
    return [f"rank{at}" for at in range(len(wishes))]


def ranked(merge: Merge, linked: Linked, wishes: Sequence[Wish], more: Sequence[str]) -> Ranked:
    """The members of all clusters: cluster after cluster, in each the best first.

    Args:
        merge: Whose documents have rows with ``held``, ``rank0``, ..., ``content`` and ``order``.
        linked: The clusters.
        wishes: The keep policy.
        more: Other columns that are wanted.
    """
    columns = [DOC, HELD, *rank_columns(wishes), *TIES, *more]
    found: list[pl.DataFrame] = []
    for docs in merge.docs(columns):
        nodes = linked.numbering.nodes(docs[DOC])
        inside = linked.members[nodes]
        mine = docs.filter(pl.Series(inside))
        own = nodes[inside]
        found.append(mine.with_columns(node=pl.Series(own), root=pl.Series(linked.roots[own])))
    if not found:
        return Ranked(pl.DataFrame(), np.zeros(0, np.uint32))
    order = ["root", HELD, *rank_columns(wishes), *TIES, DOC]
    down = [False, False, *(wish.descending for wish in wishes), False, False, False]
    rows = pl.concat(found).sort(order, descending=down, nulls_last=True)
    places = np.zeros(linked.numbering.size, np.uint32)
    places[rows["node"].to_numpy()] = np.arange(rows.height, dtype=np.uint32)
    return Ranked(rows, places)


class Ranked(NamedTuple):
    """Members in order.

    Attributes:
        rows: One for each, with ``node``, ``root`` and the columns asked for.
        places: For each node that is a member, its row.
    """

    rows: pl.DataFrame
    places: NDArray[np.uint32]


def deciding(wishes: Sequence[Wish], better: pl.DataFrame, worse: pl.DataFrame) -> pl.Series:
    """Which wish set the rows of ``better`` before those of ``worse``, pair by pair."""
    told = pl.Series([BY_HASH]).new_from_index(0, better.height)
    for name, wish in reversed(list(zip(rank_columns(wishes), wishes, strict=True))):
        differs = better[name].ne_missing(worse[name])
        about = f"{wish.kind} {wish.what}" if isinstance(wish.what, str) else wish.kind
        told = pl.select(pl.when(differs).then(pl.lit(about)).otherwise(told)).to_series()
    certain = ~better[HELD] & worse[HELD]
    return pl.select(pl.when(certain).then(pl.lit("not in review")).otherwise(told)).to_series()


def _only(written: Any, where: str) -> tuple[str, Any]:
    if isinstance(written, dict) and len(written) == 1:
        ((kind, what),) = written.items()
        return str(kind), what
    raise InputError(
        "not a keep policy", where=where, hint="such as longest, {newest: date}, {best: word_count}"
    )


def _without_nan(values: pl.Series) -> pl.Series:
    return values.fill_nan(None) if values.dtype.is_float() else values


def _pick(frame: pl.DataFrame, name: str, noun: str) -> pl.Series:
    if name in frame.columns:
        return frame[name]
    raise InputError(
        f"there is no {noun} {name!r} to rank documents by",
        where="keep",
        hint=did_you_mean(name, frame.columns),
    )
