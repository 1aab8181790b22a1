"""A finished run done again: with other bounds, or over more inputs, from what it knows already."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from conftest import Finished
from runs import FOLDERS, conserved, documents, go, ids, tree, verdicts, whole, write

from dataqa.engine import again
from dataqa.engine.decide import decide, foresee
from dataqa.engine.local import Options
from dataqa.errors import InputError
from dataqa.frames import Result
from dataqa.io.store import Store

HERE = Options(workers=1)
BOUNDS: dict[str, dict[str, float]] = {
    "looser": {
        "gopher.word_count.min": 3,
        "gopher.top_2gram.max": 0.9,
        "gopher.dup_5gram.max": 0.9,
    },
    "tighter": {"gopher.word_count.min": 120, "language.score.min": 0.9},
    "mixed": {"gopher.word_count.min": 150, "gopher.top_2gram.max": 0.5},
    "off": {"gopher.word_count.min": float("-inf"), "gopher.stop_words.min": float("-inf")},
    "same": {"gopher.word_count.min": 50},
}
AS_IT_WAS = {
    "gopher.word_count.min": 50,
    "gopher.top_2gram.max": 0.2,
    "gopher.dup_5gram.max": 0.15,
    "language.score.min": 0.3,
}
every_change = pytest.mark.parametrize("change", BOUNDS)


@pytest.fixture(scope="session")
def fresh(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """For each change of bounds, a run from the beginning with those bounds."""
    folder = tmp_path_factory.mktemp("fresh")
    return {
        name: go(finished.corpus, folder / name, settings=bounds) for name, bounds in BOUNDS.items()
    }


@pytest.fixture
def out(finished: Finished, tmp_path: Path) -> Path:
    """A copy of the finished run, to be changed."""
    return shutil.copytree(finished.result.out, tmp_path / "out")


@every_change
def test_decided_elsewhere_equals_a_fresh_run(
    change: str, finished: Finished, fresh: dict[str, Result], tmp_path: Path
):
    before = whole(finished.result.out)
    told = decide(finished.result.out, BOUNDS[change], tmp_path / "new", HERE)
    assert told.counts == fresh[change].counts
    assert whole(tmp_path / "new") == whole(fresh[change].out)
    assert whole(finished.result.out) == before


@every_change
def test_decided_in_place_equals_a_fresh_run(change: str, fresh: dict[str, Result], out: Path):
    told = decide(out, BOUNDS[change], options=HERE)
    assert told.out == out
    assert whole(out) == whole(fresh[change].out)


def test_decided_by_two_workers_it_is_the_same(
    finished: Finished, fresh: dict[str, Result], tmp_path: Path
):
    decide(finished.result.out, BOUNDS["mixed"], tmp_path / "new", Options(workers=2))
    assert whole(tmp_path / "new") == whole(fresh["mixed"].out)


def test_there_and_back_is_the_same_as_never_away(finished: Finished, out: Path):
    """Looser, tighter, then as it was: nothing is lost or left over on the way."""
    for change in ("looser", "tighter", "mixed"):
        decide(out, BOUNDS[change], options=HERE)
    decide(out, AS_IT_WAS, options=HERE)
    assert tree(out) == tree(finished.result.out)


def test_the_inputs_are_not_needed(finished: Finished, fresh: dict[str, Result], tmp_path: Path):
    corpus = write(tmp_path / "in", documents(finished.size))
    result = go(corpus, tmp_path / "out")
    shutil.rmtree(corpus)
    decide(result.out, BOUNDS["looser"], options=HERE)
    assert tree(result.out) == tree(fresh["looser"].out)


def test_a_revived_document_has_been_through_every_step(finished: Finished, out: Path):
    """Nothing that skipped a step ever reaches kept/."""
    told = decide(out, BOUNDS["looser"], options=HERE)
    signals = told.scan("signals").filter(pl.col("verdict") == "kept").collect()
    assert signals.height > finished.result.counts["kept"]
    assert signals["language_score"].null_count() == 0
    assert signals["exact_copies"].null_count() == 0


@pytest.mark.parametrize("moment", range(9))
def test_killed_amid_the_swap_the_next_one_heals_it(
    moment: int,
    finished: Finished,
    fresh: dict[str, Result],
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    """The new run takes the old one's place folder by folder; it may be killed between any two."""

    class Killed(BaseException):
        pass

    real, done = Store.take, [0]

    def take_or_die(self: Store, source: str, name: str) -> None:
        if done[0] == moment:
            raise Killed
        done[0] += (self.root / source).exists()
        real(self, source, name)

    monkeypatch.setattr(Store, "take", take_or_die)
    with pytest.raises(Killed):
        decide(out, BOUNDS["mixed"], options=HERE)
    monkeypatch.undo()
    again.recover(Store(out))
    assert whole(out) == whole(fresh["mixed"].out)
    settled = go(finished.corpus, out, settings=BOUNDS["mixed"])
    assert settled.counts == fresh["mixed"].counts
    assert whole(out) == whole(fresh["mixed"].out)


@pytest.mark.parametrize("seed", range(6))
def test_killed_while_deciding_nothing_is_lost(
    seed: int,
    finished: Finished,
    fresh: dict[str, Result],
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    """Before the swap the old run is whole; deciding again gives what a fresh run gives."""

    class Killed(BaseException):
        pass

    real, left = Store.commit, [random.Random(seed).randrange(1, 60)]

    def commit_or_die(store: Store, draft: Path, name: str) -> None:
        left[0] -= 1
        if not left[0]:
            raise Killed
        real(store, draft, name)

    monkeypatch.setattr(Store, "commit", commit_or_die)
    with pytest.raises(Killed):
        decide(out, BOUNDS["looser"], options=HERE)
    monkeypatch.undo()
    assert tree(out) == tree(finished.result.out)
    decide(out, BOUNDS["looser"], options=HERE)
    assert whole(out) == whole(fresh["looser"].out)


@every_change
def test_foreseen_is_what_happens_up_to_what_is_revived(
    change: str, finished: Finished, fresh: dict[str, Result]
):
    """A dry run reads no text; only documents that would go on to new steps are uncertain."""
    seen = foresee(finished.result.out, BOUNDS[change])
    counts = fresh[change].counts
    assert sum(seen.after.values()) == sum(seen.before.values()) == finished.size
    assert seen.before == {
        k: v for k, v in finished.result.counts.items() if v and k != "documents"
    }
    assert abs(seen.after.get("kept", 0) - counts["kept"]) <= seen.revived


def test_what_changes_the_evidence_cannot_be_decided(finished: Finished):
    with pytest.raises(InputError, match="changes what is measured"):
        decide(finished.result.out, {"normalize.repair": True}, options=HERE)
    with pytest.raises(InputError, match=r"did you mean gopher\.word_count\.min"):
        decide(finished.result.out, {"gopher.word_counts.min": 3}, options=HERE)
    with pytest.raises(InputError, match="no finished run"):
        decide(finished.corpus, BOUNDS["looser"], options=HERE)


def test_more_inputs_keep_what_a_fresh_run_over_all_keeps(finished: Finished, tmp_path: Path):
    """New files are added and the global steps redone: a copy may now lie in another file."""
    rows = documents(60, seed=2)
    old = documents(finished.size)
    rows += [{**row, "id": f"again-{row['id']}"} for row in old[::7]]
    corpus = write(tmp_path / "in", old)
    result = go(corpus, tmp_path / "out")
    write(corpus / "more", rows, files=2)
    result = go(corpus, tmp_path / "out")
    conserved(result, finished.size + len(rows))
    whole_one = go(corpus, tmp_path / "fresh")
    assert verdicts(result) == verdicts(whole_one)
    assert ids(result) == ids(whole_one)


def test_more_inputs_and_a_repeated_id(tmp_path: Path):
    """Field trap: an id of the new file that the old one has already."""
    corpus = write(tmp_path / "in", documents(30), files=1)
    go(corpus, tmp_path / "out")
    write(corpus / "more", documents(40), files=1)
    result = go(corpus, tmp_path / "out")
    conserved(result, 70)
    assert {name for name in verdicts(result) if name.endswith("~2")} == {
        f"d1-{at:04d}~2" for at in range(30)
    }


def test_other_bounds_given_to_run_do_the_same(
    finished: Finished, fresh: dict[str, Result], out: Path
):
    settings: dict[str, Any] = dict(BOUNDS["mixed"])
    go(finished.corpus, out, settings=settings)
    assert whole(out) == whole(fresh["mixed"].out)


def test_a_late_step_changed_leaves_nothing_of_the_old_one(finished: Finished, out: Path):
    """Field trap: outputs of earlier settings among the new ones."""
    result = go(finished.corpus, out, settings={"language.keep": ["de"]})
    conserved(result, finished.size)
    named = {path for folder in FOLDERS for path in (out / folder).iterdir()}
    scanned = result.scan("signals").collect()
    assert scanned.height == finished.size
    assert {path.suffix for path in named} == {".parquet"}
