"""``dataqa export``: training files from what people said."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dataqa.cli.options import log_option
from dataqa.cli.recognisers import names_options
from dataqa.cli.review_options import rule_option

if TYPE_CHECKING:
    from dataqa.review.exporting.export import Scrub


@click.command("export")
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    required=True,
    type=click.Choice(["sft", "dpo", "kto", "ranking", "gold"]),
    help="Conversations, preferred pairs, thumbs, ordered lists, or items with known answers.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A JSON Lines file; by default standard output.",
)
@click.option("--flow", "flows", multiple=True, help="Only what was asked by it. Repeatable.")
@click.option("--language", default="en", show_default=True, help="Of the flows' pages.")
@click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the ledger; by default in the run, or beside the file of records.",
)
@rule_option
@click.option(
    "--least",
    type=click.IntRange(1),
    help="Leave out items that fewer people answered [gold 2, else 1].",
)
@click.option(
    "--ties",
    type=click.Choice(["drop", "keep"]),
    default="drop",
    show_default=True,
    help="Pairs that are equally good.",
)
@click.option("--chat", is_flag=True, help="Prompts and answers as messages in any case.")
@click.option(
    "--scrub",
    type=click.Choice(["tag", "mask"]),
    help="Take private values out of the texts [nothing is].",
)
@names_options
@log_option
def export_command(
    *,
    sources: tuple[Path, ...],
    form: Any,
    out: Path | None,
    flows: tuple[str, ...],
    language: str,
    state: Path | None,
    rule: Any,
    least: int | None,
    ties: str,
    chat: bool,
    scrub: str | None,
    stages: tuple[str, ...],
    languages: tuple[str, ...],
    log: str,
) -> None:
    """Write a training file of what people said of SOURCES.

    SOURCES are runs' folders, files of records, or stores of feedback. Every item that people
    touched is in the file, or counted with the reason why it is not.
    """
    import msgspec

    from dataqa.cli.options import not_an_input
    from dataqa.review.exporting.export import Source, export, lines_of, write
    from dataqa.review.exporting.rows import How

    not_an_input(out, sources)
    how = How(rule, least or (2 if form == "gold" else 1), ties == "keep")
    some = [Source(path, flows, language, state) for path in sources]
    cleaner = None if scrub is None else _scrubber(scrub, stages, languages)
    told = export(some, form, how, chat=chat, scrub=cleaner)
    if out is None:
        for line in lines_of(told.rows):
            click.echo(line.decode(), nl=False)
    else:
        write(out, told.rows)
    if log == "json":
        facts = {"rows": len(told.rows), "items": told.items, "left_out": told.left_out}
        click.echo(msgspec.json.encode({**facts, "chat": told.chat}).decode(), err=out is None)
        return
    if log == "none":
        return
    click.echo(f"{len(told.rows):,} rows of {told.items:,} items", err=True)
    for why, count in told.left_out.items():
        click.echo(f"  {count:,} left out: {why}", err=True)


def _scrubber(style: Any, names: Sequence[str], languages: Sequence[str]) -> Scrub:
    def clean(texts: Sequence[str]) -> list[str]:
        import polars as pl

        from dataqa.scrubbing import scrub

        frame = pl.DataFrame({"text": texts}, schema={"text": pl.String})
        return scrub(frame, style=style, names=names, languages=languages)["text"].to_list()

    return clean
