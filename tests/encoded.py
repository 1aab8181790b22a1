"""A small real encoder in ONNX, learnt on the spot: words have weights, their mean is the margin.

The file is written here field by field, as ``onnx.proto`` numbers them, so that tests need no
package that makes such files.
"""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scored import texts

_FLOAT, _INT64 = 1, 7


def field(number: int, value: int | bytes | str) -> bytes:
    """A field of a protocol buffer: a whole number, or bytes with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def varint(value: int) -> bytes:
    """A whole number, seven bits to a byte."""
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def tensor(name: str, values: NDArray[Any]) -> bytes:
    """A constant."""
    kind = _INT64 if values.dtype == np.int64 else _FLOAT
    dims = b"".join(field(1, size) for size in values.shape)
    return dims + field(2, kind) + field(8, name) + field(9, values.tobytes())


def value(name: str, kind: int, *dims: int | str) -> bytes:
    """An input or output with its shape."""
    sizes = (field(1, field(1 if isinstance(size, int) else 2, size)) for size in dims)
    shape = field(2, b"".join(sizes))
    return field(1, name) + field(2, field(1, field(1, kind) + shape))


def node(kind: str, inputs: list[str], output: str, **numbers: int) -> bytes:
    """An operation."""
    told = b"".join(field(1, one) for one in inputs) + field(2, output) + field(4, kind)
    for name, number in numbers.items():
        told += field(5, field(1, name) + field(3, number) + field(20, 2))
    return told


def network(words: NDArray[np.float32], out: NDArray[np.float32]) -> bytes:
    """A model: the mean of the words' vectors, less where the mask is 0, times a matrix.

    Args:
        words: Vectors, (vocabulary, size).
        out: (size, labels).
    """
    nodes = [
        node("Gather", ["words", "input_ids"], "vectors", axis=0),
        node("Cast", ["attention_mask"], "mask", to=_FLOAT),
        node("Unsqueeze", ["mask", "last"], "column"),
        node("Mul", ["vectors", "column"], "masked"),
        node("ReduceMean", ["masked", "first"], "mean", keepdims=0),
        node("MatMul", ["mean", "out"], "logits"),
    ]
    constants = [
        tensor("words", words),
        tensor("out", out),
        tensor("last", np.array([2], np.int64)),
        tensor("first", np.array([1], np.int64)),
    ]
    names = ("input_ids", "attention_mask", "token_type_ids")
    graph = b"".join(field(1, one) for one in nodes) + field(2, "encoder")
    graph += b"".join(field(5, one) for one in constants)
    graph += b"".join(field(11, value(name, _INT64, "batch", "tokens")) for name in names)
    graph += field(12, value("logits", _FLOAT, "batch", int(out.shape[1])))
    return field(1, 8) + field(8, field(2, 18)) + field(7, graph)


def make_encoder(folder: Path, labels: int = 2, **config: Any) -> Path:
    """An encoder that learnt from labelled texts how often each kind has each word."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    counts: dict[str, list[int]] = {}
    for text, label in texts(240).iter_rows():
        for word in text.split():
            counts.setdefault(word, [1, 1])[label] += 1
    vocabulary = {word: at for at, word in enumerate(["[UNK]", *sorted(counts)])}
    odds = [0.0, *(np.log(counts[word][1] / counts[word][0]) for word in sorted(counts))]
    vectors = np.stack([np.array(odds), np.ones(len(odds))], axis=1).astype(np.float32)
    sides = [[-2.0, 2.0], [0.0, 0.1]] if labels == 2 else [[1.0], [2.5]]
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(network(vectors, np.array(sides, np.float32)))
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    names = {"0": "bad", "1": "good"} if labels == 2 else {"0": "LABEL_0"}
    told = {"model_type": "bert", "max_position_embeddings": 64, "id2label": names}
    (folder / "config.json").write_text(json.dumps(told | config), encoding="utf-8")
    return folder


@cache
def encoder_folder() -> str:
    """A model's folder, which is deleted when this process ends."""
    folder = Path(tempfile.mkdtemp(prefix="dataqa-encoder-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return str(make_encoder(folder / "kinds"))
