"""Finds the input files: names, patterns, folders, URLs and standard input, sorted, each once."""

# Paths stay as the user wrote them; pathlib would change "./a" to "a".
# ruff: noqa: PTH100, PTH112, PTH207, PTH113, PTH118, PTH110, PTH116, PTH208

from __future__ import annotations

import glob
import logging
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path, PurePath

import msgspec

from dataqa.errors import InputError, did_you_mean
from dataqa.io.objects import Meta
from dataqa.io.ranges import remember
from dataqa.io.sources.globbing import Found, objects_of
from dataqa.io.sources.pieces import File, Reading
from dataqa.io.sources.streams import BEGINNINGS, Status, mtime_ns, open_file, unopened
from dataqa.io.urls import is_remote, refuse_foreign

STDIN = "-"
FORMATS = ("jsonl", "csv", "tsv", "parquet", "arrow", "txt", "warc")
_LOG = logging.getLogger(__name__)

_ENDINGS = {
    "jsonl": "jsonl", "ndjson": "jsonl", "json": "jsonl", "csv": "csv", "tsv": "tsv",
    "parquet": "parquet", "pq": "parquet", "arrow": "arrow", "arrows": "arrow", "feather": "arrow",
    "ipc": "arrow", "txt": "txt", "warc": "warc", "wet": "warc",
}  # fmt: skip
_COMPRESSIONS = {"gz": "gz", "gzip": "gz", "zst": "zst", "zstd": "zst"}
_STREAMED = ("jsonl", "csv", "tsv", "txt", "warc")  # the others compress their own pages
_HUGGING_FACE = ("dataset_info.json", "dataset_dict.json", "state.json")


def find(inputs: Sequence[str | Path], reading: Reading) -> list[File]:
    """The input files, in the order of their paths, each once.

    Args:
        inputs: Files, patterns (``**`` too), folders, the same below a URL of object storage, ``-``
            for standard input. In folders only files of known endings are taken, hidden ones left.
        reading: ``format`` overrules the endings.

    Raises:
        InputError: If an input matches nothing, cannot be read, or is of an unknown kind.
    """
    if reading.format is not None and reading.format not in FORMATS:
        raise InputError(
            f"unknown format {reading.format!r}", hint=did_you_mean(reading.format, FORMATS)
        )
    found = {_same(file.path): file for given in inputs for file in _one(given, reading)}
    if not found:
        raise InputError("no input given", hint="name files, folders or patterns with -i")
    return sorted(found.values(), key=lambda file: file.path)


def _same(path: str) -> str:
    """What two names of one file have in common."""
    return path if is_remote(path) else os.path.abspath(path)


def _one(given: str | Path, reading: Reading) -> list[File]:
    path = os.fspath(given)
    if path == STDIN:
        return [File(STDIN, 0, 0, reading.format or "jsonl")]
    refuse_foreign(path)
    if is_remote(path):
        return [file for found in objects_of(path) for file in _objects(found, reading, path)]
    if os.path.isdir(path):
        return _folder(path, reading)
    if os.path.lexists(path):
        return [_file(path, reading)]
    matches = glob.glob(path, recursive=True) if glob.has_magic(path) else []
    if "**" in path:  # has walked the folders, and takes what a folder would take
        return _known([match for match in matches if os.path.isfile(match)], reading, path)
    if not matches:
        raise InputError("no such file, and no file matches", where=path, hint=_near(path))
    return [
        file
        for match in matches
        for file in (_folder(match, reading) if os.path.isdir(match) else [_file(match, reading)])
    ]


def _folder(folder: str, reading: Reading) -> list[File]:
    return _known(list(_walk(folder)), reading, folder)


def _objects(found: Found, reading: Reading, where: str) -> list[File]:
    """Objects as files; those that only lie below a prefix must be of a known kind."""
    metas = {meta.url: meta for meta in found.metas}
    if found.named:
        return [_object(meta, reading) for meta in found.metas]
    return _of_known_kind(list(metas), reading, where, lambda url: _object(metas[url], reading))


def _known(paths: Sequence[str], reading: Reading, where: str) -> list[File]:
    return _of_known_kind(paths, reading, where, lambda path: _file(path, reading))


def _of_known_kind(
    paths: Sequence[str], reading: Reading, where: str, file_of: Callable[[str], File]
) -> list[File]:
    """The files of a known kind among ``paths``, of which there must be one."""
    files = [file_of(path) for path in paths if reading.format or kind_of(path)[0]]
    if not files:
        endings = sorted({PurePath(path).suffix for path in paths} - {""})[:8]
        seen = f" (endings seen: {', '.join(endings)})" if endings else ""
        raise InputError(
            f"no file of a known ending{seen}",
            where=where,
            hint=f"known: {', '.join('.' + ending for ending in _ENDINGS)}, also with .gz or .zst; "
            "else --input-format",
        )
    if len(files) < len(paths):
        skipped = sorted(set(paths) - {file.path for file in files})
        _LOG.warning(
            "%s: skipped %d files of unknown ending, such as %s (--input-format reads them too)",
            where,
            len(skipped),
            skipped[0],
        )
    return files


def _walk(folder: str) -> Iterator[str]:
    """All files below a folder but hidden ones; of a dataset saved by Hugging Face, its data."""

    def stop(error: OSError) -> None:
        raise unopened(str(error.filename), error) from None

    for at, folders, names in os.walk(folder, onerror=stop):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if "state.json" in names and (data := _saved(at)) is not None:
            yield from data
            continue
        for name in sorted(names):
            if not name.startswith(".") and name not in _HUGGING_FACE:
                yield os.path.join(at, name)


class _Named(msgspec.Struct):
    filename: str


class _State(msgspec.Struct):
    data: list[_Named] = msgspec.field(name="_data_files")


def _saved(folder: str) -> list[str] | None:
    """The data files that ``state.json`` names: caches and indices may lie beside them."""
    try:
        state = msgspec.json.decode(Path(folder, "state.json").read_bytes(), type=_State)
    except msgspec.MsgspecError:
        return None
    paths = [os.path.join(folder, named.filename) for named in state.data]
    for path in paths:
        if not os.path.exists(path):
            raise InputError(
                "is missing, though state.json names it", where=path, hint="copy the whole folder"
            )
    return paths


def kind_of(path: str) -> tuple[str, str]:
    """Format and compression by a name's ending, "" where unknown.

    >>> kind_of("crawl/a.warc.wet.gz"), kind_of("b.PARQUET"), kind_of("notes.md")
    (('warc', 'gz'), ('parquet', ''), ('', ''))
    """
    endings = [suffix[1:].lower() for suffix in PurePath(path).suffixes]
    compression = _COMPRESSIONS.get(endings[-1], "") if endings else ""
    if compression:
        endings.pop()
    kind = _ENDINGS.get(endings[-1], "") if endings else ""
    return kind if not compression or kind in _STREAMED else "", compression


def _file(path: str, reading: Reading) -> File:
    if not path.isprintable() and any(0xD800 <= ord(letter) < 0xE000 for letter in path):
        raise InputError("the file's name is not UTF-8", where=ascii(path), hint="rename it")
    try:
        status = os.stat(path)
        regular = stat.S_ISREG(status.st_mode)
    except OSError as error:
        raise unopened(path, error) from None
    if not regular:
        raise InputError(
            "is no file", where=path, hint="pipe it in and name it -: COMMAND | ... -i -"
        )
    open_file(path).close()
    return _typed(path, Status(status.st_size, status.st_mtime_ns), reading)


def _object(meta: Meta, reading: Reading) -> File:
    remember(meta)
    return _typed(meta.url, Status(meta.size, mtime_ns(meta)), reading)


def _typed(path: str, status: Status, reading: Reading) -> File:
    """The file with its format and its compression."""
    kind, compression = kind_of(path)
    kind = reading.format or kind
    if not kind:
        raise InputError(
            "unknown ending",
            where=path,
            hint=f"--input-format says what it is: {', '.join(FORMATS)}",
        )
    if not compression and reading.format in _STREAMED and status.size:
        compression = _sniffed(path)
    return File(path, status.size, status.mtime_ns, kind, compression)


def _sniffed(path: str) -> str:
    with open_file(path) as file:
        head = file.read(4)
    return next((name for mark, name in BEGINNINGS.items() if head.startswith(mark)), "")


def _near(path: str) -> str:
    """Names like the one that does not exist."""
    folder, name = os.path.split(path)
    try:
        names = os.listdir(folder or ".")
    except OSError:
        return f"there is no folder {folder}"
    close = get_close_matches(name, names, n=3, cutoff=0.6)
    return f"did you mean {' or '.join(close)}?" if close else "quote patterns: -i 'crawl/*.jsonl'"
