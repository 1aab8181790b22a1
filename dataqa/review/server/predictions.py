"""Prelabels as Label Studio's predictions: checked before they leave, the newest alone shown.

The server takes predictions unseen, even words that no control has, adds new ones to old ones and
ranks tasks by the mean of all. So they are checked here, and the versions that they take the place
of are deleted; what an interrupted change left half done is taken out first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dataqa.review.asking.answers import faults, results_of
from dataqa.review.asking.flows import Flow
from dataqa.review.deciding.trust import trusted
from dataqa.review.ledger import Ledger, Prelabel, put_notes
from dataqa.review.server.studio import Studio

_BATCH = 1000
_SHOWING, _GOING = "showing", "going"
"""Notes of the model versions that are being put in and taken out."""


def prediction_of(
    flow: Flow, text: str, prelabel: Prelabel, invalid: dict[str, str]
) -> dict[str, Any] | None:
    """A prediction, None if the prelabel is no answer to what is asked; why is noted."""
    wrong = faults(prelabel.answer, flow.controls, text, partly=True)
    if prelabel.probability is not None and not 0 <= prelabel.probability <= 1:
        wrong.append("a probability outside 0 to 1")
    results = [] if wrong else results_of(prelabel.answer, flow.controls, text, prelabel.key)
    if wrong or not results:
        invalid[prelabel.key] = wrong[0] if wrong else "nothing is answered"
        return None
    told: dict[str, Any] = {"model_version": prelabel.model, "result": results}
    return told if prelabel.probability is None else {**told, "score": prelabel.probability}


def show_prelabels(
    ledger: Ledger,
    flow: Flow,
    studio: Studio,
    project: int,
    invalid: dict[str, str],
    timeout: float,
) -> int:
    """Bring tasks that are there up to their newest prelabels; how many."""
    _undo(ledger, studio, project)
    done: set[str] = set()
    tried: set[str] = set()
    while True:
        shown = {
            key: (task, was)
            for key, task, was in ledger.rows(
                "SELECT key, task, shown FROM items WHERE state = 'there' AND NOT blind"
            )
        }
        fresh = [
            one
            for key, one in trusted(ledger, ledger.prelabels()).items()
            if key in shown and shown[key][1] != one.model and key not in tried
        ]
        if not fresh:
            break
        some = [one for one in fresh if one.model == fresh[0].model]
        sent = _show(ledger, flow, studio, project, some, shown, invalid, timeout)
        tried |= {one.key for one in some} - sent
        done |= sent
    _lead(ledger, studio, project)
    return len(done)


def _undo(ledger: Ledger, studio: Studio, project: int) -> None:
    for note in (_SHOWING, _GOING):
        for version in filter(None, (ledger.get(note) or "").split("\n")):
            studio.forget_model(project, version)
            with ledger.change() as db:
                db.execute("UPDATE items SET shown = NULL WHERE shown = ?", (version,))
    ledger.note(showing="", going="")


def _show(
    ledger: Ledger,
    flow: Flow,
    studio: Studio,
    project: int,
    some: Sequence[Prelabel],
    shown: Mapping[str, tuple[int, str | None]],
    invalid: dict[str, str],
    timeout: float,
) -> set[str]:
    """Send the prelabels of one model and delete the versions that they take the place of."""
    model = some[0].model
    ledger.note(showing=model)
    told: list[dict[str, Any]] = []
    keys: set[str] = set()
    texts = _texts(studio, project, flow, [shown[one.key][0] for one in some])
    for one in some:
        task = shown[one.key][0]
        prediction = prediction_of(flow, texts.get(task, ""), one, invalid)
        if prediction is not None:
            told.append({**prediction, "task": task})
            keys.add(one.key)
    for at in range(0, len(told), _BATCH):
        studio.import_predictions(project, told[at : at + _BATCH], timeout)
    stale = sorted({was for key in keys if (was := shown[key][1]) is not None})
    with ledger.change() as db:
        # other tasks may have had a version that goes: they get it again
        for version in stale:
            db.execute("UPDATE items SET shown = NULL WHERE shown = ?", (version,))
        db.executemany("UPDATE items SET shown = ? WHERE key = ?", ((model, key) for key in keys))
        put_notes(db, showing="", going="\n".join(stale))
    for version in stale:
        studio.forget_model(project, version)
    if stale:
        ledger.note(going="", model="")  # with a version the server forgets that it leads
    return keys


def _lead(ledger: Ledger, studio: Studio, project: int) -> None:
    """Let the project order tasks by the newest version: imports do not."""
    newest = ledger.rows(
        "SELECT shown FROM items JOIN prelabels USING (key) WHERE shown = model "
        "ORDER BY prelabels.rowid DESC LIMIT 1"
    )
    if newest and ledger.get("model") != newest[0][0]:
        studio.change(project, model_version=newest[0][0])
        ledger.note(model=newest[0][0])


def _texts(studio: Studio, project: int, flow: Flow, tasks: Sequence[int]) -> dict[int, str]:
    """The texts that spans are in, as the server has them; nothing where no spans are asked."""
    if not any(one.kind == "Labels" for one in flow.controls):
        return {}
    found: dict[int, str] = {}
    for at in range(0, len(tasks), 500):
        found.update(studio.texts(project, tasks[at : at + 500]))
    return found
