"""``dataqa review agreement``: how far people agree, with one another and with models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dataqa.cli.options import log_option
from dataqa.cli.review_options import flow_options, the_only_review


@click.command("agreement")
@click.argument("sources", nargs=-1, type=click.Path(path_type=Path))
@flow_options
@click.option(
    "--by",
    type=click.Choice(["week", "batch"]),
    default="week",
    show_default=True,
    help="How time is cut, to see what moves.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="An HTML file with plots; it holds no text.",
)
@log_option
def agreement_command(
    *,
    sources: tuple[Path, ...],
    flow: str,
    language: str,
    state: Path | None,
    by: Any,
    out: Path | None,
    log: str,
) -> None:
    """Tell how far people agree, as of the last pull.

    SOURCES are runs' folders or files of records; several are taken together; by default the only
    run here that has a review. Every figure has an
    interval of 95 %, and a dash where there are too few items to say.
    """
    from contextlib import ExitStack

    import msgspec

    from dataqa.cli.options import not_an_input
    from dataqa.errors import InputError
    from dataqa.review.measuring.agreement import agreement
    from dataqa.review.measuring.agreement_page import agreement_html, lines_of
    from dataqa.review.reviews import reviewing

    sources = sources or (the_only_review(),)
    not_an_input(out, sources)
    if state is not None and len(sources) > 1:
        hint = "without --state each source's own ledger is read"
        raise InputError("one ledger for several sources", where="--state", hint=hint)
    with ExitStack() as stack:
        opened = [stack.enter_context(reviewing(one, flow, language, state)) for one in sources]
        told = agreement([ledger for ledger, _ in opened], opened[0][1], by)
    if out is not None:
        out.write_text(agreement_html(told), encoding="utf-8")
    if log == "json":
        click.echo(msgspec.json.encode(told).decode())
        return
    for line in lines_of(told):
        click.echo(line)
    if out is not None:
        click.echo(f"\nplots are in {out}")
