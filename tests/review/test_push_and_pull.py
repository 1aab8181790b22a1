"""Push and pull against a real Label Studio: once each, whatever fails on the way."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asked import annotate, items_of, prelabels_of, quality, sdk_of
from faulty import Fault, faulty

from dataqa.errors import InputError
from dataqa.review.asking.answers import results_of
from dataqa.review.asking.flows import load_flow
from dataqa.review.ledger import open_ledger
from dataqa.review.reviews import purge
from dataqa.review.server import pulling
from dataqa.review.server.local_server import Place
from dataqa.review.server.pulling import pull
from dataqa.review.server.pushing import How, push
from dataqa.review.server.studio import Studio, UnansweredError, connected

FAST = How(batch=20, grace=0.2, patience=20.0)


def keys_there(studio: Studio, project: int, keys: list[str]) -> Counter[str]:
    return Counter(task.key for task in studio.find(project, keys))


def leading(studio: Studio, project: int) -> str:
    told = studio.project(project)
    return "" if told is None else told.model_version


def test_a_second_push_sends_nothing(studio: Studio, ledger_place: Path):
    flow, items = quality(), items_of(30, blind=3)
    with open_ledger(ledger_place) as ledger:
        assert ledger.add(items) == 30
        ledger.add_prelabels(prelabels_of(items, "m1"))
        told = push(ledger, flow, studio, FAST)
        assert told.tasks == 30
        assert push(ledger, flow, studio, FAST).tasks == 0
        found = studio.find(told.project, [item.key for item in items])
        assert Counter(task.key for task in found) == Counter(item.key for item in items)
        shown = {task.key for task in found if task.predictions}
        assert shown == {item.key for item in items if not item.blind}
        # the server has the texts: here they are needed no more
        assert ledger.count("data IS NOT NULL") == 0
        assert b"text 7" not in (ledger_place / "ledger.sqlite").read_bytes()
        studio.delete_project(told.project)


def test_newer_prelabels_take_the_place_of_older_ones(studio: Studio, ledger_place: Path):
    flow, items = quality(), items_of(6)
    with open_ledger(ledger_place) as ledger:
        ledger.add(items)
        ledger.add_prelabels(prelabels_of(items, "m1"))
        project = push(ledger, flow, studio, FAST).project
        assert leading(studio, project) == "m1"
        ledger.add_prelabels(prelabels_of(items[:2], "m2", "drop"))
        assert push(ledger, flow, studio, FAST).prelabelled >= 2
        told = {
            task.key: [one["model_version"] for one in task.predictions]
            for task in studio.find(project, [item.key for item in items])
        }
        assert told == {item.key: ["m2"] if at < 2 else ["m1"] for at, item in enumerate(items)}
        assert leading(studio, project) == "m2"
        studio.delete_project(project)


def test_a_prelabel_that_is_no_answer_is_left_out_and_counted(studio: Studio, ledger_place: Path):
    flow, items = quality(), items_of(2)
    with open_ledger(ledger_place) as ledger:
        ledger.add(items)
        ledger.add_prelabels(prelabels_of(items, "m1", "perhaps"))
        told = push(ledger, flow, studio, FAST)
        assert told.invalid == {"verdict: not among the choices": 2}
        assert not any(t.predictions for t in studio.find(told.project, [i.key for i in items]))
        studio.delete_project(told.project)


def test_what_was_said_comes_home_once_changed_and_deleted(studio: Studio, ledger_place: Path):
    flow, items = quality(), items_of(8)
    with open_ledger(ledger_place) as ledger:
        ledger.add(items)
        ledger.add_prelabels(prelabels_of(items, "m1"))
        project = push(ledger, flow, studio, FAST).project
        tasks = {task.key: task for task in studio.find(project, [item.key for item in items])}
        said = {
            item.key: annotate(
                studio,
                flow,
                tasks[item.key].id,
                {"verdict": "drop", "reasons": ["spam"], "note": "a 😀 & <b>"},
                lead_time=4.5,
                parent_prediction=tasks[item.key].predictions[0]["id"],
            )
            for item in items[:4]
        }
        skipped = annotate(studio, flow, tasks[items[5].key].id, {}, was_cancelled=True)
        assert pull(ledger, flow, studio)[:4] == (5, 0, 0, 1)
        assert pull(ledger, flow, studio)[:3] == (0, 0, 0)
        one = next(one for one in ledger.annotations() if one.key == items[0].key)
        assert one.answer == {"verdict": "drop", "reasons": ["spam"], "note": "a 😀 & <b>"}
        assert (one.seconds, one.shown, one.skipped) == (4.5, "m1", False)
        sdk_of(studio).annotations.delete(id=said[items[0].key])
        sdk_of(studio).annotations.update(id=skipped, result=[], was_cancelled=False)
        assert pull(ledger, flow, studio)[:3] == (0, 1, 1)
        assert {one.key for one in ledger.annotations()} == {items[n].key for n in (1, 2, 3, 5)}
        studio.delete_tasks([tasks[items[1].key].id])
        assert pull(ledger, flow, studio, full=True).deleted == 1
        studio.delete_project(project)


def test_a_first_pull_that_is_killed_loses_nothing(
    studio: Studio, ledger_place: Path, monkeypatch: pytest.MonkeyPatch
):
    """Pages are in the order of tasks, not of time: those not yet read may be older."""
    flow, items = quality(), items_of(10)
    for module in ("studio", "pulling"):
        monkeypatch.setattr(f"dataqa.review.server.{module}.PAGE", 4)
    monkeypatch.setattr(pulling, "_OVERLAP", timedelta(0))
    with open_ledger(ledger_place) as ledger:
        ledger.add(items)
        project = push(ledger, flow, studio, FAST).project
        tasks = sorted(task.id for task in studio.find(project, [item.key for item in items]))
        said = [annotate(studio, flow, task, {"verdict": "keep"}) for task in tasks[::-1]]
        noted, again = ledger.add_annotations, iter([True, False])

        def killed(some: Any, gone: Any = (), **notes: str | int) -> None:
            if not next(again):
                raise KeyboardInterrupt
            noted(some, gone, **notes)

        monkeypatch.setattr(ledger, "add_annotations", killed)
        with pytest.raises(KeyboardInterrupt):
            pull(ledger, flow, studio)
        monkeypatch.setattr(ledger, "add_annotations", noted)
        assert len(ledger.annotations()) == 4
        assert pull(ledger, flow, studio).new == 6
        assert {one.id for one in ledger.annotations()} == set(said)
        studio.delete_project(project)


def test_what_was_said_is_seen_where_the_server_has_not_counted_it(
    studio: Studio, place: Place, ledger_place: Path
):
    """The server saves its counts after an annotation, and other requests save older ones."""
    flow, items = quality(), items_of(5)
    with open_ledger(ledger_place) as ledger:
        ledger.add(items)
        project = push(ledger, flow, studio, FAST).project
        tasks = [task.id for task in studio.find(project, [item.key for item in items])]
        for task in tasks[:2]:  # two of one task are one task still
            annotate(studio, flow, task, {"verdict": "keep"})
            annotate(studio, flow, task, {"verdict": "drop"})
        annotate(studio, flow, tasks[2], {}, was_cancelled=True)
        uncounted = "UPDATE task SET total_annotations = 0, cancelled_annotations = 0"
        with closing(sqlite3.connect(place.data / "label_studio.sqlite3", timeout=60)) as db, db:
            db.execute(f"{uncounted}, is_labeled = 0 WHERE project_id = ?", (project,))
        assert pull(ledger, flow, studio)[:4] == (5, 0, 0, 1)
        studio.delete_project(project)


def test_what_changes_during_a_first_pull_is_read_by_the_next(
    studio: Studio, ledger_place: Path, monkeypatch: pytest.MonkeyPatch
):
    flow, items = quality(), items_of(6)
    for module in ("studio", "pulling"):
        monkeypatch.setattr(f"dataqa.review.server.{module}.PAGE", 4)
    monkeypatch.setattr(pulling, "_OVERLAP", timedelta(0))
    with open_ledger(ledger_place) as ledger:
        ledger.add(items)
        project = push(ledger, flow, studio, FAST).project
        tasks = sorted(task.id for task in studio.find(project, [item.key for item in items]))
        said = [annotate(studio, flow, task, {"verdict": "keep"}) for task in tasks]
        noted = ledger.add_annotations
        changes = iter([said[0], said[5]])

        def meanwhile(some: Any, gone: Any = (), **notes: str | int) -> None:
            noted(some, gone, **notes)
            for number in changes:  # somebody changes one that was read, and one that was not
                sdk_of(studio).annotations.update(
                    id=number, result=results_of({"verdict": "drop"}, flow.controls)
                )

        monkeypatch.setattr(ledger, "add_annotations", meanwhile)
        assert pull(ledger, flow, studio).new == 6
        pull(ledger, flow, studio)
        words = {one.id: one.answer["verdict"] for one in ledger.annotations()}
        assert words == {number: "drop" if number in said[::5] else "keep" for number in said}
        studio.delete_project(project)


def test_lost_answers_make_no_second_task(
    studio: Studio, port: int, token: str, ledger_place: Path
):
    flow, items = quality(), items_of(60)
    draw = random.Random(7)

    def decide(method: str, path: str) -> Fault:
        faults: tuple[Fault, ...] = ("lose", "drop", "refuse", "", "")
        return draw.choice(faults) if "/import" in path and method == "POST" else ""

    with (
        faulty(port, decide) as url,
        connected(url, token) as shaky,
        open_ledger(ledger_place) as ledger,
    ):
        ledger.add(items)
        told = push(ledger, flow, shaky, FAST)
        there = keys_there(studio, told.project, [item.key for item in items])
        assert there == Counter(item.key for item in items)
        assert ledger.count("late > 0") > 0, "no answer was lost"
        studio.delete_project(told.project)


def test_predictions_that_the_server_left_out_are_sent_again(
    studio: Studio, port: int, token: str, ledger_place: Path
):
    """Where its data base is busy it repeats an import, and the repetition has none."""
    flow, items = quality(), items_of(30, blind=5)
    faults: list[Fault] = ["lose", "bare"]

    def decide(method: str, path: str) -> Fault:
        return faults.pop() if faults and "/import?" in path else ""

    with (
        faulty(port, decide) as url,
        connected(url, token) as shaky,
        open_ledger(ledger_place) as ledger,
    ):
        ledger.add(items)
        ledger.add_prelabels(prelabels_of(items, "m1"))
        project = push(ledger, flow, shaky, FAST).project
        assert not faults, "there were no imports to spoil"
        found = studio.find(project, [item.key for item in items])
        assert {task.key: len(task.predictions) for task in found} == {
            item.key: 0 if item.blind else 1 for item in items
        }
        assert leading(studio, project) == "m1"
        studio.delete_project(project)


def test_a_task_that_comes_late_goes_unless_somebody_worked_on_it(
    studio: Studio, ledger_place: Path
):
    flow, items = quality(), items_of(3)
    with open_ledger(ledger_place) as ledger:
        ledger.add(items)
        project = push(ledger, flow, studio, FAST).project
        again = [{"data": {"text": "x", "why": "y", "dataqa_id": item.key}} for item in items]
        late = studio.import_tasks(project, again, 60).tasks
        with ledger.change() as db:
            db.execute("UPDATE items SET late = 1 << 40")  # as after an answer that was lost
        annotate(studio, flow, late[0], {"verdict": "keep"})
        assert pull(ledger, flow, studio).removed == 3
        there = {task.key: task.id for task in studio.find(project, [item.key for item in items])}
        assert len(studio.ids(project)) == 3
        assert there[items[0].key] == late[0]
        assert [one.key for one in ledger.annotations()] == [items[0].key]
        studio.delete_project(project)


def test_a_project_is_made_once_though_its_making_was_not_noted(
    studio: Studio, port: int, token: str, ledger_place: Path
):
    flow = quality()

    def decide(method: str, path: str) -> Fault:
        return "lose" if method == "POST" and path.endswith("/projects/") else ""

    with open_ledger(ledger_place) as ledger:
        ledger.add(items_of(1))
        with (
            faulty(port, decide) as url,
            connected(url, token) as shaky,
            pytest.raises(UnansweredError),
        ):
            push(ledger, flow, shaky, FAST)
        told = push(ledger, flow, studio, FAST)
        assert studio.projects(f"dataqa:{ledger.mark}") == [told.project]
        studio.delete_project(told.project)


def test_a_page_that_asks_something_else_is_refused(studio: Studio, ledger_place: Path):
    flow = quality()
    with open_ledger(ledger_place) as ledger:
        ledger.add(items_of(1))
        project = push(ledger, flow, studio, FAST).project
        studio.change(project, label_config=flow.config.replace('alias="keep"', 'alias="yes"'))
        with pytest.raises(InputError, match="not what the flow asks"):
            push(ledger, flow, studio, FAST)
        studio.change(project, label_config=load_flow("quality", "zh").config)
        push(ledger, flow, studio, FAST)  # the same in other words
        studio.delete_project(project)
        with pytest.raises(InputError, match="is gone"):
            pull(ledger, flow, studio)


def test_what_is_purged_is_gone_there_and_pushed_anew_unless_answered(
    studio: Studio, ledger_place: Path
):
    flow, items = quality(), items_of(3)
    with open_ledger(ledger_place) as ledger:
        ledger.add(items)
        first = push(ledger, flow, studio, FAST).project
        tasks = {task.key: task.id for task in studio.find(first, [item.key for item in items])}
        annotate(studio, flow, tasks[items[0].key], {"verdict": "keep"})
        pull(ledger, flow, studio)
        assert purge(ledger, studio) == 3
        assert studio.project(first) is None
        assert ledger.add(items) == 2
        told = push(ledger, flow, studio, FAST)
        assert (told.tasks, told.project != first) == (2, True)
        assert [one.key for one in ledger.annotations()] == [items[0].key]
        studio.delete_project(told.project)


def test_a_server_below_a_path_takes_both_kinds_of_token(
    studio: Studio, port: int, token: str, ledger_place: Path
):
    with faulty(port, lambda method, path: "", "/ls") as url:
        with connected(url, token) as below:
            assert below.user() == "admin@example.com"
        with connected(url, access_token(studio)) as below:
            assert below.user() == "admin@example.com"
        with connected(url, "a.b.c") as below, pytest.raises(InputError, match="refused"):
            below.user()
    with (
        connected(f"http://127.0.0.1:{port}", "0" * 40) as other,
        pytest.raises(InputError, match="the key is refused"),
    ):
        other.user()


def access_token(studio: Studio) -> str:
    """A personal access token, made once; the server gives one of them at a time."""
    told = sdk_of(studio).tokens.create()
    return str(told.token)


@pytest.mark.parametrize(
    "url", ["http://user:s3cret@127.0.0.1:9/x", "http://127.0.0.1:9/?token=s3cret", "s3cret"]
)
def test_an_address_that_could_hold_a_secret_is_refused(url: str):
    with pytest.raises(InputError) as error, connected(url, "key"):
        pass
    assert "s3cret" not in str(error.value)
    assert "Hint: " in str(error.value)
