"""A folder with an embedding model: which library reads it, if it is whole, and its digest."""

from __future__ import annotations

import json
from functools import cache
from hashlib import blake2b, file_digest
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from dataqa.errors import InputError

_READ = {".json", ".safetensors", ".txt", ".model"}
_NEEDS = {
    "model2vec": ("model2vec", "pip install 'dataqa[semantic]'"),
    "sentence-transformers": (
        "sentence_transformers",
        "pip install sentence-transformers (it brings torch)",
    ),
}

type Kind = Literal["model2vec", "sentence-transformers"]


def kind_of(model: str) -> Kind:
    """Which library reads the model of a folder, told by its files.

    Raises:
        InputError: There is no such folder, or no such model in it.
    """
    folder = Path(model)
    where = f"model {model}"
    if not folder.is_dir():
        hint = "name a folder that holds a model2vec or sentence-transformers model"
        raise InputError("there is no such folder", where=where, hint=hint)
    modules = _json(folder / "modules.json")
    config = _json(folder / "config.json")
    listed = isinstance(modules, list) and modules and isinstance(modules[0], dict)
    first = str(modules[0].get("type", "")) if listed else ""
    if first.endswith("StaticEmbedding"):
        return "model2vec"
    if first:
        return "sentence-transformers"
    if isinstance(config, dict) and config.get("model_type") == "model2vec":
        return "model2vec"
    hint = "it needs modules.json, or a config.json that says model2vec"
    raise InputError("no embedding model is in this folder", where=where, hint=hint)


def check_model(model: str) -> None:
    """See that the model is there, and the library that reads it.

    Raises:
        InputError: One of them is not.
    """
    package, hint = _NEEDS[kind_of(model)]
    if find_spec(package) is None:
        raise InputError(f"needs the package {package}", where=f"model {model}", hint=hint)
    if not any(Path(model).rglob("*.safetensors")):
        hint = "save the model again, with safe_serialization: pickles are not read here"
        raise InputError("there is no .safetensors file", where=f"model {model}", hint=hint)


def model_digest(model: str) -> str:
    """A digest of the files of a model.

    Raises:
        InputError: There is no such folder, or no such model in it.
    """
    kind_of(model)
    folder = Path(model)
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix in _READ)
    hasher = blake2b(digest_size=16)
    for path in paths:
        told = path.stat()
        hasher.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        hasher.update(_digest(path, told.st_size, told.st_mtime_ns))
    return hasher.hexdigest()


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None


@cache
def _digest(path: Path, size: int, changed: int) -> bytes:  # noqa: ARG001 - what tells it apart
    with path.open("rb") as file:
        return file_digest(file, lambda: blake2b(digest_size=16)).digest()
