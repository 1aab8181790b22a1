"""What is put in the place of private values: by style, and within which scope it is the same."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Literal, NamedTuple

from dataqa.edits import Edit
from dataqa.private.standins import identity, stand_in

type Style = Literal["surrogate", "mask", "tag", "hash", "remove", "keep"]
type Scope = Literal["document", "subject", "dataset", "project"]
STYLES: tuple[Style, ...] = ("surrogate", "mask", "tag", "hash", "remove", "keep")
SCOPES: tuple[Scope, ...] = ("document", "subject", "dataset", "project")
KEYED = frozenset({"surrogate", "hash"})


class About(NamedTuple):
    """The document that a value is in.

    Attributes:
        doc_id: Its id.
        subject: Whom it is about; nothing if that is not known.
    """

    doc_id: str = ""
    subject: str = ""


class Replacing(NamedTuple):
    """How values are replaced; see the step ``scrub`` for what each of these means."""

    style: Style = "tag"
    per_entity: Mapping[str, Style] = {}
    scope: Scope = "dataset"
    dataset: str = ""
    weekdays: bool = False
    day_first: bool = False
    key: bytes = b""

    def style_of(self, entity: str) -> Style:
        """The style of a kind."""
        return self.per_entity.get(entity, self.style)

    def replaced(self, entity: str, value: str, about: About) -> str:
        """What is put in a value's place."""
        style = self.style_of(entity)
        if style == "surrogate":
            return stand_in(
                entity,
                value,
                self.key,
                self.within(about),
                subject=self.subject(about),
                weekdays=self.weekdays,
                day_first=self.day_first,
            )
        if style == "hash":
            told = "\0".join((self.within(about), entity, identity(entity, value))).encode()
            return f"<{entity}:{hmac.digest(self.key, told, sha256).hex()[:16]}>"
        if style == "mask":
            return "".join("*" if one.isalnum() else one for one in value)
        return {"tag": f"<{entity}>", "remove": "", "keep": value}[style]

    def within(self, about: About) -> str:
        """What a value's stand-in depends on beside value and key: equal is the same scope."""
        if self.scope == "document":
            return about.doc_id
        if self.scope == "subject":
            return f"{self.dataset}\0subject\0{about.subject or about.doc_id}"
        return self.dataset if self.scope == "dataset" else ""

    def subject(self, about: About) -> str:
        """Whose dates move together: the subject's, else the document's."""
        dataset = "" if self.scope == "project" else self.dataset
        return f"{dataset}\0{about.subject or about.doc_id}"

    def without(
        self,
        text: str,
        spans: Iterable[tuple[str, int, int]],
        about: About,
        given: Mapping[tuple[int, int], str] = {},
    ) -> tuple[str, list[tuple[str, Edit]]]:
        """A text with its private values replaced.

        Args:
            text: Any text.
            spans: Kind, start and end in UTF-8 bytes of each value, by place; one that lies in
                another is passed over.
            about: The document.
            given: What people chose for the value at a place.

        Returns:
            The new text, and each replacement that changed something, with its kind.
        """
        data = text.encode()
        pieces: list[bytes] = []
        edits: list[tuple[str, Edit]] = []
        done = 0
        for entity, start, end in spans:
            if start < done or start == end:
                continue
            value = data[start:end].decode()
            new = given.get((start, end)) or self.replaced(entity, value, about)
            if new == value:
                continue
            pieces += [data[done:start], new.encode()]
            edits.append((entity, Edit(start, end - start, len(pieces[-1]))))
            done = end
        return b"".join([*pieces, data[done:]]).decode(), edits
