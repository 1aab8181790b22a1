"""``semantic`` in real runs: who goes, for whom, by which rule, and what is left alone."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from alike import write
from meaning import MEANINGS, SMALL, make_model, model_folder, reworded, sentence

from dataqa import Pipeline, Result, run
from dataqa.duplicates import embeddings, models, nearest
from dataqa.engine import stock
from dataqa.errors import BoundError, InputError
from dataqa.steps.semantic import Semantic
from dataqa.types import Assets

READING = {"id_column": "id", "shard_bytes": 12_000}
MODEL = model_folder()


def pipeline(**fields: Any) -> Pipeline:
    step = {"model": MODEL, "similarity": 0.96, **fields}
    return Pipeline.from_builtins(
        {"name": "said", "reading": READING, "steps": [{"semantic": step}]}
    )


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


def cosine(one: str, other: str) -> float:
    told = embeddings.embedder(MODEL, 10_000)(pl.Series([one, other]))
    return float(nearest.all_cosines(told.values)[0, 1])


BASE = sentence(1)
SAME = reworded(BASE)
OTHER = sentence(2)


def test_the_finding_names_the_kept_document_the_similarity_and_the_wish(tmp_path: Path):
    """Field request 1: which removed document corresponds to which kept one?"""
    assert not set(BASE.split()) & set(SAME.split()) - set(SMALL)
    result = go(tmp_path, rows_of(a=BASE, b=SAME + " and the sea", c=OTHER))
    (row,) = found(result).iter_rows(named=True)
    assert (row["doc_id"], row["ref"], row["rule"]) == ("a", "b", "semantic.near")
    assert row["score"] == cosine(BASE, SAME + " and the sea")
    assert row["bound"] == 0.96
    assert row["detail"] == "kept for longest"
    assert ids(result) == {"b", "c"}
    told = dict(result.scan("signals").select("doc_id", "semantic_copies").collect().iter_rows())
    assert told == {"a": 2, "b": 2, "c": 1}


def test_the_order_of_wishes_says_who_stays(tmp_path: Path):
    rows = [
        {"id": "a", "text": BASE, "day": "2024-02-01", "source": "crawl"},
        {"id": "b", "text": SAME, "day": "2024-03-01", "source": "wiki"},
        {"id": "c", "text": reworded(BASE, 7), "day": "2024-01-01", "source": "wiki"},
    ]
    newest = go(tmp_path / "newest", rows, keep=[{"newest": "day"}])
    assert removed(newest) == {"a": "b", "c": "b"}
    wishes = [{"source_priority": ["wiki"]}, {"oldest": "day"}]
    wiki = go(tmp_path / "wiki", rows, keep=wishes)
    assert removed(wiki) == {"a": "c", "b": "c"}
    why = dict(found(wiki).select("doc_id", "detail").iter_rows())
    assert why == {"a": "kept for source_priority", "b": "kept for oldest day"}


def chain(length: int) -> dict[str, str]:
    """Documents each like the next, and less and less like those further on."""
    words = [synonyms[0] for synonyms in MEANINGS]
    return {
        f"d{at:02d}": " ".join(words[(at + k) % len(words)] for k in range(10))
        for at in range(length)
    }


def test_nothing_goes_for_being_like_one_that_goes(tmp_path: Path):
    """Field traps A1, A3, A4: a chain of likenesses carries nothing away."""
    texts = chain(11)
    result = go(tmp_path, rows_of(**texts), similarity=0.86)
    gone = removed(result)
    assert cosine(texts["d00"], texts["d01"]) >= 0.86 > cosine(texts["d00"], texts["d05"])
    assert len(gone) >= 4
    assert len(ids(result)) >= 3
    assert not set(gone.values()) & gone.keys()
    assert all(cosine(texts[name], texts[kept]) >= 0.86 for name, kept in gone.items())
    kept = sorted(ids(result))
    assert all(
        cosine(texts[one], texts[two]) < 0.86 for at, one in enumerate(kept) for two in kept[:at]
    )


def test_the_review_band_sends_the_doubtful_to_people(tmp_path: Path):
    half = " ".join(BASE.split()[:14]) + " " + " ".join(OTHER.split()[14:])
    assert 0.6 < cosine(BASE, half) < 0.96
    rows = rows_of(base=f"{BASE} and it was so on that day", sure=SAME, doubted=half)
    result = go(tmp_path, rows, review_band=[0.6, 0.96])
    told = found(result).sort("doc_id").select("doc_id", "rule", "action", "ref", "bound").rows()
    assert told == [
        ("doubted", "semantic.doubt", "review", "base", 0.6),
        ("sure", "semantic.near", "drop", "base", 0.96),
    ]
    assert ids(result, "review") == {"doubted"}


def test_across_removes_from_one_side_only(tmp_path: Path):
    """Field request 2: remove from A what is in B."""
    rows = [
        {"id": "a1", "text": BASE, "source": "crawl"},
        {"id": "a2", "text": OTHER, "source": "crawl"},
        {"id": "a3", "text": reworded(OTHER), "source": "crawl"},
        {"id": "b1", "text": SAME, "source": "wiki"},
        {"id": "b2", "text": reworded(BASE, 3), "source": "wiki"},
        {"id": "x1", "text": BASE, "source": "other"},
    ]
    result = go(tmp_path, rows, across={"remove": ["crawl"], "found_in": ["wiki"]})
    gone = removed(result)
    assert gone.keys() == {"a1"}
    assert set(gone.values()) <= {"b1", "b2"}


def test_what_has_no_token_stays_and_what_the_model_does_not_know_is_counted(tmp_path: Path):
    """Field trap: an English model sees unknown tokens in Chinese, and finds all of it alike."""
    chinese = (
        "那年夏天河水很浅，boat 村里 再也 没有人",
        "老人们 坐在 树下，boat 谈论 着 过去 的 收成",
    )
    rows = rows_of(a=chinese[0], b=chinese[1], c="", d=" \n", f="boat", g="ship")
    result = go(tmp_path, rows)
    assert removed(result).keys() in ({"f"}, {"g"})
    others = found(result).filter(pl.col("action") == "keep")
    assert set(others["rule"]) == {"semantic.uncompared"}
    assert set(others["doc_id"]) == {"a", "b"}
    told = dict(result.scan("signals").select("doc_id", "semantic_copies").collect().iter_rows())
    assert {told[name] for name in "abcd"} == {1}


def test_only_the_beginning_that_was_asked_for_is_read(tmp_path: Path):
    rows = rows_of(a=f"{BASE} {OTHER}", b=f"{BASE} {sentence(9)}")
    assert not removed(go(tmp_path / "whole", rows))
    assert removed(go(tmp_path / "start", rows, max_chars=len(BASE)))


def test_a_document_that_swallows_too_much_is_an_alarm(tmp_path: Path):
    """Field trap A4: nearly everything is gone, and nobody is told."""
    rows = [{"id": f"d{at}", "text": reworded(BASE, at)} for at in range(1_100)]
    with pytest.raises(BoundError, match="1100 of 1100 documents are like 'd"):
        go(tmp_path, rows, similarity=0.9)
    allowed = go(tmp_path / "allowed", rows, similarity=0.9, largest=1.0)
    assert allowed.counts["kept"] == 1


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"model": ""}, "no model is named"),
    ({"model": "nowhere/at-all"}, "nowhere/at-all: there is no such folder"),
    ({"keep": ["longst"]}, "no such policy 'longst'"),
    ({"similarity": 1.5}, "1.5 is not in"),
    ({"review_band": [0.8, 0.7]}, "low before high"),
    ({"max_chars": 0}, "at least one"),
    ({"across": {"remove": ["a"], "found_in": ["a"]}}, "both sides"),
]


@pytest.mark.parametrize(("fields", "said"), WRONG, ids=[row[1] for row in WRONG])
def test_what_is_wrong_is_said_before_anything_is_read(
    fields: dict[str, Any], said: str, tmp_path: Path
):
    with pytest.raises(InputError, match=said):
        go(tmp_path, rows_of(a="one", b="two"), **fields)
    assert not (tmp_path / "out" / ".state" / "stages").exists()


@pytest.mark.parametrize("package", ["model2vec", "usearch"])
def test_a_package_that_is_missing_is_named_with_what_brings_it(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    place = models if package == "model2vec" else sys.modules["dataqa.steps.semantic"]
    real = place.find_spec

    def without(name: str) -> object:
        return None if name == package else real(name)

    monkeypatch.setattr(place, "find_spec", without)
    with pytest.raises(InputError, match=f"needs the package {package}(.|\n)*dataqa.semantic"):
        go(tmp_path, rows_of(a="one", b="two"))
    assert not (tmp_path / "out" / ".state" / "stages").exists()


def test_another_model_is_another_stage(tmp_path: Path, assets: Assets):
    rows = rows_of(a=BASE, b=SAME, c=OTHER)
    folder = make_model(tmp_path / "model")
    step = Semantic(model=str(folder))
    digest = step.digest(assets)
    assert step.digest(assets) == digest
    go(tmp_path, rows, model=str(folder))
    make_model(folder, seed=6)
    assert step.digest(assets) != digest
    with pytest.raises(InputError, match="measured other things"):
        go(tmp_path, rows, model=str(folder))


def corpus(size: int) -> list[dict[str, Any]]:
    """Pages of several sources, of which many say the same as another."""
    draw = random.Random(4)
    rows: list[dict[str, Any]] = []
    for at in range(size):
        text = sentence(at, draw.randint(3, 12))
        if rows and draw.random() < 0.4:
            text = reworded(draw.choice(rows)["text"], at)
        rows.append({"id": f"d{at:04d}", "text": text, "source": draw.choice(["wiki", "crawl"])})
    return rows


ROWS = corpus(700)
STEP: dict[str, Any] = {
    "keep": [{"source_priority": ["wiki"]}, "longest"],
    "review_band": [0.9, 0.97],
}


def bytes_of(out: Path) -> dict[str, bytes]:
    """All that must be equal between equal runs."""
    folders = ("kept", "rejected", "review", "findings", "signals")
    paths = [path for folder in folders for path in sorted((out / folder).iterdir())]
    paths += [out / "report.json", out / "manifest.json"]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few hundred documents are looked up in the graph, not only beside one another."""
    monkeypatch.setattr(nearest, "BLOCK", 64)


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus, and a run of one worker over it."""
    folder = tmp_path_factory.mktemp("once")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nearest, "BLOCK", 64)
        result = go(folder, ROWS, **STEP)
    assert result.counts["rejected"] > 100
    assert result.counts["review"] > 20
    assert len(list((folder / "out" / "kept").iterdir())) > 3
    return folder


def test_two_workers_make_the_same_bytes(once: Path, tmp_path: Path):
    run(pipeline(**STEP), once / "in", tmp_path, workers=2)
    assert bytes_of(tmp_path) == bytes_of(once / "out")


def test_any_number_of_partitions_makes_the_same_bytes(
    once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(stock, "MERGED_AT_ONCE", 3_000)
    run(pipeline(**STEP), once / "in", tmp_path, workers=1)
    assert stock.recall_stock(stock.Store(tmp_path)).parts > 1
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


@pytest.mark.parametrize("commit", [5, 12, 17])
def test_a_killed_run_continues_and_makes_the_same_bytes(commit: int, once: Path, tmp_path: Path):
    """Field trap A13: what a kill leaves half done is not taken for done."""
    (tmp_path / "said.yaml").write_text(pipeline(**STEP).to_yaml(), "utf-8")
    script = Path(__file__).with_name("killed.py")
    arguments = [str(tmp_path / "said.yaml"), str(once / "in"), str(tmp_path / "out"), str(commit)]
    done = subprocess.run([sys.executable, str(script), *arguments], check=False)
    assert done.returncode == -9
    run(tmp_path / "said.yaml", once / "in", tmp_path / "out", workers=1)
    assert bytes_of(tmp_path / "out") == bytes_of(once / "out")
