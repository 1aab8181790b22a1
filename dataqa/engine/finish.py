"""The end of a run: what was written is counted and named, and nothing else is left.

Conservation is checked here, every time: documents in are kept, rejected, in review or in
quarantine, each once.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import polars as pl

from dataqa.engine.onward import tallied
from dataqa.engine.outlet import FOLDERS, KEPT, QUARANTINE, REJECTED, REVIEW, SIGNALS_DIR
from dataqa.engine.overlay import met
from dataqa.engine.provenance import files_used, scrubbed_by, steps_used
from dataqa.engine.reporting import COMPLETE, EXAMPLES, REPORT_JSON, TOLD_OF_DOCUMENTS, tell
from dataqa.engine.shard import Counts, Done, Job, add
from dataqa.engine.stock import SPOOL, Stock, still_the_same
from dataqa.errors import RunError
from dataqa.io.outputs import scan
from dataqa.io.store import STATE, Store
from dataqa.manifest import MANIFEST, Input, make_manifest
from dataqa.pipeline import Pipeline, plain_fields
from dataqa.plan import Plan, digest
from dataqa.policy import StepRule
from dataqa.report import build, merge
from dataqa.types import Assets

VERDICTS = (KEPT, REJECTED, REVIEW, QUARANTINE)
_LOG = logging.getLogger(__name__)


class Result(NamedTuple):
    """A finished run.

    Attributes:
        out: Its folder.
        counts: Documents in all, and by verdict.
        report: What ``report.json`` holds.
    """

    out: Path
    counts: Counts
    report: dict[str, Any]

    def scan(self, folder: str = KEPT) -> pl.LazyFrame:
        """One of the output folders as a LazyFrame; ``findings`` and ``signals`` too."""
        store = Store(self.out)
        return scan([store.path(name) for name in store.names(folder)])


def load(store: Store, asked: str | None = None) -> Result | None:
    """The finished run in a folder; with ``asked``, only if it is that very run."""
    complete = store.get_json(COMPLETE)
    if complete is None or (asked is not None and complete["asked"] != asked):
        return None
    report, manifest = store.get_json(REPORT_JSON), store.get_json(MANIFEST)
    if report is None or manifest is None:
        return None
    return Result(store.root, complete["counts"], report)


def evidence(pipeline: Pipeline, assets: Assets) -> str:
    """A digest of what decides which evidence there is: all but bounds and how results are written.

    A step's ``measures`` tells of the files it measures by, else its ``digest``.
    """
    steps: list[Any] = []
    for named in pipeline.steps:
        fields = plain_fields(named.step)
        apart = (*getattr(named.step, "judging", ()), *getattr(named.step, "running", ()))
        told = getattr(named.step, "measures", getattr(named.step, "digest", None))
        files = told(assets) if told is not None else ""
        steps.append([named.label, {k: v for k, v in fields.items() if k not in apart}, files])
    return digest([steps, msgspec.to_builtins(pipeline.reading), pipeline.output.rejected])


def sizes_changed(store: Store) -> list[str]:
    """The outputs of a finished run that are missing or have another size."""
    manifest: dict[str, Any] = store.get_json(MANIFEST)
    told = manifest["outputs"]
    return [file["name"] for file in told if store.size(file["name"]) != file["bytes"]]


def finish(
    job: Job, stock: Stock, plan: Plan, stages: Sequence[Mapping[str, Done]], asked: str
) -> Result:
    """Write report and manifest, sweep what is stale, and mark the run complete.

    Args:
        job: What all shards share.
        stock: What was read.
        plan: The stages.
        stages: The done-markers of every shard by its key, stage by stage.
        asked: What identifies this run: the same asked again is complete already.
    """
    store = job.store
    if job.replay is None:
        still_the_same(stock, job.reading)
    for name in TOLD_OF_DOCUMENTS:
        store.delete(name)  # they told of an earlier run
    parts = [done for stage in stages for done in stage.values()]
    counts: Counts = dict.fromkeys(VERDICTS, 0)
    for done in parts:
        counts = add(counts, done.left)
    documents = sum(done.documents for done in stages[0].values())
    _conserved(store, documents, counts)
    counts = {"documents": documents, **counts}
    files = [file for done in parts for file in done.files]
    rules = [told_rule(rule) for stage in plan.stages for rule in stage.rules]
    pipeline = plan.pipeline.to_builtins()
    overlay = _overlay(job, [file.name for file in files])
    facts = {"pipeline": pipeline, "rules": rules, "counts": counts}
    if overlay is not None:
        facts["overlay"] = overlay
    report = build(_tally(store, stages), facts)
    manifest = make_manifest(
        pipeline,
        rules,
        [Input(f.path, f.size, stock.surveys[f.path].digest) for f in stock.files],
        counts,
        files,
        on_error=job.on_error,
        overlay=overlay,
        rule_files=files_used(plan.pipeline, job.assets),
        steps=steps_used(plan.pipeline),
        **({"scrubbed": scrubbed} if (scrubbed := scrubbed_by(plan.pipeline)) else {}),
    )
    store.put_json(EXAMPLES, report["examples"])
    tell(store, report, manifest)
    told = {"asked": asked, "counts": counts, "evidence": evidence(plan.pipeline, job.assets)}
    store.put_json(COMPLETE, told)
    sweep(store)
    return Result(store.root, counts, store.get_json(REPORT_JSON))


def _overlay(job: Job, files: Sequence[str]) -> dict[str, Any] | None:
    """Keep the overlay, and say how much of it was about documents of this run."""
    if job.overlay is None:
        return None
    job.overlay.keep(job.store)
    ids = (f"{SIGNALS_DIR}/", f"{QUARANTINE}/")
    known = met(job.overlay, [job.store.path(name) for name in files if name.startswith(ids)])
    told = job.overlay.told(known)
    if told["unmatched"]:
        some = ", ".join(job.overlay.strangers(known)[:3])
        _LOG.warning(
            "overlay: %d of its %d ids match no document, such as %s (ids are those of signals/)",
            told["unmatched"],
            told["ids"],
            some,
        )
    return told


def told_rule(judge: StepRule) -> dict[str, Any]:
    """A rule as the report and the manifest show it, without what it does not use."""
    told = {**judge.rule._asdict(), "action": judge.rule.action.name.lower()}
    told["missing"] = judge.rule.missing.name.lower()
    usual = type(judge.rule)("", "", "")._asdict()
    kept = {key: value for key, value in told.items() if value not in (None, (), usual.get(key))}
    return {"step": judge.step, "key": judge.rule.key, **kept}


def _tally(store: Store, stages: Iterable[Mapping[str, Done]]) -> dict[str, Any]:
    """What all shards add to the report, read one at a time."""
    return merge(store.get_json(tallied(key)) for stage in stages for key in stage)


def _conserved(store: Store, documents: int, counts: Counts) -> None:
    left = sum(counts.values())
    if left != documents:
        raise RunError(
            f"{documents} documents came in and {left} went out",
            where=str(store.root),
            hint="this is a fault in dataqa; please report it, with the pipeline file",
        )


def sweep(store: Store) -> None:
    """Delete outputs of earlier settings, and texts that were only on their way."""
    files = {file["name"] for file in store.get_json(MANIFEST)["outputs"]}
    for folder in FOLDERS:
        store.make_folder(folder)
        for name in store.names(folder):
            if name not in files:
                store.delete(name)
    for name in store.names(f"{STATE}/stages"):
        if name.endswith((".docs.parquet", ".findings.parquet")):
            store.delete(name)
    store.delete_all(SPOOL)
