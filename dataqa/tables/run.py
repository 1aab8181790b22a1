"""A pipeline of tables, run: synthetic tables, what they are worth, and a manifest of it all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import polars as pl

from dataqa.errors import InputError, did_you_mean
from dataqa.manifest import FORMAT, MANIFEST, TABLES, Input, made_tables, versions
from dataqa.report.tables import tables_html
from dataqa.tables.columns import with_hints
from dataqa.tables.databases import is_database, named
from dataqa.tables.evidence.evaluation import evaluate
from dataqa.tables.evidence.leftovers import leftovers
from dataqa.tables.files import ending_of, read_table, tables_in, write_table
from dataqa.tables.parting import parted, parted_each
from dataqa.tables.pipelines import Table, TablePipeline
from dataqa.tables.profile import profile
from dataqa.tables.synthesizer import MARK, Synthetic, synthesize
from dataqa.tables.unlinked import check_apart

_REPORT, _EXAMPLES = ".report", 2


class Ran(NamedTuple):
    """A run of tables.

    Attributes:
        files: What was written.
        failed: Tests of privacy that do not hold, with the table.
    """

    files: list[Path]
    failed: list[str]


def run_tables(
    pipeline: TablePipeline,
    inputs: Sequence[str],
    out: Path,
    say: Callable[[str], None] = lambda _: None,
) -> Ran:
    """Make and examine each table of a pipeline.

    Args:
        pipeline: What is made.
        inputs: Files, or folders of them; none: those that the pipeline names.
        out: Where to write.
        say: Is told how far it is.

    Raises:
        InputError: A table is not there, or cannot be learnt; or another run is in the folder.
    """
    _check_folder(pipeline, out)
    found = {table.name: _source_of(table, pipeline, inputs) for table in pipeline.tables}
    check_apart(pipeline.tables, found)
    told: dict[str, Any] = {}
    read: list[Input] = []
    files: list[Path] = []
    failed: list[str] = []
    for table in pipeline.tables:
        source = found[table.name]
        say(f"{table.name}: {named(source)}")
        original = read_table(source)
        read.append(_input(source, original))
        made, figures = _made(pipeline, table, original)
        ending = f".{pipeline.output.format}" if pipeline.output.format else _ending(source)
        files += _written(made, figures, out / f"{table.name}{ending}", mark=table.mark_rows)
        told[table.name] = made.report
        wrong = [one["name"] for one in figures.get("verdicts", []) if not one["holds"]]
        failed += [f"{table.name}: {name}" for name in wrong]
        say(f"{table.name}: {made.frame.height:,} rows, {len(wrong)} tests of privacy fail")
    files.append(_manifest(pipeline, read, files, told, out))
    return Ran(files, failed)


def _made(
    pipeline: TablePipeline, table: Table, original: pl.DataFrame
) -> tuple[Synthetic, dict[str, Any]]:
    """A table, and the figures of its report (none without rows held out)."""
    hints = table.columns
    where = f"{pipeline.name}, tables, {table.name}"
    columns = with_hints(profile(original), hints, f"{where}, columns")
    if table.target and table.target not in original.columns:
        hint = did_you_mean(table.target, original.columns)
        raise InputError(f"no column {table.target!r}", where=f"{where}, target", hint=hint)
    noisy = table.epsilon is not None
    if noisy:  # how many rows there are is no more told than which
        learnt, held = parted_each(original, table.person, table.holdout, pipeline.seed)
        rows = table.rows
    else:
        learnt, held = parted(original, columns, table.holdout, pipeline.seed)
        rows = original.height if table.rows is None else table.rows
    privacy = table.privacy
    made = synthesize(
        learnt,
        rows,
        seed=pipeline.seed,
        hints=hints,
        model=table.model,
        apart_from=original,
        epsilon=table.epsilon,
        delta=privacy.delta,
        person=privacy.person,
        rows_each=privacy.most,
        engine=table.engine,
    )
    left = leftovers(original, made.frame, columns)
    figures: dict[str, Any] = {"left": left}
    if held.height:
        figures |= evaluate(learnt, made.frame, held, target=table.target, hints=hints)
        figures["made"] = made.report
    figures["verdicts"] = [*figures.get("verdicts", []), _verdict(left, noisy=noisy)]
    if all(one["holds"] for one in figures["verdicts"]):
        figures["examples"] = _shown(made.frame)
    return made, figures


def _ending(source: Path | str) -> str:
    return ending_of(source.name) if isinstance(source, Path) else ".csv"


def _input(source: Path | str, frame: pl.DataFrame) -> Input:
    """What was read; of a database's table the digest of what it held."""
    if isinstance(source, Path):
        return Input(str(source), source.stat().st_size, _sha256(source))
    data = BytesIO()
    frame.write_ipc(data)
    return Input(named(source), data.tell(), hashlib.sha256(data.getbuffer()).hexdigest())


def _shown(frame: pl.DataFrame) -> list[dict[str, str | None]]:
    """The first rows, as texts, for the report."""
    return frame.head(_EXAMPLES).select(pl.all().cast(pl.String)).to_dicts()


def _verdict(left: Mapping[str, Any], *, noisy: bool) -> dict[str, Any]:
    """That nothing of the original that tells somebody stands anywhere in what was made."""
    count = sum(left["left"].values())
    kinds = ", ".join(left["left"]) or "none"
    change = (
        f"columns or texts hold values that were not taken for private ({kinds}): say in columns"
        " what they are"
    )
    if noisy:
        change += ", or a longer format: with epsilon an invented one may be a real one by chance"
    return {
        "name": "no id, address, number or secret of the original stands anywhere",
        "value": float(count),
        "bound": 0.0,
        "holds": not count,
        "change": change,
    }


def _source_of(table: Table, pipeline: TablePipeline, inputs: Sequence[str]) -> Path | str:
    """Where a table is: of the inputs the one of its name, or the only one."""
    if not inputs:
        if not table.file:
            hint = "-i FILE, or file: in the pipeline"
            raise InputError("no input", where=table.name, hint=hint)
        if is_database(table.file):
            return table.file
        if not Path(table.file).is_file():
            hint = "give another with -i"
            raise InputError("no such file", where=table.file, hint=hint)
        return Path(table.file)
    known = tables_in([one if is_database(one) else Path(one) for one in inputs])
    if len(known) == 1 and len(pipeline.tables) == 1:
        return next(iter(known.values()))
    if table.name not in known:
        hint = f"inputs: {', '.join(sorted(known)[:10])}"
        raise InputError("no input of this name", where=table.name, hint=hint)
    return known[table.name]


def _written(made: Synthetic, figures: Mapping[str, Any], path: Path, *, mark: bool) -> list[Path]:
    frame = made.frame.with_columns(pl.lit(value=True).alias(MARK)) if mark else made.frame
    files = write_table(frame, path, made.report)
    stem = path.name.partition(".")[0]
    report = path.with_name(f"{stem}{_REPORT}.json")
    report.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    page = path.with_name(f"{stem}{_REPORT}.html")
    if "fidelity" not in figures:
        page.unlink(missing_ok=True)
        return [*files, report]
    page.write_text(tables_html(figures), encoding="utf-8")
    return [*files, report, page]


def _check_folder(pipeline: TablePipeline, out: Path) -> None:
    """See that a folder is empty, or holds an earlier run of the same pipeline."""
    path = out / MANIFEST
    other = (out / ".state").exists() or path.exists()
    if made_tables(out):
        other = json.loads(path.read_bytes())["pipeline"]["name"] != pipeline.name
    if other:
        raise InputError("another run is in this folder", where=str(out), hint="take another")


def _manifest(
    pipeline: TablePipeline,
    inputs: Sequence[Input],
    files: Sequence[Path],
    told: Mapping[str, Any],
    out: Path,
) -> Path:
    """Enough to repeat the run, and to see whether anything has changed since."""
    tree = {
        "format": FORMAT,
        "kind": TABLES,
        "synthetic": True,
        "pipeline": msgspec.to_builtins(pipeline),
        "seed": pipeline.seed,
        "inputs": [one._asdict() for one in inputs],
        "outputs": [
            {"name": one.name, "bytes": one.stat().st_size, "sha256": _sha256(one)}
            for one in sorted(files)
        ],
        "tables": dict(told),
        "versions": versions() | {"scikit-learn": version("scikit-learn")},
    }
    path = out / MANIFEST
    path.write_text(json.dumps(tree, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
