"""The environment: variables that hold for a while, and secrets that it or a file keeps."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

ONE_THREAD: dict[str, str] = dict.fromkeys(
    ("POLARS_MAX_THREADS", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "RAYON_NUM_THREADS"), "1"
)
"""Have a worker use one thread; these act only before the imports."""


@contextmanager
def variables(wanted: Mapping[str, str]) -> Generator[None]:
    """Set some within the block, and put back afterwards what was there.

    >>> with variables({"DATAQA_EXAMPLE": "1"}):
    ...     print(os.environ["DATAQA_EXAMPLE"])
    1
    >>> "DATAQA_EXAMPLE" in os.environ
    False
    """
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def secret_at(place: str) -> str:
    """The secret at ``env:NAME`` or ``file:PATH``, empty where there is none.

    It is read now and kept nowhere: settings hold the place.

    >>> secret_at("env:DATAQA_NO_SUCH_VARIABLE"), secret_at("file:no-such-file")
    ('', '')
    """
    kind, _, name = place.partition(":")
    if kind == "env":
        return os.environ.get(name, "").strip()
    if kind != "file":
        return ""
    try:
        return Path(name).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
