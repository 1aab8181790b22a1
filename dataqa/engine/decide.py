"""Other bounds over a finished run: foreseen from stored signals, or done."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from dataqa.engine import again
from dataqa.engine.driver import Options
from dataqa.engine.finish import Result, load
from dataqa.engine.layout import probe
from dataqa.engine.local import assets_of, make_job
from dataqa.engine.outlet import REJECTED, VERDICT_OF
from dataqa.engine.overlay import HUMAN, OVERLAY, kept_overlay, read_overlay
from dataqa.engine.provenance import files_changed
from dataqa.engine.shard import Job, add
from dataqa.engine.stock import STOCK, Stock, recall_stock
from dataqa.engine.watch import Silent, Watch
from dataqa.errors import InputError
from dataqa.io.store import Store
from dataqa.manifest import MANIFEST
from dataqa.pipeline import Pipeline
from dataqa.plan import Plan, make_plan
from dataqa.policy import ACTIONS, PERSON, SIDE, StepRule, actions, judge
from dataqa.types import DOC, DOC_ID, Action, Assets, Batch, complete, no_findings


class Foreseen(NamedTuple):
    """What other bounds would do, as far as stored numbers tell.

    Which of several copies stays is not foreseen: it may be another one where one of them is
    dropped or held by the new bounds.

    Attributes:
        before: Documents kept, rejected and in review now.
        after: The same under the new bounds.
        revived: Rejected documents that would go on to steps they have not been through; they are
            counted in ``after`` as if those steps had nothing against them.
        rules: For each rule that changed, documents it asks to drop or review: now and then.
    """

    before: dict[str, int]
    after: dict[str, int]
    revived: int
    rules: dict[str, tuple[int, int]]


def decide(
    out: Path,
    settings: Mapping[str, Any],
    to: Path | None = None,
    options: Options | None = None,
    watch: Watch | None = None,
) -> Result:
    """Do a finished run again with other bounds, reading back what it measured.

    Args:
        out: The run's folder; the inputs themselves are needed only if a step rewrites texts by
            what it knows of all of them (``repeated_lines``).
        settings: Bounds, or fields of steps that only judge.
        to: Another folder for the result; by default it takes the place of the run.
        options: How to run.
        watch: Whom to tell.

    Raises:
        InputError: There is no finished run, a setting changes what is measured, or an input that
            is needed is gone or changed.
    """
    options, watch = options or Options(), watch or Silent()
    store = Store(out)
    assets = assets_of(store, options.rules)
    with store.locked():
        again.recover(store)
        pipeline = _changed(store, settings, assets)
        plan = make_plan(pipeline, assets)
        stock = recall_stock(store)
        job = _job(store, plan, stock, assets, options)
        target = None if to is None or to.resolve() == out.resolve() else Store(to)
        begun = None if target is None else target.get_json(STOCK)
        if begun is not None and (begun != stock.record or load(Store(to or out)) is not None):
            raise InputError(
                "there is a run in this folder already",
                where=str(to),
                hint="choose a new folder with -o",
            )
        return again.run_again(job, plan, stock, options, watch, to=target)


def _job(store: Store, plan: Plan, stock: Stock, assets: Assets, options: Options) -> Job:
    """The new run's job: of the finished one it keeps the overlay, unless there is another."""
    manifest: dict[str, Any] = store.get_json(MANIFEST)
    options = options._replace(on_error=manifest["on_error"])
    job = make_job(store, plan, stock, assets, options)
    if not again.rewritten(plan):
        job = job._replace(user_ids=False)  # those of a finished run are unique already
    if manifest["overlay"] is None or job.overlay is not None:
        return job
    overlay = kept_overlay(store, manifest["overlay"]["digest"])
    layout = probe(plan, stock.schema, assets, overlay).layout
    return job._replace(overlay=overlay, layout=layout)


def foresee(
    out: Path,
    settings: Mapping[str, Any],
    rules: tuple[Path, ...] = (),
    overlay: Path | None = None,
) -> Foreseen:
    """What ``decide`` would do, from signals and findings alone; no text is read.

    Args:
        out: The run's folder.
        settings: Bounds, or fields of steps that only judge.
        rules: Folders of rule packs and word lists.
        overlay: Findings from elsewhere, in place of those the run was given.

    Raises:
        InputError: There is no finished run, or a setting changes what is measured.
    """
    store = Store(out)
    again.heal(store)
    assets = assets_of(store, rules)
    old = make_plan(again.pipeline_of(store), assets)
    new = make_plan(_changed(store, settings, assets), assets)
    changed = _changed_rules(old, new)
    over = None if overlay is None else read_overlay(overlay).findings
    total: Foreseen = Foreseen({}, {}, 0, dict.fromkeys(changed, (0, 0)))
    for name in store.names("signals"):
        total = _add(total, _one_file(store, name, new, changed, over))
    return total


def _changed(store: Store, settings: Mapping[str, Any], assets: Assets) -> Pipeline:
    old = again.pipeline_of(store)
    new = old.with_settings(settings, assets)
    if again.same_evidence(store, new, assets):
        return new
    if not again.same_evidence(store, old, assets):
        changed = files_changed(store.get_json(MANIFEST)["rule_files"], old, assets)
        raise InputError(
            f"{', '.join(changed) or 'a model'} is not what this run measured by",
            where=str(store.root),
            hint="give the folder it came from with --rules; `dataqa run` makes a new run",
        )
    raise InputError(
        "this setting changes what is measured, not only how it is judged",
        where=", ".join(settings),
        hint="`dataqa run` with it makes a new run; decide takes bounds such as "
        "gopher.word_count.min",
    )


def _changed_rules(old: Plan, new: Plan) -> set[str]:
    before = {rule for stage in old.stages for rule in stage.rules}
    after = {rule for stage in new.stages for rule in stage.rules}
    return {told.rule.key for told in before ^ after}


def _one_file(
    store: Store, name: str, new: Plan, changed: set[str], over: pl.DataFrame | None
) -> Foreseen:
    """The documents of one shard that left in one stage: only changed rules are evaluated anew."""
    stage = int(Path(name).stem.rpartition("-")[2])
    judges = [
        told for reached in new.stages[:stage] for told in reached.rules if told.rule.key in changed
    ]
    wanted = sorted({told.rule.signal for told in judges} | _gates(judges))
    signals = pl.read_parquet(store.path(name), columns=[DOC_ID, "verdict", *wanted])
    ids = signals.select(DOC_ID).with_row_index(DOC).with_columns(pl.col(DOC).cast(pl.UInt64))
    said = _said(store, name.replace("signals/", "findings/", 1), ids)
    mine = said["rule"].str.replace(SIDE, "").is_in(list(changed))
    asked = judge(Batch(ids, signals.select(wanted), no_findings()), judges)
    stays = said.filter(~mine)
    if over is not None:
        told = over.join(ids, on=DOC_ID, how="inner", maintain_order="left")
        stays = pl.concat([stays.filter(~pl.col("step").is_in([OVERLAY, HUMAN])), complete(told)])
    together = pl.concat([stays, asked]).sort(DOC, maintain_order=True)
    after = VERDICT_OF.gather(actions(ids[DOC], together))
    revived = (after != REJECTED) & (signals["verdict"] == REJECTED)
    rules = {
        key: (_asking(said, key), _asking(asked, key))
        for key in sorted(told.rule.key for told in judges)
    }
    return Foreseen(
        dict(signals["verdict"].value_counts().iter_rows()),
        dict(after.alias("verdict").value_counts().iter_rows()),
        int(revived.sum()) if stage < new.last else 0,
        rules,
    )


def _gates(judges: list[StepRule]) -> set[str]:
    return {"language"} if any(told.rule.languages for told in judges) else set()


def _said(store: Store, name: str, ids: pl.DataFrame) -> pl.DataFrame:
    """The stored findings of these documents that ask for something."""
    if not store.exists(name):
        return no_findings()
    asking = pl.scan_parquet(store.path(name)).select(DOC_ID, "step", "rule", "action", "by")
    rows = asking.filter((pl.col("action") != "rewrite") | pl.col("by").str.starts_with(PERSON))
    coded = rows.with_columns(pl.col("action").replace_strict(ACTIONS, return_dtype=pl.UInt8))
    return complete(coded.collect().join(ids, on=DOC_ID, how="inner"))


def _asking(findings: pl.DataFrame, key: str) -> int:
    """Documents that a rule asks to review or to drop."""
    by_rule = findings.filter(findings["rule"].str.replace(SIDE, "") == key)
    return by_rule.filter(pl.col("action") >= Action.REVIEW)[DOC].n_unique()


def _add(these: Foreseen, those: Foreseen) -> Foreseen:
    rules = dict(these.rules)
    for key, (now, then) in those.rules.items():
        rules[key] = (rules[key][0] + now, rules[key][1] + then)
    return Foreseen(
        add(these.before, those.before),
        add(these.after, those.after),
        these.revived + those.revived,
        rules,
    )
