"""What people decide: which items they are asked about, how they are asked, and what they said.

``push``, ``pull`` and ``apply`` are the way there and back for a run's folder; they are imported
when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataqa.review.frames import apply, pull, push

__all__ = ["apply", "pull", "push"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'dataqa.review' has no attribute {name!r}")
    return getattr(import_module("dataqa.review.frames"), name)
