"""``passages``: of passages that occur again, exactly and anywhere in the corpus, one copy stays.

As RefinedWeb removes exact substrings of 50 tokens (Penedo et al. 2023, arXiv 2306.01116, after
Lee et al. 2022, arXiv 2107.06499), but on tokens, keeping one copy, and without a suffix array.

A document's *items* are its tokens (a word, one Han or Kana character, a run of one mark) or its
characters; white space is none. An item is removed exactly if it lies in a window of ``n`` items
that also occurs earlier: at an earlier place of the document, or anywhere in a document that comes
before it by a hash of the id, those in review after all others. So neither files nor their order
matter, and no two windows that are left whole are equal. Text that goes on repeating itself is left
with what it repeats, once.

What a finding removes is equal, item by item, to what stands in the document ``ref`` from the item
on that ``detail`` names. That may be removed there in turn, if it occurs earlier still; its own
finding says where. Going back ends at a copy that stays, for each goes to an earlier place, and the
document that has it is never dropped here: a share that is too large asks for review.

White space does not matter for what is equal. Case does unless ``fold``. A document shorter than
``n`` items is not looked at. Hashes stand for items (64 bits) and for windows (128 bits): for a
window to go wrongly, two items that differ would have to be of the same hash between equal ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa import kernels
from dataqa.duplicates.folding import order_with
from dataqa.duplicates.items import PLACE, Cutting, notes
from dataqa.duplicates.passages import ORDER, Repeated, find
from dataqa.edits import Edit, decode, encode, merge
from dataqa.errors import InputError
from dataqa.policy import in_review
from dataqa.rules import Rule
from dataqa.types import DOC, DOC_ID, TEXT, Action, Assets, Batch, Merge, Opened, Sketch

COUNT, SHARE = "passages_repeated", "passages_share"
MOST = 4096
CITE = "Penedo et al. 2023, RefinedWeb (arXiv 2306.01116)"
_SIGNALS = {COUNT: pl.Int64, SHARE: pl.Float64}
_FRAME_ROWS = 1 << 17


class Passages(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Remove passages that occur again; measure ``passages_repeated`` and ``passages_share``.

    A document of which every item would go is dropped as it is (``passages.whole``), not emptied.

    Attributes:
        unit: What ``n`` counts: ``token``, or ``char`` (a character with the marks on it).
        n: Items of the shortest passage that is looked for.
        fold: Case does not matter.
        cut: ``token``, or ``sentence``: only whole sentences and lines go, and only where ``n``
            items or more of a passage are left; half a sentence never stays.
        action: ``remove``, or ``count``: change nothing, but find and measure.
        max_removed: The largest share of its items that a document may lose, or it is for review
            (rule ``passages.removed.max``), not dropped: what is left of it may be the one copy of
            what went elsewhere. Left out, it may lose all but one.
    """

    unit: Literal["token", "char"] = "token"
    n: int = 50
    fold: bool = False
    cut: Literal["token", "sentence"] = "token"
    action: Literal["remove", "count"] = "remove"
    max_removed: float | None = None

    def __post_init__(self) -> None:
        if not 2 <= self.n <= MOST:
            hint = f"a number from 2 to {MOST}"
            raise InputError(f"n is {self.n}", where="passages.n", hint=hint)
        if self.max_removed is not None and not 0 <= self.max_removed <= 1:
            hint = "give a number from 0 to 1"
            where = "passages.max_removed"
            raise InputError(f"{self.max_removed:g} is no share", where=where, hint=hint)

    @property
    def rewrites(self) -> bool:
        """Whether texts change by the rulings."""
        return self.action == "remove"

    @property
    def cutting(self) -> Cutting:
        """What passages are made of."""
        return Cutting(self.unit == "char", self.n, self.fold, self.cut == "sentence")

    def rules(self, assets: Assets) -> tuple[Rule, ...]:  # noqa: ARG002 - every step gets them
        """``passages.removed.max``, when a document may not lose more than a share."""
        if self.max_removed is None:
            return ()
        rule = Rule("passages", "removed", SHARE, max=self.max_removed, cite=CITE)
        return (rule._replace(action=Action.REVIEW),)

    def open(self, assets: Assets) -> Opened:  # noqa: ARG002 - every step is opened alike
        """After the rulings: cut out what they name."""
        return _cut

    def sketcher(self, assets: Assets) -> Callable[[Batch], Sketch]:  # noqa: ARG002
        """Rows ``_doc``, ``key``, ``place``: about four for every ``n`` items."""
        kernels.warm()
        cutting = self.cutting

        def sketch(batch: Batch) -> Sketch:
            noted = notes(batch.docs[TEXT], cutting)
            keyed = noted.select(batch.docs[DOC].gather(noted["row"]), "key", PLACE)
            docs = batch.docs.select(DOC, DOC_ID)
            # who is in review keeps no copy that somebody else could: it may yet be discarded
            order = order_with(docs[DOC_ID], in_review(batch))
            return Sketch(keyed, docs.with_columns(order.alias(ORDER)))

        return sketch

    def settle(self, merge: Merge) -> Iterator[pl.DataFrame]:
        """One finding for each piece of text copied from one earlier place."""
        kernels.warm()
        held: list[pl.DataFrame] = []
        ruled = False
        for repeated in find(merge, self.cutting):
            held.append(self._ruled(repeated))
            ruled |= held[-1].height > 0
            if sum(rows.height for rows in held) >= _FRAME_ROWS:
                yield pl.concat(held)
                held = []
        if ruled and held:
            yield pl.concat(held)
        if not ruled:
            yield from _nothing(merge)

    def _ruled(self, repeated: Repeated) -> pl.DataFrame:
        pieces = repeated.pieces
        sizes = pieces.highs - pieces.lows
        lost = np.bincount(pieces.rows, sizes, len(pieces.sizes)).astype(np.int64)
        counts = np.bincount(pieces.rows, minlength=len(pieces.sizes))
        own = pieces.sizes[pieces.rows]
        whole = lost[pieces.rows] == own
        asked = np.where(whole, int(Action.DROP), int(Action.REWRITE))
        if self.action == "count":
            asked[:] = int(Action.KEEP)
        noun = "token" if self.unit == "token" else "character"
        origins = (pieces.origins & np.uint64(0xFFFFFFFF)).astype(np.int64) + 1
        return pl.DataFrame(
            {
                DOC: repeated.docs.gather(pieces.rows),
                "rule": pl.Series(np.where(whole, "passages.whole", "passages.repeat")),
                "action": pl.Series(asked, dtype=pl.UInt8),
                "score": pl.Series(sizes / own),
                "bound": pl.repeat(float(self.n), len(own), eager=True),
                "detail": _detail(sizes, origins, noun),
                "start": pl.Series(pieces.spans[:, 0]),
                "end": pl.Series(pieces.spans[:, 1]),
                "ref": repeated.refs,
                "edits": _edits(pieces.spans, asked == Action.REWRITE),
                COUNT: pl.Series(counts[pieces.rows], dtype=pl.Int64),
                SHARE: pl.Series(lost[pieces.rows] / own),
            }
        )


def _detail(sizes: NDArray[np.int64], origins: NDArray[np.int64], noun: str) -> pl.Series:
    told = pl.DataFrame({"size": sizes, "origin": origins})
    return told.select(pl.format(f"{{}} {noun}s, first at {noun} {{}}", "size", "origin"))[:, 0]


def _edits(spans: NDArray[np.int64], wanted: NDArray[np.bool_]) -> pl.Series:
    stored = [
        encode([Edit(start, end - start, spaces)]) if edited else None
        for (_, _, start, end, spaces), edited in zip(spans.tolist(), wanted, strict=True)
    ]
    return pl.Series(stored, dtype=pl.Binary)


def _nothing(merge: Merge) -> Iterator[pl.DataFrame]:
    """Where nothing repeats, one row that says so of the first document.

    With it every document's signals begin anew, so that ``open`` does not take the findings of an
    earlier ``passages`` for its own.
    """
    first: tuple[int, int] | None = None
    for rows in merge.docs([DOC, ORDER]):
        if rows.height:
            mine = rows.select(ORDER, DOC).sort(ORDER, DOC).row(0)
            first = min(first, mine) if first else mine
    if first:
        row = {DOC: [first[1]], "rule": [None], COUNT: [0], SHARE: [0.0]}
        yield pl.DataFrame(row, schema={DOC: pl.UInt64, "rule": pl.String, **_SIGNALS})


def _cut(batch: Batch) -> Batch:
    """The texts without what the newest rulings name."""
    known = {
        name: batch.signals[name]
        if name in batch.signals.columns
        else pl.repeat(None, batch.docs.height, dtype=kind, eager=True)
        for name, kind in _SIGNALS.items()
    }
    ruled = batch.docs[DOC].filter(known[COUNT].fill_null(0) > 0)
    batch = batch.with_signals({name: told.fill_null(0) for name, told in known.items()})
    number = pl.col("step").str.extract(r"~(\d+)$").cast(pl.Int64).fill_null(1)
    mine = batch.findings.filter(
        pl.col("rule") == "passages.repeat",
        pl.col("edits").is_not_null(),
        pl.col(DOC).is_in(ruled.implode()),
    ).filter(number == number.max().over(DOC))
    if not mine.height:
        return batch
    edits = {doc: merge(told) for doc, told in mine.group_by(DOC).agg("edits").iter_rows()}
    texts = [
        text if doc not in edits else _without(text, edits[doc])
        for doc, text in zip(batch.docs[DOC], batch.docs[TEXT], strict=True)
    ]
    return batch.with_text(pl.Series(TEXT, texts, pl.String))


def _without(text: str, stored: bytes) -> str:
    source = text.encode()
    parts: list[bytes] = []
    at = 0
    for start, removed, spaces in decode(stored):
        parts += [source[at:start], b" " * spaces]
        at = start + removed
    return b"".join([*parts, source[at:]]).decode()
