"""Which objects a URL means: one, all below a prefix, or those that match a pattern.

Prefixes are taken for folders and patterns as in a shell, so that a bucket gives what the same
files on a disk would.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from glob import has_magic
from itertools import takewhile
from typing import NamedTuple

import msgspec

from dataqa.errors import InputError
from dataqa.io import objects
from dataqa.io.objects import Meta
from dataqa.io.urls import parse

_HUGGING_FACE = {"dataset_info.json", "dataset_dict.json", "state.json"}


class Found(NamedTuple):
    """Objects, and whether they were named or only lie below what was."""

    metas: list[Meta]
    named: bool


class _Named(msgspec.Struct):
    filename: str


class _State(msgspec.Struct):
    data: list[_Named] = msgspec.field(name="_data_files")


def objects_of(url: str) -> list[Found]:
    """The objects that a URL means.

    Args:
        url: Of an object, of a prefix, or with ``*``, ``?``, ``[…]`` or ``**`` in its key.

    Raises:
        InputError: There is none.
    """
    base, key = parse(url)
    if has_magic(key):
        return _matching(url, base, key.split("/"))
    if not url.endswith("/") and (one := objects.head(url)) is not None:
        return [Found([one], named=True)]
    below = [meta for meta in _listed(url) if _shown(meta, f"{base}/{key}".rstrip("/"))]
    if not below:
        raise InputError(
            "no such object, and no prefix with any below it", where=url, hint=_near(base, key)
        )
    return [Found(_data(below), named=False)]


def _matching(url: str, base: str, pattern: list[str]) -> list[Found]:
    fixed = list(takewhile(lambda part: not has_magic(part), pattern))
    start = "/".join((base, *fixed))
    listed = [(meta, meta.url[len(base) + 1 :].split("/")) for meta in _listed(start)]
    named = [meta for meta, parts in listed if _matches(parts, pattern)]
    if "**" in pattern:  # has walked the folders, and takes what a folder would take
        return [Found(named, named=False)]
    folders: dict[str, list[Meta]] = {}
    for meta, parts in listed:
        if len(parts) > len(pattern) and _matches(parts[: len(pattern)], pattern):
            folder = "/".join((base, *parts[: len(pattern)]))
            if _shown(meta, folder):
                folders.setdefault(folder, []).append(meta)
    if not named and not folders:
        hint = _near(base, "/".join((*fixed, pattern[len(fixed)])))
        raise InputError("no object matches", where=url, hint=hint)
    below = [Found(_data(metas), named=False) for metas in folders.values()]
    return [Found(named, named=True), *below] if named else below


def _listed(url: str) -> list[Meta]:
    """What is below a prefix, without the empty objects that stand for folders in some tools."""
    found = list(objects.listing(url))
    folders = {meta.url[:at] for meta in found for at, c in enumerate(meta.url) if c == "/"}
    return [meta for meta in found if meta.size or meta.url not in folders]


def _matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether a key matches, part by part; hidden parts must be named.

    >>> _matches(["crawl", "2026", "a.txt"], ["crawl", "**", "*.txt"])
    True
    >>> _matches(["crawl", ".state", "a.txt"], ["crawl", "*", "*.txt"])
    False
    """
    if not pattern:
        return not parts
    hidden = bool(parts) and parts[0].startswith(".") and not pattern[0].startswith(".")
    if pattern[0] == "**":
        deeper = bool(parts) and not hidden and _matches(parts[1:], pattern)
        return _matches(parts, pattern[1:]) or deeper
    if not parts or hidden:
        return False
    return fnmatchcase(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])


def _shown(meta: Meta, folder: str) -> bool:
    """Whether nothing below the folder on the way to an object is hidden."""
    return not any(part.startswith(".") for part in meta.url[len(folder) :].split("/"))


def _data(below: list[Meta]) -> list[Meta]:
    """Without what Hugging Face keeps beside its data: ``state.json`` names those."""
    states = [meta.url for meta in below if _name(meta) == "state.json"]
    saved = {url.rpartition("/")[0]: named for url in states if (named := _saved(url)) is not None}
    return [
        meta
        for meta in below
        if _name(meta) not in _HUGGING_FACE
        and _name(meta) in saved.get(meta.url.rpartition("/")[0], {_name(meta)})
    ]


def _saved(url: str) -> set[str] | None:
    try:
        state = msgspec.json.decode(objects.get(url) or b"", type=_State)
    except msgspec.MsgspecError:
        return None
    return {named.filename for named in state.data}


def _name(meta: Meta) -> str:
    return meta.url.rpartition("/")[2]


def _near(base: str, key: str) -> str:
    """Names like the one that does not exist."""
    folder, _, name = key.rpartition("/")
    names = objects.children(f"{base}/{folder}")
    if not names:
        return _near(base, folder) if folder else f"there is nothing in {base}"
    close = get_close_matches(name, names, n=3, cutoff=0.6)
    if close:
        return f"did you mean {' or '.join(close)}?"
    return f"there is {', '.join(names[:5])}" + (" and more" if len(names) > 5 else "")
