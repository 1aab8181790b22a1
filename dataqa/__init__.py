"""Judge, clean and explain large text corpora: a reason for every document.

Everything here is imported when it is first used: ``import dataqa`` is cheap.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataqa import feedback, review
    from dataqa.datasets import judge_dataset
    from dataqa.decontaminate import contamination
    from dataqa.deduplication import Duplicates, deduplicate
    from dataqa.frames import Cleaned, Result, clean, judge, judge_batches, run
    from dataqa.index.bloom import BloomFilter
    from dataqa.index.index import Index
    from dataqa.pipeline import Pipeline
    from dataqa.review.frames import prelabel
    from dataqa.scores.frames import score
    from dataqa.scrubbing import scan_text, scrub
    from dataqa.tables.linked.model import LinkedSynthesizer, SyntheticTables, synthesize_tables
    from dataqa.tables.synthesizer import Synthesizer, Synthetic, synthesize

    __version__: str

_HOMES = {
    "BloomFilter": "index.bloom",
    "Cleaned": "frames",
    "Duplicates": "deduplication",
    "Index": "index.index",
    "LinkedSynthesizer": "tables.linked.model",
    "Pipeline": "pipeline",
    "Result": "frames",
    "Synthesizer": "tables.synthesizer",
    "Synthetic": "tables.synthesizer",
    "SyntheticTables": "tables.linked.model",
    "clean": "frames",
    "contamination": "decontaminate",
    "deduplicate": "deduplication",
    "judge": "frames",
    "judge_batches": "frames",
    "judge_dataset": "datasets",
    "prelabel": "review.frames",
    "run": "frames",
    "scan_text": "scrubbing",
    "score": "scores.frames",
    "scrub": "scrubbing",
    "synthesize": "tables.synthesizer",
    "synthesize_tables": "tables.linked.model",
}

_PACKAGES = ("feedback", "review")

__all__ = [
    "BloomFilter",
    "Cleaned",
    "Duplicates",
    "Index",
    "LinkedSynthesizer",
    "Pipeline",
    "Result",
    "Synthesizer",
    "Synthetic",
    "SyntheticTables",
    "clean",
    "contamination",
    "deduplicate",
    "feedback",
    "judge",
    "judge_batches",
    "judge_dataset",
    "prelabel",
    "review",
    "run",
    "scan_text",
    "score",
    "scrub",
    "synthesize",
    "synthesize_tables",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("importlib.metadata").version("dataqa")
    if name in _PACKAGES:
        return import_module(f"dataqa.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'dataqa' has no attribute {name!r}")
    return getattr(import_module(f"dataqa.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])


class _WithPolars:
    """Registers the namespace ``pl.col(...).dataqa`` as soon as polars is imported.

    Import sorters put ``import dataqa`` first, and it must not import polars itself to be cheap.
    """

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:  # noqa: ARG002
        if name != "polars":
            return None
        sys.meta_path.remove(self)
        spec = import_module("importlib.util").find_spec(name)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def exec_module(module: Any) -> None:
                run(module)
                import_module("dataqa.expressions")

            spec.loader.exec_module = exec_module
        return spec


if "polars" in sys.modules:
    import_module("dataqa.expressions")
else:
    sys.meta_path.insert(0, _WithPolars())
