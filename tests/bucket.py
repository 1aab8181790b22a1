"""A bucket on this machine: LocalBucket, a small server that speaks S3 over files of a folder."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

import pytest

SECRET = "not-to-be-told-8c1f"  # the server takes any


class Bucket(NamedTuple):
    """The bucket ``corpus``: its folder, and the port of its server."""

    folder: Path
    port: int

    def put(self, key: str, data: bytes | str) -> str:
        """Lay an object down; its URL."""
        path = self.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return f"s3://corpus/{key}"


@contextmanager
def serving(folder: Path) -> Generator[Bucket]:
    """Serve a bucket below a folder."""
    (folder / "corpus").mkdir(parents=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    command = [sys.executable, "-m", "localbucket", str(folder), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await(port)
        yield Bucket(folder / "corpus", port)
    finally:
        process.terminate()
        process.wait()


def _await(port: int) -> None:
    for _ in range(400):
        asking = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            asking.request("GET", "/")
            asking.getresponse().read()
        except OSError:
            time.sleep(0.05)
        else:
            return
        finally:
            asking.close()
    pytest.fail("the server does not answer")


def go_to(patch: pytest.MonkeyPatch, port: int, mirror: Path) -> None:
    """Have this process, and those it starts, use the server at a port."""
    for name, value in settings(port, mirror).items():
        patch.setenv(name, value)


def settings(port: int, mirror: Path) -> dict[str, str]:
    """The environment of a process that uses the server at a port."""
    return {
        "AWS_ACCESS_KEY_ID": "AKIDTEST",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ALLOW_HTTP": "true",
        "DATAQA_MIRROR": str(mirror),
        "DATAQA_STORE_SECONDS": "10",
    }
