"""``dataqa leakcheck``: no private value of the originals may be left in what was made of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dataqa.cli.counting import counted
from dataqa.cli.fields import column_option, known_columns, lines_of
from dataqa.cli.options import log_option
from dataqa.cli.recognisers import doubt_option, names_options, recogniser_options, scanner_of

if TYPE_CHECKING:
    import polars as pl

    from dataqa.io.store import Store
    from dataqa.private.leaks import Leak, Values

_SHOWN = 5


@click.command("leakcheck")
@click.argument("original", type=click.Path(exists=True))
@click.argument("clean", type=click.Path(exists=True))
@recogniser_options
@names_options
@doubt_option
@click.option("--text-column", help="Column of the originals that holds the text.")
@click.option("--clean-column", help="Column of the others that holds it [the same].")
@click.option("--id-column", help="Column of both with the documents' ids, that aligns them.")
@column_option
@click.option("--max-document", type=int, help="Largest document read, in bytes.")
@click.option("--allow", type=click.IntRange(0), default=0, show_default=True, help="So many.")
@click.option(
    "--max-elsewhere",
    type=click.IntRange(0),
    help="So many names, places and days in documents that are not their own [any number].",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@log_option
def leakcheck_command(
    *,
    original: str,
    clean: str,
    packs: tuple[str, ...],
    entities: tuple[str, ...],
    stages: tuple[str, ...],
    languages: tuple[str, ...],
    doubt: float,
    text_column: str | None,
    clean_column: str | None,
    id_column: str | None,
    columns: tuple[str, ...],
    max_document: int | None,
    allow: int,
    max_elsewhere: int | None,
    as_json: bool,
    rules: tuple[Path, ...],
    log: str,
) -> int:
    """Look for every private value of ORIGINAL in all texts of CLEAN.

    Both are files or folders that `dataqa run` could read; of a finished run's folder what it kept
    is read, and its report shows the result from then on. Ids, contacts and secrets may stand
    nowhere, however they are written: whatever their case, width and separators, and the code of
    their country. Names, places and days may not stand in their own document, the one of the same
    id; elsewhere they are counted. Printed are kinds and ids of documents, never values. Exit code
    3 if more than --allow are left, or more than --max-elsewhere are elsewhere; 1 if there are
    records that could not be looked into.
    """
    from dataqa.private.leaks import Values
    from dataqa.types import DOC_ID

    values = Values(scanner_of(packs, entities, rules, stages, languages), doubt)
    wanted = known_columns(columns, packs, rules)
    given = {"max_document": max_document, "id_column": id_column}
    settings = {name: value for name, value in given.items() if value is not None}
    unread = 0
    with _reading(original, text_column, settings) as found:
        for chunk in counted(found, log):
            _note(values, found.public(chunk.docs), chunk.docs, wanted)
            unread += chunk.damaged.height
    leaks: list[Leak] = []
    strangers = 0
    run = _run_of(clean)
    clean = clean if run is None else str(run.path("kept"))
    with _reading(clean, clean_column or text_column, settings) as found:
        for chunk in counted(found, log):
            texts = _all_text(found.public(chunk.docs), chunk.docs, wanted)
            leaks += values.leaks([(chunk.docs[DOC_ID], texts)])
            strangers += chunk.docs.height - values.known(chunk.docs[DOC_ID])
            unread += chunk.damaged.height
    own = [leak for leak in leaks if leak.own]
    elsewhere = [leak for leak in leaks if not leak.own]
    if run is not None:
        _keep(run, values, own, elsewhere, strangers)
    if as_json:
        rows = [leak._asdict() for leak in leaks]
        told = {"values": dict(values.by_entity), "leaks": rows, "unaligned": strangers}
        click.echo(json.dumps(told, indent=1))
    else:
        click.echo(f"{len(values):,} private values in {original}")
        _list(own, "left")
        _list(elsewhere, "in other documents than their own")
        click.echo(f"{len(own):,} are left in {clean}" if own else f"none is left in {clean}")
    if strangers:
        told = f"{strangers:,} documents have no original of their id: see --id-column"
        click.echo(told, err=True)
    if unread:
        told = "records are damaged, too large or have no text, and were not looked into"
        click.echo(f"{unread:,} {told}: see --max-document", err=True)
    too_many = max_elsewhere is not None and len(elsewhere) > max_elsewhere
    return 3 if len(own) > allow or too_many else int(unread > 0)


def _run_of(folder: str) -> Store | None:
    """The finished run in a folder, if there is one."""
    from dataqa.engine.finish import load
    from dataqa.io.store import Store

    if not Path(folder).is_dir():
        return None
    store = Store(Path(folder))
    return None if load(store) is None else store


def _keep(
    run: Store, values: Values, own: Sequence[Leak], elsewhere: Sequence[Leak], strangers: int
) -> None:
    """Have a run's report show how many values of which kinds were looked for and are left."""
    from dataqa.engine.reporting import put_leaks

    looked, left, others = values.by_entity, _kinds(own), _kinds(elsewhere)
    told = [
        {"entity": kind, "values": n, "left": left[kind], "elsewhere": others[kind]}
        for kind, n in sorted(looked.items(), key=lambda one: (-one[1], one[0]))
    ]
    with run.locked():
        put_leaks(run, {"kinds": told, "unaligned": strangers})


def _kinds(leaks: Sequence[Leak]) -> Counter[str]:
    return Counter(leak.entity for leak in leaks)


def _reading(path: str, column: str | None, settings: Mapping[str, Any]) -> Any:
    from dataqa.io.documents import documents
    from dataqa.io.sources import Reading
    from dataqa.types import TEXT

    return documents([path], Reading(text_column=column or TEXT, **settings))


def _note(
    values: Values, public: pl.DataFrame, docs: pl.DataFrame, columns: Mapping[str, str]
) -> None:
    """Take the values of texts, and of columns: searched ones behind their fields' names."""
    import polars as pl

    from dataqa.private.columns import head_of
    from dataqa.types import DOC_ID, TEXT

    ids = docs[DOC_ID]
    values.note(ids, docs[TEXT])
    if not columns:
        return
    searched: list[tuple[str, str]] = []
    for doc_id, lines in zip(ids, lines_of(public, columns), strict=True):
        for kind, field, text in lines:
            if kind == "scan":
                searched.append((doc_id, head_of(field) + text))
            else:
                values.add(kind, text, doc_id)
    values.note(pl.Series([one for one, _ in searched], dtype=pl.String),
                pl.Series([text for _, text in searched], dtype=pl.String))  # fmt: skip


def _all_text(public: pl.DataFrame, docs: pl.DataFrame, columns: Mapping[str, str]) -> pl.Series:
    """All that a document holds in its text and columns."""
    import polars as pl

    from dataqa.types import TEXT

    if not columns:
        return docs[TEXT]
    rows = zip(docs[TEXT], lines_of(public, columns), strict=True)
    joined = ("\n".join([text or "", *(line for _, _, line in lines)]) for text, lines in rows)
    return pl.Series(TEXT, list(joined), pl.String)


def _list(leaks: Sequence[Leak], what: str) -> None:
    for entity, count in sorted(_kinds(leaks).items()):
        some = sorted({leak.doc_id for leak in leaks if leak.entity == entity})
        more = ", …" if len(some) > _SHOWN else ""
        click.echo(f"{entity}: {count:,} {what}, in {', '.join(some[:_SHOWN])}{more}")
