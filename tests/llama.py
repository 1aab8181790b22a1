"""A real llama.cpp server with a small real model: ``python -m benchmarks.peers llm`` makes it."""

from __future__ import annotations

import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PEER = ROOT / ".peers" / "llm"
MODEL = "smollm2"


@contextmanager
def llama() -> Generator[str]:
    """The base URL of a server that is there until the end of the block; skips without it."""
    if not (PEER / "made.txt").is_file():
        pytest.skip("no llama.cpp server here: python -m benchmarks.peers llm")
    script = str(ROOT / "benchmarks" / "serve_llm.py")
    with subprocess.Popen(
        [str(PEER / "bin" / "python"), script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdin
        assert server.stdout
        try:
            address = server.stdout.readline().strip()
            assert address.startswith("http://127.0.0.1:"), "the server did not start"
            yield f"{address}/v1"
        finally:
            server.stdin.close()
            server.terminate()
