"""One thread for each task: where cores are shared, threads that wait for others cost most."""

from __future__ import annotations

from typing import Any

from dataqa.errors import InputError


def one_thread() -> Any:
    """A context in which libraries of matrices and trees use one thread.

    Raises:
        InputError: scikit-learn is not installed.
    """
    try:
        # only libraries that are loaded already can be limited
        import sklearn.ensemble  # noqa: PLC0415
        import sklearn.tree  # noqa: F401, PLC0415
        from threadpoolctl import threadpool_limits  # noqa: PLC0415
    except ImportError:
        hint = "pip install 'dataqa[tables]'"
        raise InputError("scikit-learn is not installed", where="tables", hint=hint) from None
    return threadpool_limits(1)
