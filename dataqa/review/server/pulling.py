"""Pull: what people said since the last time, changed and deleted words too.

What changed is first asked for by time alone, which is quick, and then read. How far the pull is
and what it brought are noted at once, so that a kill loses nothing; the last seconds are asked for
again each time, and what is known already is known by its number and time.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from dataqa.review.asking.answers import answer_of
from dataqa.review.asking.flows import Flow
from dataqa.review.ledger import Annotation, Ledger
from dataqa.review.server.pushing import How, project_of, tidy
from dataqa.review.server.studio import PAGE, Studio, Task

_OVERLAP = timedelta(seconds=5)
"""Changes of one moment may be seen in another order than they were made in."""


class Pulled(NamedTuple):
    """What a pull brought.

    Attributes:
        new: Annotations that were not known.
        changed: Annotations that were.
        deleted: Annotations that are no more.
        skipped: Of the new ones and the changed, those by which an item was passed over.
        strangers: Annotated tasks there that are no item of ours.
        removed: Tasks that were there twice and are no more.
    """

    new: int = 0
    changed: int = 0
    deleted: int = 0
    skipped: int = 0
    strangers: int = 0
    removed: int = 0


def pull(ledger: Ledger, flow: Flow, studio: Studio, *, full: bool = False) -> Pulled:
    """Bring what was said since the last pull.

    Args:
        ledger: Of what was pushed.
        flow: What was asked.
        studio: Where.
        full: Read all annotated tasks, and see which tasks were deleted there.

    Raises:
        UnansweredError: The server does not answer; call again to go on.
    """
    project = project_of(ledger, flow, studio, How())
    cursor = None if full else ledger.get("cursor")
    total = Pulled(removed=tidy(ledger, studio, project))
    if full:
        total = total._replace(deleted=_deleted_tasks(ledger, studio, project))
    keys = {key for (key,) in ledger.rows("SELECT key FROM items")}
    if cursor is None:
        # what changes while all of it is read, in an order of its own, is read again by the next
        before = studio.latest(project)
        for tasks in studio.annotated(project):
            total = _take(ledger, flow, tasks, keys, total)
        if before:
            ledger.note(cursor=before)
        return total
    since = datetime.fromisoformat(cursor) - _OVERLAP
    changed = studio.changed(project, since)
    for at in range(0, len(changed), PAGE):
        some = changed[at : at + PAGE]
        tasks = studio.tasks(project, [number for number, _ in some])
        total = _take(ledger, flow, tasks, keys, total, cursor=max(cursor, some[-1][1]))
    return total


def _take(
    ledger: Ledger,
    flow: Flow,
    tasks: Iterable[Task],
    keys: Container[str],
    total: Pulled,
    **notes: str,
) -> Pulled:
    """Note what is said of some tasks, and how far the pull is, at once."""
    said: list[Annotation] = []
    gone: list[int] = []
    strangers = 0
    for task in tasks:
        if task.key not in keys:
            strangers += bool(task.annotations)
            continue
        told = [_annotation(flow, task, one) for one in task.annotations]
        before = ledger.rows("SELECT id FROM annotations WHERE task = ? AND NOT gone", task.id)
        gone += sorted({number for (number,) in before} - {one.id for one in told})
        said += told
    before = dict(ledger.rows("SELECT id, updated FROM annotations WHERE NOT gone"))
    fresh = [one for one in said if before.get(one.id) != one.updated]
    ledger.add_annotations(fresh, gone, **notes)
    return total._replace(
        new=total.new + sum(one.id not in before for one in fresh),
        changed=total.changed + sum(one.id in before for one in fresh),
        deleted=total.deleted + len(gone),
        skipped=total.skipped + sum(one.skipped for one in fresh),
        strangers=total.strangers + strangers,
    )


def _annotation(flow: Flow, task: Task, told: dict[str, Any]) -> Annotation:
    shown = next(
        (
            str(one.get("model_version"))
            for one in task.predictions
            if one.get("id") == told.get("parent_prediction")
        ),
        None,
    )
    by = told.get("completed_by")
    seconds = told.get("lead_time")
    return Annotation(
        int(told["id"]),
        task.key,
        task.id,
        str(by.get("id") if isinstance(by, dict) else by),
        str(told.get("created_at") or ""),
        str(told.get("updated_at") or ""),
        None if seconds is None else float(seconds),
        bool(told.get("was_cancelled")),
        answer_of(told.get("result") or [], flow.controls),
        shown,
        flow.digest,  # a page that asks something else is refused before
    )


def _deleted_tasks(ledger: Ledger, studio: Studio, project: int) -> int:
    """Deleted tasks leave no trace: what is no longer there is noted, its annotations too."""
    there = studio.ids(project)
    known = ledger.rows("SELECT task FROM items WHERE state = 'there'")
    lost = [task for (task,) in known if task not in there]
    gone = [
        number
        for task in lost
        for (number,) in ledger.rows("SELECT id FROM annotations WHERE task = ? AND NOT gone", task)
    ]
    ledger.add_annotations([], gone)
    with ledger.change() as db:
        db.executemany("UPDATE items SET state = 'lost' WHERE task = ?", ((task,) for task in lost))
    return len(gone)
