"""A process that is ended from outside Python has said so all the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
from conftest import Finished
from raylets import two_raylets
from runs import go, whole

from dataqa.io.store import STATE

_SAYS = """
import os, signal, sys
from dataqa.engine.last_words import last_words
with last_words("gone"):
    {}
"""


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ("os._exit(1)", True),
        ("os.kill(os.getpid(), signal.SIGKILL)", True),
        ("pass", False),
        ("sys.exit(3)", False),
        ("raise KeyboardInterrupt", False),
    ],
)
def test_words_are_said_where_python_cannot(ends: str, said: bool):
    done = subprocess.run(
        [sys.executable, "-c", _SAYS.format(ends)], capture_output=True, text=True, check=False
    )
    assert ("gone" in done.stderr) is said


def test_ctrl_c_does_not_end_who_waits():
    """It goes to all processes of a terminal; the run may still be ended otherwise afterwards."""
    ignoring = "signal.signal(signal.SIGINT, signal.SIG_IGN); print(flush=True); signal.pause()"
    with subprocess.Popen(
        [sys.executable, "-c", _SAYS.format(ignoring)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.3)
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.1)
        process.kill()
        assert "gone" in process.communicate()[1]


_GOES = """
import sys
sys.path.insert(0, sys.argv[1])
from runs import go
go(sys.argv[2], sys.argv[3], engine="ray", address=sys.argv[4], workers=None)
"""


@pytest.mark.skipif(find_spec("ray") is None, reason="needs ray")
def test_a_cluster_that_takes_the_command_with_it(finished: Finished, tmp_path: Path):
    out, here = tmp_path / "out", str(Path(__file__).parent)
    with two_raylets() as cluster:
        command = [sys.executable, "-c", _GOES, here, str(finished.corpus), str(out)]
        with subprocess.Popen(
            [*command, cluster.address], stderr=subprocess.PIPE, text=True
        ) as process:
            while not (out / STATE / "stages").is_dir() and process.poll() is None:
                time.sleep(0.01)
            cluster.shutdown()
            said = process.communicate()[1]
    assert process.returncode
    assert "run again to continue" in said
    assert whole(go(finished.corpus, out).out) == whole(finished.result.out)
