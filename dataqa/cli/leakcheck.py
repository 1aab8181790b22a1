"""``dataqa leakcheck``: no private value of the originals may be left in what was made of them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import click

from dataqa.cli.counting import counted
from dataqa.cli.options import log_option
from dataqa.cli.recognisers import doubt_option, names_options, recogniser_options, scanner_of


@click.command("leakcheck")
@click.argument("original", type=click.Path(exists=True))
@click.argument("clean", type=click.Path(exists=True))
@recogniser_options
@names_options
@doubt_option
@click.option("--text-column", help="Column of the originals that holds the text.")
@click.option("--clean-column", help="Column of the others that holds it [the same].")
@click.option("--max-document", type=int, help="Largest document read, in bytes.")
@click.option("--allow", type=click.IntRange(0), default=0, show_default=True, help="So many.")
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
    max_document: int | None,
    allow: int,
    as_json: bool,
    rules: tuple[Path, ...],
    log: str,
) -> int:
    """Look for every private value of ORIGINAL in all texts of CLEAN.

    Both are files or folders that `dataqa run` could read; of a run's output, name the folder
    kept. Values are looked for as the originals have them, whatever their case. Printed are kinds
    and ids of documents, never values. Exit code 3 if more than --allow are left, 1 if there are
    records that could not be looked into.
    """
    from dataqa.io.documents import documents
    from dataqa.io.sources import Reading
    from dataqa.private.leaks import Leak, Values
    from dataqa.types import DOC_ID, TEXT

    scanner = scanner_of(packs, entities, rules, stages, languages)
    values = Values(scanner, doubt)
    unread = 0
    given: dict[str, Any] = {} if max_document is None else {"max_document": max_document}
    with documents([original], Reading(text_column=text_column or TEXT, **given)) as found:
        for chunk in counted(found, log):
            values.note(chunk.docs[TEXT])
            unread += chunk.damaged.height
    column = clean_column or text_column or TEXT
    with documents([clean], Reading(text_column=column, **given)) as found:
        leaks: list[Leak] = []
        for chunk in counted(found, log):
            leaks += values.leaks([(chunk.docs[DOC_ID], chunk.docs[TEXT])])
            unread += chunk.damaged.height
    by_entity = Counter(leak.entity for leak in leaks)
    if as_json:
        rows = [leak._asdict() for leak in leaks]
        click.echo(json.dumps({"values": dict(values.by_entity), "leaks": rows}, indent=1))
    else:
        click.echo(f"{len(values):,} private values in {original}")
        for entity, count in sorted(by_entity.items()):
            some = sorted({leak.doc_id for leak in leaks if leak.entity == entity})
            more = ", …" if len(some) > 5 else ""
            click.echo(f"{entity}: {count:,} left, in {', '.join(some[:5])}{more}")
        click.echo(f"{len(leaks):,} are left in {clean}" if leaks else f"none is left in {clean}")
    if unread:
        told = "records are damaged, too large or have no text, and were not looked into"
        click.echo(f"{unread:,} {told}: see --max-document", err=True)
    return 3 if len(leaks) > allow else int(unread > 0)
