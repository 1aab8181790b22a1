"""``scrub``: replaces the private data that ``private`` found.

The text is edited where findings say, and the edits are stored, so any span maps back; the values
themselves are stored nowhere. Doubtful spans are replaced like the others.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar, Literal

import msgspec
import polars as pl

from dataqa.edits import Edit, encode, merge, result_span
from dataqa.errors import InputError
from dataqa.private.standins import folded, stand_in
from dataqa.types import DOC, DOC_ID, TEXT, Action, Assets, Batch, Opened

RULE, FOUND = "scrub.", "private."
SCRUBBED = "scrubbed"
type Style = Literal["surrogate", "mask", "tag", "hash", "remove", "keep"]
_KEYED = {"surrogate", "hash"}
_LEAST_KEY = 16


class Scrub(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Replace what an earlier step ``private`` found; measure ``scrubbed``, how many spans.

    Attributes:
        style: ``surrogate``: a stand-in of the same form that is nobody's, the same for the same
            value; ``tag``: the kind, as ``<EMAIL_ADDRESS>``; ``mask``: a star for each letter and
            digit; ``hash``: the kind and a keyed hash of the value; ``remove``; ``keep``.
        per_entity: Another style for some kinds.
        scope: Where the same value has the same stand-in: within a ``document``, or wherever the
            key is the same (``dataset``). The first is anonymous, as far as the text goes; the
            second lets documents be joined, which is pseudonymous.
        key: The secret behind stand-ins and hashes: ``env:NAME`` or ``file:PATH``, at least 16
            bytes. It is read when the step opens and stored nowhere.
    """

    style: Style = "tag"
    per_entity: dict[str, Style] = {}
    scope: Literal["document", "dataset"] = "dataset"
    key: str = ""

    follows: ClassVar[str] = "private"

    def __post_init__(self) -> None:
        if self.key and self.key.partition(":")[0] not in {"env", "file"}:
            hint = "write key: env:DATAQA_KEY, or file:PATH; never the key itself"
            raise InputError("not where a key is", where="scrub.key", hint=hint)

    def digest(self, assets: Assets) -> str:  # noqa: ARG002 - every step gets them
        """What the key makes of a word: with another key a finished run is another run."""
        try:
            key = read_key(self)
        except InputError:  # said when the step opens
            return ""
        return hmac.digest(key, b"dataqa scrub", sha256).hex()[:16] if key else ""

    def open(self, assets: Assets) -> Opened:  # noqa: ARG002 - every step is opened alike
        """Read the key, if a style takes one.

        Raises:
            InputError: There is none, or it is too short.
        """
        key = read_key(self)

        def scrub(batch: Batch) -> Batch:
            return _scrubbed(batch, self, key)

        return scrub

    def replaced(self, entity: str, value: str, key: bytes, doc_id: str) -> str:
        """What is put in a value's place."""
        style = self.per_entity.get(entity, self.style)
        scope = doc_id if self.scope == "document" else ""
        if style == "surrogate":
            return stand_in(entity, value, key, scope)
        if style == "hash":
            about = "\0".join((scope, entity, folded(value))).encode()
            return f"<{entity}:{hmac.digest(key, about, sha256).hex()[:16]}>"
        if style == "mask":
            return "".join("*" if one.isalnum() else one for one in value)
        return {"tag": f"<{entity}>", "remove": ""}.get(style, value)

    def without(
        self, text: str, spans: Iterable[tuple[str, int, int]], key: bytes, doc_id: str = ""
    ) -> tuple[str, list[tuple[str, Edit]]]:
        """A text with its private values replaced.

        Args:
            text: Any text.
            spans: Kind, start and end in UTF-8 bytes of each value, by place; one that lies in
                another is passed over.
            key: What ``read_key`` gives.
            doc_id: The document's, for ``scope: document``.

        Returns:
            The new text, and each replacement that changed something, with its kind.
        """
        data = text.encode()
        pieces: list[bytes] = []
        edits: list[tuple[str, Edit]] = []
        done = 0
        for entity, start, end in spans:
            value = data[start:end].decode()
            new = self.replaced(entity, value, key, doc_id)
            if start < done or start == end or new == value:
                continue
            pieces += [data[done:start], new.encode()]
            edits.append((entity, Edit(start, end - start, len(pieces[-1]))))
            done = end
        return b"".join([*pieces, data[done:]]).decode(), edits


def _scrubbed(batch: Batch, step: Scrub, key: bytes) -> Batch:
    found = batch.findings.filter(pl.col("rule").str.starts_with(FOUND))
    texts = batch.docs[TEXT].to_list()
    counts = [None if text is None else 0 for text in texts]
    rows: list[dict[str, Any]] = []
    if found.height:
        places = {doc: at for at, doc in enumerate(batch.docs[DOC].to_list())}
        told = batch.findings.filter(pl.col(DOC).is_in(found[DOC].implode()))
        for (doc,), mine in told.group_by(DOC, maintain_order=True):
            at = places[doc]
            new, made = _one(texts[at], mine, step, key, batch.docs[DOC_ID][at])
            rows += [{DOC: doc, **row} for row in made]
            texts[at], counts[at] = new, len(made)
    batch = batch.with_signals({SCRUBBED: pl.Series(counts, dtype=pl.Int64)})
    if not rows:
        return batch
    schema = {DOC: pl.UInt64, "rule": pl.String, "start": pl.Int64, "end": pl.Int64}
    frame = pl.DataFrame(rows, {**schema, "score": pl.Float64, "edits": pl.Binary}).with_columns(
        step=pl.lit("scrub"), action=pl.lit(int(Action.REWRITE), pl.UInt8), by=pl.lit("step")
    )
    return batch.with_text(pl.Series(TEXT, texts, pl.String)).with_findings(frame)


def _one(
    text: str, findings: pl.DataFrame, step: Scrub, key: bytes, doc_id: str
) -> tuple[str, list[Mapping[str, Any]]]:
    """One document's text scrubbed, and a finding for each place."""
    places = _places(findings)
    scores = {(start, end): score for _, start, end, score in places}
    spans = [(rule.removeprefix(FOUND), start, end) for rule, start, end, _ in places]
    new, edits = step.without(text, spans, key, doc_id)
    made: list[Mapping[str, Any]] = []
    for entity, edit in edits:
        end = edit.start + edit.removed
        place = {"start": edit.start, "end": end, "score": scores[edit.start, end]}
        made.append({"rule": RULE + entity, "edits": encode([edit]), **place})
    return new, made


def _places(findings: pl.DataFrame) -> list[tuple[str, int, int, float]]:
    """What was found, where it lies now: later steps may have edited the text since."""
    chain: list[bytes] = []
    places: list[tuple[str, int, int, float]] = []
    rows = findings.select("step", "rule", "start", "end", "score", "edits").rows()
    before = ""
    for step, rule, start, end, score, edits in reversed(rows):
        if rule.startswith(RULE):  # what was found before is replaced already
            break
        if rule.startswith(FOUND):
            places.append((rule, *result_span(chain[::-1], start, end), score))
        elif edits is not None:
            chain = [*chain[:-1], merge([chain[-1], edits])] if step == before else [*chain, edits]
        before = step
    return sorted(places, key=lambda place: (place[1], place[2], place[0]))


def read_key(step: Scrub) -> bytes:
    """The secret that a step's styles take; nothing where they take none.

    Raises:
        InputError: There is none, or it is too short.
    """
    if not {step.style, *step.per_entity.values()} & _KEYED:
        return b""
    where = step.key
    kind, _, name = where.partition(":")
    hint = "export DATAQA_KEY=$(openssl rand -hex 32), and key: env:DATAQA_KEY"
    if not where:
        raise InputError("stand-ins and hashes take a key", where="scrub.key", hint=hint)
    if kind == "env":
        found = os.environ.get(name, "").encode()
    else:
        try:
            found = Path(name).read_bytes().strip()
        except OSError:
            found = b""
    if len(found) < _LEAST_KEY:
        why = "there is no key there" if not found else f"shorter than {_LEAST_KEY} bytes"
        raise InputError(why, where=f"scrub.key, {where}", hint=hint)
    return found
