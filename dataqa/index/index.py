"""``dataqa.Index``: a folder that remembers what was seen, and knows what a document is like."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import polars as pl

from dataqa.duplicates.bands import Bands
from dataqa.duplicates.signatures import Shingle
from dataqa.errors import InputError, did_you_mean
from dataqa.index import committing
from dataqa.index.adding import Added, Adding, AddingNew
from dataqa.index.disk import FILES, FORMAT, MANIFEST, Manifest, faults, load, locked, save, sweep
from dataqa.index.entries import Entries, entries_of
from dataqa.index.parameters import Parameters, check_similarity, fingerprint, told
from dataqa.index.rates import Rate, around
from dataqa.index.snapshot import Search, Snapshot, described, take
from dataqa.index.tables import MATCHES, matches_frame
from dataqa.types import DOC_ID, TEXT

_STEP_BYTES = 4 << 20
"""Signatures of the documents that are looked up at once."""


class Told(NamedTuple):
    """What ``Index.add`` did.

    Attributes:
        counts: What became of the documents.
        fresh: For each row, whether it is new: neither known nor the repetition of a known one.
        matches: With ``skip_known``, which known document each of the others is like.
    """

    counts: Added
    fresh: pl.Series
    matches: pl.DataFrame


class Info(NamedTuple):
    """What there is to tell of an index.

    Attributes:
        path: Where it is.
        entries: Documents that count.
        removed: Removed or replaced ones that still take room.
        bytes: On disk.
        segments: Files that are looked into.
        parameters: What it was built with.
        rates: How often a pair of a true similarity is called similar.
    """

    path: Path
    entries: int
    removed: int
    bytes: int
    segments: int
    parameters: dict[str, str]
    rates: list[Rate]


class Index:
    """A durable index of near-duplicate sketches.

    It holds ids and MinHash signatures, no texts: similarities are estimates, and are given with
    their standard error. Every method that changes something is all there on disk when it returns;
    a process killed in it leaves an index that is whole. One process writes at a time, others read
    meanwhile: they see what was committed when they opened it.

    ``Index.create`` and ``Index.open`` make one.

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
        parameters = Parameters.of(similarity, shingle, permutations, bands, seed)
        folder = Path(path)
        if (folder / MANIFEST).exists() or (folder.exists() and not _bare(folder)):
            raise InputError(
                "there is something already",
                where=str(path),
                hint="add to an index: dataqa index add; or choose another folder",
            )
        (folder / FILES).mkdir(parents=True, exist_ok=True)
        with locked(folder):
            save(
                folder,
                Manifest(format=FORMAT, parameters=parameters, fingerprint=fingerprint()),
            )
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
        now.manifest.parameters.require(str(path), **given)
        return cls(Path(path), now)

    @property
    def parameters(self) -> Parameters:
        """What it was built with."""
        return self.now.manifest.parameters

    def __len__(self) -> int:
        return self.now.manifest.entries

    def query(
        self,
        frame: pl.DataFrame | Any,
        *,
        similarity: float | None = None,
        every: bool = False,
        text_column: str = TEXT,
        id_column: str = DOC_ID,
    ) -> pl.DataFrame:
        """Tell which known document each is like; documents of the frame are not compared.

        Args:
            frame: A polars or pandas frame. Without ``id_column``, rows are numbered.
            similarity: From which estimate on; by default the index's own. The bands were chosen
                for that one: below it, fewer are found.
            every: All known documents that are similar, not the most similar one only.
            text_column: The column that holds texts.
            id_column: The column that holds ids.

        Returns:
            A row for each match: ``doc_id``, ``ref``, ``similarity`` (estimated), its
            ``standard_error``, ``shingles`` and ``ref_shingles``. A document without a match has
            no row.
        """
        ids, texts = columns_of(frame, text_column, id_column, numbered=True)
        found, _ = self.look_up(ids, texts, similarity, every=every)
        return found

    def look_up(
        self, ids: pl.Series, texts: pl.Series, similarity: float | None, *, every: bool = False
    ) -> tuple[pl.DataFrame, int]:
        """``query`` for columns; and how many documents could not be compared with all."""
        self._check_fingerprint()
        bound = self.parameters.similarity if similarity is None else similarity
        check_similarity(bound)
        frames = [pl.DataFrame(schema=MATCHES)]
        short = 0
        for low in range(0, len(ids), self._step):
            some = slice(low, low + self._step)
            made = entries_of(ids[some], texts[some], self.parameters)
            rows, cut_short = self._search(made.take(made.counts > 0), bound, every=every)
            frames.append(rows)
            short += cut_short
        return pl.concat(frames), short

    def add(
        self,
        frame: pl.DataFrame | Any,
        *,
        skip_known: bool = False,
        similarity: float | None = None,
        text_column: str = TEXT,
        id_column: str = DOC_ID,
    ) -> Told:
        """Take documents in; one whose id is there already replaces that entry.

        Args:
            frame: A polars or pandas frame with both columns.
            skip_known: Take in only documents that are like no entry and no document before them.
            similarity: With ``skip_known``, from which estimate on.
            text_column: The column that holds texts.
            id_column: The column that holds ids.
        """
        ids, texts = columns_of(frame, text_column, id_column)
        fresh, matches = [np.ones(0, np.bool_)], [pl.DataFrame(schema=MATCHES)]
        if not skip_known:
            with self.adding() as adding:
                for low in range(0, len(ids), self._step):
                    adding.add(ids[low : low + self._step], texts[low : low + self._step])
            return Told(adding.told, pl.repeat(True, len(ids), eager=True), matches[0])
        with self.adding_new(similarity) as adding:
            for low in range(0, len(ids), self._step):
                some = slice(low, low + self._step)
                is_fresh, found = adding.add(ids[some], texts[some])
                fresh.append(is_fresh)
                matches.append(found)
        return Told(adding.told, pl.Series(np.concatenate(fresh)), pl.concat(matches))

    @contextmanager
    def adding(self) -> Generator[Adding]:
        """Add a stream: ``add(ids, texts)`` as often as there is something; all is kept at once."""
        with self._writing():
            adding = Adding(self.path, self.now)
            yield adding
            adding.close()
            self.now = adding.now

    @contextmanager
    def adding_new(self, similarity: float | None = None) -> Generator[AddingNew]:
        """Add what is new of a stream; all of it is committed at the end, or nothing."""
        with self._writing():
            bound = self.parameters.similarity if similarity is None else similarity
            adding = AddingNew(self.path, self.now, bound)
            yield adding
            adding.close()
            self.now = adding.now

    def remove(self, ids: Iterable[str], *, forget: bool = False) -> int:
        """Let some documents be known no more; how many were.

        Args:
            ids: Their ids; those that are not there are passed over.
            forget: Leave no trace of them, or of any removed before, in any file: segments are
                written anew. Else they go when segments are merged.
        """
        with self._writing(sketching=False):
            names = pl.Series(ids if isinstance(ids, Sequence) else list(ids), dtype=pl.String)
            self.now, removed = committing.remove(self.path, self.now, names.drop_nulls())
            if forget:
                self.now = committing.forget(self.path, self.now)
            self.now = committing.compact(self.path, self.now)
        return removed

    def compact(self) -> None:
        """Merge all to one segment, without what was removed: the quickest to look into."""
        with self._writing(sketching=False):
            if len(self.now.segments) > 1 or self.now.manifest.entries < _rows(self.now):
                size = len(self.now.segments)
                self.now = committing.replace(self.path, self.now, 0, size)

    def info(self) -> Info:
        """What there is to tell of it."""
        parameters, manifest = self.parameters, self.now.manifest
        names = ("similarity", "shingle", "permutations", "bands", "seed")
        return Info(
            self.path,
            manifest.entries,
            _rows(self.now) - manifest.entries,
            sum(file.bytes for file in manifest.files),
            len(manifest.parts),
            {name: told(getattr(parameters, name)) for name in names},
            around(parameters),
        )

    def verify(self) -> list[str]:
        """Read every byte; what is missing or changed, in words."""
        return faults(self.path, load(self.path))

    def to_datasketch_lsh(self, storage_config: dict[str, Any] | None = None) -> Any:
        """A ``datasketch.MinHashLSH`` with the same ids, signatures and bands.

        Args:
            storage_config: As datasketch takes it, such as
                ``{"type": "redis", "redis": {"host": "localhost", "port": 6379}}``; by default it
                is held in memory.

        Raises:
            InputError: datasketch 2 is not installed, or the storage has one of the ids already.
        """
        return import_module("dataqa.index.lsh").to_lsh(self, storage_config)

    @classmethod
    def from_datasketch(
        cls,
        lsh: Any,
        path: str | Path,
        *,
        similarity: float = 0.8,
        shingle: Shingle | None = None,
        seed: int = 1,
    ) -> Index:
        """A new index with the keys and signatures of a ``datasketch.MinHashLSH``.

        Args:
            lsh: Of ``affine32`` MinHashes, with strings for keys.
            path: Where the index is made.
            similarity: From which on documents are similar.
            shingle: What the MinHashes were made of; nothing in them tells.
            seed: Of the MinHashes; nothing in the LSH tells.

        Raises:
            InputError: It was made with a hash function or of another scheme, or keys are no
                strings.
        """
        make = import_module("dataqa.index.lsh").from_lsh
        return make(lsh, path, similarity=similarity, shingle=shingle, seed=seed)

    @property
    def _step(self) -> int:
        return min(8192, max(64, _STEP_BYTES // (4 * self.parameters.permutations)))

    def _search(self, asked: Entries, bound: float, *, every: bool) -> tuple[pl.DataFrame, int]:
        search = Search(asked, self.parameters, bound, every=every)
        search.through(self.now.segments)
        found = search.matches()
        named = described(self.now.segments, found.entries)
        return matches_frame(asked, found.docs, found.shares, named), search.cut_short

    @contextmanager
    def _writing(self, *, sketching: bool = True) -> Generator[None]:
        """Hold the lock, over what is committed by now, swept of what a killed writer left."""
        if sketching:
            self._check_fingerprint()
        with locked(self.path):
            self.now = take(self.path)
            sweep(self.path, self.now.manifest)
            yield

    def _check_fingerprint(self) -> None:
        if self.now.manifest.fingerprint != fingerprint():
            raise InputError(
                "it was built by a version that cuts texts otherwise: nothing can be compared",
                where=str(self.path),
                hint="build it anew, or use the version of dataqa and Python that built it",
            )


def _rows(now: Snapshot) -> int:
    return sum(part.rows for part in now.manifest.parts)


def _bare(folder: Path) -> bool:
    """Whether there is nothing in a folder but what a killed ``create`` leaves."""
    return folder.is_dir() and {path.name for path in folder.iterdir()} <= {
        FILES,
        "lock",
        f"{MANIFEST}.draft",
    }


def columns_of(
    frame: Any, text_column: str, id_column: str, *, numbered: bool = False
) -> tuple[pl.Series, pl.Series]:
    """Ids and texts of a frame; ids are row numbers where it has none and ``numbered`` is set.

    Raises:
        InputError: It is no frame in memory, a column is missing, or an id is null.
    """
    if not isinstance(frame, pl.DataFrame):
        if isinstance(frame, pl.LazyFrame) or not hasattr(frame, "columns"):
            raise InputError(
                f"a frame in memory is needed, not a {type(frame).__name__}",
                hint="give a polars or pandas DataFrame",
            )
        frame = pl.from_pandas(frame)
    for name in (text_column, *(() if numbered else (id_column,))):
        if name not in frame.columns:
            hint = did_you_mean(name, frame.columns)
            raise InputError(f"the frame has no column {name!r}", hint=hint)
    texts = frame[text_column].cast(pl.String)
    if id_column not in frame.columns:
        return pl.int_range(frame.height, eager=True).cast(pl.String), texts
    ids = frame[id_column].cast(pl.String)
    if ids.null_count():
        hint = "give every document an id"
        raise InputError(f"{ids.null_count()} ids are null", where=id_column, hint=hint)
    return ids, texts
