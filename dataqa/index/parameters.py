"""What an index is built with; signatures made with other parameters cannot be compared.

How texts are cut into shingles also follows from Unicode's tables and from our own code, so a
fingerprint of both is kept beside the parameters and looked at before texts are.
"""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from math import ceil
from typing import Any, Self

import msgspec
import polars as pl

from dataqa.duplicates.bands import PRESETS, Bands, band_keys, derive
from dataqa.duplicates.signatures import Shingle, signatures
from dataqa.errors import InputError, did_you_mean
from dataqa.kernels import tables

_WHERE = "index"
_PROBES = (
    "The quick brown fox, 1½ jumps over it’s lazy dog. ",
    "敏捷的棕色狐狸 ジャンプ 뛰다 ",
    "Ünïcödé straße σς ",
)
"""Texts of several scripts, repeated so that a signature is made of many shingles."""


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How signatures are made and looked up.

    Attributes:
        similarity: From this estimated Jaccard similarity on documents are called similar.
        shingle: What documents are cut into.
        permutations: Places of a signature; the more, the surer an estimate.
        bands: Documents are compared where all rows of some band are equal.
        seed: Of the permutations.

    Raises:
        InputError: Something is out of range, or the bands need more permutations.
    """

    similarity: float = 0.8
    shingle: Shingle = Shingle()
    permutations: int = 128
    bands: Bands = Bands(12, 5)
    seed: int = 1

    def __post_init__(self) -> None:
        check_similarity(self.similarity)
        if self.bands.permutations > self.permutations:
            raise InputError(
                f"{self.bands.bands} bands of {self.bands.rows} rows need"
                f" {self.bands.permutations} permutations, and there are {self.permutations}",
                where=_WHERE,
                hint="fewer bands, or more permutations",
            )
        if not 0 <= self.seed < 1 << 32:
            raise InputError(f"seed {self.seed}", where=_WHERE, hint="from 0 to 4294967295")

    @classmethod
    def of(
        cls,
        similarity: float = 0.8,
        shingle: Shingle | None = None,
        permutations: int | None = None,
        bands: Bands | str | None = None,
        seed: int = 1,
    ) -> Self:
        """Parameters from what a user gives.

        Args:
            similarity: From which on documents are similar.
            shingle: By default the preset's, else five words.
            permutations: By default 128, or what the bands need if that is more.
            bands: A layout or the name of a preset; by default the one that promises to find 99 %
                of the pairs of this similarity.
            seed: Of the permutations.

        >>> Parameters.of(0.75, bands="fineweb").bands
        Bands(bands=14, rows=8)
        """
        if isinstance(bands, str):
            if bands not in PRESETS:
                hint = did_you_mean(bands, PRESETS)
                raise InputError(f"no preset {bands!r}", where=_WHERE, hint=hint)
            shingle = shingle or PRESETS[bands].shingle
            bands = PRESETS[bands].bands(similarity)
        if bands is None:
            bands = derive(similarity, permutations or 128)
        return cls(
            similarity=similarity,
            shingle=shingle or Shingle(),
            permutations=permutations or max(128, bands.permutations),
            bands=bands,
            seed=seed,
        )

    def require(self, where: str, hint: str, **given: Any) -> None:
        """Check that what a user asks for is what there is.

        Args:
            where: What was made with these parameters.
            hint: What to do otherwise.
            given: Some of them; ``None`` asks for nothing.

        Raises:
            InputError: Some are others; all of them are named.
        """
        if isinstance(given.get("bands"), str):
            similarity = given.get("similarity") or self.similarity
            named = Parameters.of(similarity, bands=given["bands"])
            given["bands"] = named.bands
            given["shingle"] = given.get("shingle") or named.shingle
        differ = [
            f"{name} {told(getattr(self, name))}, not {told(value)}"
            for name, value in sorted(given.items())
            if value is not None and value != getattr(self, name)
        ]
        if differ:
            raise InputError(f"it was made with {'; '.join(differ)}", where=where, hint=hint)


def check_similarity(similarity: float) -> None:
    """Raise an ``InputError`` for what can be no bound."""
    if not 0 < similarity <= 1:
        raise InputError(
            f"similarity {similarity} is not in (0, 1]",
            where=_WHERE,
            hint="give a share such as 0.8",
        )


def told(value: Any) -> str:
    """A parameter as the command line writes it.

    >>> told(Shingle()), told(Bands(12, 5)), told(128)
    ('word:5', '12x5', '128')
    """
    if isinstance(value, Shingle):
        return f"{value.unit}:{value.n}"
    return f"{value.bands}x{value.rows}" if isinstance(value, Bands) else str(value)


def parse_shingle(text: str) -> Shingle:
    """``word:5`` as a shingle.

    >>> parse_shingle("char:24")
    Shingle(unit='char', n=24)
    """
    unit, _, n = text.partition(":")
    if not n.isdecimal():
        raise InputError(f"{text!r} is no shingle", where="--shingle", hint="such as word:5")
    return Shingle(unit, int(n))  # pyright: ignore[reportArgumentType]  # it checks by itself


def parse_bands(text: str) -> Bands | str:
    """``14x8`` as a layout; any other word is the name of a preset.

    >>> parse_bands("14x8"), parse_bands("fineweb")
    (Bands(bands=14, rows=8), 'fineweb')
    """
    bands, times, rows = text.partition("x")
    if times and bands.isdecimal() and rows.isdecimal():
        return Bands(int(bands), int(rows))
    return text


def least_shared(similarity: float, permutations: int) -> int:
    """Equal places from which on the estimate reaches a similarity.

    >>> least_shared(0.8, 128), least_shared(0.75, 128)
    (103, 96)
    """
    # 0.7 * 10 is 7.000000000000001 in floats
    return max(1, ceil(similarity * permutations - 1e-9))


@cache
def fingerprint() -> str:
    """Whatever signatures depend on besides their parameters: tables of characters, and code."""
    digest = blake2b(digest_size=16)
    digest.update(tables.flags().tobytes())
    digest.update(tables.folds().tobytes())
    texts = pl.Series([text * times for text in _PROBES for times in (1, 40)])
    for shingle in (Shingle("word", 3), Shingle("char", 7)):
        values = signatures(texts, shingle, 16).values
        digest.update(values.astype("<u4").tobytes())
        digest.update(band_keys(values, Bands(4, 4)).astype("<u8").tobytes())
    return digest.hexdigest()
