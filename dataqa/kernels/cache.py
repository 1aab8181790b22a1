"""Where compiled kernels are kept, and how they are compiled once for everybody.

numba's own cache does not notice an edited helper in another file, never heals a truncated index,
and takes no lock. So the folder is named by a digest of everything that compilation depends on,
one process compiles under a file lock while the others wait, and a folder that cannot be read is
deleted and filled once more.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

COMPLETE = "complete"
"""The marker written last into a folder that holds every kernel."""


def home() -> Path:
    """``DATAQA_CACHE``, else ``dataqa`` in ``XDG_CACHE_HOME``, else in ``~/.cache``."""
    own = os.environ.get("DATAQA_CACHE")
    if own:
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "dataqa"


def digest() -> str:
    """What the machine code depends on: kernel sources, numba, Python and the processor."""
    hasher = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        stamp = f"{path}\0{path.stat().st_mtime_ns}\0"  # numba checks the time too
        hasher.update(stamp.encode() + path.read_bytes())
    facts = (version("numba"), version("llvmlite"), version("numpy"), sys.version, processor())
    hasher.update("\0".join(facts).encode())
    return hasher.hexdigest()[:20]


def processor() -> str:
    """A name for the processor that changes when its instructions do."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    keep = ("model name", "flags", "Features", "CPU part")
    first: dict[str, str] = {}
    for line in lines:
        first.setdefault(line.split("\t")[0].strip(), line)
    return platform.machine() + "".join(first.get(key, "") for key in keep)


def folder() -> Path:
    """The folder that holds this version's compiled kernels, made if it is missing."""
    path = home() / "kernels" / digest()
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        # a home that cannot be written (containers, batch users): still cached for this user
        path = Path("/tmp") / f"dataqa-{os.getuid()}" / "kernels" / path.name  # noqa: S108
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def is_complete(path: Path) -> bool:
    """Whether every kernel was compiled into ``path``."""
    return (path / COMPLETE).exists()


@contextmanager
def locked(path: Path) -> Generator[None]:
    """Hold the folder's lock; it is released when the process ends, however it ends."""
    with (path.parent / f"{path.name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def clear(path: Path) -> None:
    """Forget what ``path`` holds."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
