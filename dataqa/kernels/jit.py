"""numba with this package's settings; the one place that imports it.

Kernels are compiled without numba's runtime (``_nrt``): they cannot allocate, and count no
references, which makes them twice as fast. Helpers are always inlined, for a call would copy whole
tuples of arrays.

The cache folder is set before numba is first imported. When somebody imported numba earlier its
setting is changed in place: numba reads it again for each function that is defined.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from dataqa.kernels import cache

type Int = int | np.int64
"""A whole number in a kernel."""

# numba reads the variable when it is first imported, and its setting when a function is defined
os.environ["NUMBA_CACHE_DIR"] = str(cache.folder())
_numba: Any = import_module("numba")
_numba.config.CACHE_DIR = os.environ["NUMBA_CACHE_DIR"]
types: Any = _numba.types


def helper[F: Callable[..., Any]](function: F) -> F:
    """Compile a function that only kernels call; it becomes part of each that does."""
    compiled: F = _numba.njit(
        function, nogil=True, _nrt=False, forceinline=True, error_model="numpy"
    )
    return compiled


def kernel[F: Callable[..., Any]](*arguments: Any) -> Callable[[F], F]:
    """Compile an entry point for exactly these argument types, from the cache when it can."""
    wrap: Callable[[F], F] = _numba.njit(
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
