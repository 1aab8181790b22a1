"""A model as a file: arrays and JSON in a zip, with a digest; nothing in it is ever executed."""

from __future__ import annotations

import io
import json
import zipfile
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

FORM = 2
_META, _SCHEMA = "model.json", "schema.arrow"
_DAY = (1980, 1, 1, 0, 0, 0)


class _Noisy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    fields: list[Field]
    sizes: list[int]
    cliques: list[tuple[list[int], list[int], int]]


class _Meta(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    form: int
    digest: str
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
        _digest(arrays),
        *(state["columns"], state["codings"], state["forms"], state["columns_of"], model.sizes),
        [one.size for one in model.binnings] if trees else [],
        state["rows"],
        trees and model.copula is not None,
        dict(state["spent"]),
        None if trees else _plan(model),
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(zipfile.ZipInfo(_META, _DAY), msgspec.json.encode(meta))
        file.writestr(zipfile.ZipInfo(_SCHEMA, _DAY), schema.getvalue())
        for name, array in arrays.items():
            written = io.BytesIO()
            np.save(written, array, allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", _DAY)
            info.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(info, written.getvalue(), compresslevel=1)


def load(path: Path | BinaryIO) -> dict[str, Any]:
    """Read a model.

    Raises:
        InputError: There is no such file, it is no model, or it was changed.
    """
    try:
        with zipfile.ZipFile(path) as file:
            meta = msgspec.json.decode(file.read(_META), type=_Meta)
            schema = pl.read_ipc(file.read(_SCHEMA)).schema
            arrays = {
                name.removesuffix(".npy"): np.load(io.BytesIO(file.read(name)), allow_pickle=False)
                for name in file.namelist()
                if name.endswith(".npy")
            }
    except OSError:
        raise InputError("cannot be read", where=str(path)) from None
    except (
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        msgspec.MsgspecError,
        pl.exceptions.PolarsError,
    ):
        raise InputError("is no model of a table", where=str(path)) from None
    if meta.form != FORM or _digest(arrays) != meta.digest:
        hint = "save it again with this version"
        raise InputError("the model is damaged or of another version", where=str(path), hint=hint)
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


def _digest(arrays: dict[str, Any]) -> str:
    told = blake2b(digest_size=16)
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        told.update(json.dumps([name, str(array.dtype), list(array.shape)]).encode())
        told.update(array.tobytes())
    return told.hexdigest()
