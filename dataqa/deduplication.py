"""``dataqa.deduplicate``: near-duplicates of a frame, apart from what they are like.

The step ``duplicates`` with its settings, alone: a frame is settled in memory, a LazyFrame as a run
over files, in bounded memory. Both keep the same documents.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from dataqa.engine.local import run_local
from dataqa.engine.memory import Opened
from dataqa.errors import InputError, did_you_mean
from dataqa.io.sources import Reading
from dataqa.pipeline import Output, Pipeline
from dataqa.plan import make_plan
from dataqa.registry import user_assets
from dataqa.signals import catalogue
from dataqa.types import DOC, DOC_ID, TEXT, Action

ROW = "row"
_UNCOMPARED = "duplicates.uncompared"
_ADDED = ("near_copies", "near_weight", "ref", "similarity", "why")
_FOUND = pl.Schema(
    {DOC_ID: pl.String, "ref": pl.String, "score": pl.Float64, "detail": pl.String}
    | {"action": pl.String, "rule": pl.String}
)

type AnyFrame = pl.DataFrame | pl.LazyFrame | Any
"""A polars frame, lazy or not, or a pandas one: anything ``polars.from_pandas`` takes."""


class Duplicates[Frame](NamedTuple):
    """A corpus without its near-duplicates, and these.

    Attributes:
        kept: The rows that stay, in their order, with ``near_copies``: how many documents each
            stands for, itself among them; and, with ``rehydrate``, ``near_weight``.
        removed: The rows that go, in their order, with ``ref`` (the id of the kept one each is
            like), ``similarity`` and ``why`` that one was kept.
        pairs: ``removed``, ``kept``, ``similarity``, ``why``, ``action``: one row for each removed
            document, ``action`` being ``drop``; with a ``review_band`` also for each that is
            doubted, ``review``, which is in ``kept``. And, without ``kept`` and ``similarity``, one
            for each that stays without having been compared with all that it might be like
            (``most_compared``): ``why`` is ``uncompared``, ``action`` ``keep``.
    """

    kept: Frame
    removed: Frame
    pairs: Frame


class _Asked(NamedTuple):
    """Columns and settings: the same for frames of either kind."""

    text_column: str
    id_column: str
    weighed: bool
    pipeline: Pipeline


def deduplicate(
    frame: AnyFrame,
    *,
    text_column: str = TEXT,
    id_column: str | None = None,
    similarity: float = 0.8,
    keep: str | Mapping[str, Any] | Sequence[Any] = ("longest",),
    out: str | Path | None = None,
    workers: int | None = None,
    **fields: Any,
) -> Duplicates[Any]:
    """Take near-duplicates out of a frame.

    Args:
        frame: A polars or pandas frame, or a LazyFrame of any size.
        text_column: The column that holds the texts; a null is like nothing.
        id_column: A column of texts or whole numbers that names each row; by default the rows are
            numbered, from 0, in a column ``row``.
        similarity: From this true similarity on a document goes.
        keep: Which of similar documents stays: ``"longest"``, ``{"newest": "date"}``, ... or
            several such wishes; ``best`` and ``least`` take a column or a signal.
        out: For a LazyFrame, the folder of the run, which holds all the evidence; by default a new
            temporary one, which is yours to delete.
        workers: Processes, for a LazyFrame.
        **fields: Other fields of the step ``duplicates``, as YAML would give them.

    Returns:
        DataFrames, or LazyFrames over files in ``out`` for a LazyFrame.

    Raises:
        InputError: A column is not there or an id is not its row's own, or a setting is wrong.
        BoundError: One document would stand for a larger share of the corpus than ``largest``.

    >>> texts = ["one two three four five six", "Seven.", "One, two, three: four five six!"]
    >>> found = deduplicate(pl.DataFrame({"text": texts}))
    >>> found.kept["row"].to_list(), found.pairs.select("removed", "kept", "similarity").rows()
    ([1, 2], [(0, 2, 1.0)])
    """
    lazy = isinstance(frame, pl.LazyFrame)
    source = frame if lazy or isinstance(frame, pl.DataFrame) else pl.from_pandas(frame)
    schema = source.collect_schema()
    _check_columns(schema, text_column, id_column)
    if id_column is None:
        source = source.with_row_index(ROW)
    wishes = [keep] if isinstance(keep, str | Mapping) else list(keep)
    settings = {"similarity": similarity, "keep": wishes, **fields}
    asked = _Asked(
        text_column, id_column or ROW, bool(fields.get("rehydrate")), _pipeline(settings, schema)
    )
    if isinstance(source, pl.LazyFrame):
        return _over_files(source, asked, out, workers)
    found = _told(source.lazy(), *_in_memory(source, asked), asked.id_column)
    return Duplicates(*(part.collect() for part in found))


def _pipeline(settings: dict[str, Any], schema: pl.Schema) -> Pipeline:
    """The step, after one that measures the signals by which documents are kept, if any."""
    wishes = [wish for wish in settings["keep"] if isinstance(wish, Mapping)]
    named = [wish[kind] for wish in wishes for kind in ("best", "least") if kind in wish]
    signals = [name for name in named if name not in schema and name in catalogue()]
    steps: list[Any] = [{"quality": {"signals": signals}}] if signals else []
    tree = {"name": "deduplicate", "steps": [*steps, {"duplicates": settings}]}
    return Pipeline.from_builtins(tree, name="dataqa.deduplicate")


def _in_memory(frame: pl.DataFrame, asked: _Asked) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    _check_ids(frame.lazy(), asked.id_column)
    assets = user_assets()
    docs = pl.DataFrame(
        [
            pl.Series(DOC, range(frame.height), pl.UInt64),
            frame[asked.id_column].cast(pl.String).alias(DOC_ID),
            frame[asked.text_column].cast(pl.String).alias(TEXT),
            *frame.drop(DOC, DOC_ID, TEXT, strict=False).get_columns(),
        ]
    ).filter(pl.col(TEXT).is_not_null())
    opened = Opened(make_plan(asked.pipeline, assets), assets)
    if not docs.height:
        names = ["near_copies", *(["near_weight"] if asked.weighed else [])]
        counts = dict.fromkeys(names, pl.Int64)
        return pl.LazyFrame(schema=_FOUND), pl.LazyFrame(schema={DOC_ID: pl.String} | counts)
    batch = opened.judge(docs).batch
    codes = {int(action): action.name.lower() for action in Action}
    found = batch.findings.join(batch.docs.select(DOC, DOC_ID), on=DOC, maintain_order="left")
    found = found.with_columns(pl.col("action").replace_strict(codes, return_dtype=pl.String))
    told = batch.signals.select(pl.col(r"^near_.*$")).with_columns(batch.docs[DOC_ID])
    return found.lazy(), told.lazy()


def _over_files(
    frame: pl.LazyFrame, asked: _Asked, out: str | Path | None, workers: int | None
) -> Duplicates[pl.LazyFrame]:
    from dataqa.engine.driver import Options  # noqa: PLC0415 - not for frames in memory

    folder = Path(out) if out is not None else Path(tempfile.mkdtemp(prefix="dataqa-"))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "input.parquet"
    frame.sink_parquet(path, compression="lz4", row_group_size=16_384, maintain_order=True)
    source = pl.scan_parquet(path)
    _check_ids(source, asked.id_column)
    pipeline = Pipeline(
        name=asked.pipeline.name,
        steps=asked.pipeline.steps,
        reading=Reading(text_column=asked.text_column, id_column=asked.id_column),
        output=Output(examples=False),
    )
    result = run_local(pipeline, [path], folder, Options(workers))
    found = result.scan("findings").filter(pl.col("step") == "duplicates")
    told = result.scan("signals").select(DOC_ID, pl.col(r"^near_.*$"))
    return _told(source, found, told, asked.id_column)


def _told(
    source: pl.LazyFrame, found: pl.LazyFrame, told: pl.LazyFrame, id_column: str
) -> Duplicates[pl.LazyFrame]:
    """The rows of the corpus, divided by what was found about them."""
    kind = source.collect_schema()[id_column]
    uncompared = pl.col("rule") == _UNCOMPARED
    pairs = found.filter(pl.col("ref").is_not_null() | uncompared).select(
        pl.col(DOC_ID).cast(kind).alias("removed"),
        pl.col("ref").cast(kind).alias("kept"),
        pl.col("score").alias("similarity"),
        pl.when(uncompared).then(pl.lit("uncompared")).otherwise("detail").alias("why"),
        "action",
    )
    gone = pairs.filter(pl.col("action") == "drop").select(
        pl.col("removed").alias(id_column), pl.col("kept").alias("ref"), "similarity", "why"
    )
    measured = told.with_columns(pl.col(DOC_ID).cast(kind)).rename({DOC_ID: id_column})
    kept = source.join(gone, on=id_column, how="anti", maintain_order="left")
    kept = kept.join(measured, on=id_column, how="left", maintain_order="left")
    # a null text was not measured: it stands for itself
    kept = kept.with_columns(pl.col(r"^near_(copies|weight)$").fill_null(1))
    removed = source.join(gone, on=id_column, how="inner", maintain_order="left")
    return Duplicates(kept, removed, pairs)


def _check_columns(schema: pl.Schema, text_column: str, id_column: str | None) -> None:
    for name in (text_column, id_column):
        if name is not None and name not in schema:
            hint = did_you_mean(name, schema.names())
            raise InputError(f"the frame has no column {name!r}", hint=hint)
    for name in (*_ADDED, *([ROW] if id_column is None else [])):
        if name in schema:
            raise InputError(
                f"the frame has a column {name!r}, which is what deduplicating adds",
                hint=f"rename it: frame.rename({{{name!r}: 'my_{name}'}})",
            )
    if id_column is not None:
        kind = schema[id_column]
        if not (kind.is_integer() or kind == pl.String):
            hint = "name a column of texts or whole numbers, or none: rows are numbered then"
            raise InputError(f"column {id_column!r} of {kind} cannot name rows", hint=hint)


def _check_ids(source: pl.LazyFrame, id_column: str) -> None:
    mine = pl.col(id_column)
    told = source.select(pl.len() - mine.drop_nulls().n_unique()).collect(engine="streaming").item()
    if told:
        raise InputError(
            f"{told:,} ids in column {id_column!r} are null or are another row's too",
            hint="name another column, or none: rows are numbered then",
        )
