"""Runs ``dataqa`` as a user does, in a process of its own or in this one."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from dataqa.cli.main import main


class Told(NamedTuple):
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


def dataqa(*words: object) -> Told:
    """A command, run in this process."""
    printed, complaint = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(complaint),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(sys, "argv", ["dataqa", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
    assert isinstance(ended.value.code, int)
    return Told(ended.value.code, printed.getvalue(), complaint.getvalue())


def elsewhere(
    *words: object, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Told:
    """A command, run in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "dataqa", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **(env or {})},
        cwd=cwd,
    )
    return Told(done.returncode, done.stdout, done.stderr)
