from pathlib import Path

import msgspec
import polars as pl
import pytest

from dataqa.errors import InputError
from dataqa.packs import load_packs
from dataqa.policy import StepRule, judge
from dataqa.registry import shipped
from dataqa.rules import Rule
from dataqa.steps.quality import Column, Quality
from dataqa.types import DOC, DOC_ID, TEXT, Action, Assets, batch_of

SHIPPED = Assets((shipped("rules"),), Path())


def batch(**columns: list[object]):
    texts = columns.pop("text")
    docs = {
        DOC: pl.Series(range(len(texts)), dtype=pl.UInt64),
        DOC_ID: list("abcdef"[: len(texts)]),
    }
    return batch_of(pl.DataFrame(docs | {TEXT: pl.Series(texts, dtype=pl.String)} | columns))


def tripped(step: Quality, **columns: list[object]) -> list[tuple[int, str]]:
    judged = step.open(SHIPPED)(batch(**columns))
    findings = judge(judged, [StepRule("quality", rule) for rule in step.rules(SHIPPED)])
    return list(zip(findings[DOC].to_list(), findings["rule"].to_list(), strict=True))


def test_every_signal_of_every_pack_is_measured_and_nothing_else():
    step = Quality(
        packs=("gopher", "c4", "fineweb"), signals=("char_count", "stop_words:en-gopher")
    )
    result = step.open(SHIPPED)(batch(text=["Some words.", None, ""]))
    wanted = {rule.signal for rule in step.rules(SHIPPED)} | {"char_count"}
    assert set(result.signals.columns) == wanted
    assert result.signals["char_count"].to_list() == [11, None, 0]
    assert not result.findings.height


def test_signals_of_earlier_steps_stay():
    first = batch(text=["Some words."]).with_signals({"language": pl.Series(["en"])})
    result = Quality(signals=("word_count",)).open(SHIPPED)(first)
    assert result.signals.to_dicts() == [{"language": "en", "word_count": 2}]


def test_nothing_asked_is_nothing_done():
    first = batch(text=["Some words."])
    assert Quality().open(SHIPPED)(first) is first
    assert Quality().rules(SHIPPED) == ()


def test_rules_of_packs_come_in_order_with_the_users_bounds():
    step = Quality(packs=("fineweb", "c4"), bounds={"c4.sentences.min": 3})
    fineweb, c4 = load_packs(("fineweb", "c4"), SHIPPED)
    changed = c4.rules[0]._replace(min=3)
    assert step.rules(SHIPPED) == (*fineweb.rules, changed, *c4.rules[1:])


def test_an_unmeasurable_text_asks_for_review_once():
    assert tripped(Quality(packs=("gopher",)), text=[None]) == [(0, "gopher.word_count.missing")]


def test_a_licence_column_is_a_rule():
    step = Quality(columns={"licence": Column(one_of=("cc0", "mit"), missing="drop")})
    assert tripped(step, text=["a", "b", "c"], licence=["mit", "gpl", None]) == [
        (1, "quality.licence"),
        (2, "quality.licence.missing"),
    ]


def test_consent_and_score_columns_are_rules():
    step = Quality(
        columns={
            "consent": Column(none_of=("no",), missing="keep"),
            "score": Column(min=3, doubt=0.5, action="review"),
        },
        bounds={"quality.score.min": 2},
    )
    assert tripped(step, text=["a", "b", "c"], consent=["no", "yes", None], score=[5, 1, 4]) == [
        (0, "quality.consent"),
        (1, "quality.score.min"),
    ]


def test_a_number_column_may_be_judged_by_a_list():
    step = Quality(columns={"year": Column(one_of=("2023", "2024"))})
    assert tripped(step, text=["a", "b"], year=[2024, 1999]) == [(1, "quality.year")]


def test_the_columns_rule_carries_all_it_was_given():
    column = Column(min=1, max=4, doubt=0.1, action="review", missing="keep")
    assert Quality(columns={"score": column}).rules(SHIPPED) == (
        Rule(
            "quality",
            "score",
            "column:score",
            min=1,
            max=4,
            action=Action.REVIEW,
            doubt=0.1,
            cite="the pipeline",
            missing=Action.KEEP,
        ),
    )


@pytest.mark.parametrize(
    ("step", "what", "hint"),
    [
        (Quality(packs=("gofer",)), "no pack is named 'gofer'", "gopher"),
        (Quality(signals=("wordcount",)), "no signal is named 'wordcount'", "word_count"),
        (Quality(signals=("stop_words",)), "no signal is named", "write stop_words:LIST"),
        (Quality(signals=("word_count:en-gopher",)), "no signal is named", "write word_count"),
        (Quality(signals=("stop_words:en-gofer",)), "no word list is named", "en-gopher"),
    ],
)
def test_a_wrong_name_is_an_error_when_the_step_opens(step: Quality, what: str, hint: str):
    with pytest.raises(InputError, match=what) as caught:
        step.open(SHIPPED)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("step", "what"),
    [
        (Quality(packs=("c4",), bounds={"c4.sentence.min": 1}), "no bound 'c4.sentence.min'"),
        (Quality(packs=("c4",), bounds={"c4.sentences.min": 0}), "can never trip"),
        (Quality(columns={"a": Column()}), "a column is judged either by"),
        (Quality(columns={"a": Column(min=1, one_of=("b",))}), "a column is judged either by"),
        (Quality(columns={"a": Column(min=2, max=1)}), "min is above max"),
    ],
)
def test_a_wrong_bound_is_an_error_when_rules_are_asked_for(step: Quality, what: str):
    with pytest.raises(InputError, match=what):
        step.rules(SHIPPED)


def test_a_column_that_the_source_lacks_is_named():
    opened = Quality(columns={"license": Column(one_of=("mit",))}).open(SHIPPED)
    with pytest.raises(InputError, match="no column 'license'") as caught:
        opened(batch(text=["a"], licence=["mit"]))
    assert "licence" in caught.value.hint


def test_a_pack_whose_examples_fail_does_not_open(tmp_path: Path):
    (tmp_path / "bad.yaml").write_text(
        "pack: bad\ndialect: ours\ntitle: x\ncite: x\nrules:\n  r:\n    signal: word_count\n"
        "    min: 2\n    trips: [two words]\n    passes: [two words]\n"
    )
    with pytest.raises(InputError, match=r"bad.yaml:9: rule r does not trip"):
        Quality(packs=(str(tmp_path / "bad.yaml"),)).open(SHIPPED)


def test_fields_survive_yaml():
    step = Quality(packs=("gopher",), columns={"licence": Column(one_of=("mit",))})
    tree = msgspec.to_builtins(step)
    assert msgspec.convert(tree, Quality) == step


def test_the_digest_follows_packs_and_lists(tmp_path: Path):
    step = Quality(packs=("c4",), signals=("word_hits:mine",))
    (tmp_path / "words").mkdir()
    assets = Assets((tmp_path, *SHIPPED.rules), tmp_path)

    def digest_with(words: str) -> str:
        text = f"words: mine\ntitle: x\ncite: x\nitems: [{words}]\n"
        (tmp_path / "words" / "mine.yaml").write_text(text)
        return step.digest(assets)

    assert digest_with("a, b") == digest_with("b, a")
    assert digest_with("a, b") != digest_with("a, c")
    assert Quality(packs=("gopher",)).digest(SHIPPED) != Quality(packs=("c4",)).digest(SHIPPED)
