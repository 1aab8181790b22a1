"""``dataqa dedup preview -i``: what near-duplicate removal would do, before it is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from dataqa import kernels
from dataqa.duplicates.bands import Bands, probability
from dataqa.io.corpus import Corpus
from dataqa.io.store import Store
from dataqa.preview import folder
from dataqa.preview.cost import Spent, foreseen
from dataqa.preview.outlook import Outlook, outlook
from dataqa.preview.pairs import decided, excerpts, near_bound, spread_out
from dataqa.preview.sampling import Sample
from dataqa.preview.sketching import Asked, drawn, sketched, with_sets
from dataqa.report.preview import preview_html
from dataqa.types import DOC_ID, TEXT, Assets

_SEEN = (0.5, 0.7, 0.8, 0.9)


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
        sample, damaged = drawn(corpus, asked, assets, spent, say)
        stored = corpus.bytes
    with folder.begun(store) as scratch:
        say(f"sketching {sample.docs.height:,} of {sample.documents:,} documents")
        docs = sketched(sample, step, assets, spent)
        docs = with_sets(docs, sample, step, store, scratch, spent)
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
    return written(store, told, found, folder.pairs_of(store), examples=asked.examples)


def written(
    target: Store,
    told: Mapping[str, Any],
    found: Outlook,
    pairs: Sequence[dict[str, Any]],
    *,
    examples: bool,
) -> dict[str, Any]:
    """Write the page and its figures.

    Args:
        target: Where they go.
        told: What is known of the corpus, the sample and the settings.
        found: What was ruled.
        pairs: Excerpts of pairs, of which those near the bound are shown.
        examples: Whether any are.

    Returns:
        What ``preview.json`` holds.
    """
    near = near_bound(pairs, tuple(found.figures["range"])) if examples else []
    figures = {
        **told,
        **found.figures,
        "kind": folder.KIND,
        "format": folder.FORMAT,
        "examples": examples,
        "pairs": decided(near, found.nearest),
    }
    target.put(folder.PAGE, preview_html(figures).encode())
    target.put_json(folder.FIGURES, figures, indent=1)
    folder.tidy(target)
    return figures


def _about(sample: Sample) -> dict[str, Any]:
    return {
        "documents": sample.docs.height,
        "seeds": sample.seeds,
        "whole": sample.whole,
        "left": sample.left,
        "seen": [[at, _seen(sample.keys, at)] for at in _SEEN] if sample.keys else None,
    }


def _seen(keys: Bands, similarity: float) -> float:
    return round(probability(similarity, keys.bands, keys.rows), 4)


def _texts(docs: pl.DataFrame, pairs: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    wanted = {name for pair in pairs for name in (pair[DOC_ID], pair["ref"])}
    some = docs.filter(pl.col(DOC_ID).is_in(list(wanted)))
    return dict(some.select(DOC_ID, TEXT).rows())
