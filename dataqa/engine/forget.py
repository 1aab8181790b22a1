"""A person's right: some documents of a finished run removed from all that it holds.

What is to be forgotten is written down first, in ``.state/forget.json``, and this note is deleted
last; so whoever forgets again after a kill completes it. Each file is written anew beside its place
and moved there; files are changed one by one, and any of them may be changed twice.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
import polars as pl
import pyarrow.parquet as pq
import zstandard

from dataqa.engine.finish import VERDICTS
from dataqa.engine.look import text_column
from dataqa.engine.outlet import FINDINGS_DIR, SIGNALS_DIR, left_of
from dataqa.engine.overlay import forget_ids
from dataqa.engine.reporting import COMPLETE, EXAMPLES, REPORT_JSON, TOLD_OF_DOCUMENTS, tell
from dataqa.errors import InputError, did_you_mean
from dataqa.io.sinks import Table, Written
from dataqa.io.spill import frame_of
from dataqa.io.store import STATE, Store
from dataqa.manifest import MANIFEST, file_sha256
from dataqa.types import DOC_ID

NOTE = f"{STATE}/forget.json"
RECORD = "forgotten.jsonl"
_LINES = ".jsonl.zst"


class Forgotten(NamedTuple):
    """What was removed.

    Attributes:
        ids: The documents.
        by_verdict: How many of each folder.
        files: Names of the files that were written anew.
    """

    ids: tuple[str, ...]
    by_verdict: dict[str, int]
    files: tuple[str, ...]


def holders(store: Store, subject: str, column: str | None) -> tuple[str, ...]:
    """The documents of an id, or whose column says a subject, wherever they went.

    Args:
        store: A finished run.
        subject: An id, of which ``~2`` and so on are others of the same; or a column's value.
        column: The column; None for ids.

    Raises:
        InputError: No file has such a column.
    """
    found: list[str] = []
    known: set[str] = set()
    for name in _names(store, VERDICTS):
        for rows in _read(store, name):
            known.update(rows.columns)
            if column is None:
                same = rows[DOC_ID].str.replace("~[0-9]+$", "") == subject
                mine = same | (rows[DOC_ID] == subject)
            elif column in rows.columns:
                mine = rows[column].cast(pl.String, strict=False) == subject
            else:
                continue
            found += rows[DOC_ID].filter(mine.fill_null(value=False)).to_list()
    if column is not None and column not in known:
        hint = did_you_mean(column, known)
        raise InputError(f"there is no column {column!r}", where=str(store.root), hint=hint)
    return tuple(dict.fromkeys(found))


def forget(
    store: Store,
    ids: Sequence[str],
    beside: Callable[[Sequence[str]], Mapping[str, int]],
    *,
    by: str = "id",
    places: Sequence[str] = (),
) -> Forgotten:
    """Remove documents from a finished run, and from what is beside it; completes an earlier try.

    Args:
        store: The run's folder, locked.
        ids: The documents.
        beside: Removes them elsewhere (indexes, vaults); says how many from what.
        by: How they were found, for the record: ``id`` or ``column NAME``.
        places: What ``beside`` removes them from.

    Raises:
        InputError: An earlier try was to remove some from elsewhere as well.
    """
    note: dict[str, Any] = store.get_json(NOTE) or {}
    if left := sorted({*note.get("places", ())} - {*places}):
        hint = "give the same --index and --vault again, and it is completed"
        told = f"an earlier try was interrupted that removes from {', '.join(left)} as well"
        raise InputError(told, where=str(store.root), hint=hint)
    every = tuple(dict.fromkeys([*note.get("ids", ()), *ids]))
    if not every:
        return Forgotten((), {}, ())
    at = note.get("at") or datetime.now(UTC).isoformat(timespec="milliseconds")
    before = note.get("before") or store.get_json(MANIFEST)["counts"]
    told = {"ids": every, "at": at, "before": before, "by": note.get("by", by)}
    told["places"] = sorted(places)
    store.put_json(NOTE, told)
    changed = [name for name in _names(store, VERDICTS) if _rewrite(store, name, every)]
    for name in _names(store, (SIGNALS_DIR,)):
        _left(store, name, every)
        changed += [name] if _rewrite(store, name, every) else []
    changed += [name for name in _names(store, (FINDINGS_DIR,)) if _rewrite(store, name, every)]
    for name in _names(store, (f"{STATE}/renames",)):
        if name.endswith(".parquet"):
            _rewrite(store, name, every)
    elsewhere = beside(every)
    by_verdict = _told_anew(store, every, before)
    _record(store, told, by_verdict, changed, elsewhere)
    store.delete(NOTE)
    return Forgotten(every, by_verdict, tuple(changed))


def _names(store: Store, folders: Sequence[str]) -> list[str]:
    return [name for folder in folders for name in store.names(folder)]


def _read(store: Store, name: str) -> Iterator[pl.DataFrame]:
    """A file in pieces."""
    if name.endswith(_LINES):
        for lines in _line_groups(store, name):
            yield pl.read_ndjson(io.BytesIO(b"".join(lines)), infer_schema_length=None)
        return
    with pq.ParquetFile(store.path(name), pre_buffer=False) as file:
        for group in range(file.num_row_groups):
            yield frame_of(file.read_row_group(group))


def _rewrite(store: Store, name: str, ids: Sequence[str]) -> bool:
    """A file without some documents, and without their ids where others are compared with them."""
    if name.endswith(_LINES):
        return _rewrite_lines(store, name, set(ids))
    gone = pl.Series(ids, dtype=pl.String).implode()
    parts = [*_read(store, name)]
    if not any(_touched(part, gone) for part in parts):
        return False
    heavy = text_column(store) if name.partition("/")[0] in VERDICTS else None
    first = parts[0]
    bare = name.removesuffix(".parquet")
    marks = _marks(store, name)
    table = Table(store, bare, heavy=heavy if heavy in first.columns else None, marks=marks)
    for part in parts:
        table.add(_without(part, gone))
    table.close(first.clear())
    return True


def _marks(store: Store, name: str) -> dict[str, str]:
    """What a file's metadata say of its rows."""
    held: dict[bytes, bytes] = pq.read_metadata(store.path(name)).metadata or {}
    return {
        key.decode(): value.decode() for key, value in held.items() if key.startswith(b"dataqa.")
    }


def _touched(rows: pl.DataFrame, gone: pl.Series) -> bool:
    named = [name for name in (DOC_ID, "ref") if name in rows.columns]
    return any(rows[name].is_in(gone).any() for name in named)


def _without(rows: pl.DataFrame, gone: pl.Series) -> pl.DataFrame:
    left = rows.filter(~pl.col(DOC_ID).is_in(gone))
    if "ref" not in rows.columns or "rule" not in rows.columns:
        return left
    ref = pl.when(pl.col("ref").is_in(gone)).then(None).otherwise(pl.col("ref"))
    return left.with_columns(ref.alias("ref"))


class _Id(msgspec.Struct):
    doc_id: str


def _line_groups(store: Store, name: str) -> Iterator[list[bytes]]:
    with (
        store.path(name).open("rb") as file,
        zstandard.ZstdDecompressor().stream_reader(file) as data,
        io.BufferedReader(data, 1 << 20) as lines,  # pyright: ignore[reportArgumentType]
    ):
        while group := lines.readlines(32 << 20):
            yield group


def _rewrite_lines(store: Store, name: str, ids: set[str]) -> bool:
    id_of = msgspec.json.Decoder(_Id).decode
    draft, removed = store.draft(), 0
    with draft.open("wb") as file, zstandard.ZstdCompressor(level=3).stream_writer(file) as out:
        for group in _line_groups(store, name):
            left = [line for line in group if id_of(line).doc_id not in ids]
            removed += len(group) - len(left)
            out.write(b"".join(left))
    if removed:
        store.commit(draft, name)
    else:
        draft.unlink()
    return bool(removed)


def _left(store: Store, name: str, ids: Sequence[str]) -> None:
    """The list of documents that left, which is row for row that of their signals."""
    shard, stage = name.removeprefix(f"{SIGNALS_DIR}/").removesuffix(".parquet").split("-")
    listed = left_of(int(shard), int(stage))
    if not store.exists(listed):
        return
    order = pl.read_parquet(store.path(listed))
    known = pl.read_parquet(store.path(name), columns=[DOC_ID])[DOC_ID]
    # a try that was killed has shortened this list already, if it is shorter
    stays = ~known.is_in(pl.Series(ids, dtype=pl.String).implode())
    if len(known) != order.height or stays.all():
        return
    table = Table(store, listed.removesuffix(".parquet"))
    table.add(order.filter(stays))
    table.close(order.clear())


def _told_anew(store: Store, ids: Sequence[str], before: Mapping[str, int]) -> dict[str, int]:
    """Manifest, report and state agree with what is left; how many documents went, by folder."""
    manifest: dict[str, Any] = store.get_json(MANIFEST)
    outputs = [_written(store, file["name"]) for file in manifest["outputs"]]
    counts = {
        verdict: sum(file.rows for file in outputs if file.name.startswith(f"{verdict}/"))
        for verdict in VERDICTS
    }
    removed = {verdict: before[verdict] - counts[verdict] for verdict in VERDICTS}
    gone = before.get("forgotten", 0) + sum(removed.values())
    told = {"documents": sum(counts.values()), **counts, "forgotten": gone}
    manifest |= {"outputs": [file._asdict() for file in outputs], "counts": told}
    if manifest["overlay"] is not None:
        manifest["overlay"]["digest"] = forget_ids(store, ids)
    # what only helps an interrupted run; it holds examples, and digests of the files as they were
    for part in ("stages", "settled"):
        store.delete_all(f"{STATE}/{part}")
    for name in TOLD_OF_DOCUMENTS:
        store.delete(name)
    store.put_json(EXAMPLES, _examples(store.get_json(EXAMPLES) or {}, set(ids)))
    tell(store, store.get_json(REPORT_JSON), manifest)
    store.put_json(COMPLETE, {**store.get_json(COMPLETE), "counts": told})
    return {verdict: count for verdict, count in removed.items() if count}


def _written(store: Store, name: str) -> Written:
    path = store.path(name)
    if name.endswith(_LINES):
        rows = sum(len(group) for group in _line_groups(store, name))
    else:
        rows = pq.read_metadata(path).num_rows
    return Written(name, rows, path.stat().st_size, file_sha256(store, name) or "")


def _examples(known: Any, ids: set[str]) -> Any:
    """Examples without those of some documents, wherever in them they are."""
    if isinstance(known, Mapping):
        return {key: _examples(value, ids) for key, value in known.items()}
    if isinstance(known, list):
        return [_examples(one, ids) for one in known if not _about(one, ids)]
    return known


def _about(one: Any, ids: set[str]) -> bool:
    return isinstance(one, Mapping) and any(one.get(name) in ids for name in (DOC_ID, "ref"))


def _record(
    store: Store,
    note: Mapping[str, Any],
    by_verdict: Mapping[str, int],
    files: Sequence[str],
    elsewhere: Mapping[str, int],
) -> None:
    """Add a line to what was ever forgotten here: when, how many, which files; nobody's id."""
    held = store.get(RECORD) or b""
    last = held.splitlines()[-1:]
    if last and msgspec.json.decode(last[0])["at"] == note["at"]:
        return  # a try that was killed had come this far
    line = {
        "at": note["at"],
        "by": note["by"],
        "documents": sum(by_verdict.values()),
        "from": dict(by_verdict),
        "elsewhere": dict(elsewhere),
        "files": list(files),
    }
    store.put(RECORD, held + msgspec.json.encode(line) + b"\n")
