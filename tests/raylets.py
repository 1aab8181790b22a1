"""A real Ray cluster of two nodes on this machine."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from dataqa.engine.on_ray import library


@contextmanager
def two_raylets() -> Generator[Any]:
    """Two raylets of one CPU each, on one of which a worker may use half a GPU.

    One cluster at a time, whatever other processes run tests: two would share ports.
    """
    with Path(tempfile.gettempdir(), f"dataqa-test-ray-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        library()  # before anything else of Ray is imported: it reads its variables then
        made = import_module("ray.cluster_utils").Cluster(
            initialize_head=True, head_node_args={"num_cpus": 1}
        )
        made.add_node(num_cpus=1, num_gpus=1)
        try:
            yield made
        finally:
            made.shutdown()
