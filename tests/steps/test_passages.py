"""``passages``: what occurs again goes, one copy stays, and no character is cut."""

from __future__ import annotations

import json
import random
import re
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from measured import seconds
from msgspec import structs

from dataqa.duplicates import runs
from dataqa.edits import decode, source_span
from dataqa.engine import settle
from dataqa.engine.memory import Frame
from dataqa.engine.onward import Onward, Wanted
from dataqa.errors import InputError
from dataqa.frames import judge, run
from dataqa.io.sources import Reading
from dataqa.io.store import Store
from dataqa.pipeline import NamedStep, Pipeline
from dataqa.steps.passages import COUNT, SHARE, Passages
from dataqa.types import DOC, DOC_ID, TEXT, Action, Assets, batch_of, no_findings

ASSETS = Assets((), Path())
ITEM = re.compile(r"[A-Za-z]+|[^\W_]|(\S)\1*")
WORDS = ("a", "A", "b", "b.", "!", "中", "。", "中文", "b-", "\n", "\n\n", "  ")
texts_of = st.lists(
    st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join)
    | st.lists(st.sampled_from(WORDS), max_size=30).map("".join),
    min_size=1,
    max_size=6,
)
steps = st.builds(
    Passages,
    unit=st.sampled_from(["token", "char"]),
    n=st.integers(2, 9),
    fold=st.booleans(),
)


class Item(NamedTuple):
    """An item as text, and its bytes."""

    text: str
    start: int
    end: int


def items_of(text: str, step: Passages) -> list[Item]:
    pattern = ITEM if step.unit == "token" else re.compile(r"\S")
    found: list[Item] = []
    for match in pattern.finditer(text):
        start = len(text[: match.start()].encode())
        found.append(Item(match[0], start, start + len(match[0].encode())))
    return found


def place(name: str) -> bytes:
    return blake2b(name.encode(), digest_size=8).digest()[::-1]


def gone(texts: dict[str, str], step: Passages) -> dict[str, set[int]]:
    """What goes, by brute force: the items in windows that occur earlier."""
    seen: set[tuple[str, ...]] = set()
    found: dict[str, set[int]] = {}
    for name in sorted(texts, key=place):
        items = [item.text for item in items_of(texts[name], step)]
        items = [item.lower() for item in items] if step.fold else items
        mine = found[name] = set[int]()
        for at in range(len(items) - step.n + 1):
            window = tuple(items[at : at + step.n])
            if window in seen:
                mine.update(range(at, at + step.n))
            seen.add(window)
    return found


def ruled(
    texts: dict[str, str], step: Passages, folder: Path, *, shards: int = 1, parts: int = 1
) -> pl.DataFrame:
    """The findings, by way of real spills, sketches and scratch files."""
    store, keys = Store(folder), {}
    names = list(texts)
    for number in range(shards):
        docs = frame({name: texts[name] for name in names[number::shards]}, first=number << 32)
        keys[number] = f"{number:05d}"
        if docs.height:
            wanted = Wanted(True, step.sketcher(ASSETS), False, parts, 500)
            onward = Onward(store, keys[number], wanted)
            onward.stay(batch_of(docs))
            onward.close()
    merge = settle.Shards(store, keys, parts)
    settle.settle(NamedStep("it", "it", step), merge, "it")
    found = [settle.rulings_about(store, "it", number) for number in range(shards)]
    told = [rows for rows in found if rows is not None]
    rows = pl.concat([ruled_nothing(), *told], how="diagonal")
    ids = pl.concat([frame({}), *merge.texts(rows[DOC])]).select(DOC, DOC_ID)
    rows = rows.join(ids, on=DOC, how="left").drop(DOC).sort(DOC_ID, "start")
    return rows.filter(pl.col("rule").is_not_null())


def frame(texts: dict[str, str], first: int = 0) -> pl.DataFrame:
    return pl.DataFrame(
        {
            DOC: pl.Series(range(first, first + len(texts)), dtype=pl.UInt64),
            DOC_ID: pl.Series(list(texts), dtype=pl.String),
            TEXT: pl.Series(list(texts.values()), dtype=pl.String),
        }
    )


def ruled_nothing() -> pl.DataFrame:
    return no_findings().with_columns(pl.lit(0, pl.Int64).alias(COUNT), pl.lit(0.0).alias(SHARE))


def in_memory(texts: dict[str, str], step: Passages) -> pl.DataFrame:
    docs = frame(texts)
    found = list(step.settle(Frame(step.sketcher(ASSETS)(batch_of(docs)), docs)))
    rows = pl.concat([ruled_nothing(), *found], how="diagonal").filter(pl.col("rule").is_not_null())
    return rows.join(docs.select(DOC, DOC_ID), on=DOC).sort(DOC_ID, "start")


def covered(texts: dict[str, str], rows: pl.DataFrame, step: Passages) -> dict[str, list[int]]:
    """The items that findings are about, by document, in their order."""
    found: dict[str, list[int]] = {name: [] for name in texts}
    for name, start, end in rows.select(DOC_ID, "start", "end").iter_rows():
        items = items_of(texts[name], step)
        inside = [at for at, item in enumerate(items) if start <= item.start and item.end <= end]
        assert items[inside[0]].start == start
        assert items[inside[-1]].end == end
        found[name] += inside
    return found


def cleaned(texts: dict[str, str], step: Passages) -> dict[str, str]:
    """What is left of each text, also where the document is dropped."""
    docs = pl.DataFrame({"id": list(texts), "text": list(texts.values())})
    judged = judge(docs, Pipeline.of("one", step, reading=Reading(id_column="id")))
    return dict(judged.select("id", "text").iter_rows())


def named(texts: list[str]) -> dict[str, str]:
    return {f"d{at}": text for at, text in enumerate(texts)}


def first_of(*names: str) -> str:
    """The document whose copies stay."""
    return min(names, key=place)


@settings(max_examples=150)
@given(texts=texts_of, step=steps)
@example(texts=["a b " * 9, "b a " * 9], step=Passages(n=5))
@example(texts=["a " * 6], step=Passages(n=5))
@example(texts=["中文中文中文。", "中文中文。"], step=Passages(n=4))
def test_what_goes_is_what_brute_force_says(texts: list[str], step: Passages):
    corpus = named(texts)
    rows = in_memory(corpus, step)
    found = covered(corpus, rows, step)
    expected = gone(corpus, step)
    assert found == {name: sorted(mine) for name, mine in expected.items()}
    for name, counts, share, rule in rows.select(DOC_ID, COUNT, SHARE, "rule").iter_rows():
        assert counts == rows.filter(pl.col(DOC_ID) == name).height
        assert share == len(expected[name]) / len(items_of(corpus[name], step))
        assert (share == 1) == (rule == "passages.whole")


@settings(max_examples=30)
@given(
    texts=texts_of,
    step=steps,
    shards=st.integers(1, 4),
    parts=st.integers(1, 5),
    file_rows=st.integers(1, 40),
    seed=st.integers(0, 99),
)
def test_no_shard_partition_or_file_matters(
    texts: list[str],
    step: Passages,
    shards: int,
    parts: int,
    file_rows: int,
    seed: int,
    tmp_path_factory: pytest.TempPathFactory,
):
    """Field traps A8, A12; many small scratch files give what one gives."""
    corpus = named(texts)
    shuffled = list(corpus.items())
    random.Random(seed).shuffle(shuffled)
    once = in_memory(corpus, step)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs.Runs.__init__, "__defaults__", (file_rows,))
        again = ruled(
            dict(shuffled), step, tmp_path_factory.mktemp("s"), shards=shards, parts=parts
        )
    columns = [DOC_ID, "rule", "start", "end", "ref", "detail", "score", "edits", SHARE, COUNT]
    assert again.select(columns).equals(once.select(columns))


@given(texts=texts_of, step=steps)
@example(texts=["a b c a b c d-", "x a b-c a b c d-e"], step=Passages(n=3))
def test_what_is_left_is_every_other_item_and_none_is_glued(texts: list[str], step: Passages):
    corpus = named(texts)
    left = cleaned(corpus, step)
    for name, removed in gone(corpus, step).items():
        items = items_of(corpus[name], step)
        if len(removed) == len(items):
            assert left[name] == corpus[name]  # dropped as it is
            continue
        kept = [item.text for at, item in enumerate(items) if at not in removed]
        assert [item.text for item in items_of(left[name], step)] == kept


@given(texts=texts_of, step=steps)
def test_one_copy_stays_and_every_finding_says_where_it_came_from(texts: list[str], step: Passages):
    """The guarantee: what goes equals an earlier place, item by item; going back ends at one kept.

    And no two windows that are left whole are equal.
    """
    corpus = named(texts)
    rows = in_memory(corpus, step)
    items = {name: items_of(text, step) for name, text in corpus.items()}
    source: dict[tuple[str, int], tuple[str, int]] = {}
    for row in rows.iter_rows(named=True):
        mine = covered(corpus, pl.DataFrame([row], schema=rows.schema), step)[row[DOC_ID]]
        size, origin = map(int, re.findall(r"\d+", row["detail"]))
        assert size == len(mine)
        for step_on, at in enumerate(mine):
            source[row[DOC_ID], at] = (row["ref"], origin - 1 + step_on)
    for one in source:
        at = one
        while at in source:
            before = source[at]
            assert (place(before[0]), before[1]) < (place(at[0]), at[1])
            at = before
        texts_there = items[at[0]][at[1]].text, items[one[0]][one[1]].text
        assert texts_there[0] == texts_there[1] or step.fold
        assert texts_there[0].lower() == texts_there[1].lower()
    seen: set[tuple[str, ...]] = set()
    for name, mine in items.items():
        for at in range(len(mine) - step.n + 1):
            if not any((name, one) in source for one in range(at, at + step.n)):
                window = tuple(
                    item.text.lower() if step.fold else item.text for item in mine[at : at + step.n]
                )
                assert window not in seen
                seen.add(window)


def english(count: int, seed: int) -> str:
    draw = random.Random(seed)
    return " ".join("".join(draw.choices("abcdefgh", k=5)) for _ in range(count))


def chinese(count: int, seed: int) -> str:
    draw = random.Random(seed)
    return "".join(chr(draw.randrange(0x4E00, 0x9FA5)) for _ in range(count))


@pytest.mark.parametrize("make", [english, chinese])
def test_a_passage_of_60_tokens_goes_once(make: Any):
    """Field request 15: Chinese is not reduced to fragments, and not all copies go."""
    passage = make(60, 1)
    joint = "\n\n" if make is english else ""
    texts = {
        name: joint.join([make(80, seed), passage, make(70, seed + 9)])
        for seed, name in enumerate("xyz", 2)
    }
    kept = first_of("x", "y", "z")
    left = cleaned(texts, Passages())
    assert left[kept] == texts[kept]
    for name, text in texts.items():
        if name != kept:
            before, after = text.split(passage)
            assert left[name] == (before + after if make is chinese else before[:-2] + after)


@pytest.mark.parametrize(("size", "goes"), [(49, False), (50, True)])
@pytest.mark.parametrize("make", [english, chinese])
def test_the_bound_is_exact(size: int, goes: bool, make: Any):
    passage = make(size, 1)
    texts = {"x": f"start {passage} stop", "y": f"begin {passage} end"}
    rows = in_memory(texts, Passages())
    assert rows.height == goes
    if goes:
        assert rows["ref"][0] == first_of("x", "y")
        assert rows["detail"][0] == "50 tokens, first at token 2"
        assert rows["score"][0] == 50 / 52


def test_a_character_unit_counts_characters():
    passage = "the boat was late"
    texts = {"x": f"Well, {passage}; so.", "y": f"Now ({passage})"}
    for n, goes in ((14, True), (15, False)):
        assert in_memory(texts, Passages(unit="char", n=n)).height == goes


def test_case_matters_unless_it_is_folded():
    passage = english(60, 3)
    texts = {"x": f"one {passage} two", "y": f"three {passage.upper()} four"}
    assert in_memory(texts, Passages()).height == 0
    assert in_memory(texts, Passages(fold=True)).height == 1


def test_white_space_does_not_matter():
    passage = english(60, 3)
    texts = {"x": f"one {passage} two", "y": f"three {passage.replace(' ', chr(0x3000) + chr(10))}"}
    assert in_memory(texts, Passages()).height == 1


def test_a_passage_repeated_inside_one_document_stays_once():
    passage = english(60, 3)
    text = f"one {passage} two {passage} three\n{passage}\n"
    assert cleaned({"x": text}, Passages())["x"] == f"one {passage} two three\n"


def test_text_that_goes_on_repeating_itself_is_left_with_what_it_repeats():
    assert cleaned({"x": "row by row " * 99}, Passages())["x"].split() == ["row", "by", "row"]


def test_overlapping_repeats_name_each_document_that_had_them():
    a, b, c = english(40, 1), english(40, 2), english(40, 3)
    names = sorted("pqr", key=place)
    texts = dict(
        zip(names, (f"one {a} {b} two", f"three {b} {c} four", f"{a} {b} {c}"), strict=True)
    )
    rows = in_memory(texts, Passages())
    assert rows["rule"].to_list() == ["passages.whole"] * 2
    assert rows["ref"].to_list() == names[:2]
    assert rows["end"][0] < rows["start"][1]


def test_a_document_that_is_all_copies_is_dropped_as_it_is():
    passage = english(90, 3)
    docs = pl.DataFrame({"id": ["x", "y"], "text": [passage, passage]})
    pipeline = Pipeline.of("one", Passages(), reading=Reading(id_column="id"))
    judged = judge(docs, pipeline)
    assert sorted(judged["verdict"]) == ["kept", "rejected"]
    assert judged["text"].to_list() == [passage, passage]


def test_short_texts_are_no_copies_of_one_another():
    """Field trap A9: documents shorter than a passage, and empty ones."""
    texts = named(["cat", "cat", "", "", " ", english(49, 1), english(49, 1)])
    assert in_memory(texts, Passages()).height == 0


def test_a_share_can_be_too_much():
    passage = english(90, 3)
    docs = pl.DataFrame({"text": [f"one {passage}", f"two {passage}"]})
    judged = judge(docs, Pipeline.of("one", Passages(max_removed=0.9)))
    reasons = [reason for reasons in judged["reasons"] for reason in reasons]
    assert reasons == ["passages.removed.max"]
    assert sorted(judged["verdict"]) == ["kept", "review"]


def test_the_one_copy_of_a_passage_is_not_dropped_with_a_document_that_lost_too_much():
    """The second document loses most of itself, and the third what only the second still has."""
    first, second, third = sorted("xyz", key=place)
    one, two = english(90, 1), english(60, 2)
    texts = {first: f"{one} a", second: f"{one} {two}", third: f"{two} {english(80, 3)}"}
    docs = pl.DataFrame({"id": list(texts), "text": list(texts.values())})
    step = Passages(n=50, max_removed=0.5)
    judged = judge(docs, Pipeline.of("one", step, reading=Reading(id_column="id")))
    verdicts = dict(judged.select("id", "verdict").iter_rows())
    assert verdicts == {first: "kept", second: "review", third: "kept"}
    left = {window for text in judged["text"] for window in windows(text, step)}
    before = [window for text in texts.values() for window in windows(text, step)]
    twice = {window for window in before if before.count(window) > 1}
    assert len(twice) == 41 + 11
    assert twice <= left


def windows(text: str, step: Passages) -> list[tuple[str, ...]]:
    items = [item.text for item in items_of(text, step)]
    return [tuple(items[at : at + step.n]) for at in range(len(items) - step.n + 1)]


@given(texts=texts_of, step=steps, most=st.sampled_from([0.0, 0.3, 0.6]))
def test_only_a_document_that_is_all_copies_is_dropped(
    texts: list[str], step: Passages, most: float
):
    """What stays of others stands where going back ends, and so in kept or review."""
    corpus = named(texts)
    docs = pl.DataFrame({"id": list(corpus), "text": texts})
    step = structs.replace(step, max_removed=most)
    judged = judge(docs, Pipeline.of("one", step, reading=Reading(id_column="id")))
    expected = gone(corpus, step)
    for name, verdict in judged.select("id", "verdict").iter_rows():
        lost, size = len(expected[name]), len(items_of(corpus[name], step))
        if lost and lost == size:
            assert verdict == "rejected"
        else:
            assert verdict == ("review" if lost > most * size else "kept")


def test_counting_changes_nothing():
    passage = english(60, 3)
    texts = {"x": f"one {passage} two", "y": f"three {passage}", "z": passage}
    assert cleaned(texts, Passages(action="count")) == texts
    rows = in_memory(texts, Passages(action="count"))
    assert rows.height == 2
    assert rows["action"].unique().to_list() == [Action.KEEP]
    assert rows["edits"].null_count() == 2


WHITE = (
    ("A.\n\n", "\n\nB.", "A.\n\nB."),
    ("A.\n", "\n\nB.", "A.\n\nB."),
    ("A.\n\n", " B.", "A.\n\nB."),
    ("A. ", "\nB.", "A.\nB."),
    ("A.\n", "\n    B.", "A.\n    B."),
    ("A (", ")B.", "A ( )B."),
    ("甲“", "”乙", "甲“”乙"),
    ("甲。", "。乙", "甲。 。乙"),
    ("", "\n\nB.", "B."),
    ("A.\n\n", "", "A."),
    ("A.\n\n", "\n", "A.\n"),
    ("  ", " B.", "  B."),
)


@pytest.mark.parametrize(("before", "after", "expected"), WHITE)
def test_white_space_at_a_cut(before: str, after: str, expected: str):
    passage = "begun" + chinese(70, 4) + "ended"
    (kept, other) = sorted("xy", key=place)
    texts = {kept: f"?{passage}?", other: before + passage + after}
    assert cleaned(texts, Passages())[other] == expected


def test_sentences_stay_whole():
    one, two = f"This {english(30, 1)} end.", f"That {english(40, 2)} is."
    tail = english(20, 3)
    (kept, other) = sorted("xy", key=place)
    texts = {
        kept: f"Before it. We said {tail}. {one} {two} Or {tail} so.",
        other: f"Here too they said {tail}. {one} {two} Or {tail} but not so.",
    }
    whole = cleaned(texts, Passages(cut="sentence"))
    assert whole[other] == f"Here too they said {tail}. Or {tail} but not so."
    assert whole[kept] == texts[kept]
    assert cleaned(texts, Passages())[other] == "Here too they but not so."


def test_sentences_too_short_together_stay():
    one, tail = f"This {english(30, 1)} end.", english(40, 3)
    texts = {"x": f"A b {tail}. {one} Or {tail} so.", "y": f"C d {tail}. {one} Or {tail} but."}
    assert in_memory(texts, Passages()).height == 1
    assert in_memory(texts, Passages(cut="sentence")).height == 0


def test_sentences_of_chinese():
    one, two = f"“{chinese(30, 1)}。”", f"{chinese(40, 2)}！"
    (kept, other) = sorted("xy", key=place)
    texts = {kept: f"甲乙{one}{two}丙丁。", other: f"戊，己庚。{one}{two}丙丁戊。"}
    assert cleaned(texts, Passages(cut="sentence"))[other] == "戊，己庚。丙丁戊。"


@given(texts=texts_of, step=steps)
def test_by_sentence_less_goes_and_in_runs_of_n(texts: list[str], step: Passages):
    corpus = named(texts)
    by_sentence = Passages(unit=step.unit, n=step.n, fold=step.fold, cut="sentence")
    found = covered(corpus, in_memory(corpus, by_sentence), by_sentence)
    expected = gone(corpus, step)
    for name, mine in found.items():
        assert set(mine) <= expected[name]
        stretch = 0
        for at in range(len(items_of(corpus[name], step)) + 1):
            if at in mine:
                stretch += 1
                continue
            assert stretch == 0 or stretch >= step.n
            stretch = 0


def test_boilerplate_in_10000_documents_stays_linear():
    passage = english(120, 1)

    def rule(texts: dict[str, str]) -> None:
        rows = in_memory(texts, Passages())
        assert rows.height == len(texts) - 1
        assert rows["ref"].n_unique() == 1

    few, many = (
        {f"d{at}": f"{english(30, at)} x{at} {passage} {at} end" for at in range(count)}
        for count in (1000, 10_000)
    )
    assert seconds(lambda: rule(many)) < 25 * seconds(lambda: rule(few))


def test_two_steps_of_the_kind_do_not_take_each_others_findings():
    passage = english(60, 3)
    texts = {"x": f"one {passage} two.", "y": f"three {passage} four.", "z": "So it is."}
    docs = pl.DataFrame({"id": list(texts), "text": list(texts.values())})
    reading = Reading(id_column="id")
    once = Pipeline.of("one", Passages(), reading=reading)
    for second in (Passages(), Passages(n=20), Passages(unit="char", n=3), Passages(n=4000)):
        twice = Pipeline.of("two", Passages(), second, reading=reading)
        after = judge(docs, once)["text"].to_list()
        lone = Pipeline.of("lone", second, reading=reading)
        assert (
            judge(docs, twice)["text"].to_list()
            == judge(docs.with_columns(pl.Series("text", after)), lone)["text"].to_list()
        )


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_over_files_gives_the_same(workers: int, tmp_path: Path):
    texts = {
        f"d{at}": f"{english(30, at)}.\n{english(70, at % 5)}\n{chinese(9, at)}。"
        for at in range(40)
    }
    path = tmp_path / "in.jsonl"
    lines = [json.dumps({"id": name, "text": text}) for name, text in texts.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    reading = Reading(id_column="id", shard_bytes=4000)
    pipeline = Pipeline.of("one", Passages(), reading=reading)
    result = run(pipeline, path, tmp_path / "out", workers=workers)
    kept = result.scan("kept").collect()
    assert dict(kept.select("id", "text").iter_rows()) == cleaned(texts, Passages())
    findings = result.scan("findings").collect()
    assert findings.height == 35
    for row in findings.iter_rows(named=True):
        source = texts[row["doc_id"]].encode()
        (edit,) = decode(row["edits"])
        gone_ = source[row["start"] : row["end"]].decode()
        assert gone_.removeprefix(".\n") == english(70, int(row["doc_id"][1:]) % 5)
        left = len(source) - edit.removed
        assert source_span([row["edits"]], left - 1, left) == (len(source) - 1, len(source))


@pytest.mark.parametrize("fields", [{"n": 1}, {"n": 5000}, {"max_removed": 1.5}])
def test_settings_that_cannot_be_are_told(fields: dict[str, Any]):
    with pytest.raises(InputError, match=next(iter(fields))):
        Passages(**fields)


def test_who_is_in_review_does_not_hold_the_copy_if_another_can():
    shared = " ".join(f"shared{at}" for at in range(60))
    texts = [f"{' '.join(f'own{row}-{at}' for at in range(9))} {shared}" for row in range(8)]
    frame = pl.DataFrame({"text": texts, "n": [9] * 3 + [1] + [9] * 4})
    review = {"quality": {"columns": {"n": {"max": 2, "action": "review"}}}}
    judged = judge(frame, Pipeline.from_builtins({"steps": [review, "passages"]}))
    holders = judged.filter(pl.col("text").str.contains("shared30 ", literal=True))
    assert holders["verdict"].to_list() == ["kept"]
