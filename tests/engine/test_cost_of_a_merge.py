"""What workers take for a global step is counted for it, once."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from dataqa.engine.settle import timed

BURNS = partial(sum, range(3_000_000))


def test_only_another_process_tells_what_it_took():
    made, seconds = timed(BURNS, os.getpid())
    assert (made, seconds) == (sum(range(3_000_000)), 0.0), "the driver counts its own time"
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        other, taken = pool.submit(timed, BURNS, os.getpid()).result()
    assert other == made
    assert taken > 0.0
