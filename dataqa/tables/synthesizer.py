"""``dataqa.Synthesizer`` and ``dataqa.synthesize``: a table in, rows out that are nobody's."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.errors import InputError, did_you_mean
from dataqa.tables import storage
from dataqa.tables.closeness import Marks, fingerprints, met, telling
from dataqa.tables.coding import Coding, Variable, decode, rounded
from dataqa.tables.columns import Column, check_frame, with_hints
from dataqa.tables.learning.drawing import away_from
from dataqa.tables.learning.learnt import Learnt, as_written, learn
from dataqa.tables.learning.model import Given, Model, fit
from dataqa.tables.learning.trees import Floats
from dataqa.tables.notes.texts import Texts
from dataqa.tables.people.apart import taken
from dataqa.tables.people.invented import invented
from dataqa.tables.people.known import known_of
from dataqa.tables.people.owners import Owned, owned
from dataqa.tables.people.private_forms import PrivateForm
from dataqa.tables.profile import profile

type Hints = Mapping[str, Column | str | Mapping[str, Any]]

LEAST_ROWS = 20
MARK = "is_synthetic"
"""The column that says of each row that it is synthetic, if wished."""
_REDRAWN = 10
_BLIND = 4
"""Blocks after which what was never met is given up."""
_BLOCK = 200_000
"""Rows that are drawn at a time where what is given cannot be set."""


class Synthetic(NamedTuple):
    """A synthetic table.

    Attributes:
        frame: Its rows, columns as in the original.
        report: How it was made: rows, seed, kinds of columns, rows that were drawn anew.
        model: What it was drawn from, for more rows.
    """

    frame: pl.DataFrame
    report: dict[str, Any]
    model: Synthesizer


class State(NamedTuple):
    """All that a fitted model is.

    Attributes:
        columns: What each column is, hints included.
        schema: Names and types of the columns that are written, in order.
        codings: Of each, how it is coded.
        forms: Of private columns, their forms.
        columns_of: Of each variable that is written, the number of its coding.
        model: What draws variables.
        marks: Fingerprints of rows of the original that few share.
        rows: Rows of the original.
    """

    columns: dict[str, Column]
    schema: pl.Schema
    codings: list[Coding]
    forms: list[PrivateForm]
    columns_of: list[int]
    model: Model
    marks: Marks
    rows: int


class Synthesizer:
    """A fitted model of a table.

    >>> few = pl.DataFrame({"size": [1, 2, 3, 4] * 30, "kind": ["a", "b", "a", "b"] * 30})
    >>> Synthesizer.fit(few).sample(3, seed=1).height
    3
    """

    def __init__(
        self,
        state: State,
        original: pl.DataFrame | None = None,
        apart_from: pl.DataFrame | None = None,
    ) -> None:
        self._state, self._original = state, original
        self._apart_from = original if apart_from is None else apart_from

    @property
    def columns(self) -> dict[str, Column]:
        """What each column is, hints included."""
        return dict(self._state.columns)

    @property
    def marks(self) -> Marks:
        """Fingerprints of rows of the original that few share."""
        return self._state.marks

    @property
    def variables(self) -> list[tuple[Coding, int]]:
        """Of each variable that is written, its coding and how many codes it has; 0 for numbers."""
        state = self._state
        return [
            (state.codings[of], state.model.sizes[at]) for at, of in enumerate(state.columns_of)
        ]

    @classmethod
    def fit(
        cls,
        frame: pl.DataFrame,
        hints: Hints | None = None,
        *,
        model: Literal["trees", "copula"] = "trees",
        first: Sequence[str] = (),
        seed: int = 0,
        threads: int | None = None,
        apart_from: pl.DataFrame | None = None,
    ) -> Synthesizer:
        """Learn a table.

        Args:
            frame: At least twenty rows.
            hints: What columns are where the profile is wrong: a kind, or a ``Column``.
            model: ``trees`` one after the other, or a Gaussian ``copula``, quicker and coarser.
            first: Columns that ``sample(given=…)`` will set.
            seed: Breaks ties between equally good trees.
            threads: How many trees grow at a time; by default one for each core.
            apart_from: Rows whose ids, mails and numbers nobody invented may have; by default those
                that are learnt.

        Raises:
            InputError: A column looks like an id that nobody declared, or cannot be learnt.
        """
        check_frame(frame, LEAST_ROWS)
        told = with_hints(profile(frame), hints or {})
        columns = {name: one for name, one in told.items() if one.kind != "drop"}
        if not columns:
            raise InputError("all columns are dropped", where="hints")
        for name in first:
            _known(name, columns)
        learnt = learn(frame, columns)
        schema = pl.Schema({name: frame.schema[name] for name in columns})
        return cls.of(
            *(learnt, columns, schema),
            first=first,
            model=model,
            seed=seed,
            threads=threads,
            original=frame,
            apart_from=apart_from,
        )

    @classmethod
    def of(
        cls,
        learnt: Learnt,
        columns: dict[str, Column],
        schema: pl.Schema,
        *,
        context: Sequence[Variable] = (),
        seen: list[Floats] | None = None,
        model: Literal["trees", "copula"] = "trees",
        first: Sequence[str] = (),
        seed: int = 0,
        threads: int | None = None,
        original: pl.DataFrame | None = None,
        apart_from: pl.DataFrame | None = None,
    ) -> Synthesizer:
        """Learn a table that is taken apart already.

        Args:
            learnt: The table.
            columns: What its columns are.
            schema: Names and types of the columns to write.
            context: What is known of each row beforehand and never written; ``values`` is given it.
            seen: By what rows are known again, if not by what is learnt of them; nothing, if never.
            model: As in ``fit``.
            first: As in ``fit``.
            seed: As in ``fit``.
            threads: As in ``fit``.
            original: The table.
            apart_from: As in ``fit``.
        """
        numbers = [one.column for one in learnt.variables]
        names = [learnt.codings[at].name for at in numbers]
        known = list(range(len(numbers), len(numbers) + len(context)))
        begins = [at for name in first for at, of in enumerate(names) if of == name]
        fitted = fit(
            [*learnt.variables, *context],
            np.array([*known, *begins], np.int64),
            seed,
            threads or os.cpu_count() or 1,
            joined=model == "copula",
            context=len(known),
        )
        told = as_written(learnt) if seen is None else seen
        marks = telling(fingerprints(told)) if told else np.empty(0, np.uint64)
        rows = len(learnt.variables[0].values)
        state = State(
            *(columns, schema, learnt.codings, learnt.forms, numbers, fitted, marks, rows)
        )
        return cls(state, original, apart_from)

    def sample(
        self, rows: int | None = None, *, seed: int = 0, given: Mapping[str, Any] | None = None
    ) -> pl.DataFrame:
        """Rows that are nobody's; the same for the same model, rows and seed.

        Args:
            rows: How many; by default as many as the original has.
            seed: Decides them.
            given: Values that columns have in all rows.

        Raises:
            InputError: There is no such column or value, or it is too rare to be met.
        """
        return self.sampled(rows, seed=seed, given=given)[0]

    def sampled(
        self, rows: int | None = None, *, seed: int = 0, given: Mapping[str, Any] | None = None
    ) -> tuple[pl.DataFrame, dict[str, int]]:
        """As ``sample``, with how many rows were drawn anew, being too close to a real one."""
        state = self._state
        count = state.rows if rows is None else rows
        if count < 0 or seed < 0:
            raise InputError("rows and seed cannot be negative", where="sample")
        wanted = self._given(given or {})
        begins = set(state.model.order[: len(wanted)].tolist()) == set(wanted)
        if wanted and (not begins or state.model.copula is not None):
            values, drawn = self._picked(count, seed, wanted)
        else:
            values, drawn = self._apart(count, [seed], wanted)
        names = [state.codings[of].name for of in state.columns_of]
        tied = owned(state.forms, names, values, seed)
        if tied.owners:  # what rows of a key share was made equal since
            equal = met(fingerprints(tied.values), state.marks)
            drawn["still_equal"] = int(equal.sum())
        frame = self._frame(tied, count, seed)
        texts = [name for name, one in state.columns.items() if one.kind == "surrogate"]
        if not texts:
            return frame, drawn
        made = self._texts(seed).made(frame, tied.owners)
        both = frame.hstack(
            made.frame.with_columns(pl.col(name).cast(state.schema[name]) for name in texts)
        )
        return both.select(list(state.schema)), drawn | {"left_out": made.left_out}

    def values(self, rows: int, seed: list[int], context: Sequence[Floats] = ()) -> list[Floats]:
        """Values of all variables that are written, as they will be, and not yet as columns.

        Args:
            rows: How many.
            seed: Decides them.
            context: Of each variable that was given to ``of``, a value for each row.
        """
        own = len(self._state.columns_of)
        return self._written(rows, seed, {own + at: one for at, one in enumerate(context)})[:own]

    def frame(self, values: list[Floats], seed: int) -> pl.DataFrame:
        """Values as columns, with invented people in those that are private."""
        state = self._state
        names = [state.codings[of].name for of in state.columns_of]
        return self._frame(owned(state.forms, names, values, seed), len(values[0]), seed)

    def save(self, path: Path | str | BinaryIO) -> None:
        """Write the model to a file, with a digest; it holds values of single columns."""
        where = Path(path) if isinstance(path, str) else path
        storage.save(where, self._state._asdict())

    @classmethod
    def load(cls, path: Path | str | BinaryIO, original: pl.DataFrame | None = None) -> Synthesizer:
        """Read what ``save`` wrote.

        Args:
            path: The file.
            original: The table that was learnt; a model holds no private value and no text of it.
                Without it an invented id may be a real one by chance, and no text can be made.

        Raises:
            InputError: It is no such file, or not whole.
        """
        state = State(**storage.load(Path(path) if isinstance(path, str) else path))
        return cls(state, original)

    def told(self) -> dict[str, Any]:
        """What is learnt, in words and numbers, and no value of anybody."""
        state = self._state
        return {
            "version": version("dataqa"),
            "learnt_from": state.rows,
            "columns": {name: one.entity or one.kind for name, one in state.columns.items()},
            "rare": {one.name: one.rare for one in state.codings if one.rare},
        }

    def _given(self, given: Mapping[str, Any]) -> dict[int, float]:
        """What is given, by variable."""
        state = self._state
        wanted: dict[int, float] = {}
        for name, value in given.items():
            _known(name, state.columns)
            coding = next(one for one in state.codings if one.name == name)
            mine = [at for at, of in enumerate(state.columns_of) if state.codings[of].name == name]
            if state.columns[name].kind in {"private", "id"} or not mine:
                raise InputError("nothing is learnt of it, so it cannot be given", where=name)
            for at in mine:
                if state.model.sizes[at] and len(mine) == 1:
                    wanted[at] = float(_token(coding, value))
                elif state.model.sizes[at]:
                    wanted[at] = 0.0
                else:
                    wanted[at] = _number(coding, value)
        return wanted

    def _apart(
        self, rows: int, seed: list[int], wanted: Given
    ) -> tuple[list[Floats], dict[str, int]]:
        """Values of all variables; rows that are a row of the original are drawn anew."""
        values = self._written(rows, [*seed, 0], wanted)
        close = met(fingerprints(values), self._state.marks)
        rejected = int(close.sum())
        for attempt in range(1, _REDRAWN + 1):
            again = np.flatnonzero(close)
            if not len(again):
                break
            more = self._written(len(again), [*seed, attempt], wanted)
            for mine, new in zip(values, more, strict=True):
                mine[again] = new
            close = np.zeros(rows, np.bool_)
            close[again] = met(fingerprints(more), self._state.marks)
        return values, {"drawn_anew": rejected, "still_equal": int(close.sum())}

    def _written(self, rows: int, seed: list[int], wanted: Given) -> list[Floats]:
        """Values as they will be written: with so many places, and not somebody's day of birth."""
        state = self._state
        values = state.model.draw(rows, seed, wanted)
        missing = np.zeros(rows, np.bool_)
        for at, of in enumerate(state.columns_of):
            coding = state.codings[of]
            if state.model.sizes[at]:
                missing = values[at] > 0
                continue
            made = rounded(values[at], coding.decimals)
            if coding.avoid and at not in wanted:
                made = away_from(made, np.unique(state.model.trees[at].content))
            before = at > 0 and state.columns_of[at - 1] == of
            values[at] = np.where(missing, np.nan, made) if before else made
        return values

    def _picked(self, rows: int, seed: int, wanted: Given) -> tuple[list[Floats], dict[str, int]]:
        """Rows among many that happen to have what is given."""
        kept: list[list[Floats]] = []
        count, told = 0, {"drawn_anew": 0, "still_equal": 0}
        for block in range(50):
            values, drawn = self._apart(_BLOCK, [seed, block], {})
            fits = np.all([values[at] == value for at, value in wanted.items()], axis=0)
            kept.append([one[fits] for one in values])
            count += int(fits.sum())
            told = {name: told[name] + drawn[name] for name in told}
            if count >= rows or (block == _BLIND and not count):
                break
        if count < rows:
            hint = "Synthesizer.fit(…, first=[…]) with these columns sets them"
            raise InputError("what is given is too rare to be met", where="given", hint=hint)
        columns = zip(*kept, strict=True)
        return [np.concatenate(one)[:rows] for one in columns], told

    def _texts(self, seed: int) -> Texts:
        state = self._state
        if self._original is None:
            hint = "Synthesizer.load(path, original=…)"
            raise InputError("a model holds no texts", where="sample", hint=hint)
        return Texts(self._original, state.columns, state.forms, seed)

    def _frame(self, tied: Owned, rows: int, seed: int) -> pl.DataFrame:
        """Values as columns, with invented people in those that are private; no texts."""
        state, values = self._state, tied.values
        made: dict[str, pl.Series] = {}
        absent: dict[str, NDArray[np.bool_]] = {}
        for number, coding in enumerate(state.codings):
            mine = [at for at, of in enumerate(state.columns_of) if of == number]
            states = next((values[at] for at in mine if state.model.sizes[at]), None)
            numbers = next((values[at] for at in mine if not state.model.sizes[at]), None)
            if coding.kind in {"private", "id"}:
                absent[coding.name] = np.zeros(rows, np.bool_) if states is None else states > 0
            else:
                made[coding.name] = decode(coding, states, numbers, state.schema[coding.name])
        made |= self._people(pl.DataFrame(made), seed, tied.owners, absent)
        return pl.DataFrame([made[name] for name in state.schema if name in made])

    def _people(
        self,
        made: pl.DataFrame,
        seed: int,
        owners: Mapping[str, Sequence[int]],
        absent: Mapping[str, Any],
    ) -> dict[str, pl.Series]:
        state = self._state
        if not state.forms:
            return {}
        known = known_of(made, state.columns)
        key = blake2b(f"dataqa synthetic {seed}".encode(), digest_size=32).digest()
        real = {} if self._apart_from is None else taken(self._apart_from, state.forms)
        found: dict[str, pl.Series] = {}
        for name, texts in invented(state.forms, key, known, owners, real).items():
            coding = next(one for one in state.codings if one.name == name)
            blank = pl.Series(absent[name], dtype=pl.Boolean)
            usual = coding.tokens[1] if len(coding.tokens) > 1 else None
            column = pl.select(
                pl.when(blank)
                .then(pl.lit(usual, pl.String))
                .otherwise(pl.Series(texts, dtype=pl.String))
            ).to_series()
            found[name] = column.cast(state.schema[name], strict=False).alias(name)
        return found


def synthesize(
    frame: pl.DataFrame,
    rows: int | None = None,
    *,
    seed: int = 0,
    hints: Hints | None = None,
    given: Mapping[str, Any] | None = None,
    model: Literal["trees", "copula"] = "trees",
    apart_from: pl.DataFrame | None = None,
) -> Synthetic:
    """A synthetic table: as the original in what matters, and nobody of the original in it.

    Args:
        frame: The original, at least twenty rows.
        rows: How many to make; by default as many.
        seed: Decides the rows: the same again gives the same bytes.
        hints: What columns are where the profile is wrong (``dataqa profile``).
        given: Values that columns have in all rows.
        model: ``trees`` or ``copula``.
        apart_from: Rows whose ids, mails and numbers nobody invented may have; by default those of
            ``frame``.

    Raises:
        InputError: A column looks like an id that nobody declared, or cannot be learnt.
    """
    fitted = Synthesizer.fit(
        frame, hints, model=model, first=tuple(given or {}), seed=seed, apart_from=apart_from
    )
    made, drawn = fitted.sampled(rows, seed=seed, given=given)
    told = {"synthetic": True, "generator": "dataqa", "model": model, "seed": seed, **drawn}
    return Synthetic(made, told | {"rows": made.height} | fitted.told(), fitted)


def _known(name: str, columns: Mapping[str, Column]) -> None:
    if name not in columns:
        raise InputError(f"no column {name!r}", hint=did_you_mean(name, columns))


def _token(coding: Coding, value: Any) -> int:
    text = None if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    if text not in coding.tokens:
        hint = "a value that at least a few rows have"
        raise InputError("there is no such value to be given", where=coding.name, hint=hint)
    return coding.tokens.index(text)


def _number(coding: Coding, value: Any) -> float:
    from dataqa.tables.forms import read_dates, read_numbers  # noqa: PLC0415

    if coding.kind == "date":
        found = (
            float(read_dates(pl.Series([str(value)]), coding.date or "%Y-%m-%d")[0]) / coding.unit
        )
        if found == found:  # noqa: PLR0124  (NaN is not itself)
            return found
    elif np.isfinite(read := float(read_numbers(pl.Series([str(value)]))[0][0])):
        return read
    raise InputError("what is given is no number or date", where=coding.name)
