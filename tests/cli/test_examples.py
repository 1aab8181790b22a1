"""``--no-examples``: no document's text in what is sent around, and the way back."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest
from commands import dataqa

from dataqa.engine.reporting import COMPLETE, EXAMPLES, show_examples
from dataqa.errors import InputError
from dataqa.io.store import Store

SECRET = "the heron of Lower Wibblestone"
COSTS = re.compile(rb'<section id="costs">.*?</section>', re.DOTALL)
FILES = ("report.json", "report.html", "manifest.json")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Short texts that rules are against, each with words that no report may quote."""
    path = tmp_path_factory.mktemp("in") / "a.jsonl"
    rows = [{"id": f"doc-{at}", "text": f"Here is {SECRET}, number {at}."} for at in range(30)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def make(corpus: Path, out: Path, *more: str) -> Path:
    told = dataqa("run", "quickstart", "-i", corpus, "-o", out, "--id-column", "id", *more)
    assert told.code == 0, told.err
    return out


@pytest.fixture(scope="module")
def shown(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return files(make(corpus, tmp_path_factory.mktemp("shown") / "out"))


@pytest.fixture(scope="module")
def hidden(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return files(make(corpus, tmp_path_factory.mktemp("hidden") / "out", "--no-examples"))


def files(out: Path) -> dict[str, bytes]:
    """What a run tells, without what it took, which is of no two runs the same."""
    told = {name: (out / name).read_bytes() for name in FILES}
    told["report.html"] = COSTS.sub(b"", told["report.html"])
    return told


def whole(out: Path) -> None:
    told = dataqa("verify", out)
    assert told == (0, "whole and unchanged\n", "")


def test_a_run_without_examples_quotes_nobody(shown: dict[str, bytes], hidden: dict[str, bytes]):
    assert SECRET.encode() in shown["report.json"]
    assert SECRET.encode() in shown["report.html"]
    for name in FILES:
        assert SECRET.encode() not in hidden[name]
        assert b"doc-1" not in hidden[name]
    assert json.loads(hidden["report.json"])["examples"] == {}
    assert json.loads(hidden["manifest.json"])["pipeline"]["output"] == {"examples": False}


def test_leaving_them_out_later_gives_what_a_run_without_gives(
    corpus: Path, shown: dict[str, bytes], hidden: dict[str, bytes], tmp_path: Path
):
    out = make(corpus, tmp_path / "out")
    assert dataqa("report", out, "--no-examples").code == 0
    assert files(out) == hidden
    whole(out)
    assert dataqa("report", out).code == 0
    assert files(out) == hidden
    assert dataqa("report", out, "--examples").code == 0
    assert files(out) == shown
    whole(out)


def test_they_can_be_had_of_a_run_that_left_them_out(
    corpus: Path, shown: dict[str, bytes], tmp_path: Path
):
    out = make(corpus, tmp_path / "out", "--no-examples")
    assert dataqa("report", out, "--examples").code == 0
    assert files(out) == shown
    whole(out)


def test_the_same_run_asked_for_again_is_what_was_asked_for(
    corpus: Path, shown: dict[str, bytes], hidden: dict[str, bytes], tmp_path: Path
):
    """A rebuilt report is not taken for the run that was asked for first."""
    out = make(corpus, tmp_path / "out")
    assert dataqa("report", out, "--no-examples").code == 0
    assert files(make(corpus, out)) == shown
    assert files(make(corpus, out, "--no-examples")) == hidden
    whole(out)


def test_decide_keeps_to_it_and_can_change_it(
    corpus: Path, hidden: dict[str, bytes], tmp_path: Path
):
    out = make(corpus, tmp_path / "out", "--no-examples")
    bound = ("--set", "gopher-dclm.word_count.min=60")
    assert dataqa("decide", out, *bound, "-o", tmp_path / "kept").code == 0
    assert SECRET.encode() not in b"".join(files(tmp_path / "kept").values())
    assert dataqa("decide", out, *bound, "--examples", "-o", tmp_path / "shown").code == 0
    assert SECRET.encode() in files(tmp_path / "shown")["report.html"]
    fresh = make(corpus, tmp_path / "fresh", *bound)
    assert files(tmp_path / "shown") == files(fresh)
    assert dataqa("decide", fresh, "--no-examples").code == 0
    assert files(fresh) == files(tmp_path / "kept")
    whole(fresh)


def test_killed_while_it_is_rebuilt_it_is_rebuilt_again(
    corpus: Path, hidden: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    class Killed(BaseException):
        pass

    real, left = Store.commit, [0]

    def commit_or_die(store: Store, draft: Path, name: str) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        real(store, draft, name)

    out = make(corpus, tmp_path / "out")
    for moment in range(5):
        left[0] = moment
        monkeypatch.setattr(Store, "commit", commit_or_die)
        with pytest.raises(Killed):
            show_examples(Store(out), wanted=False)
        monkeypatch.undo()
        assert dataqa("report", out, "--no-examples").code == 0
        assert files(out) == hidden
        assert dataqa("report", out, "--examples").code == 0
        whole(out)
    assert "telling" not in Store(out).get_json(COMPLETE)


def test_a_changed_report_is_not_signed(corpus: Path, tmp_path: Path):
    out = make(corpus, tmp_path / "out")
    path = out / "report.json"
    path.write_text(path.read_text(encoding="utf-8").replace("30", "31", 1), encoding="utf-8")
    with pytest.raises(InputError, match="is not what the run wrote"):
        show_examples(Store(out), wanted=False)
    assert dataqa("report", out).code == 0
    assert dataqa("verify", out).code == 1


def test_examples_are_kept_where_the_texts_are(corpus: Path, tmp_path: Path):
    """What a run without examples knows of them stays in its own folder, as its documents do."""
    out = make(corpus, tmp_path / "out", "--no-examples")
    assert SECRET in (out / EXAMPLES).read_text(encoding="utf-8")
    assert pl.read_parquet(out / "rejected")["text"].str.contains(SECRET).any()
