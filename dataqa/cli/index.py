"""``dataqa index``: what was seen, kept on disk, and what a document is like."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dataqa.cli.options import Command, changed_reading, inputs_option, reading_options

if TYPE_CHECKING:
    import polars as pl

    from dataqa.index.adding import Added
    from dataqa.index.files import Documents
    from dataqa.index.index import Index
    from dataqa.index.rates import Rate

_SEEN = click.argument("seen", metavar="SEEN", type=click.Path(path_type=Path, file_okay=False))
_SIMILARITY = click.option("--similarity", type=float, help="From which estimate on [SEEN's own].")


def _parameters(command: Command) -> Command:
    """What signatures are made with; for an index that is there, what they have to be."""
    for option in (
        click.option("--seed", type=int, help="Of the permutations [1]."),
        click.option("--bands", help="Bands and rows as 14x8, or a preset [from --similarity]."),
        click.option("--permutations", type=int, help="Places of a signature [128]."),
        click.option("--shingle", help="word:N or char:N [word:5]."),
    ):
        command = option(command)
    return command


@click.group("index")
def index_command() -> None:
    """Keep sketches of all that was seen, and find what new documents are like.

    SEEN is the index, a folder. It holds ids and signatures, no texts: similarities are estimates.
    """


@index_command.command("build")
@_SEEN
@inputs_option
@click.option(
    "--similarity",
    type=float,
    default=0.8,
    show_default=True,
    help="From this Jaccard similarity on documents are similar.",
)
@_parameters
@reading_options
def build_command(*, seen: Path, inputs: tuple[str, ...], similarity: float, **given: Any) -> None:
    """Make an index of documents."""
    from dataqa.index.index import Index

    parameters, reading = _given(given)
    seed = parameters.pop("seed")
    if seed is not None:
        parameters["seed"] = seed
    with _read(inputs, reading) as documents:
        index = Index.create(seen, similarity=similarity, **parameters)
        _tell(index, _add(index, documents))


@index_command.command("add")
@_SEEN
@inputs_option
@click.option("--new-only", is_flag=True, help="Leave out what is like something seen before.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With --new-only: where new documents go, .parquet, .jsonl, .jsonl.zst.",
)
@_SIMILARITY
@_parameters
@reading_options
def add_command(
    *,
    seen: Path,
    inputs: tuple[str, ...],
    new_only: bool,
    out: Path | None,
    similarity: float | None,
    **given: Any,
) -> None:
    """Add documents; one whose id is there already replaces that entry.

    With --new-only each is compared with the index and with those before it in the input, and only
    new ones are added. All of them at the end: a command that was killed has added none.
    """
    from dataqa.index.index import Index

    if not new_only and (out is not None or similarity is not None):
        raise click.UsageError("-o and --similarity belong to --new-only")
    parameters, reading = _given(given)
    index = Index.open(seen, **parameters)
    with _read(inputs, reading) as documents:
        if new_only:
            _tell(index, _add_new(index, documents, out, similarity))
        else:
            _tell(index, _add(index, documents))


@index_command.command("query")
@_SEEN
@inputs_option
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where matches go, .jsonl, .jsonl.zst, .parquet; else printed.",
)
@click.option("--all", "every", is_flag=True, help="All similar entries, not the best only.")
@_SIMILARITY
@_parameters
@reading_options
def query_command(
    *,
    seen: Path,
    inputs: tuple[str, ...],
    out: Path | None,
    every: bool,
    similarity: float | None,
    **given: Any,
) -> None:
    """Find what documents are like; they are not added, nor compared with one another."""
    from dataqa.index.files import rows_file
    from dataqa.index.index import Index
    from dataqa.index.tables import MATCHES
    from dataqa.types import DOC_ID, TEXT

    parameters, reading = _given(given)
    index = Index.open(seen, **parameters)
    seen_count = matched = short = damaged = 0
    with _read(inputs, reading) as documents, _target(out, rows_file, MATCHES) as put:
        for chunk in documents.chunks:
            ids, texts = chunk.docs[DOC_ID], chunk.docs[TEXT]
            found, cut_short = index.look_up(ids, texts, similarity, every=every)
            put(found)
            seen_count += len(ids)
            matched += found[DOC_ID].n_unique()
            short += cut_short
            damaged += chunk.damaged.height
    _say(f"{seen_count:,} documents, {matched:,} are like one of {len(index):,} (estimated)")
    _say_rest(short, damaged)


@index_command.command("remove")
@_SEEN
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
    from dataqa.index.index import Index

    ids = [*names, *(file.read_text(encoding="utf-8").splitlines() if file else ())]
    if not ids:
        raise click.UsageError("name documents with --id or --ids")
    removed = Index.open(seen).remove(ids, forget=forget)
    _say(f"{removed:,} removed, {len(set(ids)) - removed:,} were not there")


@index_command.command("info")
@_SEEN
@click.option("--verify", is_flag=True, help="Read every byte; exit code 1 if one has changed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def info_command(*, seen: Path, verify: bool, as_json: bool) -> int:
    """Tell what an index holds, how it was built, and how often its estimates are wrong."""
    from dataqa.index.index import Index

    index = Index.open(seen)
    told = index.info()
    if as_json:
        import msgspec

        rates = [rate._asdict() for rate in told.rates]
        value = {**told._asdict(), "path": str(told.path), "rates": rates}
        click.echo(msgspec.json.format(msgspec.json.encode(value)).decode())
    else:
        click.echo(
            f"{told.entries:,} documents, {told.removed:,} removed ones still take room;"
            f" {told.bytes / 1e6:,.1f} MB in {told.segments} segments"
        )
        click.echo(", ".join(f"{name} {value}" for name, value in told.parameters.items()))
        click.echo("\ntrue similarity   called similar")
        for rate in told.rates:
            click.echo(f"{rate.similarity:>15.2f}   {_percent(rate)}")
    faults = index.verify() if verify else []
    for fault in faults:
        click.echo(fault, err=True)
    if verify:
        click.echo(f"{len(faults)} faults" if faults else "whole and unchanged")
    return 1 if faults else 0


def _given(given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Parameters as values, and what is left: the options of reading."""
    from dataqa.index.parameters import parse_bands, parse_shingle

    parameters = {name: given.pop(name) for name in ("shingle", "permutations", "bands", "seed")}
    for name, parse in (("shingle", parse_shingle), ("bands", parse_bands)):
        if parameters[name] is not None:
            parameters[name] = parse(parameters[name])
    return parameters, given


@contextmanager
def _read(inputs: tuple[str, ...], options: dict[str, Any]) -> Generator[Documents]:
    from dataqa.index.files import documents
    from dataqa.io.sources import Reading

    given = changed_reading(**options)
    how = Reading(**{name.partition(".")[2]: value for name, value in given.items()})
    with documents(inputs, how) as found:
        yield found


def _add(index: Index, documents: Documents) -> Added:
    from dataqa.types import DOC_ID, TEXT

    damaged = 0
    with index.adding() as adding:
        for chunk in documents.chunks:
            adding.add(chunk.docs[DOC_ID], chunk.docs[TEXT])
            damaged += chunk.damaged.height
    _say_rest(0, damaged)
    return adding.told


def _add_new(
    index: Index, documents: Documents, out: Path | None, similarity: float | None
) -> Added:
    """The file gets its name before the index is changed: killed between, both are made again."""
    from dataqa.index.files import rows_file
    from dataqa.types import DOC_ID, TEXT

    damaged = 0
    file = rows_file(out, documents.empty) if out else nullcontext(None)
    with index.adding_new(similarity) as adding, file as put:
        for chunk in documents.chunks:
            fresh, _ = adding.add(chunk.docs[DOC_ID], chunk.docs[TEXT])
            if put is not None:
                put(documents.public(chunk.docs.filter(fresh)))
            damaged += chunk.damaged.height
    _say_rest(adding.told.cut_short, damaged)
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
    _say(f"{told.documents:,} documents: {some or 'none'}")
    if told.replaced:
        _say(f"{told.replaced:,} entries were replaced by a later document of the same id")
    _say(f"{index.path} holds {len(index):,}")


def _say_rest(short: int, damaged: int) -> None:
    if short:
        _say(f"{short:,} share bands with more entries than they were compared with")
    if damaged:
        _say(f"{damaged:,} records are damaged or have no text: not looked into")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _percent(rate: Rate) -> str:
    low, high = (f"{100 * share:.3g}" for share in (rate.at_least, rate.at_most))
    return f"{low} %" if low == high else f"{low} to {high} %"
