"""Token classifiers of one's own as stages: GLiNER models, and transformers' token classification.

Both are loaded from a local folder and never fetched. Neither package is among the extras: they
bring torch. Texts come in pieces far below the models' windows, so that nothing is cut off unseen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from dataqa.environment import variables
from dataqa.errors import InputError
from dataqa.private.names.stages import Name, Stage, Weight, missing

_ASKED = {"person": "PERSON", "location": "LOCATION", "organization": "ORGANIZATION"}
_LABELS = {
    "PER": "PERSON",
    "PERSON": "PERSON",
    "NAME": "PERSON",
    "LOC": "LOCATION",
    "LOCATION": "LOCATION",
    "GPE": "LOCATION",
    "FAC": "LOCATION",
    "ADDRESS": "LOCATION",
    "ORG": "ORGANIZATION",
    "ORGANIZATION": "ORGANIZATION",
}
_PIECE = 300
"""Characters of a piece: in the worst case as many tokens, of the 384 or 512 that models read."""
_LEAST = 0.3
_WEIGHT = Weight(1.2, {"PERSON": -0.5, "LOCATION": -0.5, "ORGANIZATION": -0.5}, 1.0)
"""Of models that we do not know: a cautious word."""
_OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


def back_end(word: str, folder: Path) -> Stage:
    """A model in a folder, loaded.

    Raises:
        InputError: The folder or the package is not there, or the model knows none of our kinds.
    """
    _files(folder)
    return Gliner(folder) if word == "gliner" else Transformers(folder)


def folder_digest(folder: Path) -> str:
    """A digest of all files of a model's folder, names included.

    Raises:
        InputError: There is no such folder.
    """
    hasher = hashlib.blake2b(digest_size=16)
    for path in _files(folder):
        hasher.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                hasher.update(block)
    return hasher.hexdigest()


class Gliner:
    """A GLiNER model (Zaratiana et al. 2024)."""

    word, longest, chinese = "gliner", _PIECE, False
    weight = _WEIGHT

    def __init__(self, folder: Path) -> None:
        with variables(_OFFLINE):
            library = _library("gliner", "gliner")
            self._model: Any = library.GLiNER.from_pretrained(str(folder), local_files_only=True)

    def find(self, pieces: Sequence[str]) -> list[list[Name]]:
        """People, places and organisations in each piece."""
        return [
            [
                Name(_ASKED[one["label"]], one["start"], one["end"], round(float(one["score"]), 4))
                for one in self._model.predict_entities(piece, list(_ASKED), threshold=_LEAST)
            ]
            for piece in pieces
        ]


class Transformers:
    """A model for token classification whose labels name people, places or organisations."""

    word, longest, chinese = "transformers", _PIECE, False
    weight = _WEIGHT

    def __init__(self, folder: Path) -> None:
        with variables(_OFFLINE):
            library = _library("transformers", "transformers")
            known = {"local_files_only": True}
            model = library.AutoModelForTokenClassification.from_pretrained(str(folder), **known)
            tokenizer = library.AutoTokenizer.from_pretrained(str(folder), **known)
            self._ask: Any = library.pipeline(
                "token-classification",
                model=model,
                tokenizer=tokenizer,
                aggregation_strategy="simple",
                device="cpu",
            )
        labels: Mapping[int, str] = model.config.id2label
        if not any(_kind(label) for label in labels.values()):
            hint = f"labels such as {', '.join(sorted(_LABELS))}"
            raise InputError("the model knows no names", where=str(folder), hint=hint)

    def find(self, pieces: Sequence[str]) -> list[list[Name]]:
        """What the model finds in each piece, one at a time: padding would change scores."""
        found: list[list[Name]] = []
        for piece in pieces:
            told = [
                Name(kind, one["start"], one["end"], round(float(one["score"]), 4))
                for one in self._ask(piece)
                if (kind := _kind(one["entity_group"])) and one["score"] >= _LEAST
            ]
            found.append(told)
        return found


def _kind(label: str) -> str:
    """Our kind of a model's label, ``B-PER`` or ``person``; nothing for another one."""
    return _LABELS.get(label.upper().removeprefix("B-").removeprefix("I-"), "")


def _files(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    if not found:
        hint = "a folder with a model's files, as save_pretrained writes them"
        raise InputError("there is no model", where=str(folder), hint=hint)
    return found


def _library(package: str, word: str) -> Any:
    try:
        return import_module(package)
    except ModuleNotFoundError as error:
        raise missing(word, error.name or package) from None
