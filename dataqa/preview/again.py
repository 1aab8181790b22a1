"""``dataqa dedup preview OUT``: another bound, from the sketches of a preview or a finished run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from dataqa import kernels
from dataqa.duplicates.reranked import reranked
from dataqa.engine.finish import load
from dataqa.engine.reporting import output_of
from dataqa.engine.settle import Shards
from dataqa.errors import InputError
from dataqa.io.store import Store
from dataqa.manifest import MANIFEST
from dataqa.preview import folder
from dataqa.preview.figures import Basis
from dataqa.preview.making import written
from dataqa.preview.outlook import outlook
from dataqa.preview.pairs import excerpts, near_bound, texts_of_run
from dataqa.preview.runs import run_basis
from dataqa.steps.duplicates import Duplicates


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
    return written(target, kept, found, folder.pairs_of(store), examples=shown)


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
    with Shards(store, {}, 1).scratch() as scratch:
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
    return written(target, told, found, pairs, examples=shown)


def _shows_examples(store: Store) -> bool:
    """Whether the run's own report shows documents."""
    return output_of(store.get_json(MANIFEST)["pipeline"]).examples


def _ranked(basis: Basis, before: Duplicates, step: Duplicates) -> Basis:
    """The basis in the order of another keep policy, if it is another."""
    if step.wishes == before.wishes:
        return basis
    sketches = reranked(basis.sketches, before.wishes, step.wishes, basis.columns)
    return basis._replace(sketches=sketches)
