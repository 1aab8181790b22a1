"""Figures of a preview against brute force, against ``deduplicate``, and against real runs."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from alike import corpus, edited, jaccard, shingles, text, write
from previewed import previewed, removed

import dataqa
from dataqa import Pipeline, deduplicate
from dataqa.errors import InputError
from dataqa.preview import sketching
from dataqa.preview.again import preview_again

ROWS = corpus(300)
FRAME = pl.DataFrame(ROWS)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("corpus") / "in", ROWS)


@pytest.fixture(scope="module")
def made(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("preview") / "out"
    previewed(place, out)
    return out


def gone(similarity: float, **step: Any) -> pl.DataFrame:
    return deduplicate(FRAME, id_column="id", similarity=similarity, **step).removed


@pytest.mark.parametrize(
    "step",
    [
        {},
        {"keep": ["shortest"]},
        {"keep": [{"source_priority": ["wiki"]}, {"newest": "day"}]},
        {"keep": [{"best": "word_count"}]},
        {"shingle": {"unit": "char", "n": 12}},
        {"bands": "fineweb"},
        {"bands": {"bands": 40, "rows": 3}, "permutations": 120},
        {"measure": "containment"},
        {"across": {"remove": ["crawl"], "found_in": ["wiki"]}},
    ],
    ids=lambda step: " ".join(step) or "usual",
)
def test_of_a_whole_corpus_a_bound_removes_what_deduplicate_does(
    step: dict[str, Any], place: Path, tmp_path: Path
):
    told = previewed(place, tmp_path / "out", step)
    assert told["sample"]["whole"]
    for row in told["bounds"]:
        there = gone(row["similarity"], **step)
        assert row["documents"] == there.height, row
        assert row["bytes"] == there["text"].str.len_bytes().sum()
        assert row["error"] == 0
    assert told["outcome"]["goes"]["documents"] == removed(told)[0.8]


def test_the_histogram_is_that_of_brute_force(place: Path, tmp_path: Path):
    told = previewed(place, tmp_path / "out")
    # of equally long ones a hash decides: those are left out of the first
    best, near = dict.fromkeys(FRAME["id"], 0.0), dict.fromkeys(FRAME["id"], 0.0)
    sets = [shingles(row["text"]) for row in ROWS]
    for (one, mine), (other, theirs) in itertools.combinations(zip(ROWS, sets, strict=True), 2):
        score = len(mine & theirs) / len(mine | theirs)
        for row in (one, other):
            near[row["id"]] = max(near[row["id"]], score)
        shorter, longer = sorted((one, other), key=lambda row: len(row["text"]))
        if len(shorter["text"]) < len(longer["text"]):
            best[shorter["id"]] = max(best[shorter["id"]], score)
    bars = told["histogram"]
    drawn = [
        sum(column) for column in zip(bars["stays"], bars["review"], bars["goes"], strict=True)
    ]
    assert sum(drawn) + bars["unlike"] == len(ROWS)
    # one that is like a longer one is drawn; one that is like nothing is not
    assert sum(score >= 0.3 for score in best.values()) <= sum(drawn)
    assert sum(drawn) <= sum(score >= 0.3 for score in near.values())
    assert bars["stays"][-1] == 0
    assert sum(bars["goes"]) == told["outcome"]["goes"]["documents"]


def test_each_bar_counts_documents_of_its_similarity(tmp_path: Path):
    base = text(0, 100)
    # of 96 shingles five go with each edit, the runs lying apart: similarities known by hand
    rows = [{"id": "a", "text": base + " longer"}]
    rows += [{"id": f"b{n}", "text": edited(base, range(2, 2 + 10 * n, 10))} for n in (1, 2, 3)]
    told = previewed(write(tmp_path / "in", rows), tmp_path / "out", {"keep": ["longest"]})
    bars = told["histogram"]
    drawn = [
        sum(column) for column in zip(bars["stays"], bars["review"], bars["goes"], strict=True)
    ]
    expected = [0] * len(drawn)
    longest = sorted(rows, key=lambda row: -len(row["text"]))
    for at, row in enumerate(longest[1:], 1):
        score = max(jaccard(row["text"], one["text"]) for one in longest[:at])
        expected[int((score + 1e-9) / 0.02) - 15] += 1
    assert drawn == expected


def test_a_review_band_is_told_apart(place: Path, tmp_path: Path):
    told = previewed(place, tmp_path / "out", {"review_band": [0.6, 0.8]})
    found = deduplicate(FRAME, id_column="id", review_band=[0.6, 0.8]).pairs
    counts = dict(found.group_by("action").len().rows())
    assert told["range"] == [0.6, 0.8]
    assert told["outcome"]["goes"]["documents"] == counts["drop"]
    assert told["outcome"]["review"]["documents"] == counts["review"] > 0
    assert sum(told["histogram"]["review"]) == counts["review"]


def test_sources_and_clusters_add_up(place: Path, tmp_path: Path):
    told = previewed(place, tmp_path / "out", {"similarity": 0.6})
    there = gone(0.6)
    by = dict(there.group_by("source").len().rows())
    assert {row["source"]: row["goes"] for row in told["sources"]} == by
    assert sum(row["documents"] for row in told["sources"]) == len(ROWS)
    sizes = told["clusters"]["sizes"]
    assert sum(one["documents"] - one["clusters"] for one in sizes) == there.height
    copies = deduplicate(FRAME, id_column="id", similarity=0.6).kept["near_copies"].max()
    assert told["clusters"]["largest"]["copies"] == copies


@pytest.mark.parametrize(
    "changes",
    [
        {"similarity": 0.6},
        {"similarity": 0.95},
        {"review_band": (0.5, 0.7)},
        {"bands": "fineweb", "similarity": 0.75},
        {"keep": ("shortest",)},
        {"keep": ({"source_priority": ["crawl"]}, "longest")},
    ],
    ids=str,
)
def test_another_bound_from_stored_sketches_is_the_same_as_from_texts(
    changes: dict[str, Any],
    place: Path,
    made: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    fresh = previewed(place, tmp_path / "fresh", changes, examples=False)

    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("a text is hashed")

    for name in ("shingle_sets", "draw"):
        monkeypatch.setattr(sketching, name, never)
    monkeypatch.setattr("dataqa.duplicates.signatures.signatures", never)
    again = preview_again(made, changes, tmp_path / "again", examples=False)
    for name in ("outcome", "bounds", "histogram", "sources", "clusters", "curves", "range"):
        assert again[name] == fresh[name], name


def run_of(place: Path, out: Path, **step: Any) -> Path:
    tree = {"name": "t", "steps": [{"duplicates": step}], "reading": {"id_column": "id"}}
    dataqa.run(Pipeline.from_builtins(tree), place, out, workers=1)
    return out


@pytest.mark.parametrize(
    "step",
    [
        {"similarity": 0.6},
        {"similarity": 0.9, "permutations": 64},
        {"review_band": [0.5, 0.7]},
        {"similarity": 0.7, "keep": [{"source_priority": ["crawl", "wiki"]}, "shortest"]},
    ],
    ids=str,
)
def test_of_a_run_at_its_own_bound_the_preview_says_what_the_run_did(
    step: dict[str, Any], place: Path, tmp_path: Path
):
    out = run_of(place, tmp_path / "run", **step)
    before = {path: path.read_bytes() for path in sorted(out.rglob("*.parquet"))}
    told = preview_again(out, {})
    found = pl.read_parquet(out / "findings" / "*.parquet")
    counts = dict(found.group_by("action").len().rows())
    assert told["outcome"]["goes"]["documents"] == counts["drop"]
    assert told["outcome"]["review"]["documents"] == counts.get("review", 0)
    assert told["estimated"]
    assert {path: path.read_bytes() for path in sorted(out.rglob("*.parquet"))} == before
    assert not list((out / ".state" / "drafts").iterdir())


def test_of_a_run_other_bounds_are_estimated(place: Path, tmp_path: Path):
    out = run_of(place, tmp_path / "run", similarity=0.8, permutations=512)
    for bound in (0.5, 0.6, 0.7, 0.9):
        told = preview_again(out, {"similarity": bound})
        there = gone(bound).height
        assert abs(told["outcome"]["goes"]["documents"] - there) <= 4 + 0.1 * there
        assert told["error"] == pytest.approx((bound * (1 - bound) / 512) ** 0.5, abs=1e-3)


def test_of_a_run_the_second_run_with_other_settings_knows_itself(place: Path, tmp_path: Path):
    out = run_of(place, tmp_path / "run", similarity=0.7)
    preview_again(out, {})
    assert (out / "preview.html").exists()
    dataqa.run(
        Pipeline.from_builtins(
            {"name": "t", "steps": [{"duplicates": {"similarity": 0.6}}]}
            | {"reading": {"id_column": "id"}}
        ),
        place,
        out,
        workers=1,
        fresh=True,
    )
    assert not (out / "preview.html").exists()
    told = preview_again(out, {})
    assert told["outcome"]["goes"]["documents"] == gone(0.6).height


def test_two_steps_of_a_kind_and_others_before(place: Path, tmp_path: Path):
    tree = {
        "name": "t",
        "reading": {"id_column": "id"},
        "steps": [
            "exact",
            {"duplicates": {"similarity": 0.9}},
            {"duplicates": {"similarity": 0.6}},
        ],
    }
    out = tmp_path / "run"
    dataqa.run(Pipeline.from_builtins(tree), place, out, workers=1)
    told = preview_again(out, {})
    found = pl.read_parquet(out / "findings" / "*.parquet")
    first = found.filter((pl.col("step") == "duplicates") & (pl.col("action") == "drop"))
    assert told["range"] == [0.9, 0.9]
    assert told["outcome"]["goes"]["documents"] == first.height


def test_an_alarm_is_told_and_stops_nothing(tmp_path: Path):
    rows = [{"id": f"d{n:05d}", "text": text(0, 30)} for n in range(1500)]
    told = previewed(write(tmp_path / "in", rows), tmp_path / "out")
    assert told["clusters"]["largest"]["copies"] == 1500
    assert told["clusters"]["largest"]["alarm"]


def test_a_bound_that_is_not_looked_for_is_refused(place: Path, made: Path, tmp_path: Path):
    with pytest.raises(InputError, match=r"0\.2 is below 0\.3"):
        previewed(place, tmp_path / "out", {"similarity": 0.2})
    with pytest.raises(InputError, match=r"0\.25 is below 0\.3"):
        preview_again(made, {"similarity": 0.25})
    with pytest.raises(InputError, match="14 bands of 10 rows need 140"):
        preview_again(made, {"bands": dataqa.duplicates.bands.Bands(14, 10)})
