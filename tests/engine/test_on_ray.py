"""Runs on a real Ray cluster of two nodes on this machine: the same bytes, whatever dies."""

from __future__ import annotations

from collections.abc import Generator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from conftest import Finished
from runs import go, whole

pytest.importorskip("ray")


@pytest.fixture(scope="module")
def cluster() -> Generator[Any]:
    """Two raylets of one CPU each."""
    made = import_module("ray.cluster_utils").Cluster(
        initialize_head=True, head_node_args={"num_cpus": 1}
    )
    made.add_node(num_cpus=1)
    yield made
    made.shutdown()


def test_a_cluster_makes_the_bytes_that_a_machine_makes(
    finished: Finished, cluster: Any, tmp_path: Path
):
    other = go(
        finished.corpus, tmp_path / "out", engine="ray", address=cluster.address, workers=None
    )
    assert whole(other.out) == whole(finished.result.out)
