"""``dataqa review``: people decide what rules and models cannot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dataqa.cli.agreement import agreement_command
from dataqa.cli.options import log_option, out_option, rules_option
from dataqa.cli.review_calibrate import calibrate_command
from dataqa.cli.review_options import (
    choice_options,
    flow_options,
    reviewed_argument,
    rule_option,
    server_options,
    source_argument,
)

if TYPE_CHECKING:
    from dataqa.review.reviews import Reviewed
    from dataqa.review.server.pulling import Pulled


@click.group("review")
def review_command() -> None:
    """Ask people in Label Studio, and bring home what they say."""


review_command.add_command(agreement_command)
review_command.add_command(calibrate_command)


@review_command.command("flows")
def flows_command() -> None:
    """List what people can be asked."""
    from dataqa.review.asking.flows import flow_names, load_flow

    for name in flow_names():
        flow = load_flow(name)
        click.echo(f"{name:16} {flow.sheet.items:10} {flow.sheet.title['en']}")


@review_command.command("push")
@source_argument
@flow_options
@choice_options
@click.option("--project", default="", help="The project's title; by default the flow's.")
@click.option(
    "--annotators",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="People who are asked about each item.",
)
@server_options
@log_option
def push_command(
    *,
    source: Path,
    flow: str,
    language: str,
    state: Path | None,
    project: str,
    annotators: int,
    url: str,
    key: str,
    log: str,
    **chosen: Any,
) -> None:
    """Choose items of SOURCE, a run's folder or a file of records, and send them.

    Sent again, nothing is sent twice; whatever breaks off, the same command goes on. Texts go to
    the server as they are in the run; `review purge` deletes them there.
    """
    from dataqa.review.asking.items import Choice
    from dataqa.review.reviews import Server, add_items, as_json, reviewing, server
    from dataqa.review.server.pushing import How, push

    def tell(there: int, of: int) -> None:
        if log not in ("json", "none"):
            click.echo(f"{there:,} of {of:,} items are there", err=True)

    with (
        reviewing(source, flow, language, state, new=True) as (ledger, asked),
        server(Server(url, key)) as studio,
    ):
        new = add_items(ledger, asked, source, Choice(**chosen))
        told = push(ledger, asked, studio, How(title=project, annotators=annotators), tell)
    if log == "json":
        click.echo(as_json(told))
        return
    click.echo(
        f"{new:,} items chosen, {told.tasks:,} tasks made, {told.prelabelled:,} prelabelled anew"
    )
    for fault, count in sorted(told.invalid.items()):
        click.echo(f"  {count:,} prelabels left out: {fault}", err=True)
    if told.removed:
        click.echo(f"  {told.removed:,} tasks that came twice are deleted")
    click.echo(f"annotate at {told.url}")


@review_command.command("pull")
@reviewed_argument
@flow_options
@server_options
@click.option("--full", is_flag=True, help="Read all again, and see which tasks were deleted.")
@click.option("--follow", type=click.IntRange(1), metavar="SECONDS", help="Again and again.")
@click.option(
    "--webhook",
    metavar="[HOST:]PORT",
    help="With --follow, listen for Label Studio's webhooks and pull when one comes.",
)
@log_option
def pull_command(
    *,
    source: Path,
    flow: str,
    language: str,
    state: Path | None,
    url: str,
    key: str,
    full: bool,
    follow: int | None,
    webhook: str | None,
    log: str,
) -> None:
    """Bring what people said since the last time."""
    from dataqa.review.reviews import Server, as_json, reviewing, server
    from dataqa.review.server.pulling import pull
    from dataqa.review.server.webhook import waiting

    if webhook is not None and follow is None:
        raise click.UsageError("--webhook wakes --follow: give both")
    with (
        reviewing(source, flow, language, state) as (ledger, asked),
        server(Server(url, key)) as studio,
        waiting(webhook) as wait,
    ):
        while True:
            told = pull(ledger, asked, studio, full=full)
            if follow is None or told.new or told.changed or told.deleted:
                click.echo(as_json(told) if log == "json" else _brought(told))
            if follow is None:
                return
            wait(follow)


@review_command.command("status")
@reviewed_argument
@flow_options
@rule_option
@log_option
def status_command(
    *, source: Path, flow: str, language: str, state: Path | None, rule: Any, log: str
) -> None:
    """Tell how far a review is, as of the last pull."""
    from dataqa.review.reviews import as_json, reviewed, reviewing

    with reviewing(source, flow, language, state) as (ledger, asked):
        told = reviewed(ledger, asked, rule)
    click.echo(as_json(told)) if log == "json" else _tell(told)


@review_command.command("apply")
@source_argument
@out_option
@click.option(
    "--flow", "flows", multiple=True, help="Whose verdicts; by default all that there are."
)
@rule_option
@click.option("--workers", type=click.IntRange(1), help="Processes; default one per core.")
@rules_option
@log_option
def apply_command(
    *,
    source: Path,
    out: Path,
    flows: tuple[str, ...],
    rule: Any,
    workers: int | None,
    rules: tuple[Path, ...],
    log: str,
) -> None:
    """Make the run that people's verdicts lead to, in another folder.

    Verdicts are findings of the step `human`, which win over rules; `dataqa explain` tells who
    said what, and when.
    """
    from contextlib import ExitStack

    from dataqa.cli.progress import watch_of
    from dataqa.engine.driver import Options
    from dataqa.errors import InputError
    from dataqa.review.ledger import FILE, FOLDER
    from dataqa.review.reviews import apply, reviewing

    names = flows or tuple(sorted(one.parent.name for one in source.glob(f"{FOLDER}/*/{FILE}")))
    if not names:
        hint = "dataqa review push chooses items and sends them"
        raise InputError("nothing was pushed from here", where=str(source), hint=hint)
    with ExitStack() as stack:
        opened = {name: stack.enter_context(reviewing(source, name)) for name in names}
        watch = stack.enter_context(watch_of(log))
        options = Options(workers=workers, rules=rules)
        watch.finished(apply(source, out, opened, rule, options, watch))


@review_command.command("purge")
@reviewed_argument
@flow_options
@server_options
@click.option("--yes", is_flag=True, help="Do not ask.")
def purge_command(
    *, source: Path, flow: str, language: str, state: Path | None, url: str, key: str, yes: bool
) -> None:
    """Delete a review's project, with all texts in it, from the server.

    What people said is kept here. Pull first: what was not pulled is lost.
    """
    from dataqa.review.reviews import Server, purge, reviewing, server

    if not yes:
        click.confirm("Delete the project and all its tasks there?", abort=True)
    with (
        reviewing(source, flow, language, state) as (ledger, _),
        server(Server(url, key)) as studio,
    ):
        click.echo(f"{purge(ledger, studio):,} tasks are deleted")


def _brought(told: Pulled) -> str:
    line = (
        f"{told.new:,} new, {told.changed:,} changed, {told.deleted:,} deleted, "
        f"{told.skipped:,} passed over"
    )
    others = f"; {told.strangers:,} annotated tasks are none of ours" if told.strangers else ""
    return f"{line}{others}"


def _tell(told: Reviewed) -> None:
    click.echo(f"{told.items:,} items, {told.pushed:,} on the server, {told.answered:,} answered")
    click.echo(
        f"  {told.skipped:,} passed over, {told.undecided:,} without agreement, "
        f"{told.prelabelled:,} prelabelled, {told.blind:,} shown blind"
    )
    width = max(map(len, told.reasons), default=0)
    for reason, (count, done) in sorted(told.reasons.items(), key=lambda one: (-one[1][0], one[0])):
        click.echo(f"  {reason:{width}}  {done:,} of {count:,}")
    if told.url:
        click.echo(told.url)
