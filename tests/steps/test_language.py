"""Languages of real pages, of two-language pages, and of what has no language."""

from __future__ import annotations

import pickle
from functools import cache
from itertools import permutations
from pathlib import Path

import msgspec
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from dataqa.errors import InputError
from dataqa.languages import identify, predictor
from dataqa.policy import StepRule, judge
from dataqa.steps.language import Language
from dataqa.types import Action, Assets, Batch, batch_of

ASSETS = Assets((), Path())
DATA = Path(__file__).parents[2] / "examples" / "data"
ENGLISH = "The committee met on Tuesday to talk about the new library and its opening hours. "
GERMAN = "Der Ausschuss traf sich am Dienstag, um über die neue Bibliothek zu sprechen. "
CHINESE = "委员会星期二开会，讨论新图书馆以及它的开放时间，并决定每个周末都对公众开放。"


def batch(*texts: str | None) -> Batch:
    numbers = pl.Series(range(len(texts)), dtype=pl.UInt64)
    ids = [f"d{row}" for row in range(len(texts))]
    return batch_of(
        pl.DataFrame({"_doc": numbers, "doc_id": ids, "text": pl.Series(texts, dtype=pl.String)})
    )


def reasons(step: Language, *texts: str | None) -> list[list[str]]:
    done = step.open(ASSETS)(batch(*texts))
    found = judge(done, [StepRule("language", rule) for rule in step.rules(ASSETS)])
    return [found.filter(pl.col("_doc") == row)["rule"].to_list() for row in range(len(texts))]


@cache
def pages() -> dict[str, list[str]]:
    """Real pages of the example corpus by language."""
    files = pl.read_parquet(DATA / "docs-many.parquet").filter(pl.col("planted").is_null())
    found: dict[str, list[str]] = {"en": [ENGLISH * 60], "zh": [CHINESE * 60]}
    for code, text in files.select("lang_truth", "text").iter_rows():
        found.setdefault(code, []).append(text)
    return found


def test_pages_in_twenty_languages():
    wrong = [
        code
        for code, texts in pages().items()
        for text in texts
        if (verdict := identify(text, 12, predictor())) is None or verdict.language != code
    ]
    assert len(pages()) == 20
    assert not wrong


def test_windows_agree_with_the_whole_text():
    predict = predictor()
    every = [text for texts in pages().values() for text in texts]
    verdicts = [(identify(text, 12, predict), predict(text)) for text in every]
    assert all(found is not None and found.language == whole[0] for found, whole in verdicts)
    scores = [abs(found.score - whole[1]) for found, whole in verdicts if found]
    assert sum(scores) / len(scores) < 0.02


@pytest.mark.parametrize("size", [1000, 5000])
def test_the_larger_half_of_two_languages_in_either_order(size: int):
    wrong: list[tuple[str, str]] = []
    count = 0
    for large, small in permutations(pages(), 2):
        first = " ".join(pages()[large])[: size * 6 // 10]
        second = " ".join(pages()[small])[: size * 4 // 10]
        for text in (f"{first}\n{second}", f"{second}\n{first}"):
            verdict = identify(text, 12, predictor())
            count += 1
            if verdict is None or verdict.language != large:
                wrong.append((large, small))
    assert len(wrong) <= 0.015 * count, wrong


def test_share_tells_a_mixture():
    text = ENGLISH * 12 + GERMAN * 8
    done = Language().open(ASSETS)(batch(text, ENGLISH * 20)).signals
    assert done["language"].to_list() == ["en", "en"]
    assert 0.5 <= done["language_share"][0] < 0.75
    assert done["language_share"][1] == 1


def test_each_rule_trips_alone():
    step = Language(keep=("en",), min=0.65)
    scrap = "Foo bar la bo xi ut po ke."
    assert predictor()(scrap)[1] < 0.65
    low = Language(keep=(), min=0.65)
    assert reasons(step, ENGLISH, GERMAN) == [[], ["language.allowed"]]
    assert reasons(low, ENGLISH, scrap) == [[], ["language.score.min"]]


def test_a10_no_languages_named_keeps_every_language():
    """A10: FineWeb's own script came to keep every language when a default changed."""
    assert reasons(Language(), ENGLISH, GERMAN, CHINESE) == [[], [], []]
    assert reasons(Language(keep=("en",)), GERMAN, CHINESE) == [["language.allowed"]] * 2
    assert "EVERY language" in (Language.__doc__ or "")


@pytest.mark.parametrize("text", [None, "", "  \n", "12345 --- 67", "ok", "你好", "\0\0", "\u0301"])
def test_a_text_without_a_language_is_abstained_from(text: str | None):
    done = Language().open(ASSETS)(batch(text)).signals
    assert done.row(0) == (None, None, None)
    both = ["language.allowed.missing", "language.score.missing"]
    assert reasons(Language(keep=("en",), abstain="review"), text) == [both]
    assert reasons(Language(keep=("en",), abstain="drop"), text) == [both]
    assert reasons(Language(keep=("en",), abstain="keep"), text) == [[]]
    missing = {rule.missing for rule in Language(keep=("en",), abstain="drop").rules(ASSETS)}
    assert missing == {Action.DROP}


def test_doubt_reaches_the_rule():
    assert Language(doubt=0.1).rules(ASSETS)[0].doubt == 0.1


def test_laws():
    texts = (ENGLISH * 40, None, "", CHINESE * 40, ENGLISH * 9 + CHINESE * 9, "a\0b\nc" * 99)
    received = batch(*texts)
    copy = received.docs.clone()
    step = Language(keep=("en", "zh"))
    done = step.open(ASSETS)(received)
    assert_frame_equal(received.docs, copy)
    assert_frame_equal(done.docs, copy)
    parts = [step.open(ASSETS)(received._replace(docs=copy[row : row + 1])) for row in range(6)]
    assert_frame_equal(pl.concat([part.signals for part in parts]), done.signals)
    assert step.open(ASSETS)(batch()).signals.schema == done.signals.schema
    assert pickle.loads(pickle.dumps(step)) == step
    assert msgspec.convert(msgspec.to_builtins(step), Language) == step
    assert step.digest(ASSETS) == step.digest(ASSETS)


@pytest.mark.parametrize("one", ["a", "中", "\n", " ", "\0", "\u0301", "1", "😀"])
def test_a_megabyte_of_one_character(one: str):
    Language().open(ASSETS)(batch(one * (1 << 20), one * (1 << 20) + "x" * 20))


def test_errors():
    with pytest.raises(InputError, match="knows no language 'english'"):
        Language(keep=("english",)).rules(ASSETS)
    with pytest.raises(InputError, match=r"language\.min"):
        Language(min=65)
    with pytest.raises(InputError, match=r"language\.shortest"):
        Language(shortest=0)
