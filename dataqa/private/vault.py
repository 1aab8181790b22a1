"""A vault: which stand-in stands for which original, encrypted under a key of its own.

It is one file, written beside its place and moved there, so it is whole or not there at all. Rows
are sealed in blocks by AES-256-GCM; each block's number, and whether it is the last, are
authenticated with it, so that none can be changed, moved, left out or cut off unseen. The cipher's
key comes from the vault's key by HKDF-SHA256 (RFC 5869) with a salt of the file.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from importlib import import_module
from itertools import batched
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, NamedTuple

import msgspec
import polars as pl

from dataqa.errors import InputError

_MAGIC = b"dataqa vault 1\n"
_SALT, _NONCE, _BLOCK = 16, 12, 4096


class Entry(NamedTuple):
    """What a stand-in stands for in a document."""

    doc_id: str
    entity: str
    stand_in: str
    original: str


class Vault(NamedTuple):
    """An opened vault.

    Attributes:
        wide: Whether a stand-in stands for the same original in all documents.
        entries: Its rows, sorted, each once.
    """

    wide: bool
    entries: tuple[Entry, ...]


def write(path: Path, key: bytes, vault: Vault) -> None:
    """Seal a vault.

    Args:
        path: Where it goes, over an older one.
        key: The vault's own; see ``apart``.
        vault: What is sealed.

    Raises:
        InputError: The extra is missing.
    """
    salt = os.urandom(_SALT)
    seal = _cipher(key, salt)
    rows = sorted(set(vault.entries))
    blocks: list[object] = [{"wide": vault.wide}, *map(list, batched(rows, _BLOCK))]
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        draft = Path(file.name)
        try:
            file.write(_MAGIC + salt)
            for at, block in enumerate(blocks):
                nonce = os.urandom(_NONCE)
                last = at == len(blocks) - 1
                data = seal.encrypt(nonce, msgspec.msgpack.encode(block), _place(at, last=last))
                file.write(len(data).to_bytes(4) + nonce + data)
            file.flush()
            os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)


def read(path: Path, key: bytes) -> Vault:
    """Open a vault.

    Raises:
        InputError: It is none, the key is another one, or it has been changed or cut off.
    """
    data = path.read_bytes()
    head = len(_MAGIC) + _SALT
    if not data.startswith(_MAGIC) or len(data) < head:
        raise InputError("is no vault", where=str(path), hint="`dataqa vault build` makes one")
    cipher = _cipher(key, data[len(_MAGIC) : head])
    blocks = [*_blocks(data[head:], path)]
    opened = [
        _opened(cipher, nonce, sealed, _place(at, last=at == len(blocks) - 1), path)
        for at, (nonce, sealed) in enumerate(blocks)
    ]
    if not opened:
        raise InputError("the vault is cut off", where=str(path), hint="build it again")
    wide = msgspec.msgpack.decode(opened[0], type=dict[str, bool])["wide"]
    rows = (msgspec.msgpack.decode(block, type=list[Entry]) for block in opened[1:])
    return Vault(wide, tuple(entry for block in rows for entry in block))


def apart(vault_key: bytes, key: bytes) -> None:
    """See that a vault has a key of its own: whoever makes stand-ins must not undo them.

    Raises:
        InputError: Both are the same.
    """
    if hmac.compare_digest(vault_key, key):
        hint = "dataqa key new -o vault.key, kept by somebody else than the other"
        raise InputError("the vault's key is that of the stand-ins", where="--vault-key", hint=hint)


def forget_documents(path: Path, key: bytes, ids: set[str]) -> int:
    """Take documents out of a vault; how many rows went."""
    vault = read(path, key)
    left = tuple(entry for entry in vault.entries if entry.doc_id not in ids)
    if len(left) < len(vault.entries):
        write(path, key, vault._replace(entries=left))
    return len(vault.entries) - len(left)


class Undoing:
    """Puts originals in the place of stand-ins."""

    def __init__(self, vault: Vault) -> None:
        self._by_doc: dict[str, dict[str, set[str]]] = {}
        self._all: dict[str, set[str]] = {}
        self.ambiguous = 0
        for entry in vault.entries:
            mine = self._by_doc.setdefault(entry.doc_id, {})
            mine.setdefault(entry.stand_in, set()).add(entry.original)
            if vault.wide:
                self._all.setdefault(entry.stand_in, set()).add(entry.original)

    def undone(self, doc_id: str, text: str) -> tuple[str, int]:
        """A text with its originals, and how many stand-ins were undone.

        A stand-in that stands for several originals stays, and is counted in ``ambiguous``.
        """
        known = self._by_doc.get(doc_id) or self._all
        pieces: list[str] = []
        at = count = 0
        for start, made in _found(text, known):
            if start < at:
                continue
            originals = known[made]
            if len(originals) > 1:
                self.ambiguous += 1
                pieces.append(text[at : start + len(made)])  # nor is a part of it undone
                at = start + len(made)
                continue
            pieces += [text[at:start], next(iter(originals))]
            at, count = start + len(made), count + 1
        return "".join([*pieces, text[at:]]), count


def _found(text: str, known: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Where stand-ins are in a text, by place, the longest first."""
    some = sorted(known)
    if not some:
        return
    one = pl.Series([text])
    made = one.str.extract_many(some, overlapping=True)[0].to_list()
    starts = one.str.find_many(some, overlapping=True)[0].to_list()
    data = text.encode()
    places = sorted(zip(starts, made, strict=True), key=lambda place: (place[0], -len(place[1])))
    for start, word in places:
        before, behind = data[:start].decode(), start + len(word.encode())
        inside = _joined(before[-1:], word[:1]) or _joined(word[-1:], data[behind:].decode()[:1])
        if not inside:
            yield len(before), word


def _joined(one: str, other: str) -> bool:
    """Whether two characters are of one word or number."""
    return (one + other).isascii() and one.isalnum() and other.isalnum()


def _place(at: int, *, last: bool) -> bytes:
    return _MAGIC + at.to_bytes(8) + bytes([last])


def _blocks(data: bytes, path: Path) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4])
        end = at + 4 + _NONCE + size
        if end > len(data):
            raise InputError("the vault is cut off", where=str(path), hint="build it again")
        yield data[at + 4 : at + 4 + _NONCE], data[at + 4 + _NONCE : end]
        at = end


def _opened(cipher: Any, nonce: bytes, sealed: bytes, place: bytes, path: Path) -> bytes:
    try:
        return cipher.decrypt(nonce, sealed, place)
    except Exception:  # noqa: BLE001 - the library's InvalidTag, which tells nothing
        hint = "give the key it was made with; if that is it, the file has been changed or cut off"
        raise InputError("the vault does not open", where=str(path), hint=hint) from None


def _cipher(key: bytes, salt: bytes) -> Any:
    try:
        aead: Any = import_module("cryptography.hazmat.primitives.ciphers.aead")
    except ModuleNotFoundError:
        hint = 'pip install "dataqa[vault]"'
        raise InputError("a vault takes the package cryptography", hint=hint) from None
    # RFC 5869: extract, then one block of output
    secret = hmac.digest(salt, key, sha256)
    return aead.AESGCM(hmac.digest(secret, b"dataqa vault\x01", sha256))


def merged(entries: Iterable[Sequence[str]]) -> tuple[Entry, ...]:
    """Rows sorted, each once."""
    return tuple(sorted({Entry(*row) for row in entries}))
