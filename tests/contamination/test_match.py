"""What is found in texts, and what is not."""

from __future__ import annotations

import re

import polars as pl
import pytest
from benches import (
    CHINESE,
    CHOICES,
    CODE,
    FILLER,
    PROBLEMS,
    asked,
    changed,
    matcher,
    scores,
    within,
)

from dataqa.decontaminate.match import Matcher

SURE, DOUBTED = 0.8, 0.6


@pytest.fixture(scope="module")
def problems() -> Matcher:
    return matcher(PROBLEMS)


@pytest.mark.parametrize("at", range(len(PROBLEMS)))
def test_verbatim_inside_a_long_text(at: int, problems: Matcher):
    (found,) = scores(problems, within(asked(PROBLEMS[at]), 40))
    assert found == {f"b0#{at + 1}": 1.0}


def test_the_span_is_question_and_answer(problems: Matcher):
    text = "Übung — " + within(asked(PROBLEMS[0]))
    (match,) = problems.find(pl.Series([text])).matches.to_dicts()
    passage = text.encode()[match["start"] : match["end"]].decode()
    assert passage.startswith("Mirela keeps 14 beehives")
    assert passage.endswith(("182 jars to the fair", "182"))
    assert match["words"] == len(re.findall(r"[\w']+", passage))


def test_one_word_in_ten_changed(problems: Matcher):
    for item in PROBLEMS:
        (found,) = scores(problems, within(changed(asked(item), 10)))
        assert max(found.values()) > SURE


def test_white_space_case_and_punctuation_do_not_matter(problems: Matcher):
    for at, item in enumerate(PROBLEMS):
        text = re.sub(r"\s+", "\n\t ", asked(item).upper()).replace(".", " —").replace("?", "**")
        (found,) = scores(problems, within(f"**{text}**"))
        assert found[f"b0#{at + 1}"] > 0.95


def test_a_question_without_its_answer_is_for_review(problems: Matcher):
    for item in PROBLEMS:
        (found,) = scores(problems, within(item["question"]))
        assert all(DOUBTED < score < SURE for score in found.values())
        assert len(found) == 1


def test_a_question_of_a_benchmark_without_answers_is_found():
    bare = matcher([{"question": item["question"]} for item in PROBLEMS])
    (found,) = scores(bare, within(PROBLEMS[1]["question"]))
    assert found == {"b0#2": 1.0}


def test_the_final_number_is_answer_enough(problems: Matcher):
    (found,) = scores(problems, within(PROBLEMS[3]["question"] + " Answer: 32."))
    assert found["b0#4"] == 1.0


def test_a_short_answer_far_away_is_none(problems: Matcher):
    near, far = ("word " * 45 + "32", "word " * 60 + "32")
    (close, away) = scores(problems, *(PROBLEMS[3]["question"] + " " + end for end in (near, far)))
    assert close["b0#4"] == 1.0
    assert away["b0#4"] < SURE


def test_an_answer_alone_is_not_found(problems: Matcher):
    for item in PROBLEMS:
        (found,) = scores(problems, within(item["answer"]))
        assert not found


def test_a_short_item_must_be_whole():
    item = {
        "question": "How many grey herons nested beside the old upper mill pond in the wet spring "
        "of that year?",
        "answer": "Eleven pairs",
    }
    short = matcher([item, *PROBLEMS])
    whole = f"{item['question']} {item['answer']}"
    almost = whole.replace("herons", "storks")
    verbatim, edited = scores(short, within(whole), within(almost))
    assert verbatim["b0#1"] == 1.0
    assert edited.get("b0#1", 0.0) < SURE
    assert short.index.census[0].used == len(PROBLEMS) + 1


def test_items_too_short_or_too_plain_are_counted_and_not_looked_for():
    few = {"question": "What is the capital of the island?", "answer": "Port Anne"}
    plain = {"question": "ding dong " * 15}
    odd = matcher([few, plain, PROBLEMS[0], PROBLEMS[0], PROBLEMS[1]])
    census = odd.index.census[0]
    assert census[1:] == (5, 2, 1, 1, 1)
    assert scores(odd, within(" ".join(few.values())), within(plain["question"])) == [{}, {}]


def test_chinese_is_found_by_characters():
    zh = matcher(CHINESE)
    item = CHINESE[0]
    spaced = " ".join(item["question"]).replace("，", "　,　")
    other = "果园里有许多梨树，王师傅每天都要去看看，鸟儿常来。" * 4
    verbatim, loose, alone, unrelated = scores(
        zh,
        f"{other}{item['question']}{item['answer']}。{other}",
        f"{other}{spaced} 答案：{item['answer']}",
        other + item["question"],
        other,
    )
    assert verbatim == loose == {"b0#1": 1.0}
    assert DOUBTED < alone["b0#1"] < SURE
    assert not unrelated


def test_code_is_found_and_its_imports_are_not():
    code = matcher(CODE)
    item = CODE[0]
    idiom = (
        "from typing import List\n\n\ndef tallest(heights: List[int]) -> int:\n"
        '    """ Return the tallest of the heights.\n    >>> tallest([5, 1, 2])\n    5\n    """\n'
        "    best = 0\n    for height in heights:\n        best = max(best, height)\n"
        "    return best\n"
    )
    whole, prompt, other = scores(
        code,
        within(item["prompt"] + item["canonical_solution"]),
        within(item["prompt"].replace("    ", "\t")),
        idiom * 3,
    )
    assert whole == {"Made/0": 1.0}
    assert DOUBTED < prompt["Made/0"] < SURE
    assert not other


def test_trap_marin_6852_boilerplate_of_a_benchmark_says_nothing():
    """Field trap: n-grams that half of a benchmark shares flagged whatever held them."""
    society = matcher(CHOICES)
    template = (
        "Which of the following is the best description of {} according to the introductory "
        "handbook for new members of the society? None of the above. All of the above. It cannot "
        "be determined."
    )
    true, other = scores(
        society,
        template.format("a tidal mill on a narrow northern estuary")
        + " Answer: a wheel that turns with the ebb",
        template.format("Sunday opening hours at the municipal swimming baths"),
    )
    assert true == {"c0": 1.0}
    assert max(other.values(), default=0.0) < DOUBTED


def test_trap_marin_7126_what_much_of_the_corpus_has_weighs_little():
    """Field trap: text that many documents share is verbatim text of some entry, and no leak."""
    common = "Permission is granted to copy this file as long as this notice stays on top of it"
    entry = f"{common}, says the header. Which licence of the river authority begins like that?"
    items = [{"question": entry}, *({"question": item["question"]} for item in PROBLEMS)]
    crowd = [f"{common}. {FILLER} number {at}" for at in range(300)]
    text = f"{common}, says the header of the old atlas, and nobody minds."
    (naive,) = scores(matcher(items), text)
    (informed,) = scores(matcher(items, background=crowd), text)
    assert naive["b0#1"] > 0.5
    assert informed.get("b0#1", 0.0) < naive["b0#1"]
    (leaked,) = scores(matcher(items, background=crowd), entry)
    assert leaked["b0#1"] == 1.0


def test_a_question_with_an_entry_for_each_choice_is_looked_for_once():
    question = PROBLEMS[3]["question"]
    flat = [{"question": question, "answer": answer} for answer in ("thirty", "thirty two")]
    both = matcher([*flat, *PROBLEMS[:2]])
    assert both.index.base.real == 3
    assert both.index.census[0].used == 4
    (found,) = scores(both, within(question + " Thirty two."))
    assert found["b0#2"] == 1.0
    assert found["b0#1"] == 1.0  # thirty is there too
    (other,) = scores(both, within(question + " Two."))
    assert all(DOUBTED < score < SURE for score in other.values())
    assert len(other) == 2


def test_a_passage_supports_its_question():
    passage = (
        "The salt road left the coast at Brannoc, crossed the heath by way of nine stone markers, "
        "and came down to the abbey through a gorge that flooded every second autumn."
    )
    item = {
        "passage": passage,
        "question": "By way of how many markers did the salt road cross the heath to the abbey?",
        "answer": "nine",
    }
    support = matcher([item, *PROBLEMS])
    whole, bare, alone = scores(
        support,
        within(f"{passage}\n{item['question']} Nine."),
        within(f"{item['question']} Nine."),
        within(passage),
    )
    assert whole["b0#1"] == 1.0
    assert bare["b0#1"] < whole["b0#1"]
    assert not alone


def test_an_item_twice_in_a_text_is_told_twice(problems: Matcher):
    text = within(asked(PROBLEMS[2])) + within(asked(PROBLEMS[2]))
    matches = problems.find(pl.Series([text])).matches
    assert matches["entry"].to_list() == [2, 2]
    assert matches["end"][0] < matches["start"][1]


def test_a_dump_of_a_benchmark_holds_all_its_items(problems: Matcher):
    dump = "\n".join(asked(item) for item in PROBLEMS)
    found = problems.find(pl.Series([dump]))
    assert sorted(found.matches["entry"]) == list(range(len(PROBLEMS)))
    assert found.control.height == 0


def test_more_stretches_than_there_is_room_for(problems: Matcher, monkeypatch: pytest.MonkeyPatch):
    texts = [within(asked(item)) for item in PROBLEMS] + ["\n".join(map(asked, PROBLEMS))] * 3
    whole = problems.find(pl.Series(texts))
    monkeypatch.setattr("dataqa.decontaminate.stretches._ROOM", 1)
    assert all(
        one.equals(other) for one, other in zip(problems.find(pl.Series(texts)), whole, strict=True)
    )


def test_nulls_empty_texts_and_no_texts(problems: Matcher):
    assert scores(problems, None, "", "\x00") == [{}, {}, {}]
    assert problems.find(pl.Series([], dtype=pl.String)).matches.height == 0


def test_a_benchmark_of_which_nothing_can_be_used():
    nothing = matcher([{"question": "Too short?"}])
    assert scores(nothing, within(asked(PROBLEMS[0]))) == [{}]
    alone = matcher([PROBLEMS[0]])
    assert scores(alone, within(asked(PROBLEMS[0]))) == [{"b0#1": 1.0}]
