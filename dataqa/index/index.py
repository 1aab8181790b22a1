"""``dataqa.Index``: a folder that remembers what was seen, and knows what a document is like."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import numpy as np
import polars as pl

from dataqa.duplicates.bands import Bands
from dataqa.duplicates.signatures import Shingle
from dataqa.errors import InputError
from dataqa.index import asking, committing
from dataqa.index.adding import Adding, Told
from dataqa.index.asking import step_of
from dataqa.index.disk import faults, locked, sweep
from dataqa.index.frames import AnyFrame, columns_of
from dataqa.index.info import Info, info_of
from dataqa.index.manifest import load, make
from dataqa.index.newest import AddingNew
from dataqa.index.parameters import Parameters, fingerprint
from dataqa.index.snapshot import Snapshot, take
from dataqa.index.tables import MATCHES
from dataqa.types import DOC_ID, TEXT


class Index:
    """A durable index of near-duplicate sketches.

    It holds ids and MinHash signatures, no texts: similarities are estimates, and are given with
    their standard error. Every method that changes something is all there on disk when it returns;
    a process killed in it leaves an index that is whole. One process writes at a time, others read
    meanwhile: they see what was committed when they opened it.

    ``Index.create`` and ``Index.open`` make one. Frames are polars ones, lazy or not, or pandas
    ones; lazy ones are gone through in batches.

    >>> import tempfile
    >>> pages = pl.DataFrame({"doc_id": ["a"], "text": ["one two three four five six seven"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     index = Index.create(f"{folder}/seen.index")
    ...     _ = index.add(pages)
    ...     index.query(pages.with_columns(doc_id=pl.lit("new")))["ref"].to_list()
    ['a']
    """

    def __init__(self, path: Path, now: Snapshot) -> None:
        self.path = path
        self.now = now  # what it held when it was opened, or wrote last

    @classmethod
    def create(
        cls,
        path: str | Path,
        *,
        similarity: float = 0.8,
        shingle: Shingle | None = None,
        permutations: int | None = None,
        bands: Bands | str | None = None,
        seed: int = 1,
    ) -> Self:
        """Make an empty index.

        Args:
            path: A folder, which is made.
            similarity: From this estimated Jaccard similarity on documents are similar.
            shingle: What documents are cut into; by default words, five.
            permutations: Places of a signature; by default 128, or what the bands need.
            bands: A layout, or the name of a preset; by default one that finds 99 % of the pairs
                at ``similarity``.
            seed: Of the permutations.

        Raises:
            InputError: There is something already, or parameters do not fit together.
        """
        folder = Path(path)
        make(folder, Parameters.of(similarity, shingle, permutations, bands, seed), fingerprint())
        return cls(folder, take(folder))

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        shingle: Shingle | None = None,
        permutations: int | None = None,
        bands: Bands | str | None = None,
        seed: int | None = None,
    ) -> Self:
        """Open an index; what is given besides its path must be what it was built with.

        Raises:
            InputError: There is none, it is damaged, or it was built with other parameters.
        """
        given = {"shingle": shingle, "permutations": permutations, "bands": bands, "seed": seed}
        now = take(Path(path))
        hint = "leave them out to take those of the index, or build another one"
        now.manifest.parameters.require(str(path), hint, **given)
        return cls(Path(path), now)

    @property
    def parameters(self) -> Parameters:
        """What it was built with."""
        return self.now.manifest.parameters

    def __len__(self) -> int:
        return self.now.manifest.entries

    def query(
        self,
        frame: AnyFrame,
        *,
        similarity: float | None = None,
        every: bool = False,
        text_column: str = TEXT,
        id_column: str = DOC_ID,
    ) -> pl.DataFrame:
        """Tell which known document each is like; documents of the frame are not compared.

        Args:
            frame: The documents. Without ``id_column``, rows are numbered.
            similarity: From which estimate on; by default the index's own. The bands were chosen
                for that one: below it, fewer are found.
            every: All known documents that are similar, not the most similar one only.
            text_column: The column that holds texts.
            id_column: The column that holds ids.

        Returns:
            A row for each match: ``doc_id``, ``ref``, ``similarity`` (estimated), its
            ``standard_error``, ``shingles`` and ``ref_shingles``. A document without a match has
            no row.

        Raises:
            InputError: A column is missing, or a similarity is out of range.
        """
        frames = [pl.DataFrame(schema=MATCHES)]
        for ids, texts in columns_of(
            frame, text_column, id_column, numbered=True, step=step_of(self.parameters)
        ):
            frames.append(self.look_up(ids, texts, similarity, every=every)[0])
        return pl.concat(frames)

    def look_up(
        self, ids: pl.Series, texts: pl.Series, similarity: float | None, *, every: bool = False
    ) -> tuple[pl.DataFrame, int]:
        """``query`` for columns; and how many documents could not be compared with all."""
        self._check_fingerprint()
        bound = self.parameters.similarity if similarity is None else similarity
        return asking.look_up(self.now, ids, texts, bound, every=every)

    def add(
        self,
        frame: AnyFrame,
        *,
        skip_known: bool = False,
        similarity: float | None = None,
        text_column: str = TEXT,
        id_column: str = DOC_ID,
    ) -> Told:
        """Take documents in; one whose id is there already replaces that entry.

        Args:
            frame: The documents, with both columns.
            skip_known: Take in only documents that are like no entry and no document before them.
            similarity: With ``skip_known``, from which estimate on.
            text_column: The column that holds texts.
            id_column: The column that holds ids.

        Raises:
            InputError: A column is missing, an id is null, or another process is writing.
        """
        pieces = columns_of(frame, text_column, id_column, step=step_of(self.parameters))
        fresh, matches = [np.ones(0, np.bool_)], [pl.DataFrame(schema=MATCHES)]
        if not skip_known:
            with self.adding() as adding:
                for ids, texts in pieces:
                    adding.add(ids, texts)
            every = pl.repeat(True, adding.told.documents, eager=True)
            return Told(adding.told, every, matches[0])
        with self.adding_new(similarity) as adding:
            for ids, texts in pieces:
                is_fresh, found = adding.add(ids, texts)
                fresh.append(is_fresh)
                matches.append(found)
        return Told(adding.told, pl.Series(np.concatenate(fresh)), pl.concat(matches))

    @contextmanager
    def adding(self) -> Generator[Adding]:
        """Add a stream: ``add(ids, texts)`` as often as there is something; all is kept at once."""
        with self.writing():
            adding = Adding(self.path, self.now)
            yield adding
            adding.close()
            self.now = adding.now

    @contextmanager
    def adding_new(self, similarity: float | None = None) -> Generator[AddingNew]:
        """Add what is new of a stream; all of it is committed at the end, or nothing."""
        with self.writing():
            bound = self.parameters.similarity if similarity is None else similarity
            adding = AddingNew(self.path, self.now, bound)
            yield adding
            adding.close()
            self.now = adding.now

    def remove(self, ids: Iterable[str], *, forget: bool = False) -> int:
        """Let some documents be known no more; how many were.

        Args:
            ids: Their ids, or one; those that are not there are passed over.
            forget: Leave no trace of them, or of any removed before, in any file: segments are
                written anew. Else they go when segments are merged.
        """
        with self.writing(sketching=False):
            names = pl.Series([ids] if isinstance(ids, str) else list(ids), dtype=pl.String)
            self.now, removed = committing.remove(self.path, self.now, names.drop_nulls())
            if forget:
                self.now = committing.forget(self.path, self.now)
            self.now = committing.compact(self.path, self.now)
        return removed

    def compact(self) -> None:
        """Merge all to one segment, without what was removed: the quickest to look into."""
        with self.writing(sketching=False):
            if len(self.now.segments) > 1 or self.now.manifest.entries < self.now.rows:
                size = len(self.now.segments)
                self.now = committing.replace(self.path, self.now, 0, size)

    def info(self) -> Info:
        """What there is to tell of it."""
        return info_of(self.path, self.now)

    def verify(self) -> list[str]:
        """Read every byte; what is missing or changed, in words."""
        return faults(self.path, load(self.path).files)

    @contextmanager
    def writing(self, *, sketching: bool = True) -> Generator[None]:
        """Hold the lock, over what is committed by now, swept of what a killed writer left.

        Args:
            sketching: Whether texts will be cut; that must be done as it was for the others.

        Raises:
            InputError: Another process is writing, or texts would be cut otherwise.
        """
        if sketching:
            self._check_fingerprint()
        with locked(self.path):
            self.now = take(self.path)
            sweep(self.path, self.now.manifest.files)
            yield

    def _check_fingerprint(self) -> None:
        if self.now.manifest.fingerprint != fingerprint():
            raise InputError(
                "it was built by a version that cuts texts otherwise: nothing can be compared",
                where=str(self.path),
                hint="build it anew, or use the version of dataqa and Python that built it",
            )
