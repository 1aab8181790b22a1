"""The files of the rules folders: where each is found, and what a word list holds.

A pack is looked for as ``quality/<name>.yaml`` in every rules folder in turn, a word list as
``words/<name>.yaml``; the user's folders come before the one that ships.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import msgspec

from dataqa.errors import InputError, did_you_mean
from dataqa.types import Assets
from dataqa.yamlfile import read_yaml

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
"""What a pack or list may be called; nothing that could leave its folder."""


class _Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A word list as it stands in a file; ``characters`` is for lists of single characters."""

    words: str
    title: str
    cite: str
    url: str = ""
    items: tuple[str, ...] = ()
    characters: str = ""


def file_names(kind: str, assets: Assets) -> tuple[str, ...]:
    """The files of one kind (``quality``, ``words``) that can be asked for by name, sorted."""
    found = {path.stem for root in assets.rules for path in root.glob(f"{kind}/*.yaml")}
    return tuple(sorted(found))


def find_file(kind: str, name: str, assets: Assets, where: str = "") -> Path:
    """The first file of that kind and name.

    Raises:
        InputError: there is none; ``where`` is the place that asked for it.
    """
    for root in assets.rules:
        path = root / kind / f"{name}.yaml"
        if NAME.fullmatch(name) and path.is_file():
            return path
    noun = "word list" if kind == "words" else "pack"
    raise InputError(
        f"no {noun} is named {name!r}",
        where=where,
        hint=did_you_mean(name, file_names(kind, assets)),
    )


def load_words(name: str, assets: Assets) -> frozenset[str]:
    """The words of one list, as written: most signals compare them with lower-cased words.

    Raises:
        InputError: no such list, or a mistake in its file.
    """
    file = read_yaml(find_file("words", name, assets))
    sheet = file.struct(_Words)
    if sheet.words != file.path.stem:
        raise InputError(
            f"the list calls itself {sheet.words!r}",
            where=file.where("words"),
            hint=f"words: {file.path.stem}, as the file is named",
        )
    words = [*sheet.items, *"".join(sheet.characters.split())]
    if not words:
        raise InputError(
            "the list is empty", where=file.where(), hint="give `items` or `characters`"
        )
    for place, word in enumerate(sheet.items):
        if not word.strip():
            raise InputError("an empty word", where=file.where("items", place))
    return frozenset(words)


def words_digest(name: str, assets: Assets) -> str:
    """A digest of the words themselves, whatever their order in the file."""
    content = msgspec.json.encode(sorted(load_words(name, assets)))
    return hashlib.blake2b(content, digest_size=16).hexdigest()
