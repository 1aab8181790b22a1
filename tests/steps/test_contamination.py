"""The step ``contamination`` in pipelines: evidence, bounds that decide, digests of its files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from dataqa.engine.decide import decide, foresee
from dataqa.engine.local import run_local
from dataqa.errors import InputError
from dataqa.pipeline import Pipeline
from dataqa.steps.contamination import Contamination
from dataqa.types import DOC, TEXT, Action, Assets, batch_of

PROBLEMS = (
    {
        "question": "Mirela keeps 14 beehives on the slope behind her barn. Each hive gives 9 jars "
        "of honey in June. She keeps 7 jars for her cousins. How many are left for the fair?",
        "answer": "In June the hives give 14 * 9 = 126 jars, and 126 - 7 = 119 are left. #### 119",
    },
    {
        "question": "A ferry leaves the island every 40 minutes and carries 55 passengers at most. "
        "If 480 hikers queue at the pier before dawn, after how many departures are all gone?",
        "answer": "Each ferry takes 55 hikers, and 480 / 55 is a little under 9, so nine ferries "
        "must leave before the pier is empty. #### 9",
    },
    {
        "question": "The bakery on Linden Street sells walnut rolls for 4 crowns and poppy rolls "
        "for 3 crowns. It sold 61 rolls and took 215 crowns. How many had walnuts in them?",
        "answer": "If all had been poppy rolls it would have taken 32 crowns fewer. #### 32",
    },
    {
        "question": "Yusuf reads 25 pages of a chronicle on weekdays and 60 pages on each day of "
        "the weekend. On which day of his reading does he close its six hundred and forty pages?",
        "answer": "A week makes 245 pages, so he ends six days after the second one. #### 20",
    },
)
SOCIETY = tuple(
    {"question": f"What does the handbook of the society tell new members about {what}, and when "
     "was it first told to them in writing by the elder keeper of the lantern?"}
    for what in ("tidal mills", "winter grafting", "limestone caverns")
)  # fmt: skip
FILLER = (
    "The council met again on Thursday to hear about the drains, and nothing was settled. A long "
    "letter from the harbour master was read aloud; several members asked for it to be copied. "
)


def asked(item: dict[str, str]) -> str:
    return f"{item['question']}\n{item['answer'].replace('####', 'The answer is')}."


def within(text: str) -> str:
    return f"{FILLER * 4}\n\n{text}\n\n{FILLER * 4}"


def written(path: Path, items: Sequence[dict[str, str]]) -> None:
    path.write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")


DOCUMENTS = {
    "leak": within(asked(PROBLEMS[0])),
    "clean": FILLER,
    "half": within(PROBLEMS[1]["question"]),
    "both": within(asked(PROBLEMS[2])) + within(asked(PROBLEMS[3])),
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "fair.jsonl", PROBLEMS)
    written(tmp_path / "society.jsonl", SOCIETY)
    rows = [{"id": name, "text": text} for name, text in DOCUMENTS.items()]
    written(tmp_path / "corpus.jsonl", rows)
    return tmp_path


def documents(*texts: str | None) -> pl.DataFrame:
    return pl.DataFrame(
        {
            DOC: pl.Series(range(len(texts)), dtype=pl.UInt64),
            "doc_id": [f"d{at}" for at in range(len(texts))],
            TEXT: pl.Series(texts, dtype=pl.String),
        }
    )


def test_signals_and_findings(place: Path, assets: Assets):
    step = Contamination(against=("fair.jsonl", "society.jsonl"))
    after = step.open(assets)(batch_of(documents(*DOCUMENTS.values(), None)))
    assert after.signals["contamination"].to_list() == [1.0, 0.0, 0.75, 1.0, None]
    assert after.signals["contamination:fair"].to_list() == [1.0, 0.0, 0.75, 1.0, None]
    assert after.signals["contamination:society"].to_list() == [0.0] * 4 + [None]
    assert after.signals["contamination_control:fair"].to_list() == [0.0] * 4 + [None]
    words = after.signals["contamination_tokens"].to_list()
    assert words[1] == 0
    assert words[0] > words[2] > 20
    found = after.findings
    assert found["rule"].unique().to_list() == ["contamination.fair"]
    assert found["ref"].to_list() == [f"fair.jsonl#{at}" for at in (1, 2, 3, 4)]
    assert found["detail"].to_list()[:2] == [
        "question 1.00, answer 1.00",
        "question 1.00, answer 0.00",
    ]
    assert set(found["action"]) == {Action.KEEP}
    first = found.row(0, named=True)
    passage = DOCUMENTS["leak"].encode()[first["start"] : first["end"]].decode()
    assert passage.startswith("Mirela keeps")


def test_words_found_twice_are_counted_once(place: Path, assets: Assets):
    written(place / "again.jsonl", PROBLEMS)
    run = Contamination(against=("fair.jsonl", "again.jsonl")).open(assets)
    alone = Contamination(against=("fair.jsonl",)).open(assets)
    batch = batch_of(documents(DOCUMENTS["leak"]))
    assert run(batch).findings.height == 2
    name = "contamination_tokens"
    assert run(batch).signals[name].to_list() == alone(batch).signals[name].to_list()


def pipeline() -> Pipeline:
    return Pipeline.from_builtins(
        {
            "name": "clean",
            "reading": {"id_column": "id"},
            "steps": [{"contamination": {"against": ["fair.jsonl"]}}],
        }
    )


def verdicts(out: Path) -> dict[str, str]:
    signals = pl.read_parquet(out / "signals" / "*.parquet")
    return dict(signals.select("doc_id", "verdict").rows())


def test_a_run_drops_the_sure_and_has_the_doubtful_reviewed(place: Path):
    finished = run_local(pipeline(), ["corpus.jsonl"], place / "out")
    assert verdicts(place / "out") == {
        "leak": "rejected",
        "clean": "kept",
        "half": "review",
        "both": "rejected",
    }
    examples = finished.report["examples"]["contamination/contamination.fair"]
    assert any("Mirela keeps 14 beehives" in str(example) for example in examples)


def test_another_bound_decides_over_what_was_measured(place: Path):
    run_local(pipeline(), ["corpus.jsonl"], place / "out")
    foreseen = foresee(place / "out", {"contamination.fair.doubt": 0.01})
    assert foreseen.after["rejected"] == 3
    decide(place / "out", {"contamination.doubt": 0.01}, place / "again")
    assert verdicts(place / "again") == {
        "leak": "rejected",
        "clean": "kept",
        "half": "rejected",
        "both": "rejected",
    }
    decide(place / "out", {"contamination.action": "review"}, place / "soft")
    assert set(verdicts(place / "soft").values()) == {"kept", "review"}
    decide(place / "out", {"contamination.action": "keep"}, place / "open")
    assert set(verdicts(place / "open").values()) == {"kept"}
    with pytest.raises(InputError, match="what is measured"):
        decide(place / "out", {"contamination.against": ["society.jsonl"]}, place / "other")


def test_a_benchmark_that_changed_is_another_measure(place: Path, assets: Assets):
    step = Contamination(against=("fair.jsonl",), background=("corpus.jsonl",))
    before = step.digest(assets)
    assert step.digest(assets) == before
    written(place / "corpus.jsonl", [{"id": "new", "text": "other"}])
    between = step.digest(assets)
    written(place / "fair.jsonl", PROBLEMS[1:])
    assert len({before, between, step.digest(assets)}) == 3
    run_local(pipeline(), ["corpus.jsonl"], place / "out")
    written(place / "fair.jsonl", PROBLEMS[2:])
    with pytest.raises(InputError, match="measured"):
        decide(place / "out", {"contamination.max": 0.75}, place / "other")


def test_a_question_that_the_background_holds_often_is_for_review(place: Path, assets: Assets):
    famous = PROBLEMS[1]["question"]
    crowd = [{"text": f"{FILLER} {at} {famous} {FILLER}"} for at in range(10)]
    written(place / "crowd.jsonl", crowd)
    written(place / "bare.jsonl", [{"question": item["question"]} for item in PROBLEMS])
    step = Contamination(against=("bare.jsonl",), background=("crowd.jsonl",), public=10)
    texts = documents(within(famous), within(PROBLEMS[0]["question"]))
    after = step.open(assets)(batch_of(texts))
    assert after.signals["contamination:bare"].to_list() == [0.0, 1.0]
    assert after.signals["contamination_public"].to_list() == [1.0, 0.0]
    rules = {rule.key: rule for rule in step.rules(assets)}
    assert rules["contamination.public"].action == Action.REVIEW
    assert rules["contamination.public"].max == pytest.approx(0.6)
    assert "contamination.public" not in {
        rule.key for rule in Contamination(against=("bare.jsonl",)).rules(assets)
    }


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"max": 0.95}, "max 0.95"),
        ({"doubt": 0.4}, "doubt 0.4"),
        ({"public": 0}, "public"),
        ({"action": "delete"}, "no such action"),
    ],
)
def test_settings_that_mean_nothing_are_refused(fields: dict[str, object], told: str):
    with pytest.raises(InputError, match=told):
        Contamination(against=("fair.jsonl",), **fields)  # pyright: ignore[reportArgumentType]


def test_a_step_without_benchmarks_says_so(assets: Assets):
    with pytest.raises(InputError, match="no benchmark is named"):
        Contamination().rules(assets)
    with pytest.raises(InputError, match="no such file"):
        Contamination(against=("nowhere.jsonl",)).open(assets)
