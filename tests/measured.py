"""CPU seconds that can be compared within one test run."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable


def seconds(work: Callable[[], object]) -> float:
    """The least CPU seconds of three calls.

    The collector is off meanwhile: it goes through whatever all tests before have left, which grows
    with how many objects a call makes and says nothing about the call.
    """
    gc.collect()
    gc.disable()
    try:
        return min(_once(work) for _ in range(3))
    finally:
        gc.enable()


def _once(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun
