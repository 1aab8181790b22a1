"""Push: every chosen item becomes one task, whatever fails on the way.

An import has no key by which the server would know it again, and one whose answer was lost may
still be carried out. So a batch is noted as sent before it is, and what the server has of a batch
that was not acknowledged is looked up, never sent again blindly. A task that comes late all the
same is found by its item's key and deleted, unless somebody has worked on it.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from dataqa.errors import InputError, RunError
from dataqa.review.asking.controls import controls_of, digest_of
from dataqa.review.asking.flows import Flow
from dataqa.review.deciding.trust import trusted
from dataqa.review.ledger import Item, Ledger, put_notes
from dataqa.review.server.predictions import prediction_of, show_prelabels
from dataqa.review.server.studio import KEY, TITLE, Studio, Task, UnansweredError

_LATE = 120.0
"""Seconds for which a task of a lost answer may still come."""


class How(NamedTuple):
    """How to push.

    Attributes:
        title: The project's title; by default the flow's.
        annotators: People who are asked about each item.
        batch: Tasks of one request.
        batch_bytes: Bytes of one request, at most about.
        timeout: Seconds to wait for the answer to one.
        patience: Seconds to wait for a server that does not answer.
        grace: Seconds that what a server has of an unacknowledged batch must stay the same.
    """

    title: str = ""
    annotators: int = 1
    batch: int = 1000
    batch_bytes: int = 32 << 20
    timeout: float = 120.0
    patience: float = 60.0
    grace: float = 3.0


class Pushed(NamedTuple):
    """What a push did.

    Attributes:
        project: Its number there.
        url: Where annotators go.
        tasks: New tasks.
        prelabelled: Tasks that got a new prelabel.
        invalid: Prelabels that were left out, by what is wrong with them.
        removed: Tasks that were there twice and are no more.
    """

    project: int
    url: str
    tasks: int
    prelabelled: int
    invalid: dict[str, int]
    removed: int


type Tell = Callable[[int, int], None]
"""Told how many tasks are there and how many there are to be."""


def push(
    ledger: Ledger, flow: Flow, studio: Studio, how: How | None = None, tell: Tell | None = None
) -> Pushed:
    """Send what is not there yet, and newer prelabels.

    Raises:
        UnansweredError: The server does not answer; call again to go on.
        InputError: Somebody changed what is asked there.
    """
    how = how or How()
    project = project_of(ledger, flow, studio, how)
    invalid: dict[str, str] = {}
    before = ledger.count("state = 'there'")
    for (batch,) in ledger.rows("SELECT DISTINCT batch FROM items WHERE state = 'sent'"):
        _settle(ledger, studio, project, batch, how)
    while some := _next(ledger, how):
        _send(ledger, flow, studio, project, some, how, invalid)
        if tell is not None:
            tell(ledger.count("state = 'there'"), ledger.count())
    removed = tidy(ledger, studio, project)
    told = show_prelabels(ledger, flow, studio, project, invalid, how.timeout)
    return Pushed(
        project,
        f"{studio.url}/projects/{project}",
        ledger.count("state = 'there'") - before,
        told,
        dict(Counter(invalid.values())),
        removed,
    )


def project_of(ledger: Ledger, flow: Flow, studio: Studio, how: How) -> int:
    """The number of the ledger's project, which is made if there is none.

    Raises:
        InputError: The ledger belongs to another server, the project is gone, or what is asked
            there was changed.
    """
    known = ledger.get("url")
    if known is not None and known != studio.url:
        hint = f"it was pushed to {known}; another folder or --state begins anew"
        raise InputError("these items are on another server", where=studio.url, hint=hint)
    number = ledger.get("project")
    if number is None:
        # a kill may have come between the making and the note of it
        mark = f"dataqa:{ledger.mark}"
        found = studio.projects(mark)
        number = found[0] if found else _create(flow, studio, how, mark)
        ledger.note(project=number, url=studio.url, flow=flow.name, controls=flow.digest)
    project = studio.project(int(number))
    if project is None:
        hint = "review purge forgets what was pushed, and the next push begins anew"
        raise InputError(f"project {number} is gone", where=studio.url, hint=hint)
    if digest_of(controls_of(project.config)) != flow.digest:
        hint = "put its labelling interface back, or push to a new project with another --state"
        where = f"{studio.url}/projects/{number}"
        raise InputError("what is asked there is not what the flow asks", where=where, hint=hint)
    return int(number)


def tidy(ledger: Ledger, studio: Studio, project: int) -> int:
    """Delete tasks that came late for items that have one; how many.

    A task that somebody has worked on stays, whatever it is.
    """
    rows = ledger.rows("SELECT key, task FROM items WHERE late > 0")
    removed = 0
    for at in range(0, len(rows), 500):
        ours = dict(rows[at : at + 500])
        removed += _without_twins(ledger, studio, project, ours)
    with ledger.change() as db:
        db.execute("UPDATE items SET late = 0 WHERE late > 0 AND late < ?", (int(time.time()),))
    return removed


def _without_twins(
    ledger: Ledger, studio: Studio, project: int, ours: Mapping[str, int | None]
) -> int:
    tasks: dict[str, list[Task]] = defaultdict(list)
    for task in studio.find(project, list(ours)):
        tasks[task.key].append(task)
    extra: list[int] = []
    for key, some in tasks.items():
        worked = [task for task in some if task.annotations]
        stays = min(worked or some, key=lambda one: one.id)
        extra += [task.id for task in some if task != stays and not task.annotations]
        if stays.id != ours[key]:
            _found(ledger, [stays])
    studio.delete_tasks(extra)
    return len(extra)


def _create(flow: Flow, studio: Studio, how: How, mark: str) -> int:
    title = (how.title or flow.sheet.title[flow.language]).strip()
    least, most = TITLE
    title = title[:most] if len(title) >= least else f"{title} ({flow.name})"
    return studio.create(
        title,
        f"{flow.name}, {mark}",
        flow.config,
        expert_instruction=flow.instruction,
        show_instruction=True,
        sampling="Uncertainty sampling",
        maximum_annotations=how.annotators,
        show_collab_predictions=True,
    )


def _next(ledger: Ledger, how: How) -> list[Item]:
    """Some items that are to be sent, in their order; one at least, however large."""
    some: list[Item] = []
    size = 0
    for item in ledger.items("state = 'planned' AND place >= 0"):
        size += len(msgspec.json.encode(item.data))
        if some and (size > how.batch_bytes or len(some) >= how.batch):
            break
        some.append(item)
    return some


def _send(
    ledger: Ledger,
    flow: Flow,
    studio: Studio,
    project: int,
    some: Sequence[Item],
    how: How,
    invalid: dict[str, str],
) -> None:
    """Send a batch: noted as sent, sent, acknowledged; or looked up where nobody knows."""
    known = ledger.prelabels([item.key for item in some if not item.blind])
    prelabels = trusted(ledger, known)
    tasks: list[dict[str, Any]] = []
    shown: dict[str, str] = {}
    for item in some:
        if item.data is None:
            raise RunError("an item lost its text before it was sent", where=str(ledger.folder))
        task: dict[str, Any] = {"data": {**item.data, KEY: item.key, "doc_id": item.doc_id}}
        prelabel = prelabels.get(item.key)
        prediction = (
            prediction_of(flow, flow.text_of(item.data), prelabel, invalid) if prelabel else None
        )
        if prelabel is not None and prediction is not None:
            task["predictions"] = [prediction]
            shown[item.key] = prelabel.model
        tasks.append(task)
    batch = int(ledger.get("batches") or 0) + 1
    keys = [item.key for item in some]
    with ledger.change() as db:
        db.executemany(
            "UPDATE items SET state = 'sent', batch = ?, shown = ? WHERE key = ?",
            ((batch, shown.get(key), key) for key in keys),
        )
        put_notes(db, batches=batch)
    try:
        told = studio.import_tasks(project, tasks, how.timeout)
    except UnansweredError:
        told = None
    if told is None or (len(told.tasks), told.predictions) != (len(keys), len(shown)):
        _settle(ledger, studio, project, batch, how)
    else:
        _there(ledger, dict(zip(keys, told.tasks, strict=True)))


def _settle(ledger: Ledger, studio: Studio, project: int, batch: int, how: How) -> None:
    """Find out what the server has of a batch whose answer was lost; the rest is to be sent."""
    keys = [key for (key,) in ledger.rows("SELECT key FROM items WHERE batch = ?", batch)]
    late = int(time.time() + _LATE)
    with ledger.change() as db:
        db.execute("UPDATE items SET late = ? WHERE batch = ?", (late, batch))
    _found(ledger, _steady(studio, project, keys, how).values())
    with ledger.change() as db:
        db.execute(
            "UPDATE items SET state = 'planned', batch = NULL WHERE batch = ? AND state = 'sent'",
            (batch,),
        )


def _steady(studio: Studio, project: int, keys: Sequence[str], how: How) -> dict[str, Task]:
    """The tasks of some items, looked up until all are there or their number stays the same."""
    end = time.monotonic() + how.patience
    before: set[int] | None = None
    while True:
        try:
            found = _looked_up(studio, project, keys)
        except UnansweredError:
            if time.monotonic() > end:
                raise
            time.sleep(min(how.grace, 1.0))
            continue
        numbers = {task.id for task in found.values()}
        if len(found) == len(keys) or numbers == before:
            return found
        before = numbers
        time.sleep(how.grace)


def _looked_up(studio: Studio, project: int, keys: Sequence[str]) -> dict[str, Task]:
    found: dict[str, Task] = {}
    for at in range(0, len(keys), 500):
        for task in studio.find(project, keys[at : at + 500]):
            found[task.key] = min(task, found.get(task.key, task), key=lambda one: one.id)
    return found


def _found(ledger: Ledger, tasks: Collection[Task]) -> None:
    """Acknowledge what was looked up; what has no prediction there gets it once more."""
    _there(ledger, {task.key: task.id for task in tasks})
    bare = [(task.key,) for task in tasks if not task.predictions]
    with ledger.change() as db:
        db.executemany("UPDATE items SET shown = NULL WHERE key = ?", bare)


def _there(ledger: Ledger, tasks: Mapping[str, int]) -> None:
    """Acknowledge: the text is no longer needed here."""
    with ledger.change() as db:
        db.executemany(
            "UPDATE items SET state = 'there', task = ?, data = NULL WHERE key = ?",
            ((number, key) for key, number in tasks.items()),
        )
