"""Variables of the environment that hold for a while."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager


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
