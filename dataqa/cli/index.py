"""``dataqa index``: what was seen, kept on disk, and what a document is like."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dataqa.cli.counting import counted
from dataqa.cli.index_info import info_command
from dataqa.cli.index_options import (
    given_of,
    reading_of,
    say,
    say_rest,
    seen_argument,
    similarity_option,
    sketch_options,
)
from dataqa.cli.index_stream import stream_command
from dataqa.cli.options import inputs_option, log_option, not_an_input, reading_options

if TYPE_CHECKING:
    import polars as pl

    from dataqa.index.adding import Added, Adding
    from dataqa.index.index import Index
    from dataqa.io.documents import Documents


@click.group("index")
def index_command() -> None:
    """Keep sketches of all that was seen, and find what new documents are like.

    SEEN is the index, a folder. It holds ids and signatures, no texts: similarities are estimates.
    """


index_command.add_command(info_command)
index_command.add_command(stream_command)


@index_command.command("build")
@seen_argument
@inputs_option
@click.option(
    "--similarity",
    type=float,
    default=0.8,
    show_default=True,
    help="From this Jaccard similarity on documents are similar.",
)
@sketch_options
@reading_options
@log_option
def build_command(
    *, seen: Path, inputs: tuple[str, ...], similarity: float, log: str, **given: Any
) -> None:
    """Make an index of documents; killed, the same command goes on with it."""
    from dataqa.index.building import begin, filling

    parameters, reading = given_of(given)
    settings = {name: value for name, value in parameters.items() if value is not None}
    with reading_of(inputs, reading) as documents:
        index = begin(seen, similarity=similarity, **settings)
        with filling(index) as adding:
            if len(index):
                say(f"going on with a build that was interrupted: {len(index):,} are there already")
            _add(adding, documents, log)
        _tell(index, adding.told)


@index_command.command("add")
@seen_argument
@inputs_option
@click.option("--new-only", is_flag=True, help="Leave out what is like something seen before.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With --new-only: where new documents go, .parquet, .jsonl, .jsonl.zst.",
)
@similarity_option
@sketch_options
@reading_options
@log_option
def add_command(
    *,
    seen: Path,
    inputs: tuple[str, ...],
    new_only: bool,
    out: Path | None,
    similarity: float | None,
    log: str,
    **given: Any,
) -> None:
    """Add documents; one whose id is there already replaces that entry.

    With --new-only each is compared with the index and with those before it in the input, and only
    new ones are added. All of them at the end: a command that was killed has added none.
    """
    from dataqa.index.index import Index

    if not new_only and (out is not None or similarity is not None):
        raise click.UsageError("-o and --similarity belong to --new-only")
    not_an_input(out, inputs)
    parameters, reading = given_of(given)
    index = Index.open(seen, **parameters)
    with reading_of(inputs, reading) as documents:
        if new_only:
            _tell(index, _add_new(index, documents, out, similarity, log))
            return
        with index.adding() as adding:
            _add(adding, documents, log)
        _tell(index, adding.told)


@index_command.command("query")
@seen_argument
@inputs_option
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where matches go, .jsonl, .jsonl.zst, .parquet; else printed.",
)
@click.option("--all", "every", is_flag=True, help="All similar entries, not the best only.")
@similarity_option
@sketch_options
@reading_options
@log_option
def query_command(
    *,
    seen: Path,
    inputs: tuple[str, ...],
    out: Path | None,
    every: bool,
    similarity: float | None,
    log: str,
    **given: Any,
) -> None:
    """Find what documents are like; they are not added, nor compared with one another."""
    from dataqa.index.index import Index
    from dataqa.index.tables import MATCHES
    from dataqa.io.documents import rows_file
    from dataqa.types import DOC_ID, TEXT

    not_an_input(out, inputs)
    parameters, reading = given_of(given)
    index = Index.open(seen, **parameters)
    asked = matched = short = damaged = 0
    with reading_of(inputs, reading) as documents, _target(out, rows_file, MATCHES) as put:
        for chunk in counted(documents, log, printing=out is None):
            ids, texts = chunk.docs[DOC_ID], chunk.docs[TEXT]
            found, cut_short = index.look_up(ids, texts, similarity, every=every)
            put(found)
            asked += len(ids)
            matched += found[DOC_ID].n_unique()
            short += cut_short
            damaged += chunk.damaged.height
    say(f"{asked:,} documents, {matched:,} are like one of {len(index):,} (estimated)")
    say_rest(short, damaged)


@index_command.command("remove")
@seen_argument
@click.option("--id", "names", multiple=True, metavar="ID", help="A document's id. Repeatable.")
@click.option(
    "--ids",
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file with an id on each line.",
)
@click.option("--forget", is_flag=True, help="Write files anew at once: no trace of them is left.")
def remove_command(*, seen: Path, names: tuple[str, ...], file: Path | None, forget: bool) -> None:
    """Let documents be known no more."""
    from dataqa.errors import InputError
    from dataqa.index.index import Index

    try:
        # lines end in a line feed: ids may hold what else Unicode calls a line's end
        lines = file.read_text(encoding="utf-8").split("\n") if file else []
    except UnicodeDecodeError:
        raise InputError("is not UTF-8", where=str(file), hint="an id on each line") from None
    ids = list(dict.fromkeys([*names, *(line.removesuffix("\r") for line in lines if line)]))
    if not ids and not forget:
        raise click.UsageError("name documents with --id or --ids")
    removed = Index.open(seen).remove(ids, forget=forget)
    say(f"{removed:,} removed, {len(ids) - removed:,} were not there")


def _add(adding: Adding, documents: Documents, log: str) -> None:
    from dataqa.types import DOC_ID, TEXT

    damaged = 0
    for chunk in counted(documents, log):
        adding.add(chunk.docs[DOC_ID], chunk.docs[TEXT])
        damaged += chunk.damaged.height
    say_rest(0, damaged)


def _add_new(
    index: Index, documents: Documents, out: Path | None, similarity: float | None, log: str
) -> Added:
    """The file gets its name before the index is changed: killed between, both are made again."""
    from dataqa.io.documents import rows_file
    from dataqa.types import DOC_ID, TEXT

    damaged = 0
    file = rows_file(out, documents.empty) if out else nullcontext(None)
    with index.adding_new(similarity) as adding, file as put:
        for chunk in counted(documents, log):
            fresh, _ = adding.add(chunk.docs[DOC_ID], chunk.docs[TEXT])
            if put is not None:
                put(documents.public(chunk.docs.filter(fresh)))
            damaged += chunk.damaged.height
    say_rest(adding.told.cut_short, damaged)
    return adding.told


def _target(out: Path | None, rows_file: Any, columns: Any) -> Any:
    """Where matches go: a file, or standard output as JSON lines."""
    if out is not None:
        import polars as pl

        return rows_file(out, pl.DataFrame(schema=columns))
    return nullcontext(_print)


def _print(rows: pl.DataFrame) -> None:
    click.echo(rows.write_ndjson(), nl=False)


def _tell(index: Index, told: Added) -> None:
    parts = {
        "added": told.added,
        "there already": told.unchanged,
        "like a known one": told.known,
        "without a word": told.empty,
    }
    some = ", ".join(f"{count:,} {what}" for what, count in parts.items() if count)
    say(f"{told.documents:,} documents: {some or 'none'}")
    if told.replaced:
        say(f"{told.replaced:,} entries were replaced by a later document of the same id")
    say(f"{index.path} holds {len(index):,}")
