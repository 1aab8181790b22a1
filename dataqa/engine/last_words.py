"""What is said when this process is ended from outside Python.

Native code may call ``_exit``: then no exception is raised, nothing that was registered is run, and
a command would end without a word. A small process that waits beside it says it instead.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager

_WAITS = """
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
sys.stdin.buffer.read() or sys.stderr.write(sys.argv[1])
"""
"""Reads until the other end of the pipe is closed, with or without a byte sent before."""


@contextmanager
def last_words(words: str) -> Generator[None]:
    """Have ``words`` on standard error if the process is gone before the block has ended."""
    told = [sys.executable, "-I", "-S", "-c", _WAITS, words]
    with subprocess.Popen(told, stdin=subprocess.PIPE) as beside:
        try:
            yield
        finally:
            beside.communicate(b".")
