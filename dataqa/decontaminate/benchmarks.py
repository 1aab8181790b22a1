"""Benchmark files as entries: questions with their answers and passages, under one name each."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import NamedTuple

from dataqa.decontaminate.fields import Item, item, roles
from dataqa.decontaminate.records import Record, columns, files_of, records
from dataqa.errors import InputError
from dataqa.io.sources import File

AGAINST = "contamination.against"
_OTHER = re.compile(r"[^\w-]+")


class Benchmark(NamedTuple):
    """The items of one file, and what findings call it."""

    name: str
    items: list[Item]


def read_benchmarks(
    against: Sequence[str | Path], fields: Mapping[str, str] | None = None
) -> list[Benchmark]:
    """Read benchmark files.

    Args:
        against: Files (JSON lines or an array, parquet, Arrow, CSV, TSV), folders, patterns.
        fields: Roles (``question``, ``answer``, ``passage``, ``id``) to columns, where names alone
            do not tell.

    Raises:
        InputError: There is no file, one is damaged, or in one no question is recognised.
    """
    files = benchmark_files(against)
    names = _names(files)
    return [
        benchmark(names[file.path], list(records(file)), fields or {}, file.path) for file in files
    ]


def benchmark(
    name: str, rows: Sequence[Record], fields: Mapping[str, str], where: str
) -> Benchmark:
    """Items of records; an item without an id is called ``file#row``, counted from 1."""
    if not rows:
        raise InputError("the benchmark is empty", where=where)
    named = roles(columns(rows), fields, where)
    file = PurePath(where).name
    return Benchmark(name, [item(row, named, f"{file}#{at}") for at, row in enumerate(rows, 1)])


def benchmark_files(against: Sequence[str | Path]) -> list[File]:
    """The files that are read, sorted."""
    return files_of(against, AGAINST)


def benchmark_names(against: Sequence[str | Path]) -> list[str]:
    """What the benchmarks are called, without reading them."""
    return list(_names(benchmark_files(against)).values())


def digest_of(files: Sequence[File]) -> str:
    """A digest of what files hold."""
    total = hashlib.blake2b(digest_size=16)
    for file in files:
        with Path(file.path).open("rb") as opened:
            total.update(hashlib.file_digest(opened, "sha256").digest())
    return total.hexdigest()


def _names(files: Sequence[File]) -> dict[str, str]:
    """The file's name without its endings; with its folder's where two files have the same.

    >>> _names([File("a/gsm8k.test.jsonl.gz", 0, 0, "jsonl"), File("mmlu.csv", 0, 0, "csv")])
    {'a/gsm8k.test.jsonl.gz': 'gsm8k_test', 'mmlu.csv': 'mmlu'}
    """
    short = {file.path: _name(PurePath(file.path)) for file in files}
    often = Counter(short.values())
    found = {
        path: name if often[name] == 1 else f"{_clean(PurePath(path).parent.name)}_{name}"
        for path, name in short.items()
    }
    for name, count in Counter(found.values()).items():
        if count > 1:
            paths = [path for path, one in found.items() if one == name]
            raise InputError(
                f"two benchmarks would be called {name}",
                where=f"{paths[0]}, {paths[1]}",
                hint="rename one of the files",
            )
    return found


def _name(path: PurePath) -> str:
    compressed = path.suffix.lower() in {".gz", ".gzip", ".zst", ".zstd"}
    return _clean(PurePath(path.stem).stem if compressed else path.stem)


def _clean(name: str) -> str:
    return _OTHER.sub("_", name).strip("_") or "benchmark"
