"""``dataqa forget``: somebody's documents out of a finished run, and out of what is beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click


@click.command("forget")
@click.argument("subject")
@click.option(
    "--in",
    "out",
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The run's folder.",
)
@click.option("--column", help="SUBJECT is a value of this column, not the id of a document.")
@click.option(
    "--index",
    "indexes",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="An index that the documents are removed from as well. Repeatable.",
)
@click.option(
    "--vault",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A vault that the documents are removed from as well; takes --vault-key.",
)
@click.option("--vault-key", help="env:NAME or file:PATH.")
@click.option("--dry-run", is_flag=True, help="Only tell how many documents there are.")
def forget_command(
    *,
    subject: str,
    out: Path,
    column: str | None,
    indexes: tuple[Path, ...],
    vault: Path | None,
    vault_key: str | None,
    dry_run: bool,
) -> None:
    """Remove the documents of an id, or of a person that a column names, from a finished run.

    They go from kept, rejected, review, quarantine, findings, signals, examples of the report and
    the run's state; `dataqa verify` holds afterwards. That it was done is written to
    forgotten.jsonl, without the id. Killed in between, give the command again: it completes.
    The inputs are yours: clean them as well, for a new run reads them again.
    """
    from dataqa.engine.again import recover
    from dataqa.engine.forget import NOTE, forget, holders
    from dataqa.engine.look import finished_store

    if vault is not None and not vault_key:
        raise click.UsageError("--vault takes --vault-key")
    store = finished_store(out)
    with store.locked():
        recover(store)
        ids = holders(store, subject, column)
        if dry_run:
            click.echo(f"{len(ids):,} documents would be removed")
            return
        waits = store.exists(NOTE)
        _check_beside(indexes, vault, vault_key)

        def beside(every: Sequence[str]) -> dict[str, int]:
            return _beside(every, indexes, vault, vault_key)

        places = [str(one.resolve()) for one in (*indexes, vault) if one is not None]
        by = f"column {column}" if column else "id"
        done = forget(store, ids, beside, by=by, places=places)
        if not done.ids and column and (indexes or vault):
            click.echo(
                "nobody of that column is in the run: give ids for what is beside it", err=True
            )
        elif not done.ids:  # gone from the run, and may still be elsewhere
            elsewhere = beside([subject])
            for name, count in elsewhere.items():
                click.echo(f"{name}: {count:,} removed")
    if waits:
        click.echo("an earlier try had been interrupted: completed", err=True)
    parts = ", ".join(f"{count:,} {verdict}" for verdict, count in done.by_verdict.items())
    click.echo(f"{sum(done.by_verdict.values()):,} documents removed{': ' if parts else ''}{parts}")
    click.echo("the inputs still hold them, if you have not removed them there", err=True)


def _check_beside(indexes: Sequence[Path], vault: Path | None, vault_key: str | None) -> None:
    """See that indexes and vault can be opened, before anything is changed.

    Raises:
        InputError: One of them is not there, or its key is not.
    """
    for path in indexes:
        from dataqa.index.index import Index

        Index.open(path)
    if vault is not None and vault_key is not None:
        from dataqa.private.keys import key_at
        from dataqa.private.vault import read

        read(vault, key_at(vault_key, "--vault-key"))


def _beside(
    ids: Sequence[str], indexes: Sequence[Path], vault: Path | None, vault_key: str | None
) -> dict[str, int]:
    """Remove documents from indexes and a vault."""
    told: dict[str, int] = {}
    for path in indexes:
        from dataqa.index.index import Index

        told[path.name] = Index.open(path).remove(ids, forget=True)
    if vault is not None and vault_key is not None:
        from dataqa.private.keys import key_at
        from dataqa.private.vault import forget_documents

        told[vault.name] = forget_documents(vault, key_at(vault_key, "--vault-key"), set(ids))
    return told
