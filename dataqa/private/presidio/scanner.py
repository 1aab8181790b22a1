"""Recognisers of a Presidio registry as a scan: what ``packs: ["presidio:FILE"]`` asks for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import polars as pl

from dataqa.errors import InputError
from dataqa.private.presidio.analyzer import Analyzer
from dataqa.private.presidio.registry import read_registry
from dataqa.private.scan import SPANS

LANGUAGE = "en"


class RegistryScanner:
    """A registry's recognisers, opened.

    Args:
        paths: YAML files of registries.
        entities: Kinds that are looked for; none: all that they know.
    """

    def __init__(self, paths: Sequence[str], entities: Sequence[str] = ()) -> None:
        found = [one for path in paths for one in read_registry(path).recognizers]
        self._entities = [one for one in entities if one in kinds_of(paths)] or None
        self._analyzer = Analyzer(found, languages=[LANGUAGE])

    def scan(self, texts: pl.Series, least: float = 0.0) -> pl.DataFrame:
        """What is found in each text, as ``Scanner.scan`` tells it, with overlaps.

        Recognisers are called ``presidio.NAME``.
        """
        rows: list[tuple[int, str, str, int, int, float]] = []
        for row, text in enumerate(texts):
            for one in self._analyzer.analyze(text, LANGUAGE, self._entities) if text else ():
                if one.score < least:
                    continue
                start = len(text[: one.start].encode())
                end = start + len(text[one.start : one.end].encode())
                name = (one.recognition_metadata or {}).get("recognizer_name", one.entity_type)
                rows.append((row, one.entity_type, f"presidio.{name}", start, end, one.score))
        return pl.DataFrame(sorted(rows), SPANS, orient="row")


def kinds_of(paths: Sequence[str]) -> frozenset[str]:
    """The kinds that registries know.

    Raises:
        InputError: One of them is none.
    """
    some = [one for path in paths for one in read_registry(path).recognizers]
    return frozenset(kind for one in some for kind in one.supported_entities)


def digest(path: str) -> str:
    """A digest of a registry's file and of the package that reads it."""
    try:
        data = Path(path).read_bytes()
    except OSError:
        raise InputError("there is no such file", where=path, hint="a Presidio registry") from None
    about = version("presidio-analyzer").encode() + b"\0" + data
    return hashlib.blake2b(about, digest_size=16).hexdigest()
