"""``dataqa feedback``: what users say of an application's answers."""

from __future__ import annotations

from pathlib import Path

import click

from dataqa.cli.options import log_option

store_option = click.option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the store; else DATAQA_FEEDBACK.",
)


@click.group("feedback")
def feedback_command() -> None:
    """Keep what users say of an application's answers.

    From Python: dataqa.feedback.record; training files are made by dataqa export.
    """


@feedback_command.command("serve")
@store_option
@click.option("--port", type=click.IntRange(0, 65_535), default=8077, show_default=True)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address of this machine to listen at; beyond it --key is needed.",
)
@click.option(
    "--key",
    default="",
    metavar="PLACE",
    help="Where the token is that callers must show: env:NAME or file:PATH.",
)
@click.option("--origin", default="", help="Origin whose web pages may post [none].")
def serve_command(*, store: Path | None, port: int, host: str, key: str, origin: str) -> None:
    """Take feedback over HTTP until stopped.

    POST /feedback with a JSON object of prompt and answer, and thumb, edit, favourite, flags, user
    or id; DELETE /feedback/ID hides a record.
    """
    from dataqa.feedback.server import Serving, endpoint

    how = Serving(_place(store), host, port, _token(key), origin)
    with endpoint(how) as server:
        name = f"[{host}]" if ":" in host else host
        click.echo(f"feedback is taken at http://{name}:{server.server_address[1]}/feedback")
        try:
            server.serve_forever(0.2)
        except KeyboardInterrupt:
            click.echo("stopped", err=True)


@feedback_command.command("list")
@store_option
@click.option("--show", is_flag=True, help="Show texts, too.")
@log_option
def list_command(*, store: Path | None, show: bool, log: str) -> None:
    """Tell how much there is, and of which kind; texts only with --show."""
    from collections import Counter

    import msgspec

    from dataqa.feedback.store import open_store

    tally: Counter[str] = Counter()
    people: set[str] = set()
    with open_store(store, new=False) as opened:
        every, hidden = opened.count()
        for one in opened.records():
            said = one.said
            tally.update([*([f"thumb {said.thumb}"] if said.thumb else []), *said.flags])
            tally.update(["edit"] if said.edit else [])
            people.add(one.person)
            if show:
                click.echo(msgspec.json.encode(_row(one)).decode())
    kinds = dict(sorted(tally.items()))
    people.discard("")
    if log == "json":
        told = {"records": every - hidden, "hidden": hidden, "users": len(people), "kinds": kinds}
        click.echo(msgspec.json.encode(told).decode())
        return
    click.echo(f"{every - hidden:,} records of {len(people):,} known users, {hidden:,} hidden")
    for name, count in kinds.items():
        click.echo(f"  {name:12} {count:,}")


@feedback_command.command("export")
@store_option
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A JSON Lines file; by default standard output.",
)
def export_command(*, store: Path | None, out: Path | None) -> None:
    """Write the records that are not hidden as JSON Lines, as they are.

    Users are digests. Training files are made by dataqa export.
    """
    from dataqa.feedback.store import open_store
    from dataqa.review.exporting.export import lines_of, write

    with open_store(store, new=False) as opened:
        rows = [_row(one) for one in opened.records()]
    if out is not None:
        write(out, rows)
        return
    for line in lines_of(rows):
        click.echo(line.decode(), nl=False)


@feedback_command.command("delete")
@store_option
@click.argument("ids", nargs=-1)
@click.option("--user", default="", help="All that this user said.")
def delete_command(*, store: Path | None, ids: tuple[str, ...], user: str) -> None:
    """Hide records by id, or all of a user; `feedback purge` removes them from the disk."""
    from dataqa.feedback.store import open_store

    if not ids and not user:
        raise click.UsageError("give ids or --user")
    with open_store(store, new=False) as opened:
        click.echo(f"{opened.hide(ids, user):,} records are hidden")


@feedback_command.command("purge")
@store_option
def purge_command(*, store: Path | None) -> None:
    """Take hidden records out of the file for good."""
    from dataqa.feedback.store import open_store

    with open_store(store, new=False) as opened:
        click.echo(f"{opened.purge():,} records are gone")


def _row(one: object) -> dict[str, object]:
    from dataqa.feedback.store import Record

    assert isinstance(one, Record)
    said = one.said
    told: dict[str, object] = {"id": one.id, "time": one.time, "user": one.person}
    told |= {"prompt": said.messages, "answer": said.answer, "thumb": said.thumb}
    return told | {"edit": said.edit, "flags": said.flags}


def _place(store: Path | None) -> Path:
    import os

    from dataqa.errors import InputError
    from dataqa.feedback.store import PLACE

    place = str(store) if store is not None else os.environ.get(PLACE, "")
    if not place:
        hint = f"give --store, or set {PLACE}"
        raise InputError("where is feedback kept?", where="feedback", hint=hint)
    return Path(place)


def _token(where: str) -> str:
    from dataqa.environment import secret_at
    from dataqa.errors import InputError

    found = secret_at(where)
    if where and not found:
        hint = "--key env:NAME or file:PATH, never the token itself"
        raise InputError("there is no token there", where="--key", hint=hint)
    return found
