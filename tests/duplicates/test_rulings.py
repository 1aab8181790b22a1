"""Who goes and for whom, on sets of shingles whose similarities are known."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataqa import kernels
from dataqa.duplicates import choose as choosing
from dataqa.duplicates.ranks import Wish
from dataqa.duplicates.rulings import COPIES, Policy, rulings
from dataqa.duplicates.signatures import Sets
from dataqa.engine.memory import Frame
from dataqa.errors import BoundError
from dataqa.types import DOC, DOC_ID, TEXT, Action, Sketch

kernels.warm()
POLICY = Policy((Wish("longest"),), 0.6, 0.6, False, 10_000, False, 1.0)


def shingles(text: str) -> list[int]:
    """A document is a list of words, and each word a shingle."""
    return sorted({hash_of(word) for word in text.split()})


def hash_of(word: str) -> int:
    return int.from_bytes(word.encode().ljust(8, b"\0")[:8], "little")


def shingling(texts: pl.Series) -> Sets:
    sets = [shingles(text) for text in texts]
    ends = np.cumsum([0, *map(len, sets)])
    return Sets(
        np.array([value for some in sets for value in some], np.uint64), ends.astype(np.int64)
    )


def merge_of(texts: dict[str, str], held: Sequence[str] = (), **columns: list[int]) -> Frame:
    """Every shingle is a key: what is alike is proposed without a miss."""
    numbers = [(at % 3) << 32 | at // 3 for at in range(len(texts))]
    docs = pl.DataFrame(
        {DOC: pl.Series(numbers, dtype=pl.UInt64), DOC_ID: list(texts), TEXT: list(texts.values())}
    ).with_columns(
        held=pl.Series([name in held for name in texts]),
        stands=pl.Series([1] * len(texts), dtype=pl.Int64),
        rank0=pl.Series([len(text) for text in texts.values()], dtype=pl.Int64),
        content=pl.Series([hash_of(text[::-1]) for text in texts.values()], dtype=pl.UInt64),
        order=pl.Series([hash_of(name) for name in texts], dtype=pl.UInt64),
        shingles=pl.Series([len(text.split()) for text in texts.values()], dtype=pl.Int64),
        **columns,
    )
    pairs = [
        (doc, key)
        for doc, _, text in docs.select(DOC, DOC_ID, TEXT).rows()
        for key in shingles(text)
    ]
    keyed = pl.DataFrame(pairs, {DOC: pl.UInt64, "key": pl.UInt64}, orient="row")
    docs = docs.sort(DOC)
    return Frame(Sketch(keyed, docs), docs)


def ruled(texts: dict[str, str], policy: Policy = POLICY, held: Sequence[str] = ()) -> pl.DataFrame:
    merge = merge_of(texts, held)
    names = merge.held.select(DOC, DOC_ID)
    empty = pl.DataFrame(
        schema={DOC: pl.UInt64, "action": pl.UInt8, "ref": pl.String, "score": pl.Float64}
    )
    found = pl.concat([empty, *rulings(merge, policy, shingling)], how="diagonal")
    return found.join(names, on=DOC)


def removed(texts: dict[str, str], policy: Policy = POLICY) -> dict[str, str]:
    gone = ruled(texts, policy).filter(pl.col("action") == Action.DROP)
    return dict(gone.select(DOC_ID, "ref").iter_rows())


def jaccard(one: str, other: str) -> float:
    left, right = set(one.split()), set(other.split())
    return len(left & right) / len(left | right) if left | right else 0.0


def greedy(texts: dict[str, str], least: float) -> set[str]:
    """By comparing all with all: longest first, what is like a kept one goes."""
    order = sorted(texts, key=lambda n: (-len(texts[n]), hash_of(texts[n][::-1]), hash_of(n)))
    kept: list[str] = []
    for name in order:
        if all(jaccard(texts[name], texts[other]) < least - 1e-12 for other in kept):
            kept.append(name)
    return set(texts) - set(kept)


def corpus(seed: int, size: int = 60) -> dict[str, str]:
    draw = random.Random(seed)
    words = [f"w{at}" for at in range(400)]
    found: list[str] = []
    for _ in range(size):
        text = draw.sample(words, draw.choice([1, 3, 8, 20]))
        if found and draw.random() < 0.7:
            text = draw.choice(found).split()
            for _ in range(draw.randrange(4)):
                text[draw.randrange(len(text))] = draw.choice(words)
        found.append(" ".join(text))
    return {f"d{at}": text for at, text in enumerate(found)}


@given(seed=st.integers(0, 1 << 30))
def test_equal_to_brute_force_greedy(seed: int):
    texts = corpus(seed)
    gone = removed(texts)
    assert gone.keys() == greedy(texts, 0.6)
    assert not set(gone.values()) & gone.keys()
    assert all(jaccard(texts[name], texts[kept]) >= 0.6 for name, kept in gone.items())


@given(seed=st.integers(0, 1 << 30))
def test_groups_of_clusters_change_nothing(seed: int, tmp_path_factory: pytest.TempPathFactory):
    texts = corpus(seed, 80)
    whole = ruled(texts).sort(DOC)
    patch = pytest.MonkeyPatch()
    patch.setattr(choosing, "AT_ONCE", 20)
    try:
        assert ruled(texts).sort(DOC).equals(whole)
    finally:
        patch.undo()


def test_a_chain_is_not_carried_away():
    """Field traps A1, A3, A4: A~B~C with A!~C: transitive closure would leave one document."""
    words = [f"w{at}" for at in range(500)]
    texts = {f"d{at:02d}": " ".join(words[5 * at : 5 * at + 30]) for at in range(60)}
    gone = removed(texts)
    assert len(gone) >= 20
    assert len(texts) - len(gone) >= 15
    assert gone.keys() == greedy(texts, 0.6)


def test_a_big_cluster_takes_linear_time_and_leaves_one():
    """A bucket of twenty thousand copies: one comparison each, never all pairs."""
    texts = {f"d{at}": f"same words in all of them n{at % 7}" for at in range(20_000)}
    gone = removed(texts, POLICY._replace(largest=1.0))
    assert len(gone) == len(texts) - 1
    assert len(set(gone.values())) == 1


def test_what_is_left_uncompared_stays_and_is_told():
    """Templates with other content share keys with thousands that stay: comparisons are capped."""
    texts = {f"d{at:04d}": f"head foot a{at} b{at} c{at} d{at} e{at}" for at in range(300)}
    found = ruled(texts)
    assert found.filter(pl.col("action") == Action.DROP).height == 0
    told = found.filter(pl.col("rule") == "duplicates.uncompared")
    assert told.height == 300 - choosing.STAYING - 1
    assert set(told["action"]) == {int(Action.KEEP)}
    capped = ruled(texts, POLICY._replace(most=10))
    assert capped.filter(pl.col("rule") == "duplicates.uncompared").height == 300 - 11


def test_doubt_goes_to_review_and_stays_a_document():
    texts = {
        "long": "a b c d e f g h i j",
        "near": "a b c d e f g h i",
        "far": "a b c d e f g x y z",
    }
    found = ruled(texts, POLICY._replace(sure=0.85, doubt=0.5))
    told = {row["doc_id"]: row for row in found.iter_rows(named=True)}
    assert told["near"]["action"] == Action.DROP
    assert told["far"]["action"] == Action.REVIEW
    assert told["far"]["ref"] == told["near"]["ref"] == "long"
    assert told["far"]["score"] == pytest.approx(7 / 13)
    assert told["far"]["bound"] == 0.5
    assert told["near"]["detail"] == "kept for longest"


def test_nothing_goes_for_a_document_that_is_doubted():
    """Should a person discard the doubted one, what is like it must still be there."""
    first = " ".join(f"w{at}" for at in range(40))
    second = " ".join(f"w{at}" for at in range(7, 42))
    third = " ".join(f"w{at}" for at in range(7, 41))
    texts = {"a": first, "b": second, "c": third}
    assert all(0.5 < jaccard(first, other) < 0.85 for other in (second, third))
    assert jaccard(second, third) > 0.97
    found = ruled(texts, POLICY._replace(sure=0.85, doubt=0.5))
    told = {
        name: (action, ref) for name, action, ref in found.select(DOC_ID, "action", "ref").rows()
    }
    assert told["b"] == (Action.REVIEW, "a")
    assert told["c"] == (Action.REVIEW, "b")


def test_nothing_goes_for_a_document_that_is_in_review_already():
    long, short = " ".join(f"w{at}" for at in range(40)), " ".join(f"w{at}" for at in range(39))
    found = ruled({"long": long, "short": short}, held=["long"])
    gone = found.filter(pl.col("action") == Action.DROP).select(DOC_ID, "ref", "detail").rows()
    assert gone == [("long", "short", "kept for not in review")]
    both = ruled({"long": long, "short": short}, held=["long", "short"])
    asked = both.drop_nulls("ref").select(DOC_ID, "ref", "action").rows()
    assert asked == [("short", "long", Action.REVIEW)]


def test_containment_is_a_share_of_the_document_itself():
    texts = {"whole": "a b c d e f g h i j k l m n o p", "part": "c d e f"}
    assert not removed(texts)
    assert removed(texts, POLICY._replace(contained=True)) == {"part": "whole"}


def test_copies_are_counted_for_who_stays():
    texts = {"a": "one two three four", "b": "one two three four", "c": "one two three four"}
    found = ruled(texts)
    assert set(found[COPIES]) == {3}
    assert found.height == 3


def test_a_cluster_that_swallows_the_corpus_is_an_alarm():
    """Field trap A4: 859,092 documents in, 2 kept, and nobody was told."""
    texts = {f"d{at}": f"cookie banner text everywhere n{at}" for at in range(1500)}
    with pytest.raises(BoundError, match="1500 of 1500 documents are like"):
        ruled(texts, POLICY._replace(largest=0.5))


def test_without_any_shared_key_there_is_nothing_to_rule(tmp_path: Path):
    merge = merge_of({"a": "one", "b": "two", "c": ""})
    assert not list(rulings(merge, POLICY, shingling))


def test_frames_come_one_by_one():
    assert isinstance(rulings(merge_of({"a": "x"}), POLICY, shingling), Iterator)


@pytest.mark.parametrize("most", [1, 7, 40])
def test_texts_are_cut_into_shingles_run_by_run(most: int, monkeypatch: pytest.MonkeyPatch):
    texts = corpus(5)
    expected = ruled(texts)
    sizes: list[int] = []

    class Counts(Frame):
        """Counts the documents of each run."""

        def each_text[T](
            self, runs: Sequence[pl.Series], task: Callable[[pl.DataFrame], T]
        ) -> Iterator[T]:
            sizes.extend(map(len, runs))
            return super().each_text(runs, task)

    monkeypatch.setattr(choosing, "SHINGLED", most)
    merge = Counts(*merge_of(texts))
    names = merge.held.select(DOC, DOC_ID)
    found = pl.concat(rulings(merge, POLICY, shingling), how="diagonal").join(names, on=DOC)
    assert found.equals(expected.select(found.columns))
    assert len(sizes) > 1
    assert max(sizes) <= most + 1
