"""What 64 bytes are, as one bit each: vector instructions that numba has no word for.

LLVM is told what is wanted, not which instructions to use: it picks those that the processor has.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from dataqa.kernels.jit import helper, types

_ir: Any = import_module("llvmlite.ir")
_intrinsic: Any = import_module("numba.extending").intrinsic

WIDTH = 64
_BYTE, _LONG = _ir.IntType(8), _ir.IntType(64)
_BYTES = _ir.VectorType(_BYTE, WIDTH)


def _every(value: int) -> Any:
    return _ir.Constant(_BYTES, [value] * WIDTH)


def _pointer(context: Any, builder: Any, text: Any, values: Any, kind: Any) -> Any:
    """Where in a text a value of this kind is, whatever its alignment."""
    whole = context.make_array(text)(context, builder, value=values[0])
    return builder.bitcast(builder.gep(whole.data, [values[1]]), kind.as_pointer())


@_intrinsic
def _classes(_: Any, text: Any, at: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        read = builder.load(_pointer(context, builder, text, values, _BYTES))
        read.align = 1
        small = builder.or_(read, _every(0x20))
        less = builder.icmp_unsigned
        masks = (
            less("<", builder.sub(small, _every(ord("a"))), _every(26)),
            less("<", builder.sub(read, _every(ord("0"))), _every(10)),
            builder.or_(less("==", read, _every(ord("."))), less("==", read, _every(ord(",")))),
            less("==", read, _every(ord("'"))),
            builder.icmp_signed("<", read, _every(0)),
        )
        longs = [builder.bitcast(mask, _LONG) for mask in masks]
        return context.make_tuple(builder, signature.return_type, longs)

    return types.UniTuple(types.uint64, 5)(text, at), generate


@_intrinsic
def _eight(_: Any, text: Any, at: Any) -> Any:
    def generate(context: Any, builder: Any, _: Any, values: Any) -> Any:
        read = builder.load(_pointer(context, builder, text, values, _LONG))
        read.align = 1
        return read

    return types.uint64(text, at), generate


@_intrinsic
def _zeros(_: Any, value: Any) -> Any:
    def generate(_: Any, builder: Any, __: Any, values: Any) -> Any:
        return builder.cttz(values[0], _ir.Constant(_ir.IntType(1), 0))

    return types.uint64(value), generate


@helper
def classes(
    text: np.ndarray, at: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64, np.uint64]:
    """For the 64 bytes from ``at`` on: ASCII letters, digits, ``.`` or ``,``, ``'``, not ASCII."""
    return _classes(text, at)


@helper
def eight_bytes(text: np.ndarray, at: np.uint64) -> np.uint64:
    """The eight bytes from ``at`` on, the first the lowest (on a little-endian machine)."""
    return _eight(text, at)


@helper
def trailing_zeros(mask: np.uint64) -> np.uint64:
    """The number of the lowest bit that is set; 64 if none is."""
    return _zeros(mask)
