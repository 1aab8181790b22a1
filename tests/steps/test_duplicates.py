"""``duplicates`` in real runs: who goes, for whom, by which rule, and never by chance."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from alike import chinese, corpus, edited, jaccard, text, write

from dataqa import Pipeline, Result, run
from dataqa.cli.main import main
from dataqa.duplicates.bands import PRESETS
from dataqa.engine import stock
from dataqa.errors import BoundError, InputError

READING = {"id_column": "id", "shard_bytes": 30_000}
SAME_ID = {"doc_id", "rule", "action", "score", "bound", "detail", "ref"}


def pipeline(**fields: Any) -> Pipeline:
    tree = {"name": "near", "reading": READING, "steps": [{"duplicates": fields}]}
    return Pipeline.from_builtins(tree)


def go(folder: Path, rows: list[dict[str, Any]], **fields: Any) -> Result:
    return run(pipeline(**fields), write(folder / "in", rows), folder / "out", workers=1)


def found(result: Result) -> pl.DataFrame:
    return result.scan("findings").collect()


def removed(result: Result) -> dict[str, str]:
    gone = found(result).filter(pl.col("action") == "drop")
    return dict(gone.select("doc_id", "ref").iter_rows())


def ids(result: Result, folder: str = "kept") -> set[str]:
    return set(result.scan(folder).select("doc_id").collect()["doc_id"])


def rows_of(**texts: str) -> list[dict[str, Any]]:
    return [{"id": name, "text": words} for name, words in texts.items()]


def test_the_finding_names_the_kept_document_the_similarity_and_the_wish(tmp_path: Path):
    """Field request 1: which removed document corresponds to which kept one?"""
    short = text(1)
    long = edited(short, [60]) + " and some more"
    result = go(tmp_path, rows_of(a=short, b=long, c=text(2)))
    (row,) = found(result).iter_rows(named=True)
    assert (row["doc_id"], row["ref"], row["rule"]) == ("a", "b", "duplicates.near")
    assert row["score"] == jaccard(short, long)
    assert row["bound"] == 0.8
    assert row["detail"] == "kept for longest"
    assert ids(result) == {"b", "c"}
    told = dict(result.scan("signals").select("doc_id", "near_copies").collect().iter_rows())
    assert told == {"a": 2, "b": 2, "c": 1}


BASE = text(7)
POLICIES: list[tuple[Any, str, str]] = [
    ("longest", "b", "longest"),
    ("shortest", "a", "shortest"),
    ({"best": "edu"}, "c", "best edu"),
    ({"least": "edu"}, "a", "least edu"),
    ({"best": "mean_word_length"}, "b", "best mean_word_length"),
    ({"newest": "day"}, "b", "newest day"),
    ({"oldest": "day"}, "c", "oldest day"),
    ({"source_priority": ["books", "wiki"]}, "c", "source_priority"),
    ({"source_priority": ["crawl", "wiki"]}, "a", "source_priority"),
]


@pytest.mark.parametrize(("wish", "kept", "why"), POLICIES, ids=[str(row[0]) for row in POLICIES])
def test_which_of_three_stays(wish: Any, kept: str, why: str, tmp_path: Path):
    rows = [
        {"id": "a", "text": BASE, "edu": 1.5, "day": "2024-02-01", "source": "crawl"},
        {"id": "b", "text": edited(BASE, [9]), "edu": 2.5, "day": "2024-03-01", "source": "wiki"},
        {"id": "c", "text": BASE + " x", "edu": 4.5, "day": "2023-01-01", "source": "books"},
    ]
    measure = {"quality": {"signals": ["mean_word_length"]}}
    steps = [measure, {"duplicates": {"keep": [wish]}}]
    chosen = Pipeline.from_builtins({"name": "near", "reading": READING, "steps": steps})
    result = run(chosen, write(tmp_path / "in", rows), tmp_path / "out", workers=1)
    gone = found(result).filter(pl.col("action") == "drop")
    assert ids(result) == {kept}
    assert set(gone["ref"]) == {kept}
    assert set(gone["detail"]) == {f"kept for {why}"}


def test_a_tie_goes_to_the_next_wish_and_a_null_comes_last(tmp_path: Path):
    rows = [
        {"id": "a", "text": BASE, "day": None, "source": "wiki"},
        {"id": "b", "text": BASE, "day": "2024-01-01", "source": "crawl"},
        {"id": "c", "text": BASE, "day": "2024-01-01", "source": "wiki"},
    ]
    wishes = [{"newest": "day"}, {"source_priority": ["wiki"]}]
    result = go(tmp_path, rows, keep=wishes)
    assert ids(result) == {"c"}
    why = dict(found(result).select("doc_id", "detail").iter_rows())
    assert why == {"a": "kept for newest day", "b": "kept for source_priority"}


def test_nothing_goes_for_being_like_one_that_goes(tmp_path: Path):
    """Field traps A1, A3, A4: A~B~C with A!~C; transitive closure would leave one of thirty."""
    words = text(5, 400).split()
    chain = {f"d{at:02d}": " ".join(words[8 * at : 8 * at + 120]) for at in range(30)}
    result = go(tmp_path, rows_of(**chain), similarity=0.8)
    gone = removed(result)
    assert len(gone) >= 10
    assert len(ids(result)) >= 8
    assert not set(gone.values()) & gone.keys()
    assert all(jaccard(chain[name], chain[kept]) >= 0.8 for name, kept in gone.items())


def test_templates_with_other_content_stay(tmp_path: Path):
    """Field trap A4: pages that share a header are no copies, however many there are."""
    header = text(900, 60)
    pages = {f"p{at}": f"{header} {text(at, 60)}" for at in range(40)}
    result = go(tmp_path, rows_of(**pages), bands={"bands": 60, "rows": 2})
    assert ids(result) == set(pages)
    assert not removed(result)


def test_across_removes_from_one_side_only(tmp_path: Path):
    """Field request 2: remove from A what is in B."""
    rows = [
        {"id": "a1", "text": BASE, "source": "crawl"},
        {"id": "a2", "text": edited(BASE, [3]), "source": "crawl"},
        {"id": "a3", "text": text(20), "source": "crawl"},
        {"id": "a4", "text": text(20), "source": "crawl"},
        {"id": "b1", "text": edited(BASE, [50]), "source": "wiki"},
        {"id": "b2", "text": edited(BASE, [50]), "source": "wiki"},
        {"id": "x1", "text": BASE, "source": "other"},
    ]
    across = {"remove": ["crawl"], "found_in": ["wiki"]}
    result = go(tmp_path, rows, across=across)
    gone = removed(result)
    assert gone.keys() == {"a1", "a2"}
    assert set(gone.values()) <= {"b1", "b2"}


def test_the_review_band_sends_the_doubtful_to_people(tmp_path: Path):
    places = ([5], [5, 30, 60, 90], range(0, 120, 9))
    sure, doubted, other = (edited(BASE, some) for some in places)
    assert jaccard(BASE, sure) > 0.85
    assert 0.6 < jaccard(BASE, doubted) < 0.85
    rows = rows_of(
        base=BASE + " and more of it still to come", sure=sure, doubted=doubted, other=other
    )
    result = go(tmp_path, rows, review_band=[0.6, 0.85])
    told = found(result).sort("doc_id").select("doc_id", "rule", "action", "ref", "bound").rows()
    assert told == [
        ("doubted", "duplicates.doubt", "review", "base", 0.6),
        ("sure", "duplicates.near", "drop", "base", 0.85),
    ]
    assert ids(result, "review") == {"doubted"}


def test_rehydration_weights_are_those_of_fineweb_2(tmp_path: Path):
    rows = [{"id": f"d{at}", "text": edited(BASE, [at])} for at in range(6)]
    result = go(tmp_path, [*rows, *rows_of(alone=text(3))], rehydrate=True)
    kept = result.scan("signals").filter(pl.col("verdict") == "kept")
    told = kept.select("doc_id", "near_copies", "near_weight").collect().rows()
    assert sorted(row[1:] for row in told) == [(1, 1), (6, 5)]


def test_containment_removes_an_excerpt_and_not_its_source(tmp_path: Path):
    excerpt = " ".join(BASE.split()[:80])
    rows = rows_of(whole=BASE, excerpt=excerpt)
    wide = {"bands": {"bands": 60, "rows": 2}, "similarity": 0.95}
    assert not removed(go(tmp_path / "jaccard", rows, **wide))
    contained = {"measure": "containment", **wide}
    result = go(tmp_path / "contained", rows, **contained)
    assert removed(result) == {"excerpt": "whole"}
    assert found(result)["score"].to_list() == [1.0]
    # the longer text is not contained in the shorter one, so it does not go for it
    assert not removed(go(tmp_path / "shortest", rows, keep=["shortest"], **contained))


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_preset_finds_what_it_is_for(name: str, tmp_path: Path):
    least = min(PRESETS[name].layouts)
    rows = rows_of(a=text(1, 400), b=edited(text(1, 400), [200]), c=text(2, 400))
    result = go(tmp_path, rows, bands=name, similarity=least)
    assert len(removed(result)) == 1
    assert "c" in ids(result)


def test_documents_shorter_than_a_shingle_are_compared_whole(tmp_path: Path):
    """Field trap A9: they neither crash nor share one signature; nor are they left out."""
    rows = rows_of(a="cat", b="dog", c="Cat!", d="a cat", e="", f=" ", g="...", h="")
    gone = removed(go(tmp_path, rows))
    assert {*gone, *gone.values()} == {"a", "c"}


def test_a_chinese_character_is_a_word(tmp_path: Path):
    page = chinese(1)
    other = page[:100] + "改" + page[101:]
    rows = rows_of(a=page, b=other + "。完", c=chinese(2), d="好", e="不好")
    result = go(tmp_path, rows, shingle={"unit": "word", "n": 8})
    assert removed(result) == {"a": "b"}
    assert found(result)["score"][0] == pytest.approx(186 / 203, abs=0.02)


def test_a_cluster_that_swallows_too_much_is_an_alarm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Field trap A4: 859,092 documents in, 2 out, and nobody is told."""
    rows = [{"id": f"d{at}", "text": f"{text(7, 40)} n{at % 9}"} for at in range(1_100)]
    with pytest.raises(BoundError, match="1100 of 1100 documents are like 'd"):
        go(tmp_path, rows)
    (tmp_path / "near.yaml").write_text(pipeline().to_yaml(), "utf-8")
    command = ["dataqa", "run", "near.yaml", "-i", "in", "-o", "again", "--log", "none"]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 3
    assert "set `largest` higher" in capsys.readouterr().err
    allowed = go(tmp_path / "allowed", rows, largest=1.0)
    assert allowed.counts["kept"] == 1


def test_documents_left_uncompared_stay_and_are_counted(tmp_path: Path):
    pages = {f"p{at:02d}": f"{text(900, 60)} {text(at, 60)}" for at in range(30)}
    wide = {"bands": {"bands": 60, "rows": 2}, "most_compared": 1}
    result = go(tmp_path, rows_of(**pages), **wide)
    rules = found(result)["rule"].value_counts().rows()
    assert ids(result) == set(pages)
    assert rules == [("duplicates.uncompared", found(result).height)]
    assert found(result).height > 5


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"keep": ["longst"]}, "no such policy 'longst'"),
    ({"keep": [{"best": "edu"}]}, "no signal or column 'edu'"),
    ({"keep": [{"newest": "date"}]}, "no column 'date'"),
    ({"keep": [{"source_priority": ["a"]}], "source_column": "origin"}, "no column 'origin'"),
    ({"bands": "finweb"}, "no preset 'finweb'"),
    ({"similarity": 1.5}, "1.5 is not in"),
    ({"review_band": [0.8, 0.7]}, "low before high"),
    ({"across": {"remove": ["a"], "found_in": ["a"]}}, "both sides"),
    ({"bands": {"bands": 0, "rows": 8}}, "0 bands"),
]


@pytest.mark.parametrize(("fields", "said"), WRONG, ids=[row[1] for row in WRONG])
def test_what_is_wrong_is_said_before_anything_is_read(
    fields: dict[str, Any], said: str, tmp_path: Path
):
    with pytest.raises(InputError, match=said):
        go(tmp_path, rows_of(a="one", b="two"), **fields)
    assert not (tmp_path / "out" / "kept").exists()


ROWS = corpus(400)
STEP: dict[str, Any] = {
    "keep": [{"source_priority": ["wiki"]}, "longest"],
    "review_band": [0.6, 0.8],
    "rehydrate": True,
}


def bytes_of(out: Path) -> dict[str, bytes]:
    """All that must be equal between equal runs."""
    folders = ("kept", "rejected", "review", "findings", "signals")
    paths = [path for folder in folders for path in sorted((out / folder).iterdir())]
    paths += [out / "report.json", out / "manifest.json"]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus, and a run of one worker over it."""
    folder = tmp_path_factory.mktemp("once")
    go(folder, ROWS, **STEP)
    return folder


def test_the_corpus_has_something_to_find(once: Path):
    counts = run(pipeline(**STEP), once / "in", once / "out").counts
    assert counts["rejected"] > 60
    assert counts["review"] > 20
    assert len(list((once / "out" / "kept").iterdir())) > 5


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_any_number_of_workers_makes_the_same_bytes(workers: int, once: Path, tmp_path: Path):
    run(pipeline(**STEP), once / "in", tmp_path, workers=workers)
    assert len(stock.recall_stock(stock.Store(tmp_path)).shards) >= workers
    assert bytes_of(tmp_path) == bytes_of(once / "out")


@pytest.mark.parametrize("parts", [1, 7, 64])
def test_any_number_of_partitions_makes_the_same_bytes(
    parts: int, once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def parts_for(size: int) -> int:
        return parts if size else 0

    monkeypatch.setattr(stock, "parts_for", parts_for)
    run(pipeline(**STEP), once / "in", tmp_path, workers=1)
    assert stock.recall_stock(stock.Store(tmp_path)).parts == parts
    assert stock.recall_stock(stock.Store(once / "out")).parts not in (1, 7, 64)
    assert bytes_of(tmp_path) == bytes_of(once / "out")


@pytest.mark.parametrize("seed", range(3))
def test_shuffled_files_keep_the_same_documents(seed: int, once: Path, tmp_path: Path):
    """Field traps A8, A12: neither files, their order nor shards decide who is kept."""
    rows = list(ROWS)
    random.Random(seed).shuffle(rows)
    source = write(tmp_path / "in", rows, files=seed + 1)
    shuffled = run(pipeline(**STEP), source, tmp_path / "out", workers=1)
    first = Result(once / "out", {}, {})
    for folder in ("kept", "rejected", "review", "findings", "signals"):
        one, other = (
            result.scan(folder).drop("stage", "start", "end", strict=False).collect()
            for result in (first, shuffled)
        )
        keys = ["doc_id", *(name for name in ("rule", "ref") if name in one.columns)]
        assert one.sort(keys).equals(other.sort(keys)), folder


@pytest.mark.parametrize("commit", [5, 15, 24])
def test_a_killed_run_continues_and_makes_the_same_bytes(commit: int, once: Path, tmp_path: Path):
    """Field trap A13: what a kill leaves half done is not taken for done."""
    (tmp_path / "near.yaml").write_text(pipeline(**STEP).to_yaml(), "utf-8")
    script = Path(__file__).with_name("killed.py")
    arguments = [str(tmp_path / "near.yaml"), str(once / "in"), str(tmp_path / "out"), str(commit)]
    done = subprocess.run([sys.executable, str(script), *arguments], check=False)
    assert done.returncode == -9
    run(tmp_path / "near.yaml", once / "in", tmp_path / "out", workers=1)
    assert bytes_of(tmp_path / "out") == bytes_of(once / "out")
