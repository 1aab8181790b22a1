"""``scrub``: replaces the private data that ``private`` found.

The text is edited where findings say, and the edits are stored, so any span maps back; the values
themselves are stored nowhere. Doubtful spans are replaced like the others.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any, ClassVar

import msgspec
import polars as pl

from dataqa.edits import encode, merge, result_span
from dataqa.errors import InputError, did_you_mean
from dataqa.private.columns import check_path, replaced, split_path
from dataqa.private.corrections import GIVEN
from dataqa.private.finder import Finder, Plan, check_kinds, plan
from dataqa.private.keys import check_place, key_at
from dataqa.private.packs import USUAL
from dataqa.private.proof import DOUBT
from dataqa.private.replacing import KEYED, SCOPES, STYLES, About, Replacing, Scope, Style
from dataqa.types import DOC, DOC_ID, TEXT, Action, Assets, Batch, Opened

RULE, FOUND = "scrub.", "private."
SCRUBBED = "scrubbed"


class Scrub(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Replace what an earlier step ``private`` found; measure ``scrubbed``, how many values.

    Attributes:
        style: ``surrogate``: a stand-in of the same form that is nobody's, the same for the same
            value; ``tag``: the kind, as ``<EMAIL_ADDRESS>``; ``mask``: a star for each letter and
            digit; ``hash``: the kind and a keyed hash of the value; ``remove``; ``keep``.
        per_entity: Another style for some kinds.
        scope: Where the same value has the same stand-in: within a ``document``; within all of a
            ``subject``; within a ``dataset``; or in a whole ``project``, wherever the key is the
            same. The first is anonymous, as far as the text goes; the others let documents be
            joined, which is pseudonymous.
        dataset: The dataset's name: with another one, ``scope: dataset`` gives other stand-ins.
            Without a name it is one dataset for each key.
        subject: The column that says whom a document is about. All dates of a subject move by the
            same number of days; without it, all of a document.
        weekdays: Dates move by whole weeks.
        day_first: ``03/04/2021`` is the third of April, not the fourth of March.
        columns: Other columns that are scrubbed: paths, ``meta.author``, and the kind that their
            values are of; ``scan`` for those that are searched.
        packs: What such columns are searched by; this and the next three as in ``private``.
        entities: Kinds that are looked for there.
        names: What finds names there.
        languages: Of names there.
        key: The secret behind stand-ins and hashes: ``env:NAME`` or ``file:PATH``, at least 16
            bytes. It is read when the step opens and stored nowhere.
    """

    style: Style = "tag"
    per_entity: dict[str, Style] = {}
    scope: Scope = "dataset"
    dataset: str = ""
    subject: str = ""
    weekdays: bool = False
    day_first: bool = False
    columns: dict[str, str] = {}
    packs: tuple[str, ...] = USUAL
    entities: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    languages: tuple[str, ...] = ("en",)
    key: str = ""

    follows: ClassVar[str] = "private"

    def __post_init__(self) -> None:
        check_place(self.key, "scrub.key")
        # in Python nobody has looked at them yet
        for style in (self.style, *self.per_entity.values()):
            _known(style, STYLES, "style")
        _known(self.scope, SCOPES, "scope")
        if self.scope == "subject" and not self.subject:
            hint = "subject: patient_id, the column that names them"
            raise InputError("no subject", where="scrub.scope", hint=hint)

    def check_after(self, before: Sequence[object], assets: Assets) -> None:
        """See that the kinds that settings name are known to what looks for private data.

        Raises:
            InputError: One of them is not.
        """
        packs = [pack for step in before for pack in getattr(step, "packs", ())]
        check_kinds(self.per_entity, packs, assets, "scrub.per_entity")
        check_kinds(self.columns.values(), [*packs, *self.packs], assets, "scrub.columns")

    def digest(self, assets: Assets) -> str:
        """What the key makes of a word, and the recognisers of columns."""
        try:
            key = read_key(self)
        except InputError:  # said when the step opens
            return ""
        keyed = hmac.digest(key, b"dataqa scrub", sha256).hex()[:16] if key else ""
        return keyed + (self._plan(assets).digest() if self._searches else "")

    @property
    def _searches(self) -> bool:
        return "scan" in self.columns.values()

    def _plan(self, assets: Assets) -> Plan:
        return plan(self.packs, self.entities, assets, self.names, self.languages)

    def marks(self) -> dict[str, str]:
        """What files say of having been scrubbed: never the key."""
        return {"style": self.style, "scope": self.scope, "dataset": self.dataset}

    def open(self, assets: Assets) -> Opened:
        """Read the key, if a style takes one, and open the recognisers that columns take.

        Raises:
            InputError: There is none, or it is too short; or there is no such column.
        """
        how = self.replacing(read_key(self))
        finder = Finder(self._plan(assets), assets.cache) if self._searches else None

        def scrub(batch: Batch) -> Batch:
            about = about_of(batch.docs, self.subject)
            return _in_columns(_in_text(batch, how, about), self.columns, finder, how, about)

        return scrub

    def replacing(self, key: bytes) -> Replacing:
        """These settings with their key."""
        return Replacing(
            style=self.style,
            per_entity=self.per_entity,
            scope=self.scope,
            dataset=self.dataset,
            weekdays=self.weekdays,
            day_first=self.day_first,
            key=key,
        )


def _known(word: str, some: Sequence[str], what: str) -> None:
    if word not in some:
        where = f"scrub.{what}"
        raise InputError(f"there is no {what} {word!r}", where=where, hint=did_you_mean(word, some))


def read_key(step: Scrub) -> bytes:
    """The secret that a step's styles take; nothing where they take none.

    Raises:
        InputError: There is none, or it is too short.
    """
    if not {step.style, *step.per_entity.values()} & KEYED:
        return b""
    if not step.key:
        hint = "dataqa key new -o my.key, and key: file:my.key; or export it as DATAQA_KEY"
        raise InputError("stand-ins and hashes take a key", where="scrub.key", hint=hint)
    return key_at(step.key, "scrub.key")


def about_of(docs: pl.DataFrame, subject: str) -> Callable[[int], About]:
    """The document of each row.

    Raises:
        InputError: There is no such column, or it holds no ids.
    """
    ids = docs[DOC_ID]
    if not subject:
        return lambda row: About(ids[row])
    if subject not in docs.columns or subject in {DOC, TEXT}:
        known = [name for name in docs.columns if name not in {DOC, TEXT}]
        raise InputError(
            f"there is no column {subject!r}",
            where="scrub.subject",
            hint=did_you_mean(subject, known),
        )
    if docs[subject].dtype.is_nested():
        hint = "name a column of texts or numbers"
        raise InputError(f"{subject!r} is {docs[subject].dtype}", where="scrub.subject", hint=hint)
    whom = docs[subject].cast(pl.String).fill_null("")
    return lambda row: About(ids[row], whom[row])


def _in_text(batch: Batch, how: Replacing, about: Callable[[int], About]) -> Batch:
    found = batch.findings.filter(pl.col("rule").str.starts_with(FOUND))
    texts = batch.docs[TEXT].to_list()
    counts = [None if text is None else 0 for text in texts]
    rows: list[dict[str, Any]] = []
    if found.height:
        places = {doc: at for at, doc in enumerate(batch.docs[DOC].to_list())}
        told = batch.findings.filter(pl.col(DOC).is_in(found[DOC].implode()))
        for (doc,), mine in told.group_by(DOC, maintain_order=True):
            at = places[doc]
            new, made = _one(texts[at], mine, how, about(at))
            rows += [{DOC: doc, **row} for row in made]
            texts[at], counts[at] = new, len(made)
    batch = batch.with_signals({SCRUBBED: pl.Series(counts, dtype=pl.Int64)})
    if not rows:
        return batch
    schema = {DOC: pl.UInt64, "rule": pl.String, "start": pl.Int64, "end": pl.Int64}
    frame = pl.DataFrame(rows, {**schema, "score": pl.Float64, "edits": pl.Binary})
    return batch.with_text(pl.Series(TEXT, texts, pl.String)).with_findings(_scrubbing(frame))


def _in_columns(
    batch: Batch,
    columns: Mapping[str, str],
    scanner: Finder | None,
    how: Replacing,
    about: Callable[[int], About],
) -> Batch:
    """The same for columns: findings name the column, and have no place in the text."""
    if not columns:
        return batch
    docs, counts = batch.docs, batch.signals[SCRUBBED].to_list()
    whose = [about(row) for row in range(docs.height)]
    rows: list[dict[str, Any]] = []
    for path, kind in columns.items():
        check_path(path, docs.drop(DOC, TEXT).schema, "scrub.columns")
        name, fields = split_path(path, docs.columns)
        entity = "" if kind == "scan" else kind
        new, hits = replaced(docs[name], fields, entity, scanner, how, whose, DOUBT)
        docs = docs.with_columns(new)
        for row, found, score in hits:
            counts[row] = (counts[row] or 0) + 1
            told = {"rule": RULE + found, "score": score, "detail": path}
            rows.append({DOC: docs[DOC][row], **told})
    batch = batch._replace(docs=docs)
    batch = batch.with_signals({SCRUBBED: pl.Series(counts, dtype=pl.Int64)})
    if not rows:
        return batch
    schema = {DOC: pl.UInt64, "rule": pl.String, "score": pl.Float64, "detail": pl.String}
    frame = pl.DataFrame(rows, schema).sort(DOC, "detail", "rule", maintain_order=True)
    return batch.with_findings(_scrubbing(frame))


def _scrubbing(frame: pl.DataFrame) -> pl.DataFrame:
    action = pl.lit(int(Action.REWRITE), pl.UInt8)
    return frame.with_columns(step=pl.lit("scrub"), action=action, by=pl.lit("step"))


def _one(
    text: str, findings: pl.DataFrame, how: Replacing, about: About
) -> tuple[str, Sequence[Mapping[str, Any]]]:
    """One document's text scrubbed, and a finding for each place."""
    places = _places(findings)
    scores = {(start, end): score for _, start, end, score, _ in places}
    spans = [(rule.removeprefix(FOUND), start, end) for rule, start, end, _, _ in places]
    # a person's choice holds where values get stand-ins; a style that shows none asks for none
    given = {
        (start, end): detail.removeprefix(GIVEN)
        for rule, start, end, _, detail in places
        if detail.startswith(GIVEN) and how.style_of(rule.removeprefix(FOUND)) == "surrogate"
    }
    new, edits = how.without(text, spans, about, given)
    made: list[Mapping[str, Any]] = []
    for entity, edit in edits:
        end = edit.start + edit.removed
        place = {"start": edit.start, "end": end, "score": scores[edit.start, end]}
        made.append({"rule": RULE + entity, "edits": encode([edit]), **place})
    return new, made


def _places(findings: pl.DataFrame) -> list[tuple[str, int, int, float, str]]:
    """What was found, where it lies now: later steps may have edited the text since."""
    chain: list[bytes] = []
    places: list[tuple[str, int, int, float, str]] = []
    columns = ("step", "rule", "start", "end", "score", "edits", "detail")
    rows = findings.select(columns).rows()
    before = ""
    for step, rule, start, end, score, edits, detail in reversed(rows):
        if rule.startswith(RULE):  # what was found before is replaced already
            break
        if rule.startswith(FOUND):
            place = result_span(chain[::-1], start, end)
            places.append((rule, *place, score, detail or ""))
        elif edits is not None:
            chain = [*chain[:-1], merge([chain[-1], edits])] if step == before else [*chain, edits]
        before = step
    return sorted(places, key=lambda place: (place[1], place[2], place[0]))
