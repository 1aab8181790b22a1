"""Tables as files: CSV, TSV, Parquet and JSON Lines by their ending, marked as synthetic."""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl

from dataqa.errors import InputError
from dataqa.private.standins.han import is_asian
from dataqa.tables.databases import is_database, read_database

SIDECAR = ".dataqa.json"
"""What is added to the name of a file that cannot say itself that it is synthetic."""
METADATA = "dataqa.synthetic"
"""The key in the metadata of a Parquet file."""
_WIDE = (b"\xff\xfe", b"\xfe\xff")
"""How a text in UTF-16 begins."""
_HEAD = 1 << 16
ENDINGS = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson")


def read_table(source: Path | str) -> pl.DataFrame:
    """A table of a file; all columns of CSV and TSV are texts, so that no form is lost.

    Args:
        source: A file: ``.csv``, ``.tsv``, ``.parquet``, ``.jsonl``, the first two and the last
            also with ``.gz`` or ``.zst`` behind it; or a table of a database, by its URL.

    Raises:
        InputError: There is no such file, it is of no such kind, or two columns have one name.
    """
    if is_database(source):
        return read_database(str(source))
    path = Path(source)
    ending = _ending(path)
    try:
        if ending == ".parquet":
            return pl.read_parquet(path)
        data = _plain(path)
        if ending in {".jsonl", ".ndjson"}:
            return pl.read_ndjson(data, infer_schema_length=None)
        sign = "\t" if ending == ".tsv" else ","
        _check_names(data, sign, path)
        return pl.read_csv(data, separator=sign, infer_schema=False)
    except (EOFError, zlib.error):
        hint = "fetch or write it again"
        raise InputError("is damaged or cut off", where=str(path), hint=hint) from None
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror or 'damaged'}", where=str(path)
        ) from None
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        what, hint = _damage(error, path)
        raise InputError(what, where=str(path), hint=hint) from None


def _is_chinese(path: Path) -> bool:
    """Whether a file's beginning is most likely Chinese in the encoding of China."""
    try:
        head = _plain(path)[:_HEAD].rpartition(b"\n")[0].decode("gb18030")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError):
        return False
    others = [one for one in head if not one.isascii()]
    return bool(others) and sum(map(is_asian, others)) > len(others) / 2


def _damage(error: Exception, path: Path) -> tuple[str, str]:
    """What is wrong with a file, and what helps; nothing of what is in it."""
    told = str(error)
    if isinstance(error, pl.exceptions.NoDataError):
        return "has no rows", "a first line of names, and a line for each row"
    if isinstance(error, UnicodeDecodeError) or "utf-8" in told.lower():
        wide = isinstance(error, UnicodeDecodeError) and error.object[:2] in _WIDE
        name = "UTF-16" if wide else "GB18030" if _is_chinese(path) else "WINDOWS-1252"
        return "is not written in UTF-8", f"iconv -f {name} -t UTF-8, or what it is written in"
    if "more fields than" in told:
        return (
            "a line has more values than there are names",
            'quote values that hold commas: "a, b"',
        )
    hint = "is a quote left open, or does a line have other values than the first one names?"
    return f"is damaged: {type(error).__name__}", hint


def write_table(frame: pl.DataFrame, path: Path, about: Mapping[str, Any]) -> list[Path]:
    """Write a table; what says that it is synthetic is in the file, or in one beside it.

    Args:
        frame: The table.
        path: Where, of a known ending.
        about: What is said of it.

    Returns:
        The files that were written.

    Raises:
        InputError: The ending is no known one.
    """
    ending = _ending(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    said = json.dumps(about, ensure_ascii=False, sort_keys=True)
    if ending == ".parquet":
        frame.write_parquet(path, metadata={METADATA: said})
        return [path]
    written = BytesIO()
    if ending in {".jsonl", ".ndjson"}:
        frame.write_ndjson(written)
    else:
        frame.write_csv(written, separator="\t" if ending == ".tsv" else ",")
    data = written.getvalue()
    path.write_bytes(_packed(data, path.suffix))
    beside = path.with_name(path.name + SIDECAR)
    beside.write_text(said + "\n", encoding="utf-8")
    return [path, beside]


def tables_in(sources: Sequence[Path | str]) -> dict[str, Path | str]:
    """Tables by name: files, all of folders that hold tables, and URLs of databases' tables.

    Raises:
        InputError: There are none, or two of one name, or a file is not there.
    """
    found: dict[str, Path | str] = {}
    for source in sources:
        folder = isinstance(source, Path) and source.is_dir()
        for one in sorted(Path(source).iterdir()) if folder else [source]:
            whole = one.name if isinstance(one, Path) else one.rpartition("#")[2]
            if folder and (whole.endswith(SIDECAR) or not ending_of(whole)):
                continue
            if isinstance(one, Path) and not one.is_file():
                raise InputError("no such file", where=str(one))
            plain = whole.removesuffix(".gz").removesuffix(".zst")
            name = plain[: len(plain) - len(ending_of(whole))]
            if name in found:
                what = f"two tables are called {name!r}"
                raise InputError(what, where=str(one), hint="a schema names them as you like")
            found[name] = one
    if not found:
        hint = f"endings: {', '.join(ENDINGS)}"
        raise InputError("there is no table", where=str(sources[0]), hint=hint)
    return found


def ending_of(name: str) -> str:
    """What a file's name says that it is; nothing where it does not.

    >>> ending_of("a.CSV.gz"), ending_of("a.txt")
    ('.csv', '')
    """
    plain = name.lower().removesuffix(".gz").removesuffix(".zst")
    return next((one for one in ENDINGS if plain.endswith(one)), "")


def _ending(path: Path) -> str:
    ending = ending_of(path.name)
    if not ending or (ending == ".parquet" and not path.name.lower().endswith(ending)):
        hint = f"endings: {', '.join(ENDINGS)}, and .gz behind those of text"
        raise InputError("of no kind that holds tables", where=str(path), hint=hint)
    return ending


def _plain(path: Path) -> bytes:
    """A file's bytes, unpacked to the end of it.

    Raises:
        EOFError: It is cut off.
    """
    data = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(data)
    if path.suffix != ".zst":
        return data
    import zstandard  # noqa: PLC0415

    pieces: list[bytes] = []
    while data:  # a file may be several frames, one behind the other
        frame = zstandard.ZstdDecompressor().decompressobj()
        try:
            pieces.append(frame.decompress(data))
        except zstandard.ZstdError:
            raise OSError from None
        if not frame.eof:
            raise EOFError
        data = frame.unused_data
    return b"".join(pieces)


def _packed(data: bytes, suffix: str) -> bytes:
    """Bytes as a file of this ending has them; the same ones always."""
    if suffix == ".zst":
        import zstandard  # noqa: PLC0415

        return zstandard.ZstdCompressor().compress(data)
    return gzip.compress(data, mtime=0) if suffix == ".gz" else data


def _check_names(data: bytes, sign: str, path: Path) -> None:
    """Polars would rename columns of one name; which is which is not ours to guess."""
    head = data.partition(b"\n")[0].decode("utf-8-sig")
    names = next(csv.reader([head.rstrip("\r")], delimiter=sign), [])
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        hint = "name columns differently in the first line"
        raise InputError(f"two columns are called {twice[0]!r}", where=str(path), hint=hint)
