"""Private data in texts: what it looks like, whether it is real, where it stands.

Recognisers are data (``rules/private/*.yaml``); a check says whether a candidate can be real; one
pass over a whole batch finds the candidates of all of them. For who comes from Presidio there are
``Analyzer`` and ``as_presidio_recognizers``, of the extra ``presidio``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataqa.private.presidio.analyzer import Analyzer
    from dataqa.private.presidio.ours import as_presidio_recognizers

__all__ = ["Analyzer", "as_presidio_recognizers"]

_HOMES = {"Analyzer": "analyzer", "as_presidio_recognizers": "ours"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f"dataqa.private.presidio.{_HOMES[name]}"), name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "dataqa":
            raise
        from dataqa.errors import InputError  # noqa: PLC0415 - only then

        hint = "pip install 'dataqa[presidio]'"
        raise InputError(f"{error.name} is not installed", where=name, hint=hint) from None
