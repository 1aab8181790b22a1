"""The only door between frames and raw buffers.

Text leaves polars as one ``large_string`` Arrow array, whose two buffers kernels read in place, and
comes back through ``large_binary`` and a cast, which validates the UTF-8 and copies: a string array
made from buffers directly would be unvalidated and alias them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray


class TextBuffers(NamedTuple):
    """A text column as kernels read it.

    Attributes:
        data: UTF-8 bytes of all texts, read-only.
        offsets: Where each text begins in ``data``, and where the last one ends.
        valid: False where the text is null (of length zero here); None when none is.
    """

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    valid: NDArray[np.bool_] | None

    def __len__(self) -> int:
        """The number of texts."""
        return len(self.offsets) - 1


def text_buffers(series: pl.Series) -> TextBuffers:
    """The buffers of a String column, however it is sliced or chunked.

    Raises:
        TypeError: The column is not of type String.

    >>> text_buffers(pl.Series(["a", None, "bc"])).offsets.tolist()
    [0, 1, 1, 3]
    """
    if series.dtype != pl.String:
        raise TypeError(f"expected a String column, not {series.dtype}")
    valid = None
    if series.null_count():
        valid = series.is_not_null().to_numpy()
        series = series.fill_null("")
    array: Any = series.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    if array.type != pa.large_string():
        array = array.cast(pa.large_string())
    _, offsets, data = array.buffers()
    starts = np.frombuffer(offsets, np.int64) if offsets else np.zeros(1, np.int64)
    starts = starts[array.offset : array.offset + len(array) + 1]
    octets = np.frombuffer(data, np.uint8) if data else np.zeros(0, np.uint8)
    return TextBuffers(_frozen(octets), _frozen(starts), valid)


def text_series(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], valid: NDArray[np.bool_] | None = None
) -> pl.Series:
    """A String column with a copy of these buffers, checked to be UTF-8.

    Args:
        data: UTF-8 bytes of all texts.
        offsets: Where each text begins, and where the last one ends.
        valid: False where the text is null; None when none is.

    Raises:
        ValueError: The offsets do not fit the data, or some text is not valid UTF-8.

    >>> text_series(np.frombuffer("né".encode(), np.uint8), np.array([0, 1, 3])).to_list()
    ['n', 'é']
    """
    starts = np.asarray(offsets, np.int64)
    if not len(starts) or starts[0] < 0 or starts[-1] > len(data) or (np.diff(starts) < 0).any():
        raise ValueError("offsets must rise and stay inside the data")
    # polars keeps these very bytes: they are copied, so that the caller may use its own again
    octets = data[starts[0] : starts[-1]].astype(np.uint8).tobytes()
    buffers = [None, pa.py_buffer((starts - starts[0]).tobytes()), pa.py_buffer(octets)]
    array = pa.Array.from_buffers(pa.large_binary(), len(starts) - 1, buffers)
    binary = pl.Series(array, dtype=pl.Binary)
    try:
        series = binary.cast(pl.String)
    except pl.exceptions.PolarsError as error:
        raise ValueError("the data is not valid UTF-8") from error
    if valid is not None:
        mask = pl.Series(valid)
        series = pl.select(pl.when(mask).then(series)).to_series()
    return series.alias("")


def binary_rows(values: NDArray[np.uint32]) -> pl.Series:
    """The bytes of each row, little-endian, as a Binary column.

    >>> binary_rows(np.array([[1, 2]], np.uint32))[0].hex()
    '0100000002000000'
    """
    rows, length = values.shape
    offsets = np.arange(rows + 1, dtype=np.int64) * (4 * length)
    data = np.ascontiguousarray(values, "<u4").tobytes()
    buffers = [None, pa.py_buffer(offsets.tobytes()), pa.py_buffer(data)]
    return pl.Series(pa.Array.from_buffers(pa.large_binary(), rows, buffers), dtype=pl.Binary)


def compact(frame: pl.DataFrame) -> pl.DataFrame:
    """The same rows in memory of their own.

    A filtered frame shares the text buffers of the frame that it came from, all of them, so a few
    rows can hold a whole batch alive. Whatever outlives its batch goes through here.

    >>> compact(pl.DataFrame({"text": ["a", "b"]})[1:]).rows()
    [('b',)]
    """
    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    fresh = {name: text_series(*text_buffers(frame[name])).alias(name) for name in texts}
    others = frame.drop(texts)
    if others.width:
        table: Any = pl.from_arrow(others.to_arrow(compat_level=pl.CompatLevel.oldest()))
        for name in others.columns:
            fresh[name] = table[name].cast(frame.schema[name])
    return pl.DataFrame([fresh[name] for name in frame.columns], schema=frame.columns)


def _frozen[T: np.generic](array: NDArray[T]) -> NDArray[T]:
    view = array.view()
    view.flags.writeable = False
    return view
