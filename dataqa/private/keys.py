"""Keys: where the secret behind stand-ins, hashes and vaults is read from, and that it is one."""

from __future__ import annotations

import os
from pathlib import Path

from dataqa.errors import InputError

LEAST = 16
"""Bytes that a key has at least."""


def check_place(where: str, setting: str) -> None:
    """See that a setting says where a key is, and is not the key itself.

    Raises:
        InputError: It is neither ``env:NAME`` nor ``file:PATH``.
    """
    if where and where.partition(":")[0] not in {"env", "file"}:
        hint = f"write {setting.rpartition('.')[2]}: env:DATAQA_KEY, or file:PATH; never the key"
        raise InputError("not where a key is", where=setting, hint=hint)


def key_at(where: str, setting: str) -> bytes:
    """The key at a place.

    Args:
        where: ``env:NAME`` or ``file:PATH``.
        setting: Who asks, for errors.

    Raises:
        InputError: There is none, or it is shorter than 16 bytes.
    """
    check_place(where, setting)
    kind, _, name = where.partition(":")
    if kind == "env":
        found = os.environ.get(name, "").encode()
    else:
        try:
            found = Path(name).read_bytes().strip()
        except OSError:
            found = b""
    if len(found) < LEAST:
        why = "there is no key there" if not found else f"shorter than {LEAST} bytes"
        hint = "dataqa key new -o my.key, and key: file:my.key; or export it as DATAQA_KEY"
        raise InputError(why, where=f"{setting}, {where}", hint=hint)
    return found
