"""Models of linked tables as one file: a zip of the tables' models, with digests; no pickle."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import msgspec
import polars as pl

from dataqa.errors import InputError
from dataqa.tables.linked.chain import Chain
from dataqa.tables.linked.shape import Shape, TableModel
from dataqa.tables.storage import digest_of
from dataqa.tables.synthesizer import Synthesizer

FORM = 3
_META, _DIGEST, _DAY = "tables.json", "digest", (1980, 1, 1, 0, 0, 0)
_HINT = "dataqa synth tables --save-model, or LinkedSynthesizer.save, of this version writes one"


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    shape: Shape
    kept: bool
    modelled: bool
    counts: list[str]


class _Meta(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    form: int
    found: list[str]
    tables: list[_Table]


def save(path: Path, models: Mapping[str, TableModel], found: list[str]) -> None:
    """Write models; the same ones give the same bytes."""
    parts: dict[str, bytes] = {}
    tables: list[_Table] = []
    for at, (name, one) in enumerate(models.items()):
        kept = one.kept is not None
        tables.append(_Table(name, one.shape, kept, one.chain is not None, list(one.counts)))
        whole = io.BytesIO()
        frame = pl.DataFrame(schema=one.schema) if one.kept is None else one.kept
        frame.write_ipc(whole)
        parts[f"{at}/frame.arrow"] = whole.getvalue()
        if one.chain is not None:
            parts |= _saved(f"{at}/rows", one.chain)
        for number, count in enumerate(one.counts.values()):
            parts |= _saved(f"{at}/{number}", count)
    parts[_META] = msgspec.json.encode(_Meta(FORM, found, tables))
    parts[_DIGEST] = digest_of(parts).encode()
    with zipfile.ZipFile(path, "w") as file:
        for name, data in parts.items():
            file.writestr(zipfile.ZipInfo(name, _DAY), data)


def load(path: Path) -> tuple[dict[str, TableModel], list[str]]:
    """Read models.

    Raises:
        InputError: There is no such file, it is no model, or it was changed.
    """
    try:
        with zipfile.ZipFile(path) as file:
            parts = {name: file.read(name) for name in file.namelist()}
        digest = parts.pop(_DIGEST)
        meta = msgspec.json.decode(parts[_META], type=_Meta)
    except OSError as error:
        what = f"cannot be read: {(error.strerror or 'damaged').lower()}"
        raise InputError(what, where=str(path), hint=_HINT) from None
    except (zipfile.BadZipFile, KeyError, msgspec.MsgspecError):
        raise InputError("is no model of linked tables", where=str(path), hint=_HINT) from None
    if digest != digest_of(parts).encode():
        raise InputError("the model is damaged or was changed", where=str(path), hint=_HINT)
    if meta.form != FORM:
        raise InputError("the model is of another version", where=str(path), hint=_HINT)
    models: dict[str, TableModel] = {}
    for at, one in enumerate(meta.tables):
        frame = pl.read_ipc(parts[f"{at}/frame.arrow"])
        models[one.name] = TableModel(
            one.shape,
            frame.schema,
            frame if one.kept else None,
            _loaded(f"{at}/rows", parts) if one.modelled else None,
            {key: _loaded(f"{at}/{number}", parts) for number, key in enumerate(one.counts)},
        )
    return models, meta.found


def _saved(name: str, chain: Chain) -> dict[str, bytes]:
    parts = {f"{name} tries": str(chain.tries).encode()}
    for part, model in (("when", chain.when), ("what", chain.what)):
        if model is not None:
            whole = io.BytesIO()
            model.save(whole)
            parts[f"{name} {part}"] = whole.getvalue()
    return parts


def _loaded(name: str, parts: Mapping[str, bytes]) -> Chain:
    what = Synthesizer.load(io.BytesIO(parts[f"{name} what"]))
    when = parts.get(f"{name} when")
    return Chain(
        None if when is None else Synthesizer.load(io.BytesIO(when)),
        what,
        what.marks,
        int(parts[f"{name} tries"]),
    )
