"""A model as a file: arrays and JSON in a zip, with a digest; nothing in it is ever executed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import numpy as np
import polars as pl

from dataqa.errors import InputError
from dataqa.tables.coding import Coding
from dataqa.tables.columns import Column
from dataqa.tables.engines.foreign import Foreign
from dataqa.tables.learning.copula import Copula
from dataqa.tables.learning.model import Model
from dataqa.tables.learning.trees import Binning, Tree
from dataqa.tables.noisy.fields import Field
from dataqa.tables.noisy.joint import Clique, Joint
from dataqa.tables.noisy.model import Noisy
from dataqa.tables.people.private_forms import PrivateForm

FORM = 3
_META, _SCHEMA, _DIGEST = "model.json", "schema.arrow", "digest"
_HINT = "dataqa synth table --save-model, or Synthesizer.save, of this version writes one"
_DAY = (1980, 1, 1, 0, 0, 0)


class _Noisy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    fields: list[Field]
    sizes: list[int]
    cliques: list[tuple[list[int], list[int], int]]


class _Meta(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    form: int
    columns: dict[str, Column]
    codings: list[Coding]
    forms: list[PrivateForm]
    columns_of: list[int]
    sizes: list[int]
    binned: list[int]
    rows: int
    joined: bool
    spent: dict[str, Any] = {}
    noisy: _Noisy | None = None


def save(path: Path | BinaryIO, state: dict[str, Any]) -> None:
    """Write a model; the same model gives the same bytes.

    Raises:
        InputError: It is of an engine that keeps what it learnt in a form of its own.
    """
    model: Model | Noisy | Foreign = state["model"]
    if isinstance(model, Foreign):
        hint = "draw all rows that are needed, or take the model trees"
        raise InputError("an engine's model is not saved", where=str(path), hint=hint)
    arrays = {"marks": state["marks"]}
    arrays |= _arrays(model) if isinstance(model, Model) else _tables(model.joint)
    trees = isinstance(model, Model)
    schema = io.BytesIO()
    pl.DataFrame(schema=state["schema"]).write_ipc(schema)
    meta = _Meta(
        FORM,
        *(state["columns"], state["codings"], state["forms"], state["columns_of"], model.sizes),
        [one.size for one in model.binnings] if trees else [],
        state["rows"],
        trees and model.copula is not None,
        dict(state["spent"]),
        None if trees else _plan(model),
    )
    parts = {_META: msgspec.json.encode(meta), _SCHEMA: schema.getvalue()}
    for name, array in arrays.items():
        written = io.BytesIO()
        np.save(written, array, allow_pickle=False)
        parts[f"{name}.npy"] = written.getvalue()
    parts[_DIGEST] = digest_of(parts).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in parts.items():
            info = zipfile.ZipInfo(name, _DAY)
            info.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(info, data, compresslevel=1)


def load(path: Path | BinaryIO) -> dict[str, Any]:
    """Read a model.

    Raises:
        InputError: There is no such file, it is no model, or it was changed.
    """
    try:
        with zipfile.ZipFile(path) as file:
            parts = {name: file.read(name) for name in file.namelist()}
        _check_digest(parts, path)
        meta = msgspec.json.decode(parts[_META], type=_Meta)
        schema = pl.read_ipc(parts[_SCHEMA]).schema
        arrays = {
            name.removesuffix(".npy"): np.load(io.BytesIO(data), allow_pickle=False)
            for name, data in parts.items()
            if name.endswith(".npy")
        }
    except OSError as error:
        what = f"cannot be read: {(error.strerror or 'damaged').lower()}"
        raise InputError(what, where=str(path), hint=_HINT) from None
    except (
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        msgspec.MsgspecError,
        pl.exceptions.PolarsError,
    ):
        raise InputError("is no model of a table", where=str(path), hint=_HINT) from None
    if meta.form != FORM:
        raise InputError("the model is of another version", where=str(path), hint=_HINT)
    model = _model(meta, arrays) if meta.noisy is None else _noisy(meta.noisy, arrays)
    return {
        "columns": meta.columns,
        "schema": schema,
        "codings": meta.codings,
        "forms": meta.forms,
        "columns_of": meta.columns_of,
        "model": model,
        "marks": arrays["marks"],
        "rows": meta.rows,
        "spent": meta.spent,
    }


def _model(meta: _Meta, arrays: dict[str, Any]) -> Model:
    count = len(meta.sizes)
    return Model(
        meta.sizes,
        [arrays[f"several{at}"] for at in range(count)],
        [Binning(meta.binned[at], arrays[f"edges{at}"]) for at in range(count)],
        arrays["order"],
        [Tree(*(arrays[f"{field}{at}"] for field in Tree._fields)) for at in range(count)],
        Copula(arrays["root"]) if meta.joined else None,
    )


def _noisy(plan: _Noisy, arrays: dict[str, Any]) -> Noisy:
    cliques = [Clique(*one, arrays[f"table{at}"]) for at, one in enumerate(plan.cliques)]
    return Noisy(plan.fields, Joint(plan.sizes, cliques))


def _plan(model: Noisy) -> _Noisy:
    cliques = [(one.known, one.new, one.parent) for one in model.joint.cliques]
    return _Noisy(model.fields, model.joint.sizes, cliques)


def _tables(joint: Joint) -> dict[str, Any]:
    return {f"table{at}": one.table for at, one in enumerate(joint.cliques)}


def _arrays(model: Model) -> dict[str, Any]:
    arrays: dict[str, Any] = {"order": model.order}
    if model.copula is not None:
        arrays["root"] = model.copula.root
    for at, tree in enumerate(model.trees):
        arrays[f"several{at}"] = model.several[at]
        arrays[f"edges{at}"] = model.binnings[at].edges
        arrays |= {f"{field}{at}": value for field, value in tree._asdict().items()}
    return arrays


def _check_digest(parts: dict[str, bytes], path: Path | BinaryIO) -> None:
    if parts.pop(_DIGEST) != digest_of(parts).encode():
        raise InputError("the model is damaged or was changed", where=str(path), hint=_HINT)


def digest_of(parts: Mapping[str, bytes]) -> str:
    """Of all parts of a file: what is said of epsilon and of columns counts as arrays do."""
    told = blake2b(digest_size=16)
    for name in sorted(parts):
        told.update(f"{name} {len(parts[name])}\n".encode())
        told.update(parts[name])
    return told.hexdigest()
