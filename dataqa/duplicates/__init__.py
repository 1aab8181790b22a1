"""Who is like whom: signatures, bands, clusters, and the one that stays."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataqa.duplicates.datasketch import from_datasketch, to_datasketch

__all__ = ["from_datasketch", "to_datasketch"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'dataqa.duplicates' has no attribute {name!r}")
    return getattr(import_module("dataqa.duplicates.datasketch"), name)
