"""Training files: what people said is in them, nothing else is, and nothing is lost."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from commands import dataqa as command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reviews import asked, ledger_of, lines, said, write_lines

import dataqa
from dataqa.errors import InputError
from dataqa.feedback import open_store, record
from dataqa.review.asking.flows import load_flow
from dataqa.review.asking.items import Choice, choose
from dataqa.review.exporting.export import Exported, Source, export
from dataqa.review.exporting.rows import How
from dataqa.review.exporting.training import Format

PAIRS = [{"prompt": f"p{at}", "answer1": f"left {at}", "answer2": f"right {at}"} for at in range(8)]
RANKED = [
    {"prompt": f"p{at}", "answers": [{"id": i, "title": i, "body": f"{i} of {at}"} for i in "abcd"]}
    for at in range(4)
]
TALK = [
    {
        "messages": [
            {"role": "user", "content": f"q{at}"},
            {"role": "assistant", "content": f"a{at}"},
        ]
    }
    for at in range(6)
]
VERDICTS = [{"verdict": "keep"}, {"verdict": "drop"}]
PROMPTS = [{"prompt": f"p{at}", "guideline": "be kind"} for at in range(5)]


def answered(place: Path, name: str, rows: list[Any], *answers: dict[int, Any] | list[Any]) -> Path:
    """A file of records with what each person answered, by row; None is passed over."""
    source = write_lines(place / f"{name}.jsonl", rows)
    with ledger_of(source, name) as (ledger, flow):
        items = asked(source, flow, ledger)
        number = 0
        for person, mine in enumerate(answers, 1):
            each = mine.items() if isinstance(mine, dict) else enumerate(mine)
            for at, answer in each:
                number += 1
                told = said(number, items[at].key, answer or {}, flow, person)
                ledger.add_annotations([told._replace(skipped=answer is None)])
    return source


def made(form: Format, *sources: Path, **how: Any) -> Exported:
    told = How(**how) if how else None
    return export([Source(source) for source in sources], form, told)


def preferred(side: str, strength: str = "") -> dict[str, str]:
    return {"preference": side, **({"strength": strength} if strength else {})}


def test_pairs_become_preferences_with_their_strength(tmp_path: Path):
    one = [preferred("left", "much"), preferred("right"), preferred("left", "tie"),
           preferred("left", "bad"), preferred("left"), None, {"strength": "tie"}, {}]  # fmt: skip
    source = answered(tmp_path, "pairwise", PAIRS, one, {0: preferred("left", "slightly"),
                                                         4: preferred("right")})  # fmt: skip
    told = made("dpo", source)
    first, second = told.rows
    assert (first["prompt"], first["chosen"], first["rejected"]) == ("p0", "left 0", "right 0")
    assert (first["strength"], first["margin"]) == ("slightly", 1.0)
    assert first["decided"]["annotators"] == 2
    assert (second["chosen"], second["strength"], second["margin"]) == ("right 1", None, None)
    assert told.left_out == {
        "equally good": 2,
        "both are bad": 1,
        "people do not agree": 1,
        "passed over": 1,
        "no answer is preferred": 1,
    }
    kept = made("dpo", source, ties=True)
    assert [row["tie"] for row in kept.rows] == [False, False, True, True]
    latest = made("dpo", source, rule="latest")
    assert [row["chosen"] for row in latest.rows] == ["left 0", "right 1", "right 4"]


def test_orders_become_lists_and_pairs(tmp_path: Path):
    whole = {"rank": {"good": ["b", "a"], "bad": ["d", "c"]}}
    source = answered(tmp_path, "ranking", RANKED, [whole, whole, whole],
                      {1: whole, 2: {"rank": {"good": ["a", "b"], "bad": ["c", "d"]}}})  # fmt: skip
    told = made("ranking", source)
    assert told.rows[0]["ranking"] == ["b of 0", "a of 0"]
    assert told.rows[0]["unusable"] == ["d of 0", "c of 0"]
    assert (told.items, told.left_out) == (2, {"people do not agree": 1})
    pairs = made("dpo", source)
    mine = {(row["chosen"], row["rejected"]) for row in pairs.rows if row["prompt"] == "p0"}
    assert mine == {(f"{one} of 0", f"{two} of 0") for one, two in
                    [("b", "a"), ("b", "c"), ("b", "d"), ("a", "c"), ("a", "d")]}  # fmt: skip
    # where two people differ on a pair it is left out, what they agree on stays
    both = {(row["chosen"][0], row["rejected"][0]) for row in pairs.rows if row["prompt"] == "p2"}
    assert both == {("a", "c"), ("a", "d"), ("b", "c"), ("b", "d")}


def test_thumbs_edits_and_deletions(tmp_path: Path):
    answers = [
        {"thumb": "up", "flags": ["favourite"]},
        {"thumb": "down", "edit": "better", "flags": []},
        {"thumb": "up", "edit": "a2"},
        {"thumb": "down", "edit": "x", "flags": ["delete", "wrong"]},
        {"thumb": "up"},
    ]
    source = answered(tmp_path, "feedback", TALK, answers, {4: {"thumb": "down"}})
    thumbs = made("kto", source)
    assert [(row["prompt"], row["completion"], row["label"]) for row in thumbs.rows] == [
        *(("q0", "a0", True), ("q1", "a1", False), ("q2", "a2", True)),
    ]
    assert thumbs.left_out == {"people do not agree": 1, "said to be deleted": 1}
    edits = made("dpo", source)
    assert [(row["chosen"], row["rejected"]) for row in edits.rows] == [("better", "a1")]
    assert edits.left_out == {"no edit": 3, "said to be deleted": 1}
    chats = made("sft", source)
    assert chats.rows[0]["messages"][-1] == {"role": "assistant", "content": "better"}


def test_demonstrations_become_conversations(tmp_path: Path):
    one = [{"answer": "A"}, {"answer": "B", "prompt_ok": "fine"},
           {"answer": "C", "prompt_ok": "unsafe"}, {"answer": "same"}, None]  # fmt: skip
    source = answered(tmp_path, "demonstration", PROMPTS, one, {0: {"answer": "AA"},
                                                                3: {"answer": "same"}})  # fmt: skip
    told = made("sft", source)
    assert [row["messages"] for row in told.rows] == [
        [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]
        for prompt, answer in (("p0", "A"), ("p0", "AA"), ("p1", "B"), ("p3", "same"))
    ]
    assert told.left_out == {"its prompt is said to be unsafe": 1, "passed over": 1}


def test_conversations_stay_conversations_in_the_whole_file(tmp_path: Path):
    longer = {"messages": [{"role": "system", "content": "s"}, *TALK[0]["messages"]]}
    source = answered(tmp_path, "feedback", [TALK[1], longer], [{"thumb": "up"}, {"thumb": "up"}])
    told = made("kto", source)
    assert told.chat
    for row in told.rows:
        assert [one["role"] for one in row["completion"]] == ["assistant"]
        assert isinstance(row["prompt"], list)


def test_feedback_of_an_application_makes_the_same_files(tmp_path: Path):
    for user, thumb in (("u1", False), ("u1", True), ("u2", True), ("u3", False)):
        record("q0", "a0", thumb=thumb, user=user, store=tmp_path)
    record("q1", "a1", thumb="down", edit="better", store=tmp_path)
    record("q2", "a2", thumb="up", flags=["delete"], store=tmp_path)
    hidden = record("q3", "a3", thumb="up", store=tmp_path)
    record("q4", "a4", favourite=True, store=tmp_path)
    with open_store(tmp_path) as store:
        store.hide([hidden])
    told = made("kto", tmp_path)
    assert [(row["prompt"], row["label"]) for row in told.rows] == [("q0", True), ("q1", False)]
    assert told.rows[0]["decided"]["share"] == pytest.approx(2 / 3, abs=1e-4)
    assert told.left_out == {"no thumb": 1, "said to be deleted": 1}
    assert [row["chosen"] for row in made("dpo", tmp_path).rows] == ["better"]
    with pytest.raises(InputError, match="no ranking"):
        made("ranking", tmp_path)


def test_texts_that_changed_since_are_counted_not_exported(tmp_path: Path):
    source = answered(tmp_path, "pairwise", PAIRS, [preferred("left")] * 8)
    write_lines(source, [*PAIRS[:3], {**PAIRS[3], "answer1": "another"}, *PAIRS[5:]])
    told = made("dpo", source)
    assert [row["prompt"] for row in told.rows] == ["p0", "p1", "p2", "p5", "p6", "p7"]
    assert told.left_out == {"its text is not in the source any more": 2}


words = st.sampled_from(["left", "right"])
one_answer = st.none() | st.fixed_dictionaries(
    {}, optional={"preference": words, "strength": st.sampled_from(["much", "tie", "bad"])}
)
persons = st.lists(st.dictionaries(st.integers(0, 7), one_answer, max_size=8), max_size=3)


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(persons, st.sampled_from(["majority", "unanimous", "latest"]), st.integers(1, 2))
def test_every_touched_item_is_in_the_file_or_counted(
    tmp_path_factory: pytest.TempPathFactory, some: list[Any], rule: Any, least: int
):
    source = answered(tmp_path_factory.mktemp("e"), "pairwise", PAIRS, *some)
    touched = {at for mine in some for at in mine}
    for form in ("dpo", "gold"):
        told = made(form, source, rule=rule, least=least)
        assert told.items + sum(told.left_out.values()) == len(touched)
        items = [row["decided"]["item"] for row in told.rows]
        assert len(set(items)) == told.items == len(items)
        assert told == made(form, source, rule=rule, least=least)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("run")
    docs = [{"id": f"d{at}", "text": f"Document number {at} of {'word ' * (3 + at)}."}
            for at in range(12)]  # fmt: skip
    write_lines(place / "docs.jsonl", docs)
    (place / "p.yaml").write_text("name: p\nreading: {id_column: id}\nsteps:\n- normalize\n")
    dataqa.run(str(place / "p.yaml"), str(place / "docs.jsonl"), place / "out")
    return place / "out"


def test_agreed_answers_become_gold_that_a_push_takes(run: Path, tmp_path: Path):
    flow = load_flow("quality")
    state = tmp_path / "state"
    with ledger_of(tmp_path, "quality") as (ledger, _):
        items = list(choose(run, flow, Choice(items=None, audit=1.0, blind=0.0)))
        assert len(items) >= 8
        ledger.add(one._replace(data=None) for one in items)
        for person in (1, 2):
            ledger.add_annotations(
                said(100 * person + at, one.key, VERDICTS[at % 2], flow, person)
                for at, one in enumerate(items)
            )
        ledger.add_annotations([said(999, items[0].key, {"verdict": "drop"}, flow, 2),
                                said(1000, items[2].key, {}, flow, 2, skipped=True)])  # fmt: skip
        state = ledger.folder
    told = export([Source(run, ("quality",), state=state)], "gold")
    assert told.left_out == {"people do not agree": 1}
    first = next(one for one in items if one.key == told.rows[0]["decided"]["item"])
    assert told.rows[0]["data"] == first.data
    gold = write_lines(tmp_path / "gold.jsonl", told.rows)
    again = list(choose(run, flow, Choice(items=None, gold=gold)))
    assert [one.facts["answer"] for one in again if one.kind == "gold"] == [
        row["answer"] for row in told.rows
    ]


def test_private_values_are_taken_out_when_asked(tmp_path: Path):
    rows = [{"prompt": "Mail jane@corp.com", "answer1": "to jane@corp.com", "answer2": "no"}]
    source = answered(tmp_path, "pairwise", rows, [preferred("left", "much")])
    plain, clean = tmp_path / "plain.jsonl", tmp_path / "clean.jsonl"
    assert command("export", "--format", "dpo", source, "-o", plain).code == 0
    assert lines(plain)[0]["chosen"] == "to jane@corp.com"
    assert command("export", "--format", "dpo", source, "-o", clean, "--scrub", "tag").code == 0
    assert b"jane" not in clean.read_bytes()
    (row,) = lines(clean)
    assert (row["strength"], row["decided"]["flow"]) == ("much", "pairwise")


def test_several_sources_are_one_file_without_twins(tmp_path: Path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one = answered(tmp_path / "a", "pairwise", PAIRS[:2], [preferred("left")] * 2)
    two = answered(tmp_path / "b", "pairwise", PAIRS[1:4], [preferred("right")] * 3)
    told = made("dpo", one, two)
    assert Counter(row["prompt"] for row in told.rows) == Counter(["p0", "p1", "p2", "p3"])
    assert told.left_out == {"it is in an earlier source too": 1}


def test_the_command_says_what_is_left_out_and_what_is_wrong(tmp_path: Path):
    source = answered(tmp_path, "pairwise", PAIRS, [preferred("left"), None])
    told = command("export", "--format", "dpo", source, "--chat")
    assert told.code == 0
    (row,) = [msgspec.json.decode(line) for line in told.out.splitlines()]
    assert row["chosen"] == [{"role": "assistant", "content": "left 0"}]
    assert "1 left out: passed over" in told.err
    out = tmp_path / "x.jsonl"
    told = command("export", "--format", "dpo", source, "-o", out, "--log", "json")
    assert msgspec.json.decode(told.out)["left_out"] == {"passed over": 1}
    for wrong in (
        ("--format", "kto", source),
        ("--format", "dpo", source, "--flow", "ranking"),
        ("--format", "dpo", tmp_path),
        ("--format", "dpo", tmp_path / "nowhere"),
        ("--format", "dpo", source, "-o", source),
        ("--format", "dpo", source, "--state", tmp_path),
    ):
        assert command("export", *wrong).code == 2, wrong
    assert len(lines(source)) == len(PAIRS)
