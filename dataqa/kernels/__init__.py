"""Compiled loops over Arrow buffers: numpy in, integer counts out.

Nothing here knows polars. Importing this package imports no numba; ``load`` does, from the cache
when the kernels were compiled before.
"""

from __future__ import annotations

import logging
import sys
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from dataqa.kernels import cache

if TYPE_CHECKING:
    from types import ModuleType

_LOG = logging.getLogger(__name__)
_MEASURE, _CHARACTERS = f"{__name__}.measure", f"{__name__}.characters"
_ALL = tuple(f"{__name__}.{info.name}" for info in iter_modules(__path__))


def warm() -> bool:
    """Make every kernel ready, and tell whether anything had to be compiled.

    One process compiles, under a lock, while others wait; afterwards they only read. Call it in
    the driver before workers start. A cache that cannot be read is deleted and filled once more.
    """
    path = cache.folder()
    if cache.is_complete(path):
        if all(name in sys.modules for name in _ALL) or _try_import():
            return False
        (path / cache.COMPLETE).unlink(missing_ok=True)
    with cache.locked(path):
        if cache.is_complete(path):
            _import()
            return False
        _LOG.info("compiling kernels, once for this version: some seconds")
        if not _try_import():
            cache.clear(path)
            _import()
        (path / cache.COMPLETE).touch()
    return True


def is_warm() -> bool:
    """Whether ``warm`` would find every kernel compiled; for saying so before it takes time."""
    return cache.is_complete(cache.folder())


def load() -> tuple[ModuleType, ModuleType]:
    """The modules ``measure`` and ``characters``, compiled."""
    if _MEASURE not in sys.modules or _CHARACTERS not in sys.modules:
        warm()
    return sys.modules[_MEASURE], sys.modules[_CHARACTERS]


def _import() -> None:
    for name in _ALL:
        import_module(name)


def _try_import() -> bool:
    """Import the entry points; False, with nothing half imported, when the cache is broken."""
    try:
        _import()
    except Exception:  # noqa: BLE001  # numba raises whatever a broken file makes pickle raise
        prefix = f"{__name__}."
        for name in [name for name in sys.modules if name.startswith(prefix)]:
            if name != cache.__name__:
                del sys.modules[name]
        return False
    return True
