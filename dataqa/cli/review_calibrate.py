"""``dataqa review calibrate``: bounds moved by what people said."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dataqa.cli.options import log_option, rules_option
from dataqa.cli.review_options import flow_options, reviewed_argument, rule_option

if TYPE_CHECKING:
    from dataqa.review.deciding.calibrate import Calibrated, Moved
    from dataqa.review.deciding.trust import Trust


@click.command("calibrate")
@reviewed_argument
@flow_options
@click.option(
    "--error",
    type=click.FloatRange(0.001, 0.5),
    help="Beyond the new bounds at most this share may be wrong; without it costs decide.",
)
@click.option(
    "--confidence",
    type=click.FloatRange(0.5, 0.999),
    default=0.9,
    show_default=True,
    help="How sure the promise of --error is to be.",
)
@click.option(
    "--cost-false-keep", "keep", type=click.FloatRange(0, min_open=True), default=1.0,
    show_default=True, help="What it costs to keep what is unfit.",
)  # fmt: skip
@click.option(
    "--cost-false-drop", "drop", type=click.FloatRange(0, min_open=True), default=1.0,
    show_default=True, help="What it costs to drop what is fit.",
)  # fmt: skip
@click.option(
    "--cost-ask", "ask", type=click.FloatRange(0), default=0.1,
    show_default=True, help="What it costs to ask people.",
)  # fmt: skip
@click.option(
    "--at-least",
    type=click.IntRange(10),
    default=50,
    show_default=True,
    help="Verdicts without which no bound is moved.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the new bounds to this file, as a pipeline has them.",
)
@rule_option
@rules_option
@log_option
def calibrate_command(
    *,
    source: Path,
    flow: str,
    language: str,
    state: Path | None,
    error: float | None,
    confidence: float,
    keep: float,
    drop: float,
    ask: float,
    at_least: int,
    out: Path | None,
    rule: Any,
    rules: tuple[Path, ...],
    log: str,
) -> None:
    """Move bounds by people's verdicts, and tell how many items the next run would send.

    SOURCE is the run's folder. Nothing of it is changed: take the bounds into the pipeline, or try
    them with `dataqa decide`. Probabilities of prelabels that are pushed from now on are
    calibrated. With --audit at push people also see documents drawn by chance: only they tell
    how right decisions are that nobody was asked about.
    """
    import msgspec

    from dataqa.review.deciding.calibrate import Aim, as_plain, as_yaml, calibrate
    from dataqa.review.deciding.risk import Costs
    from dataqa.review.deciding.trust import keep_trust
    from dataqa.review.reviews import reviewing

    aim = Aim(error, confidence, Costs(keep, drop, ask), at_least)
    with reviewing(source, flow, language, state) as (ledger, asked):
        told = calibrate(ledger, asked, source, aim, rule, rules)
        keep_trust(ledger, told.models)
    if out is not None and told.settings:
        out.write_text(as_yaml(told.settings), encoding="utf-8")
    if log == "json":
        click.echo(msgspec.json.encode(as_plain(told)).decode())
    elif log != "none":
        _tell(told, source, out)


def _tell(told: Calibrated, source: Path, out: Path | None) -> None:
    click.echo(f"{told.verdicts:,} documents with a verdict")
    width = max(map(len, told.reasons))
    for reason, (count, kept) in told.reasons.items():
        click.echo(f"  {reason:{width}}  {kept:,} of {count:,} kept by people")
    for one in told.rules:
        _tell_rule(one)
    for model in told.models:
        _tell_model(model)
    if not told.settings:
        click.echo(f"no bound is moved: the next run would send {told.now:,} documents as this one")
        return
    click.echo(f"the next run would send {told.then:,} documents to people, and not {told.now:,}")
    if out is not None:
        click.echo(f"the new bounds are in {out}")
    given = " ".join(f"--set {name}={value:.9g}" for name, value in told.settings.items())
    click.echo(f"try them: dataqa decide {source} --dry-run {given}")


def _tell_rule(one: Moved) -> None:
    click.echo(f"{one.rule}, now {one.bound:g}: {one.asked:,} asked, {one.audited:,} by chance")
    for mean, share, weight in one.curve:
        click.echo(f"  at {mean:<12.4g} {share:6.1%} kept, of {weight:,.0f} documents")
    if one.wrong is not None:
        click.echo(f"  of those by chance {one.wrong:.1%} were decided otherwise by people")
    for name, value in one.settings.items():
        click.echo(f"  {name} = {value:.9g}")
    if one.settings:
        click.echo(f"  in the band {one.now:,} → {one.then:,}")
    if one.why:
        click.echo(f"  {one.why}")


def _tell_model(one: Trust) -> None:
    how = " shown without it" if one.blind else ""
    line = f"{one.model}: right {one.right:.1%} of {one.verdicts:,}{how}"
    line += f", calibration error {one.before:.3f}"
    if one.after is not None:
        line += f" → {one.after:.3f}"
    click.echo(line if one.calibration is not None else f"{line}; too little to calibrate it")
