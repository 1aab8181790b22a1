"""One thread for each task: where cores are shared, threads that wait for others cost most."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from dataqa.errors import InputError


def one_thread() -> Any:
    """A context in which libraries of matrices and trees use one thread.

    Raises:
        InputError: scikit-learn is not installed.
    """
    try:
        # only libraries that are loaded already can be limited
        for name in ("sklearn.ensemble", "sklearn.tree"):
            import_module(name)
        limits = import_module("threadpoolctl").threadpool_limits
    except ImportError:
        hint = "pip install 'dataqa[tables]'"
        raise InputError("scikit-learn is not installed", where="tables", hint=hint) from None
    return limits(1)
