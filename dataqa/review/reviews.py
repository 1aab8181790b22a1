"""The review of a run or of a file of records: choose, push, pull, apply, purge."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from itertools import batched
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import polars as pl

from dataqa.engine.again import pipeline_of
from dataqa.engine.decide import decide
from dataqa.engine.driver import Options
from dataqa.engine.finish import Result
from dataqa.engine.local import assets_of, run_local
from dataqa.engine.look import finished_store
from dataqa.engine.watch import Watch
from dataqa.environment import secret_at
from dataqa.errors import InputError
from dataqa.io.store import Store
from dataqa.manifest import MANIFEST
from dataqa.review.asking.flows import Flow, load_flow
from dataqa.review.asking.items import Choice, choose
from dataqa.review.asking.spans import RECOGNISERS
from dataqa.review.deciding.corrections import corrections_of, write_tests
from dataqa.review.deciding.verdicts import Rule, Verdict, overlay_of, verdicts
from dataqa.review.ledger import Ledger, Prelabel, ledger_folder, open_ledger
from dataqa.review.server.local_server import running, usual_place
from dataqa.review.server.studio import Studio, connected

_BATCH = 500
VERDICTS, CORRECTIONS = "verdicts.parquet", "corrections.parquet"
TESTS = "recogniser-tests.jsonl"
"""What people saw, with stand-ins for private values: for ``dataqa private evaluate``."""


class Server(NamedTuple):
    """Where Label Studio is.

    Attributes:
        url: Its address; by default ``LABEL_STUDIO_URL``, else the server of ``label-studio up``.
        key: Where the key is: ``env:NAME`` or ``file:PATH``; by default
            ``env:LABEL_STUDIO_API_KEY``, else the token of ``label-studio up``.
    """

    url: str = ""
    key: str = ""


class Reviewed(NamedTuple):
    """How far a review is.

    Attributes:
        items: Chosen.
        pushed: On the server.
        answered: Items that somebody has answered.
        skipped: Items that everybody who saw them passed over.
        undecided: Answered items about which people do not agree.
        prelabelled: Items with a prelabel.
        blind: Items shown without one.
        reasons: Items by reason, and how many of them are answered.
        url: Where annotators go.
    """

    items: int
    pushed: int
    answered: int
    skipped: int
    undecided: int
    prelabelled: int
    blind: int
    reasons: dict[str, tuple[int, int]]
    url: str


@contextmanager
def reviewing(
    source: Path, flow: str, language: str = "en", state: Path | None = None, *, new: bool = False
) -> Generator[tuple[Ledger, Flow]]:
    """The ledger and the flow of a review.

    Args:
        source: A run's folder or a file of records.
        flow: A flow's name or folder.
        language: Of what annotators read.
        state: Where the ledger is; by default in the run, or beside the file.
        new: Make one if there is none.

    Raises:
        InputError: There is no such thing.
    """
    if not source.exists():
        raise InputError("there is no such run or file", where=str(source))
    asked = load_flow(flow, language)
    folder = state if state is not None else ledger_folder(source, asked.name)
    with open_ledger(folder, new=new) as ledger:
        yield ledger, asked


def add_items(ledger: Ledger, flow: Flow, source: Path, choice: Choice) -> int:
    """Choose items and note them; how many are new. One that was chosen before stays chosen."""
    new = 0
    for some in batched(choose(source, flow, choice), _BATCH):
        new += ledger.add(some)
        known = ledger.prelabels([item.key for item in some])
        ledger.add_prelabels(
            Prelabel(item.key, RECOGNISERS, proposal, item.facts["score"], {})
            for item in some
            if item.key not in known and (proposal := item.facts.get("proposal")) is not None
        )
    return new


@contextmanager
def server(where: Server, timeout: float = 60.0) -> Generator[Studio]:
    """Connect to the server that is meant.

    Raises:
        InputError: None is known, or there is no key.
    """
    url, key = where
    local = usual_place()
    url = url or os.environ.get("LABEL_STUDIO_URL", "")
    if not url:
        known = running(local)
        if known is None:
            hint = "give --url, set LABEL_STUDIO_URL, or start one: dataqa label-studio up"
            raise InputError("which Label Studio?", where="review", hint=hint)
        url, key = known.url, key or f"file:{local.token}"
    with connected(url, _secret(key or "env:LABEL_STUDIO_API_KEY"), timeout=timeout) as studio:
        studio.user()
        yield studio


def _secret(where: str) -> str:
    found = secret_at(where)
    if not found:
        hint = (
            "--key env:NAME or file:PATH, never the key itself; LABEL_STUDIO_API_KEY is looked at"
        )
        told = where if where.startswith(("env:", "file:")) else "--key"  # it may be the key itself
        raise InputError("there is no key there", where=told, hint=hint)
    return found


def reviewed(ledger: Ledger, flow: Flow, rule: Rule = "majority") -> Reviewed:
    """How far a review is."""
    told = verdicts(ledger, flow, rule)
    answered = {one.item.key for one in told}
    touched = {one.key for one in ledger.annotations()}
    reasons: dict[str, tuple[int, int]] = {}
    for item in ledger.items():
        count, done = reasons.get(item.reason, (0, 0))
        reasons[item.reason] = (count + 1, done + (item.key in answered))
    url, project = ledger.get("url"), ledger.get("project")
    return Reviewed(
        ledger.count(),
        ledger.count("state = 'there'"),
        len(answered),
        len(touched - answered),
        sum(one.said is None for one in told),
        len(ledger.prelabels()),
        ledger.count("blind"),
        reasons,
        f"{url}/projects/{project}" if project else "",
    )


def apply(
    run: Path,
    to: Path,
    flows: Mapping[str, tuple[Ledger, Flow]],
    rule: Rule = "majority",
    options: Options | None = None,
    watch: Watch | None = None,
) -> Result:
    """Make the run that people's verdicts lead to, in another folder.

    Args:
        run: The finished run that was asked about.
        to: The new run's folder.
        flows: Ledgers and flows, by name.
        rule: Whose word counts where people do not agree.
        options: How to run.
        watch: Whom to tell.

    Raises:
        InputError: Nobody has said anything yet.
    """
    told = {name: (flow, verdicts(ledger, flow, rule)) for name, (ledger, flow) in flows.items()}
    said = pl.concat([overlay_of(flow, some) for flow, some in told.values()])
    if not said.height:
        hint = "dataqa review pull brings what people said"
        raise InputError("there are no verdicts yet", where=str(run), hint=hint)
    folder = next(iter(flows.values()))[0].folder.parent
    said.write_parquet(folder / VERDICTS)
    options = (options or Options())._replace(overlay=folder / VERDICTS)
    spans = [(flow, some) for flow, some in told.values() if flow.sheet.items == "spans"]
    settings = _corrections(finished_store(run), folder, spans)
    if not settings:
        return decide(run, {}, to, options, watch)
    # other spans are other evidence: the inputs are gone through once more
    store = finished_store(run)
    pipeline = pipeline_of(store).with_settings(settings, assets_of(store, options.rules))
    inputs = [str(one["path"]) for one in store.get_json(MANIFEST)["inputs"]]
    return run_local(pipeline, inputs, to, options, watch)


def _corrections(
    store: Store, folder: Path, spans: Sequence[tuple[Flow, list[Verdict]]]
) -> dict[str, Any]:
    """Write what people said of spans; the settings by which a run takes it, none if nothing."""
    frames: list[pl.DataFrame] = []
    tests: list[dict[str, Any]] = []
    for flow, some in spans:
        rows, told = corrections_of(store, flow, some)
        frames.append(rows)
        tests += told
    if not any(frame.height for frame in frames):
        return {}
    path = folder.resolve() / CORRECTIONS
    pl.concat(frames).write_parquet(path)
    write_tests(folder / TESTS, tests)
    return {"private.corrections": str(path)}


def purge(ledger: Ledger, studio: Studio) -> int:
    """Delete the project with all its tasks, and forget texts here; how many tasks there were.

    What people said stays in the ledger: it is needed to apply it.
    """
    project = ledger.get("project")
    tasks = ledger.count("state = 'there'")
    if project is not None and studio.project(int(project)) is not None:
        studio.delete_project(int(project))
    with ledger.change() as db:
        db.execute("DELETE FROM meta WHERE name IN ('project', 'url', 'cursor', 'model')")
        db.execute("UPDATE items SET state = 'purged', data = NULL, task = NULL")
    return tasks


def as_json(told: Any) -> str:
    """A result for ``--log json``."""
    return msgspec.json.encode(told._asdict()).decode()
