"""Whether recognisers do what their examples claim, shown by the scan itself."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from dataqa.errors import InputError
from dataqa.private.automaton import Everywhere
from dataqa.private.forms import expressions
from dataqa.private.packs import Example, Recogniser
from dataqa.private.scan import Scanner
from dataqa.proof import Problem

DOUBT = 0.4
"""The score from which on examples count as found, as the step has it by default."""


def prove(recognisers: Sequence[Recogniser]) -> list[Problem]:
    """Scan every example with all recognisers together.

    Of a hit, exactly the marked values are found as that kind; in a miss nothing of that kind; of a
    gap, a value that is known not to be found, not all (else it is one no more).
    """
    examples = [(one, example) for one in recognisers for example in one.examples]
    if not examples:
        return []
    texts = [example.text for _, example in examples]
    # examples are few and short: searching them pattern by pattern takes less than an automaton
    slowly = Everywhere(len(expressions(recognisers)))
    found = Scanner(recognisers, automaton_of=slowly).scan(pl.Series(texts), DOUBT)
    values: dict[tuple[int, str], list[str]] = {}
    for row, entity, start, end in found.select("row", "entity", "start", "end").iter_rows():
        value = texts[row].encode()[start:end].decode()
        values.setdefault((row, entity), []).append(value)
    return [
        Problem(example.where, f"{one.name}: {why}")
        for row, (one, example) in enumerate(examples)
        if (why := _wrong(example, tuple(values.get((row, one.entity), ()))))
    ]


def require_proven(recognisers: Sequence[Recogniser]) -> None:
    """Refuse recognisers of which an example fails.

    Raises:
        InputError: Naming the file and line of the first.
    """
    for problem in prove(recognisers):
        raise InputError(
            problem.what, where=problem.where, hint="correct the pattern or the example"
        )


def _wrong(example: Example, found: tuple[str, ...]) -> str:
    """Examples are invented, so what they hold may be said."""
    if example.kind == "gap":
        return "the gap is closed: make it a hit" if found == example.values else ""
    if found == example.values:
        return ""
    wanted = ", ".join(example.values) or "nothing"
    return f"finds {', '.join(found) or 'nothing'} where it must find {wanted}"
