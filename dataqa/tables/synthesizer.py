"""``dataqa.Synthesizer`` and ``dataqa.synthesize``: a table in, rows out that are nobody's."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple

import numpy as np
import polars as pl

from dataqa.errors import InputError
from dataqa.tables import storage
from dataqa.tables.closeness import Marks, fingerprints, met, telling
from dataqa.tables.coding import Coding, Variable
from dataqa.tables.columns import Column, check_frame, with_hints
from dataqa.tables.engines.argn import Settings
from dataqa.tables.engines.foreign import learn_foreign
from dataqa.tables.frames import frame_of
from dataqa.tables.given import given_values, require_column
from dataqa.tables.learning.learnt import Learnt, as_written, learn
from dataqa.tables.learning.model import fit
from dataqa.tables.learning.trees import Floats
from dataqa.tables.noisy.accounting import Privacy
from dataqa.tables.noisy.learning import learn_noisy
from dataqa.tables.notes.everybody import Everybody, texts_of
from dataqa.tables.notes.sources import by_rows
from dataqa.tables.notes.texts import Made, Texts
from dataqa.tables.people.owners import owned
from dataqa.tables.profile import profile
from dataqa.tables.rows import rows_apart, rows_picked, rows_written
from dataqa.tables.state import State

type Kind = Literal["trees", "copula", "mostlyai"]
type Hints = Mapping[str, Column | str | Mapping[str, Any]]

LEAST_ROWS = 20
MARK = "is_synthetic"
"""The column that says of each row that it is synthetic, if wished."""


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
        model: Kind = "trees",
        first: Sequence[str] = (),
        seed: int = 0,
        threads: int | None = None,
        apart_from: pl.DataFrame | None = None,
        epsilon: float | None = None,
        delta: float = 1e-6,
        person: str = "",
        rows_each: int = 1,
        noise_seed: int | None = None,
        engine: Settings | None = None,
    ) -> Synthesizer:
        """Learn a table.

        Args:
            frame: At least twenty rows.
            hints: What columns are where the profile is wrong: a kind, or a ``Column``.
            model: ``trees`` one after the other, a Gaussian ``copula``, quicker and coarser, or
                ``mostlyai``: MOSTLY AI's engine, in an environment of its own.
            first: Columns that ``sample(given=…)`` will set.
            seed: Breaks ties between equally good trees.
            threads: How many trees grow at a time; by default one for each core.
            apart_from: Rows whose ids, mails and numbers nobody invented may have; by default those
                that are learnt.
            epsilon: Learn noisy counts in place of trees: differentially private. Nobody invented
                is then compared with anybody of the table.
            delta: The chance that epsilon does not hold; well below one in as many as rows.
            person: The column that says whose a row is, if somebody may have several.
            rows_each: With ``person``: so many rows of each are learnt.
            noise_seed: Decides the noise, for tests: whoever knows it can take the noise off.
            engine: Of ``mostlyai``: where it is, and how long it learns.

        Raises:
            InputError: A column looks like an id that nobody declared, or cannot be learnt.
        """
        check_frame(frame, LEAST_ROWS)
        if epsilon is not None:
            if model != "trees":
                hint = "leave the model out: noisy counts are one of their own"
                raise InputError("that model has no epsilon", where=f"model {model}", hint=hint)
            privacy = Privacy(epsilon, delta, person, rows_each)
            return cls(_noisy(frame, hints or {}, privacy, noise_seed))
        told = with_hints(profile(frame), hints or {})
        columns = {name: one for name, one in told.items() if one.kind != "drop"}
        if not columns:
            raise InputError("all columns are dropped", where="hints")
        for name in first:
            require_column(name, columns)
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
            engine=engine,
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
        model: Kind = "trees",
        first: Sequence[str] = (),
        seed: int = 0,
        threads: int | None = None,
        original: pl.DataFrame | None = None,
        apart_from: pl.DataFrame | None = None,
        engine: Settings | None = None,
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
            engine: As in ``fit``.
        """
        numbers = [one.column for one in learnt.variables]
        names = [learnt.codings[at].name for at in numbers]
        known = list(range(len(numbers), len(numbers) + len(context)))
        begins = [at for name in first for at, of in enumerate(names) if of == name]
        if model == "mostlyai":
            fitted = learn_foreign(learnt, engine or Settings(), seed)
        else:
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
        wanted = given_values(state, given or {})
        if wanted and not state.model.sets(wanted):
            values, drawn = rows_picked(state, count, seed, wanted)
        else:
            values, drawn = rows_apart(state, count, [seed], wanted)
        tied = owned(state.forms, state.names, values, seed)
        if tied.owners:  # what rows of a key share was made equal since
            equal = met(fingerprints(tied.values), state.marks)
            drawn["still_equal"] = int(equal.sum())
        frame = frame_of(state, tied, count, seed, self._apart_from)
        texts = texts_of(state.columns)
        if not texts:
            return frame, drawn
        made = self._texts(frame, tied.owners, seed)
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
        known = {own + at: one for at, one in enumerate(context)}
        return rows_written(self._state, rows, seed, known)[:own]

    def frame(self, values: list[Floats], seed: int) -> pl.DataFrame:
        """Values as columns, with invented people in those that are private."""
        state = self._state
        tied = owned(state.forms, state.names, values, seed)
        return frame_of(state, tied, len(values[0]), seed, self._apart_from)

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
        } | ({"privacy": dict(state.spent)} if state.spent else {})

    def _texts(self, frame: pl.DataFrame, owners: Mapping[str, Sequence[int]], seed: int) -> Made:
        state, original = self._state, self._original
        if original is None:
            hint = "Synthesizer.load(path, original=…)"
            raise InputError("a model holds no texts", where="sample", hint=hint)
        everybody = Everybody.of([(original, state.columns, state.forms)], seed)
        texts = Texts(original, state.columns, state.forms, everybody)
        return texts.made(frame, *by_rows(original, frame, state.columns, texts.full, owners, seed))


def _noisy(frame: pl.DataFrame, hints: Hints, privacy: Privacy, noise_seed: int | None) -> State:
    """A state of which all is released: no mark of a row, and no form that values told."""
    made = learn_noisy(frame, hints, privacy, noise_seed)
    return State(
        made.columns,
        pl.Schema({name: frame.schema[name] for name in made.columns}),
        *(made.codings, made.forms, made.columns_of, made.model, np.empty(0, np.uint64)),
        made.rows,
        made.spent,
    )


def synthesize(
    frame: pl.DataFrame,
    rows: int | None = None,
    *,
    seed: int = 0,
    hints: Hints | None = None,
    given: Mapping[str, Any] | None = None,
    model: Kind = "trees",
    apart_from: pl.DataFrame | None = None,
    epsilon: float | None = None,
    delta: float = 1e-6,
    person: str = "",
    rows_each: int = 1,
    noise_seed: int | None = None,
    engine: Settings | None = None,
) -> Synthetic:
    """A synthetic table: as the original in what matters, and nobody of the original in it.

    Args:
        frame: The original, at least twenty rows.
        rows: How many to make; by default as many.
        seed: Decides the rows: the same again gives the same bytes.
        hints: What columns are where the profile is wrong (``dataqa profile``).
        given: Values that columns have in all rows.
        model: ``trees``, ``copula`` or ``mostlyai``.
        apart_from: Rows whose ids, mails and numbers nobody invented may have; by default those of
            ``frame``.
        epsilon: Differentially private, as in ``Synthesizer.fit``; so are the next four.
        delta: The chance that epsilon does not hold.
        person: The column that says whose a row is, if somebody may have several.
        rows_each: With ``person``: so many rows of each are learnt.
        noise_seed: Decides the noise, for tests.
        engine: Of ``mostlyai``: where it is, and how long it learns.

    Raises:
        InputError: A column looks like an id that nobody declared, or cannot be learnt.
    """
    fitted = Synthesizer.fit(
        frame,
        hints,
        model=model,
        first=tuple(given or {}),
        seed=seed,
        apart_from=apart_from,
        epsilon=epsilon,
        delta=delta,
        person=person,
        rows_each=rows_each,
        noise_seed=noise_seed,
        engine=engine,
    )
    made, drawn = fitted.sampled(rows, seed=seed, given=given)
    name = model if epsilon is None else "noisy counts"
    told = {"synthetic": True, "generator": "dataqa", "model": name, "seed": seed}
    told |= drawn if epsilon is None else {}  # no row is compared with one that was learnt
    return Synthetic(made, told | {"rows": made.height} | fitted.told(), fitted)
