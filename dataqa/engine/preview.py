"""``dataqa dedup preview``: what near-duplicate removal would do, before it is done."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import polars as pl

from dataqa import kernels
from dataqa.duplicates.bands import Bands
from dataqa.duplicates.ranks import Wish
from dataqa.duplicates.reranked import reranked
from dataqa.duplicates.signatures import shingle_sets
from dataqa.duplicates.stored import Held, reband, wide
from dataqa.engine import preview_folder as folder
from dataqa.engine.finish import load
from dataqa.engine.outlook import Basis, Outlook, outlook
from dataqa.engine.preview_cost import Spent, foreseen
from dataqa.engine.preview_pairs import excerpts, near_bound, spread_out, texts_of_run
from dataqa.engine.run_sketches import run_basis
from dataqa.engine.sampling import Sample, draw
from dataqa.errors import InputError
from dataqa.io.corpus import Corpus
from dataqa.io.sources import Reading
from dataqa.io.store import Store
from dataqa.report.preview import preview_html
from dataqa.signals import catalogue
from dataqa.steps.duplicates import Duplicates
from dataqa.steps.quality import Quality
from dataqa.types import DOC, DOC_ID, TEXT, Assets, Batch, batch_of

SAMPLE = 50_000
"""Documents in a sample; with their companions there may be twice as many."""
BATCH_BYTES = 16 << 20
_SIGNATURE_BYTES = 512 << 20
_OF_SIGNALS = {"best", "least"}


class Asked(NamedTuple):
    """What a preview is of, and how it is made.

    Attributes:
        step: The step that is previewed.
        reading: How inputs are read.
        sample: Documents at most.
        companions: Look the rest of the corpus through for what is like the sample.
        examples: Show masked excerpts of pairs.
    """

    step: Duplicates
    reading: Reading = Reading()
    sample: int = SAMPLE
    companions: bool = True
    examples: bool = True


def preview(
    inputs: Sequence[str | Path],
    out: Path,
    asked: Asked,
    assets: Assets,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Preview a corpus: draw a sample, sketch it, and rule over it at several bounds.

    Args:
        inputs: Files, folders, patterns, ``-``.
        out: A new folder, or that of an earlier preview: ``preview.html``, ``preview.json``, and
            ``sketches/``, by which other bounds are tried.
        asked: The step, and the sample.
        assets: Where signals are found that documents are kept by.
        say: Told what is being done.

    Returns:
        What ``preview.json`` holds.

    Raises:
        InputError: An input, a setting or the folder has to be mended.
    """
    kernels.warm()
    store, step = Store(out), asked.step
    spent = Spent()
    folder.refuse_others(store)
    with Corpus(inputs, asked.reading) as corpus:
        say("reading, and drawing a sample")
        sample, damaged = _draw(corpus, asked, spent)
        stored = corpus.bytes
    with folder.begun(store) as scratch:
        say(f"sketching {sample.docs.height:,} of {sample.documents:,} documents")
        docs = _sketched(sample, step, assets, spent)
        docs = _with_sets(docs, sample, step, store, scratch, spent)
        folder.put_docs(store, docs)
        told = {
            "corpus": {"documents": sample.documents, "bytes": sample.bytes, "damaged": damaged},
            "sample": _about(sample),
            "settings": folder.settings_of(step),
        }
        basis = folder.basis(
            docs, folder.sets_of(store), told["corpus"], told["settings"]["places"]
        )
        say("ruling at several bounds")
        found = outlook(basis, step, scratch)
        told["cost"] = foreseen(sample, docs, step, found, spent, stored)
        if asked.examples:
            chosen = spread_out(found.nearest)
            folder.put_pairs(store, excerpts(chosen, _texts(sample.docs, chosen)))
    return _written(store, store, told, found, folder.pairs_of(store), examples=asked.examples)


def preview_again(
    out: Path,
    changes: Mapping[str, Any],
    to: Path | None = None,
    *,
    examples: bool | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Preview with another bound, from the sketches that a preview or a finished run keeps.

    Args:
        out: The folder of either; no text is read but that of pairs shown of a run.
        changes: Fields of the step: ``similarity``, ``review_band``, ``bands``, ``keep``, ...
        to: Another folder for the page; by default it goes into ``out``.
        examples: Whether excerpts of pairs are shown; by default as before.
        say: Told what is being done.

    Raises:
        InputError: The folder is neither, or what is kept does not tell that.
    """
    kernels.warm()
    store = Store(out)
    target = store if to is None else Store(to)
    if to is not None and to.resolve() != out.resolve():
        folder.refuse_others(target)
    if load(store) is not None:
        return _of_run(store, target, changes, examples=examples, say=say)
    told = folder.figures_of(store)
    if told is None:
        raise InputError(
            "there is neither a preview nor a finished run in this folder",
            where=str(out),
            hint="`dataqa dedup preview -i INPUT -o DIR` makes a preview",
        )
    step = changed(folder.step_of(told["settings"]), changes)
    basis = _ranked(folder.basis_of(store, told), folder.step_of(told["settings"]), step)
    say("ruling at several bounds")
    with folder.scratch_in(store) as scratch:
        found = outlook(basis, step, scratch)
    kept = {name: told[name] for name in ("corpus", "sample", "cost")}
    places = told["settings"]["places"]
    kept["settings"] = folder.settings_of(step) | {"places": places}
    shown = told["examples"] if examples is None else examples
    return _written(target, store, kept, found, folder.pairs_of(store), examples=shown)


def changed(step: Duplicates, changes: Mapping[str, Any]) -> Duplicates:
    """The step with other fields; another bound takes the place of a band for review."""
    fields = dict(changes)
    if "similarity" in fields:
        fields.setdefault("review_band", None)
    return msgspec.structs.replace(step, **fields)


def _of_run(
    store: Store,
    target: Store,
    changes: Mapping[str, Any],
    *,
    examples: bool | None,
    say: Callable[[str], None],
) -> dict[str, Any]:
    before, basis = run_basis(store)
    step = changed(before, changes)
    basis = _ranked(basis, before, step)
    say(f"ruling over the sketches of {basis.documents:,} documents")
    with basis.sketches.scratch() as scratch:  # pyright: ignore[reportAttributeAccessIssue]
        found = outlook(basis, step, scratch)
    shown = _shows_examples(store) if examples is None else examples
    pairs: list[dict[str, Any]] = []
    if shown:
        chosen = near_bound(found.nearest.to_dicts(), step.range)
        pairs = excerpts(chosen, texts_of_run(store, chosen))
    told = {
        "corpus": {"documents": basis.documents, "bytes": basis.bytes, "damaged": 0},
        "sample": None,
        "settings": folder.settings_of(step) | {"places": basis.permutations},
        "cost": None,
    }
    target.root.mkdir(parents=True, exist_ok=True)
    return _written(target, store, told, found, pairs, examples=shown)


def _shows_examples(store: Store) -> bool:
    report = store.get_json("report.json") or {}
    return report.get("examples") is not None


def _written(
    target: Store,
    store: Store,
    told: dict[str, Any],
    found: Outlook,
    pairs: Sequence[dict[str, Any]],
    *,
    examples: bool,
) -> dict[str, Any]:
    near = near_bound(pairs, tuple(found.figures["range"])) if examples else []
    acts = dict(found.nearest.select("doc_id", "action").rows())
    figures = {
        **told,
        **found.figures,
        "kind": folder.KIND,
        "format": folder.FORMAT,
        "of": str(store.root),
        "examples": examples,
        "pairs": [{**pair, "action": acts.get(pair[DOC_ID], "stays")} for pair in near],
    }
    target.put(folder.PAGE, preview_html(figures).encode())
    target.put_json(folder.FIGURES, figures, indent=1)
    return figures


def _draw(corpus: Corpus, asked: Asked, spent: Spent) -> tuple[Sample, int]:
    step = asked.step
    damaged: list[int] = []

    def chunks() -> Iterator[pl.DataFrame]:
        damaged.clear()
        clock = time.process_time()
        for _, chunk in corpus.chunks():
            damaged.append(chunk.damaged.height)
            docs = chunk.docs.filter(pl.col(TEXT).is_not_null())
            spent.read += time.process_time() - clock
            yield docs
            clock = time.process_time()
        spent.passes += 1

    places = max(step.permutations, step.banding.permutations)
    sample = draw(
        chunks,
        max(1, min(asked.sample, _SIGNATURE_BYTES // (4 * places))),
        step.cutting,
        columns=_columns(step),
        seed=step.seed,
        companions=asked.companions,
    )
    if sample is None:
        raise InputError("there is no document with a text", hint="name other inputs with -i")
    return sample, sum(damaged)


def _columns(step: Duplicates) -> list[str]:
    named = [wish.what for wish in step.wishes if isinstance(wish.what, str)]
    return [step.source_column, *named]


def _about(sample: Sample) -> dict[str, Any]:
    return {
        "documents": sample.docs.height,
        "seeds": sample.seeds,
        "whole": sample.whole,
        "companions": sample.companions,
        "left": sample.left,
    }


def _batches(docs: pl.DataFrame) -> Iterator[pl.DataFrame]:
    upto = docs[TEXT].str.len_bytes().cast(pl.UInt64).cum_sum().to_numpy()
    low = 0
    while low < docs.height:
        begun = int(upto[low - 1]) if low else 0
        high = max(low + 1, int(np.searchsorted(upto, begun + BATCH_BYTES, side="right")))
        yield docs[low:high]
        low = high


def _sketched(sample: Sample, step: Duplicates, assets: Assets, spent: Spent) -> pl.DataFrame:
    """The documents' own rows, as a run would note them."""
    measure = _measuring(step, sample.docs.columns, assets)
    sketch = step.sketcher(assets)
    found: list[pl.DataFrame] = []
    for docs in _batches(sample.docs):
        batch = measure(batch_of(docs.drop("seed")))
        clock = time.process_time()
        rows = sketch(batch).docs
        spent.sketch += time.process_time() - clock
        assert rows is not None, "the step describes every document"
        chars = docs[TEXT].str.len_chars().cast(pl.Int64)
        found.append(rows.with_columns(docs["seed"], chars=chars))
    return pl.concat(found)


def _measuring(
    step: Duplicates, columns: Sequence[str], assets: Assets
) -> Callable[[Batch], Batch]:
    """What measures the signals that documents are kept by."""
    named = [wish.what for wish in step.wishes if wish.kind in _OF_SIGNALS]
    signals = tuple(name for name in named if name not in columns and name in catalogue())
    if not signals:
        return lambda batch: batch
    return Quality(signals=signals).open(assets)


def _with_sets(
    docs: pl.DataFrame,
    sample: Sample,
    step: Duplicates,
    store: Store,
    scratch: Path,
    spent: Spent,
) -> pl.DataFrame:
    """Keep the shingles of documents that may be like another one, and note where they are."""
    from dataqa.duplicates.links import link, number  # noqa: PLC0415 - compiled code

    place = scratch / "wide"
    place.mkdir()
    layout: Bands = wide(max(step.permutations, step.banding.permutations))
    merge = reband(Held(docs), layout, place, roles="role" in docs.columns)
    numbering = number(merge)
    linked = link(merge, numbering, place)
    inside = linked.members[numbering.nodes(docs[DOC])]
    starts, sizes = np.zeros(docs.height, np.int64), np.zeros(docs.height, np.int64)
    total, done = 0, 0
    with folder.sets_path(store).open("wb") as file:
        for batch in _batches(sample.docs):
            rows = np.arange(done, done + batch.height)
            done += batch.height
            mine = inside[rows]
            texts = batch[TEXT].filter(pl.Series(mine))
            clock = time.process_time()
            sets = shingle_sets(texts, step.cutting)
            spent.sets += time.process_time() - clock
            spent.sets_bytes += int(texts.str.len_bytes().sum())
            sets.values.tofile(file)
            starts[rows[mine]], sizes[rows[mine]] = sets.offsets[:-1] + total, sets.sizes
            total += len(sets.values)
    return docs.with_columns(pl.Series(folder.AT, starts), pl.Series(folder.SIZE, sizes))


def _texts(docs: pl.DataFrame, pairs: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    wanted = {name for pair in pairs for name in (pair[DOC_ID], pair["ref"])}
    some = docs.filter(pl.col(DOC_ID).is_in(list(wanted)))
    return dict(some.select(DOC_ID, TEXT).rows())


def _ranked(basis: Basis, before: Duplicates, step: Duplicates) -> Basis:
    """The basis in the order of another keep policy, if it is another."""
    noted: tuple[Wish, ...] = before.wishes
    if step.wishes == noted:
        return basis
    return basis._replace(sketches=reranked(basis.sketches, noted, step.wishes, basis.columns))
