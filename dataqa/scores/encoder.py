"""Encoder models that users bring: ``encoder:FOLDER``, as `optimum-cli export onnx` writes it.

The folder is of a model for sequence classification: ``model.onnx``, ``tokenizer.json`` and
``config.json``. It runs in ONNX Runtime on one thread, one text at a time, so that no number
depends on what stands beside a text; no PyTorch is needed, nothing in the folder is code, and
nothing is fetched. The score is the probability of one label, or the number that a model with one
output gives.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from hashlib import blake2b
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.errors import InputError, did_you_mean

PREFIX = "encoder:"
_MODEL, _TOKENIZER, _CONFIG, _MORE = (
    *("model.onnx", "tokenizer.json", "config.json", "tokenizer_config.json"),
)
_HINT = "optimum-cli export onnx --model NAME --task text-classification FOLDER"
_LONGEST = 512
"""Tokens that are read where the folder does not say how many."""
_CHARACTERS = 64
"""For each token: what is beyond is not even cut into tokens."""
_DIGITS = 6
_KNOWN = {"input_ids", "attention_mask", "token_type_ids"}
_SHIFTED = ("roberta", "camembert", "mpnet")
"""Kinds of models that keep two of their positions to themselves."""


class Config(NamedTuple):
    """What the folder says of the model.

    Attributes:
        labels: Of its outputs, in order.
        apart: Whether several labels may hold at once.
        tokens: It reads so many.
    """

    labels: tuple[str, ...]
    apart: bool
    tokens: int

    @property
    def number(self) -> bool:
        """Whether it gives a number, and no probabilities."""
        return len(self.labels) == 1 and not self.apart


def path_of(model: str | Path) -> Path | None:
    """The folder of an encoder, None for any other model."""
    told = str(model)
    return Path(told.removeprefix(PREFIX)) if told.startswith(PREFIX) else None


def check(folder: Path, label: str) -> Config:
    """See that the folder is one, and knows the label; what it says of itself.

    Raises:
        InputError: Something is missing, or no label is named and it has several.
    """
    where = f"model {folder}"
    missing = [name for name in (_MODEL, _TOKENIZER, _CONFIG) if not (folder / name).is_file()]
    if missing:
        raise InputError(f"has no {missing[0]}", where=where, hint=_HINT)
    config = _config(folder)
    if config.number and label:
        hint = "leave `label` out"
        raise InputError("the model gives one number and has no labels", where=where, hint=hint)
    if not config.number and label not in config.labels:
        what = f"the model has no label {label!r}" if label else "it has to be told which label"
        hint = did_you_mean(label, config.labels)
        raise InputError(what, where=where, hint=f"`label`: {hint}")
    return config


def opened(folder: Path, label: str) -> Callable[[pl.Series], pl.Series]:
    """Load a model; returns the function from texts to scores, null where there are no words.

    Raises:
        InputError: It cannot be read, or the extra is missing.
    """
    config = check(folder, label)
    session, tokenizer = _loaded(str(folder), digest_of(folder))
    wanted = [one.name for one in session.get_inputs()]
    if strange := sorted({*wanted} - _KNOWN):
        what = f"the model wants {strange[0]}, which texts do not have"
        raise InputError(what, where=f"model {folder}", hint=_HINT)
    tokenizer.enable_truncation(max_length=config.tokens)
    tokenizer.no_padding()
    at = config.labels.index(label) if label else 0

    def one(text: str | None) -> float | None:
        if text is None or not text.strip():
            return None
        read = tokenizer.encode(text[: _CHARACTERS * config.tokens])
        told = {
            "input_ids": read.ids,
            "attention_mask": read.attention_mask,
            "token_type_ids": read.type_ids,
        }
        if not read.ids:
            return None
        given = {name: np.array([told[name]], dtype=np.int64) for name in wanted}
        outputs = np.asarray(session.run(None, given)[0], dtype=np.float64).ravel()
        if len(outputs) != len(config.labels):
            what = f"the model gives {len(outputs)} numbers for {len(config.labels)} labels"
            raise InputError(what, where=f"model {folder}", hint=f"see id2label in {_CONFIG}")
        return _score(outputs, at, config)

    return lambda texts: pl.Series([one(text) for text in texts], dtype=pl.Float64)


def memory_of(folder: Path) -> float:
    """About how many bytes of memory the model takes, 0 if it is not there."""
    return 3.0 * sum(path.stat().st_size for path in _files(folder))


def digest_of(folder: Path) -> str:
    """A digest of the files that scores depend on.

    Raises:
        InputError: There is no such folder.
    """
    found = _files(folder)
    if not found:
        raise InputError("there is no such model", where=f"model {folder}", hint=_HINT)
    stats = [(path.name, path.stat()) for path in found]
    return _digest(folder, tuple((name, one.st_size, one.st_mtime_ns) for name, one in stats))


def _score(outputs: NDArray[np.float64], at: int, config: Config) -> float | None:
    if not np.isfinite(outputs).all():
        return None
    if config.number:
        return round(float(outputs[at]), _DIGITS)
    if config.apart:
        return round(float(1 / (1 + np.exp(-outputs[at]))), _DIGITS)
    shares = np.exp(outputs - outputs.max())
    return round(float(shares[at] / shares.sum()), _DIGITS)


def _config(folder: Path) -> Config:
    where = f"model {folder}"
    try:
        told: dict[str, Any] = json.loads((folder / _CONFIG).read_text("utf-8"))
        more = folder / _MORE
        limit = json.loads(more.read_text("utf-8")).get("model_max_length") if more.exists() else 0
        names: dict[str, str] = told.get("id2label") or {"0": "LABEL_0", "1": "LABEL_1"}
        labels = tuple(str(names[key]) for key in sorted(names, key=int))
        places = int(told.get("max_position_embeddings") or _LONGEST)
    except (ValueError, AttributeError, TypeError, UnicodeDecodeError):
        what = f"{_CONFIG} is none of a model for classification"
        raise InputError(what, where=where, hint=_HINT) from None
    shifted = any(kind in str(told.get("model_type")) for kind in _SHIFTED)
    tokens = min(places - 2 * shifted, int(limit or places))
    apart = told.get("problem_type") == "multi_label_classification"
    return Config(labels, apart, max(tokens, 2))


def _files(folder: Path) -> list[Path]:
    """What scores depend on: the model with the weights beside it, and how texts are cut."""
    names = (_TOKENIZER, _CONFIG, _MORE)
    return sorted(
        [*folder.glob(f"{_MODEL}*"), *(folder / name for name in names if (folder / name).exists())]
    )


@cache
def _loaded(path: str, digest: str) -> tuple[Any, Any]:  # noqa: ARG001 - what tells it apart
    folder, where = Path(path), f"model {path}"
    try:
        runtime: Any = import_module("onnxruntime")
        tokenizers: Any = import_module("tokenizers")
    except ModuleNotFoundError:
        hint = "pip install 'dataqa[encoder]'"
        raise InputError("an encoder needs the extra `encoder`", where=where, hint=hint) from None
    settings = runtime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    settings.use_deterministic_compute = True
    settings.log_severity_level = 4  # what is wrong is told below, in our words
    try:
        session = runtime.InferenceSession(
            str(folder / _MODEL), settings, providers=["CPUExecutionProvider"]
        )
        return session, tokenizers.Tokenizer.from_file(str(folder / _TOKENIZER))
    except Exception as error:  # noqa: BLE001 - each library raises many kinds of its own
        what = f"it cannot be read ({type(error).__name__})"
        raise InputError(what, where=where, hint=_HINT) from None


@cache
def _digest(folder: Path, files: tuple[tuple[str, int, int], ...]) -> str:
    told = blake2b(digest_size=16)
    for name, size, _ in files:
        told.update(f"{name} {size}\n".encode())
        with (folder / name).open("rb") as file:
            while piece := file.read(1 << 20):
                told.update(piece)
    return told.hexdigest()
