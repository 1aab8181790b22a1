"""``dataqa key``: keys for stand-ins and vaults."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import click

_BYTES = 32


@click.group("key")
def key_command() -> None:
    """Make a key for stand-ins, or change a vault's."""


@key_command.command("new")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A new file that only you can read; else the key is printed.",
)
def new_command(*, out: Path | None) -> None:
    """Make a random key of 256 bits, in hexadecimal digits.

    Use it as --key file:PATH, or export it as DATAQA_KEY. Whoever loses it can make no more
    stand-ins that agree with those there are.
    """
    from dataqa.errors import InputError

    key = secrets.token_hex(_BYTES)
    if out is None:
        click.echo(key)
        return
    try:
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        hint = "a key that is lost cannot be made again: choose another name"
        raise InputError("there is a file already", where=str(out), hint=hint) from None
    except FileNotFoundError:
        raise InputError("there is no such folder", where=str(out.parent)) from None
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(key + "\n")
        file.flush()
        os.fsync(handle)
    click.echo(f"{out}: use it as --key file:{out}")


@key_command.command("rotate")
@click.argument("old")
@click.argument("new")
@click.option(
    "--in",
    "vaults",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A vault. Repeatable.",
)
def rotate_command(*, old: str, new: str, vaults: tuple[Path, ...]) -> None:
    """Seal vaults anew, from the key OLD to the key NEW: each env:NAME or file:PATH.

    Only a vault can be changed so. Stand-ins and hashes cannot be undone without their originals:
    with another key, run `dataqa scrub` once more from the originals, then build the vault again.
    Give this again if it was killed: vaults that have the new key already are left as they are.
    """
    from dataqa.errors import InputError
    from dataqa.private.keys import key_at
    from dataqa.private.vault import read, write

    before, now = key_at(old, "OLD"), key_at(new, "NEW")
    if before == now:
        raise InputError("both are the same key", where="NEW", hint="dataqa key new -o new.key")
    for path in vaults:
        try:
            vault = read(path, before)
        except InputError:
            read(path, now)
            click.echo(f"{path}: has the new key already")
            continue
        write(path, now, vault)
        click.echo(f"{path}: {len(vault.entries):,} rows have the new key")
    told = "stand-ins and hashes that are out there are those of their own key: to change them, "
    click.echo(told + "scrub the originals again", err=True)
