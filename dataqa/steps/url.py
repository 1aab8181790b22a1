"""Judges documents by where they come from, before their text is read.

The measures are those of RefinedWeb (Penedo et al. 2023, arXiv 2306.01116, appendix G.1) as FineWeb
(Penedo et al. 2024, arXiv 2406.17557) wrote them down: blocked domains, one hard word, two soft
words, or a banned substring of the URL without its punctuation. The lists are the user's own.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
import polars as pl
import zstandard

from dataqa.errors import InputError, did_you_mean
from dataqa.rules import Rule
from dataqa.types import Action, Assets, Batch, Opened
from dataqa.words import load_words

CITE = "Penedo et al. 2024, FineWeb (arXiv 2406.17557), after RefinedWeb (arXiv 2306.01116), G.1"
SIGNALS = ("url_domain_blocked", "url_hard_words", "url_soft_words", "url_substrings")
_LISTS = ("block", "allow", "hard_words", "soft_words", "substrings")
_MISSING = {"keep": Action.KEEP, "review": Action.REVIEW, "drop": Action.DROP}
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*:/*|^//")
_WORDS = re.compile(r"[a-z0-9]+")


class Url(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Measure ``url_domain_blocked``, ``url_hard_words``, ``url_soft_words``, ``url_substrings``.

    Each list holds entries, ``file:PATH`` (one entry a line, ``#`` begins a comment, ``.gz`` and
    ``.zst`` are read) or ``list:NAME`` (a word list of the rules folders).

    Attributes:
        column: The source column with the URL.
        block: Domains, whose subdomains they cover, or URLs with a path, which stand for
            themselves and everything below.
        allow: The same; a URL found here is not judged at all.
        hard_words: Words of which one is too many.
        soft_words: Words of which ``max_soft`` different ones are allowed.
        substrings: What may not occur in the URL once all but letters and digits is gone.
        max_soft: How many soft words a URL may have; FineWeb drops at two.
        missing: What a document without a URL asks for.
    """

    column: str = "url"
    block: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    hard_words: tuple[str, ...] = ()
    soft_words: tuple[str, ...] = ()
    substrings: tuple[str, ...] = ()
    max_soft: int = 1
    missing: Literal["keep", "review", "drop"] = "keep"

    def __post_init__(self) -> None:
        if self.max_soft < 0:
            raise InputError("a negative number of words", where="url.max_soft", hint="give 1")
        if not self.column:
            raise InputError("no column is named", where="url.column", hint="give its name")
        if self.missing not in _MISSING:
            hint = did_you_mean(self.missing, _MISSING)
            raise InputError("no such action", where="url.missing", hint=hint)

    def rules(self, assets: Assets) -> tuple[Rule, ...]:  # noqa: ARG002 - every step gets them
        """One rule for each kind of list that was given: ``url.domain.max`` and so on."""
        bounds = (0, 0, self.max_soft, 0)
        names = ("domain", "hard_words", "soft_words", "substrings")
        given = (self.block, self.hard_words, self.soft_words, self.substrings)
        missing = _MISSING[self.missing]
        return tuple(
            Rule("url", name, signal, max=bound, cite=CITE, missing=missing)
            for name, signal, bound, entries in zip(names, SIGNALS, bounds, given, strict=True)
            if entries
        )

    def digest(self, assets: Assets) -> str:
        """A digest of every entry of every list."""
        hasher = hashlib.blake2b(digest_size=16)
        for name in _LISTS:
            for entry in sorted(set(_entries(getattr(self, name), name, assets))):
                hasher.update(entry.encode() + b"\n")
            hasher.update(b"\0")
        return hasher.hexdigest()

    def open(self, assets: Assets) -> Opened:
        """Read the lists; returns a function that looks at the URLs alone.

        Raises:
            InputError: A file or list is missing or empty.
        """
        block, allow, hard, soft, parts = (
            frozenset(_entries(getattr(self, name), name, assets)) for name in _LISTS
        )
        pattern = "|".join(re.escape(part) for part in sorted(map(_bare, parts)) if part)
        lists = _Lists(
            frozenset(map(_place, block)),
            frozenset(map(_place, allow)),
            hard,
            soft,
            re.compile(pattern) if pattern else None,
        )
        return partial(_measure, column=self.column, lists=lists)


class _Lists(NamedTuple):
    """What URLs are held against, all in lower case."""

    block: frozenset[str]
    allow: frozenset[str]
    hard: frozenset[str]
    soft: frozenset[str]
    substrings: re.Pattern[str] | None


def _measure(batch: Batch, *, column: str, lists: _Lists) -> Batch:
    if column not in batch.docs.columns:
        raise InputError(
            f"the source has no column {column!r}",
            where="url.column",
            hint=did_you_mean(column, batch.docs.columns),
        )
    urls = batch.docs[column].cast(pl.String).str.to_lowercase()
    rows = [(None,) * len(SIGNALS) if not url else _judged(url, lists) for url in urls]
    columns = zip(*rows, strict=True) if rows else [()] * len(SIGNALS)
    return batch.with_signals(
        {
            name: pl.Series(values, dtype=pl.Int64)
            for name, values in zip(SIGNALS, columns, strict=True)
        }
    )


def _judged(url: str, lists: _Lists) -> tuple[int, int, int, int]:
    """The four counts of one lower-cased URL."""
    place = _place(url)
    if lists.allow and _covered(place, lists.allow):
        return 0, 0, 0, 0
    words = set(_WORDS.findall(url))
    found = set(lists.substrings.findall(_bare(url))) if lists.substrings else ()
    return (
        int(bool(lists.block) and _covered(place, lists.block)),
        len(words & lists.hard),
        len(words & lists.soft),
        len(found),
    )


def _place(url: str) -> str:
    """Host and path of a URL or a domain: no scheme, user, port, ``www.``, query or end slash.

    >>> _place("https://me@www.example.org:8080/a/b/?q=1#top")
    'example.org/a/b'
    """
    rest = re.split(r"[?#]", _SCHEME.sub("", url.strip().lower()), maxsplit=1)[0]
    host, slash, path = rest.partition("/")
    host = host.rpartition("@")[2]
    if not host.startswith("["):
        host = host.partition(":")[0]
    return (host.rstrip(".").removeprefix("www.") + slash + path).rstrip("/")


def _covered(place: str, listed: frozenset[str]) -> bool:
    """Whether a place, a domain above it or a path above it is listed."""
    host, _, path = place.partition("/")
    while True:
        if host in listed:
            return True
        below = host
        for part in path.split("/") if path else ():
            below = f"{below}/{part}"
            if below in listed:
                return True
        _, dot, host = host.partition(".")
        if not dot:
            return False


def _bare(text: str) -> str:
    return "".join(_WORDS.findall(text))


def _entries(given: Iterable[str], field: str, assets: Assets) -> Iterable[str]:
    """The entries of one list, lower-cased."""
    for place, entry in enumerate(given):
        where = f"url.{field}[{place}]"
        kind, _, name = entry.partition(":")
        if kind == "file":
            yield from _file(Path(name), where)
        elif kind == "list":
            yield from (word.lower() for word in load_words(name, assets))
        elif entry.strip():
            yield entry.strip().lower()
        else:
            raise InputError("an empty entry", where=where, hint="leave it out")


def _file(path: Path, where: str) -> list[str]:
    if not path.is_file():
        raise InputError(f"there is no file {path}", where=where, hint="paths are as the shell's")
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    elif path.suffix == ".zst":
        data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
    lines = (line.partition("#")[0].strip().lower() for line in data.decode().splitlines())
    found = [line for line in lines if line]
    if not found:
        raise InputError(f"{path} holds no entries", where=where, hint="one entry a line")
    return found
