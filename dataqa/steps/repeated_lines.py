"""``repeated_lines``: lines that stand in many documents go from them, or are only counted.

Headers, menus and notices are alike from page to page where what a page says is not. The idea is
CCNet's (Wenzek et al. 2020, arXiv 1911.00359) and C4's (Raffel et al. 2020, arXiv 1910.10683); here
documents are counted, not occurrences, exactly, and a finding names each line that went. Where one
copy is to stay, no document is dropped here, for it may be the one that has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import ClassVar, Literal

import msgspec
import numpy as np
import polars as pl

from dataqa.duplicates import folding
from dataqa.duplicates.folding import Ignore, digests, folder, order_with
from dataqa.duplicates.lines import END, NUMBER, ROW, SAYS, START, Unit, lines, remove, units
from dataqa.edits import encode
from dataqa.errors import InputError
from dataqa.policy import in_review
from dataqa.rules import Rule
from dataqa.types import DOC, DOC_ID, TEXT, Action, Assets, Batch, Merge, Opened, Sketch, complete
from dataqa.words import load_words

_SAME = ("key", "low")
_KEPT = "kept"


class RepeatedLines(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Remove lines that many documents have; measure ``lines_repeated``.

    A line ends at a line feed; white space at its ends does not count, and a line with nothing else
    is never compared. Two lines are the same only if they are the same character by character, but
    for what is to be ignored: they are compared by 128 bits of BLAKE2b, a cryptographic digest.

    Measured too is ``lines_repeated_char_ratio``: of the characters in a document's lines, those in
    repeated ones; 1 for a document of which nothing is left. For paragraphs both are called
    ``paragraphs_``.

    Attributes:
        unit: ``line``, or ``paragraph``: lines without a blank one between them.
        max_documents: A line in more documents than this is repeated; how often it stands in one of
            them does not matter.
        action: ``remove``, with the blank lines behind it, or ``count``: texts stay as they are.
        keep_first: Let one of the documents keep the line, chosen by a hash of the ids; findings of
            the others name it.
        min_chars: Shorter lines are never compared: ``}``, ``Yes.`` and ``首页`` are everywhere.
        allow: Lines that are never removed, each ``file:PATH`` (one on each line), ``list:NAME`` (a
            word list of the rules folders) or a line itself.
        ignore: What may differ between lines that are the same, as in ``exact``: ``folded``,
            ``[case, digits]`` and so on.
        max_share: Drop a document if a larger share of its characters is in repeated lines (rule
            ``repeated_lines.share.max``); with ``keep_first`` it is for review instead, since it
            may keep another line for all. Left out, there is no such rule.
    """

    unit: Unit = "line"
    max_documents: int = 10
    action: Literal["remove", "count"] = "remove"
    keep_first: bool = False
    min_chars: int = 10
    allow: tuple[str, ...] = ()
    ignore: Ignore = "nothing"
    max_share: float | None = None

    judging: ClassVar[tuple[str, ...]] = ("max_share",)

    def __post_init__(self) -> None:
        for name in ("max_documents", "min_chars"):
            if getattr(self, name) < 1:
                raise InputError("at least one", where=f"repeated_lines.{name}", hint="give 10")
        if self.max_share is not None and not 0 <= self.max_share <= 1:
            raise InputError("no share", where="repeated_lines.max_share", hint="give 0 to 1")

    @property
    def rewrites(self) -> bool:
        """Whether texts change by the rulings."""
        return self.action == "remove"

    @property
    def signals(self) -> tuple[str, str]:
        """How many are repeated, and the share of characters in them."""
        return f"{self.unit}s_repeated", f"{self.unit}s_repeated_char_ratio"

    def rules(self, assets: Assets) -> tuple[Rule, ...]:  # noqa: ARG002 - every step gets them
        """``repeated_lines.share.max``, if a share is given."""
        action = Action.REVIEW if self.keep_first else Action.DROP
        rule = Rule("repeated_lines", "share", self.signals[1], max=self.max_share, action=action)
        return () if self.max_share is None else (rule,)

    def digest(self, assets: Assets) -> str:
        """A digest of the allowed lines and of the table by which scripts are compared, if any."""
        told = [folding.digest(self.ignore), *sorted(set(self._allowed(assets)))]
        return blake2b("\0".join(told).encode(), digest_size=16).hexdigest()

    def open(self, assets: Assets) -> Opened:
        """After the rulings: do what they say.

        Raises:
            InputError: A file or list is missing, or a package that folding takes.
        """
        folder(self.ignore)
        self._allowed(assets)
        return self._act

    def sketcher(self, assets: Assets) -> Callable[[Batch], Sketch]:
        """Rows ``_doc``, ``key`` and ``low`` (the digest), ``start`` and ``end``: one a line.

        To keep one copy takes ``order`` too, a hash of the document's id, and the ids themselves.
        """
        fold = folder(self.ignore)
        allowed = self._keys(fold(pl.Series(self._allowed(assets), dtype=pl.String)))

        def sketch(batch: Batch) -> Sketch:
            found = units(lines(batch.docs[TEXT]), self.unit)
            found = found.filter(pl.col(SAYS).str.len_chars() >= self.min_chars)
            keys = self._keys(fold(found[SAYS]))
            places = found.select(pl.col(START, END).cast(pl.UInt32))
            rows = batch.docs.select(DOC)[found[ROW]].hstack(keys).hstack(places)
            rows = rows.drop_nulls().join(allowed, on=_SAME, how="anti", maintain_order="left")
            if not self.keep_first:
                return Sketch(rows)
            ids = batch.docs.select(DOC, DOC_ID)
            # who is in review does not keep the line if somebody else can
            order = ids.select(DOC, order=order_with(ids[DOC_ID], in_review(batch)))
            return Sketch(rows.join(order, on=DOC, how="left", maintain_order="left"), ids)

        return sketch

    def settle(self, merge: Merge) -> Iterator[pl.DataFrame]:
        """A finding for each place where a repeated line stands; equal digests are equal lines."""
        if not self.keep_first:
            yield from (ruled.drop(_KEPT) for ruled in self._ruled(merge))
            return
        with merge.scratch() as scratch:
            paths: list[Path] = []
            keeping = pl.Series(_KEPT, dtype=pl.UInt64)
            for ruled in self._ruled(merge):
                paths.append(scratch / f"{len(paths):05d}.ipc")
                ruled.drop("ref").write_ipc(paths[-1])
                keeping = pl.concat([keeping, ruled[_KEPT]]).unique()
            ids = _ids(merge, keeping)
            for path in paths:
                ruled = pl.read_ipc(path)
                yield ruled.join(ids, on=_KEPT, how="left", maintain_order="left").drop(_KEPT)

    def _ruled(self, merge: Merge) -> Iterator[pl.DataFrame]:
        """The rulings of each partition that has any; ``kept`` is who keeps the line."""
        yield from (ruled for ruled in merge.each(self._rulings) if ruled.height)

    def _rulings(self, keyed: pl.DataFrame) -> pl.DataFrame:
        rows = keyed.filter(pl.col("key").is_duplicated())
        one = pl.col(DOC).sort_by("order", DOC).first() if self.keep_first else pl.lit(None)
        by_line = rows.group_by(_SAME).agg(
            pl.col(DOC).n_unique().alias("documents"), one.cast(pl.UInt64).alias(_KEPT)
        )
        many = by_line.filter(pl.col("documents") > self.max_documents)
        found = rows.join(many, on=_SAME, how="inner")
        action = Action.REWRITE if self.rewrites else Action.KEEP
        return found.filter(pl.col(DOC).ne_missing(pl.col(_KEPT))).select(
            DOC,
            pl.lit(f"repeated_lines.{self.unit}").alias("rule"),
            pl.lit(int(action), pl.UInt8).alias("action"),
            pl.col("documents").cast(pl.Float64).alias("score"),
            pl.lit(float(self.max_documents)).alias("bound"),
            pl.lit(None, pl.String).alias("ref"),
            pl.col(START, END).cast(pl.Int64),
            _KEPT,
        )

    def _act(self, batch: Batch) -> Batch:
        """Number the lines that findings name, remove them, and measure."""
        # a step of this kind that came before has told the numbers of its own already
        mine = (pl.col("rule") == f"repeated_lines.{self.unit}") & pl.col("detail").is_null()
        own = batch.findings.filter(mine)
        docs = batch.docs.filter(pl.col(DOC).is_in(own[DOC].implode())).select(DOC, TEXT)
        every = lines(docs[TEXT])
        found = units(every, self.unit).with_columns(chars=pl.col(SAYS).str.len_chars())
        told = (
            own.join(docs.with_row_index(ROW), on=DOC)
            .join(found.select(ROW, NUMBER, START, "chars"), on=[ROW, START])
            .with_columns(pl.format("{} {}", pl.lit(self.unit), NUMBER).alias("detail"))
            .sort(ROW, START)
        )
        batch = batch.with_signals(self._measured(batch.docs, docs, found, told))
        if not own.height:
            return batch
        if self.rewrites:
            removed = remove(docs[TEXT], every, told)
            edits = [encode([edit]) for edit in removed.edits]
            told = told.with_columns(pl.Series("edits", edits, pl.Binary))
            new = docs.select(DOC, removed.texts.alias("new"))
            joined = batch.docs.join(new, on=DOC, how="left", maintain_order="left")
            batch = batch.with_text(joined.select(pl.coalesce("new", TEXT)).to_series())
        return batch._replace(findings=pl.concat([batch.findings.filter(~mine), complete(told)]))

    def _measured(
        self, every: pl.DataFrame, docs: pl.DataFrame, found: pl.DataFrame, told: pl.DataFrame
    ) -> pl.DataFrame:
        """Both signals: 0 for a document that no finding is about, null for one without text."""
        count, share = self.signals
        whole = found.group_by(ROW).agg(pl.col("chars").sum().alias("whole"))
        part = told.group_by(ROW).agg(pl.len().cast(pl.Int64).alias(count), pl.col("chars").sum())
        known = docs.select(DOC).with_row_index(ROW).join(part, on=ROW).join(whole, on=ROW)
        known = known.select(DOC, count, (pl.col("chars") / pl.col("whole")).alias(share))
        joined = every.select(DOC, TEXT).join(known, on=DOC, how="left", maintain_order="left")
        values = pl.col(count, share).fill_null(0)
        return joined.select(pl.when(pl.col(TEXT).is_not_null()).then(values))

    def _keys(self, says: pl.Series) -> pl.DataFrame:
        """``key`` and ``low`` of what lines say, null where nothing is left to compare."""
        bare = says.str.strip_chars()
        values = digests(bare)
        return pl.DataFrame(
            {name: np.ascontiguousarray(values[:, at]) for at, name in enumerate(_SAME)}
        ).select(pl.when(bare != "").then(pl.col(_SAME)))

    def _allowed(self, assets: Assets) -> list[str]:
        """The lines that are never removed."""
        found: list[str] = []
        for place, entry in enumerate(self.allow):
            kind, _, name = entry.partition(":")
            if kind == "file":
                found += _file(Path(name), f"repeated_lines.allow[{place}]")
            elif kind == "list":
                found += load_words(name, assets)
            else:
                found.append(entry)
        return ["\n".join(line.strip() for line in entry.strip().split("\n")) for entry in found]


def _ids(merge: Merge, keeping: pl.Series) -> pl.DataFrame:
    """The public ids, ``ref``, of the documents that keep a line, by number."""
    found = [pl.DataFrame(schema={_KEPT: pl.UInt64, "ref": pl.String})]
    for docs in merge.docs([DOC, DOC_ID]):
        mine = docs.filter(pl.col(DOC).is_in(keeping.implode()))
        found.append(mine.select(pl.col(DOC).alias(_KEPT), pl.col(DOC_ID).alias("ref")))
    return pl.concat(found)


def _file(path: Path, where: str) -> list[str]:
    if not path.is_file():
        raise InputError(f"there is no file {path}", where=where, hint="paths are as the shell's")
    return [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
