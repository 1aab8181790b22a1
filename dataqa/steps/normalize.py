"""Makes texts plain: one kind of line end, composed characters, nothing invisible.

Most documents need nothing, and are asked first: one search over the whole batch finds those that
hold anything a pass might change, and only they are looked at one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec
import polars as pl

from dataqa import tidy
from dataqa.edits import encode
from dataqa.errors import InputError
from dataqa.marks import character_class
from dataqa.types import DOC, TEXT, Action, Assets, Batch, Opened

STEP = "normalize"


class Normalize(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rewrite texts into a plain form and account for every change.

    Attributes:
        repair: Undo mojibake with ftfy (``schÃ¶n`` becomes ``schön``).
        line_ends: CRLF and CR become LF.
        control: Remove C0 and C1 control characters, save tab and line ends; NUL is counted apart.
        zero_width: Remove byte-order marks, word joiners, soft hyphens and zero-width spaces and
            joiners, except where they mean something: joiners in emoji and beside Arabic, Indic and
            other joining letters, spaces inside Khmer, Thai and their like.
        nfc: Compose characters (Unicode normalisation form C).
        trailing_space: Remove spaces and tabs at the ends of lines.
        max_newlines: Shorten longer runs of line feeds to this many; RefinedWeb used 2.
    """

    repair: bool = False
    line_ends: bool = True
    control: bool = True
    zero_width: bool = True
    nfc: bool = True
    trailing_space: bool = False
    max_newlines: int | None = None

    def __post_init__(self) -> None:
        if self.max_newlines is not None and not 1 <= self.max_newlines <= 1000:
            raise InputError(
                f"{self.max_newlines} is no number of newlines",
                where="normalize.max_newlines",
                hint="give 1 to 1000, or leave it out to keep all",
            )

    def open(self, assets: Assets) -> Opened:  # noqa: ARG002 - every step gets them
        """Build the search and the passes; returns a function that rewrites what they find."""
        passes = self._passes()
        if not passes:
            return lambda batch: batch
        return partial(_normalize, suspects=self._suspects(), passes=passes)

    def _passes(self) -> list[tidy.Pass]:
        chosen: list[tuple[bool, tidy.Pass]] = [
            (self.repair, tidy.repaired),
            (self.line_ends, tidy.line_ends),
            (self.control, tidy.controls),
            (self.zero_width, tidy.zero_width),
            (self.nfc, tidy.nfc),
            (self.trailing_space, tidy.trailing_space),
        ]
        passes = [one for wanted, one in chosen if wanted]
        if self.max_newlines is not None:
            passes.append(tidy.newlines(self.max_newlines))
        return passes

    def _suspects(self) -> str:
        """A regular expression that matches in every text that a pass would change."""
        characters = ""
        if self.line_ends:
            characters += r"\r"
        if self.control:
            characters += r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u{80}-\u{9f}"
        if self.zero_width:
            characters += r"\u{ad}\u{200b}-\u{200d}\u{2060}\u{feff}"
        if self.nfc:
            characters += character_class()
        if self.repair:
            characters = r"\u{80}-\u{10ffff}" + characters
        either = [f"[{characters}]"] if characters else []
        if self.trailing_space:
            either.append(rf"[{tidy.LINE_SPACE}](?:\n|\z)")
        if self.max_newlines is not None:
            either.append("\n" * (self.max_newlines + 1))
        return "|".join(either)


def _normalize(batch: Batch, *, suspects: str, passes: Sequence[tidy.Pass]) -> Batch:
    text = batch.docs[TEXT]
    rows = text.str.contains(suspects).fill_null(value=False).arg_true()
    if not rows.len():
        return batch
    changed: list[int] = []
    texts: list[str | None] = [None] * text.len()
    details: list[str] = []
    edits: list[bytes] = []
    for row, received in zip(rows.to_list(), text.gather(rows).to_list(), strict=True):
        tidied = tidy.tidy(received.encode(), passes)
        if tidied.edits:
            changed.append(row)
            texts[row] = tidied.text.decode()
            details.append(tidied.detail())
            edits.append(encode(tidied.edits))
    if not changed:
        return batch
    new = pl.Series(TEXT, texts, pl.String)
    findings = pl.DataFrame(
        {
            DOC: batch.docs[DOC].gather(changed),
            "step": [STEP] * len(changed),
            "rule": [STEP] * len(changed),
            "action": pl.Series([int(Action.REWRITE)] * len(changed), dtype=pl.UInt8),
            "detail": details,
            "edits": pl.Series(edits, dtype=pl.Binary),
        }
    )
    return batch.with_text(new.fill_null(text)).with_findings(findings)
