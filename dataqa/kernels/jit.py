"""numba with this package's settings; the one place that imports it.

Kernels are compiled without numba's runtime (``_nrt``): they cannot allocate, and count no
references, which makes them twice as fast. Helpers are always inlined, for a call would copy whole
tuples of arrays.

The cache folder is set before numba is first imported. When somebody imported numba earlier its
setting is changed in place: numba reads it again for each function that is defined.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from dataqa.kernels import cache

CACHE = cache.folder()

if "numba" in sys.modules:
    sys.modules["numba"].config.CACHE_DIR = str(CACHE)
else:
    os.environ["NUMBA_CACHE_DIR"] = str(CACHE)

import numba as _numba  # noqa: E402
from numba import types  # noqa: E402

_numba.config.CACHE_DIR = str(CACHE)


def helper[F: Callable[..., Any]](function: F) -> F:
    """Compile a function that only kernels call; it becomes part of each that does."""
    return _numba.njit(function, nogil=True, _nrt=False, forceinline=True, error_model="numpy")


def kernel[F: Callable[..., Any]](*arguments: Any) -> Callable[[F], F]:
    """Compile an entry point for exactly these argument types, from the cache when it can."""
    wrap: Any = _numba.njit(
        tuple(arguments), nogil=True, cache=True, _nrt=False, error_model="numpy"
    )
    return wrap


def frozen(dtype: Any, dimensions: int = 1) -> Any:
    """The type of a contiguous array that the kernel only reads."""
    return types.Array(dtype, dimensions, "C", readonly=True)


def like(value: Any) -> Any:
    """The type of a value such as this one (a tuple of scratch arrays)."""
    return _numba.typeof(value)


def array(dtype: Any, dimensions: int = 1) -> Any:
    """The type of a contiguous array that the kernel writes."""
    return types.Array(dtype, dimensions, "C")
