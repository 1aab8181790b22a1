"""``dataqa vault`` and ``dataqa reidentify``: the way back from stand-ins, by a key of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dataqa.cli.counting import counted
from dataqa.cli.options import changed_reading, log_option, not_an_input, reading_options

if TYPE_CHECKING:
    from dataqa.private.vault import Entry

_key_option = click.option(
    "--vault-key", required=True, help="The vault's key: env:NAME or file:PATH."
)


@click.group("vault")
def vault_command() -> None:
    """Keep what stand-ins stand for, encrypted."""


@vault_command.command("build")
@click.argument("inputs", nargs=-1, required=True, type=click.Path(exists=True))
@click.option(
    "--run",
    "run_folder",
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The finished run that scrubbed them.",
)
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The vault.",
)
@_key_option
@log_option
def build_command(
    *, inputs: tuple[str, ...], run_folder: Path, out: Path, vault_key: str, log: str
) -> None:
    """Seal what the stand-ins of a run stand for, from its INPUTS, given as the run had them.

    The run itself keeps no original. Its recognisers look through the inputs once more, and its
    key makes the stand-ins once more; so the vault is the same however the run went. Rows of
    documents that the vault has already are kept. Its key may not be that of the stand-ins.
    """
    from dataqa.engine.again import pipeline_of, same_evidence
    from dataqa.engine.local import assets_of
    from dataqa.engine.look import finished_store
    from dataqa.errors import InputError
    from dataqa.io.documents import documents
    from dataqa.private.keys import key_at
    from dataqa.private.vault import Vault, apart, read, write
    from dataqa.steps.private import Private
    from dataqa.steps.scrub import Scrub, read_key

    not_an_input(out, inputs)
    store = finished_store(run_folder)
    pipeline = pipeline_of(store)
    steps = [named.step for named in pipeline.steps]
    find = next((step for step in steps if isinstance(step, Private)), None)
    scrub = next((step for step in steps if isinstance(step, Scrub)), None)
    if (
        find is None
        or scrub is None
        or "surrogate" not in {scrub.style, *scrub.per_entity.values()}
    ):
        hint = "scrub with style: surrogate"
        raise InputError("this run made no stand-ins", where=str(run_folder), hint=hint)
    key, own = read_key(scrub), key_at(vault_key, "--vault-key")
    apart(own, key)
    if not same_evidence(store, pipeline, assets_of(store, ())):
        hint = f"{scrub.key} may hold another key by now; else run it again as it is now"
        told = "the key, or rules or models, are not those that this run was made with"
        raise InputError(told, where=str(run_folder), hint=hint)
    wide = scrub.scope in {"dataset", "project"}
    known = read(out, own) if out.exists() else Vault(wide, ())
    opened = find.open(assets_of(store, ()))
    entries = set(known.entries)
    with documents(inputs, pipeline.reading) as found:
        for chunk in counted(found, log):
            entries.update(_entries(chunk.docs, opened, scrub, key))
    write(out, own, Vault(wide and known.wide, tuple(entries)))
    click.echo(
        f"{out}: {len(entries):,} rows of {len({one.doc_id for one in entries}):,} documents"
    )


def _entries(docs: Any, opened: Any, scrub: Any, key: bytes) -> Iterator[Entry]:
    """What the stand-ins in some documents stand for."""
    from dataqa.private.vault import Entry
    from dataqa.steps.scrub import FOUND, about_of
    from dataqa.types import DOC, DOC_ID, TEXT, batch_of

    batch = opened(batch_of(docs))
    how, about = scrub.replacing(key), about_of(docs, scrub.subject)
    rows = {doc: at for at, doc in enumerate(docs[DOC])}
    found = batch.findings.select(DOC, "rule", "start", "end").drop_nulls()
    for doc, rule, start, end in found.iter_rows():
        at, entity = rows[doc], rule.removeprefix(FOUND)
        value = docs[TEXT][at].encode()[start:end].decode()
        if how.style_of(entity) == "surrogate":
            made = how.replaced(entity, value, about(at))
            if made != value:
                yield Entry(docs[DOC_ID][at], entity, made, value)


@click.command("reidentify")
@click.argument("texts", nargs=-1, required=True, type=click.Path(exists=True))
@click.option(
    "--vault", required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@_key_option
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where documents go, .jsonl, .jsonl.zst or .parquet; else their texts are printed.",
)
@reading_options
@log_option
def reidentify_command(
    *,
    texts: tuple[str, ...],
    vault: Path,
    vault_key: str,
    out: Path | None,
    log: str,
    **reading: Any,
) -> None:
    """Put originals back in the place of the stand-ins in TEXTS, such as a run's kept folder.

    A document's own rows of the vault count first; if stand-ins are the same in all documents, any
    text can be read. A stand-in of two originals stays.
    """
    import polars as pl

    from dataqa.io.documents import documents, rows_file
    from dataqa.io.sources import Reading
    from dataqa.private.keys import key_at
    from dataqa.private.vault import Undoing, read
    from dataqa.types import DOC_ID, TEXT

    not_an_input(out, texts)
    given = changed_reading(**reading)
    how = Reading(**{name.partition(".")[2]: value for name, value in given.items()})
    undoing = Undoing(read(vault, key_at(vault_key, "--vault-key")))
    total = 0
    with (
        documents(texts, how) as found,
        rows_file(out, found.empty) if out is not None else nullcontext(_print) as put,
    ):
        for chunk in counted(found, log, printing=out is None):
            made = [
                (None, 0) if text is None else undoing.undone(doc_id, text)
                for doc_id, text in zip(chunk.docs[DOC_ID], chunk.docs[TEXT], strict=True)
            ]
            total += sum(count for _, count in made)
            docs = chunk.docs.with_columns(pl.Series(TEXT, [one for one, _ in made], pl.String))
            put(found.public(docs) if out is not None else docs.select(DOC_ID, TEXT))
    click.echo(f"{total:,} stand-ins undone, {undoing.ambiguous:,} stand for several", err=True)


def _print(rows: Any) -> None:
    click.echo(rows.write_ndjson(), nl=False)
