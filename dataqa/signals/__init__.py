"""The words a rule may use: text to number.

Every public function of the modules here is a signal, and its name is the word. It takes ``Counts``
and returns one number a document; what it returns is annotated with its kind and range. The entry
point group ``dataqa.signals`` adds modules of the same form from other packages.

A signal about a word list is asked for as ``name:list``, and the column has that whole name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, NamedTuple, get_type_hints

import numpy as np
import polars as pl

from dataqa.arrow import text_buffers
from dataqa.errors import InputError, did_you_mean
from dataqa.signals.counts import LISTED, Counts, Scale, count_members, measure, needs

GROUP = "dataqa.signals"


class Signal(NamedTuple):
    """What is known of a signal without computing it."""

    name: str
    doc: str
    kind: str
    low: float
    high: float
    needs_words: bool


@cache
def catalogue() -> dict[str, Signal]:
    """Every signal by name.

    >>> catalogue()["word_count"].kind
    'count'
    """
    return {name: _describe(name, function) for name, function in _functions().items()}


def compute(
    text: pl.Series, wanted: Sequence[str], words: Callable[[str], frozenset[str]]
) -> pl.DataFrame:
    """Signals of each text, a row a text and a column a name in ``wanted``.

    Null where a text is null, or where there is nothing to divide by.

    Args:
        text: Texts.
        wanted: Signal names, as in ``catalogue``, with ``:list`` where one needs a word list.
        words: Gives the words of a list.

    Raises:
        InputError: A name is unknown, or lacks or does not take a word list.

    >>> compute(pl.Series(["a b", None]), ["word_count"], lambda name: frozenset()).rows()
    [(2,), (None,)]
    """
    if not wanted:
        return pl.DataFrame()
    asked = {name: check_name(name) for name in wanted}
    buffers = text_buffers(text)
    read = {name: _needs(name.partition(":")[0]) for name in asked}
    folded = _lists(asked, read, "hits")
    written = _lists(asked, read, "written_hits")
    tables, hits, exact = measure(
        buffers,
        frozenset[str]().union(*read.values()),
        [words(name) for name in folded],
        [words(name) for name in written],
    )
    columns: list[pl.Series] = []
    for name, signal in asked.items():
        which = name.partition(":")[2]
        listed = {
            "hits": hits[folded.index(which)] if which in folded else None,
            "written_hits": exact[written.index(which)] if which in written else None,
            "members": count_members(buffers, words(which)) if "members" in read[name] else None,
        }
        values = _functions()[signal.name](Counts(**tables, **listed))  # pyright: ignore[reportArgumentType]
        columns.append(_column(name, values, buffers.valid))
    return pl.DataFrame(columns)


def _lists(asked: Iterable[str], read: Mapping[str, frozenset[str]], table: str) -> list[str]:
    """The word lists whose ``table`` is read by some signal, in order."""
    names = [name.partition(":")[2] for name in asked if table in read[name]]
    return list(dict.fromkeys(names))


def check_name(name: str) -> Signal:
    """The signal that ``name`` (``signal`` or ``signal:list``) asks for.

    Raises:
        InputError: It is unknown, or lacks or does not take a word list.
    """
    head, colon, which = name.partition(":")
    known = catalogue()
    if head not in known:
        raise InputError(f"unknown signal {name!r}", hint=did_you_mean(head, known))
    if known[head].needs_words and not which:
        raise InputError(f"signal {head!r} needs a word list", hint=f"write {head}:LIST")
    if colon and not known[head].needs_words:
        raise InputError(f"signal {head!r} takes no word list", hint=f"write {head}")
    return known[head]


@cache
def _functions() -> dict[str, Callable[[Counts], Any]]:
    """Signal functions by name, ours first; a name that exists already is the user's mistake."""
    names = sorted(info.name for info in iter_modules(__path__) if info.name != "counts")
    own = [import_module(f"{__name__}.{name}") for name in names]
    found: dict[str, Callable[[Counts], Any]] = {}
    for module in own:
        found.update(_public(module))
    for entry in entry_points(group=GROUP):
        for name, function in _public(entry.load()).items():
            if name in found:
                where = f"entry point {entry.name}"
                raise InputError(f"signal {name!r} exists already", where=where)
            found[name] = function
    return found


def _public(module: ModuleType) -> dict[str, Callable[[Counts], Any]]:
    """The public functions that a module defines."""
    functions = inspect.getmembers(module, inspect.isfunction)
    return {
        name: function
        for name, function in functions
        if function.__module__ == module.__name__ and not name.startswith("_")
    }


def _scale(function: Callable[..., Any]) -> Scale:
    """The scale in the return type of a signal."""
    returns = get_type_hints(function, include_extras=True)["return"]
    scales = [item for item in getattr(returns, "__metadata__", ()) if isinstance(item, Scale)]
    if not scales:
        raise InputError(
            "a signal must return Count, Length, Ratio or Rate",
            where=f"{function.__module__}.{function.__name__}",
            hint="they are in dataqa.signals.counts",
        )
    return scales[0]


def _describe(name: str, function: Callable[[Counts], Any]) -> Signal:
    doc = inspect.getdoc(function) or ""
    return Signal(
        name,
        doc.split("\n", 1)[0],
        *_scale(function),
        needs_words=not _needs(name).isdisjoint(LISTED),
    )


@cache
def _needs(name: str) -> frozenset[str]:
    return needs(_functions()[name])


def _column(name: str, values: Any, valid: np.ndarray[Any, Any] | None) -> pl.Series:
    """A column of numbers; null where the text was or where the number is not one."""
    column = pl.Series(name, values, nan_to_null=True)
    if valid is None:
        return column
    return pl.select(pl.when(pl.Series(valid)).then(column).alias(name)).to_series()
