"""Every shipped pipeline, over the example corpus: good prose is kept, planted trouble is not."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pytest

import dataqa
from dataqa.errors import InputError
from dataqa.registry import shipped
from dataqa.tables.pipelines import holds_tables

ELSEWHERE = {"educational"}
"""Asks a language model: tests/steps/test_score_llm.py runs it with an endpoint."""
NAMES = sorted(
    path.stem
    for path in shipped("pipelines").glob("*.yaml")
    if path.stem not in ELSEWHERE and not holds_tables(path)
)


class Ran(NamedTuple):
    """A run over the example corpus: what became of each row, by its own id."""

    result: dataqa.Result
    verdict: dict[str, str]
    reasons: dict[str, set[str]]
    planted: dict[str, str | None]
    language: dict[str, str | None]


@pytest.fixture(scope="module")
def ran(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    return {name: _run(name, examples, tmp_path_factory.mktemp(name)) for name in NAMES}


def _run(name: str, examples: Path, out: Path) -> Ran:
    result = dataqa.run(name, examples, out, settings={"reading.id_column": "id"})
    folders = [
        result.scan(folder)
        .select("doc_id", "planted", "lang_truth", pl.lit(folder).alias("verdict"))
        .collect()
        for folder in ("kept", "rejected", "review")
        if result.counts[folder]
    ]
    rows = pl.concat(folders)
    asking = result.scan("findings").filter(pl.col("action").is_in(["drop", "review"])).collect()
    reasons: dict[str, set[str]] = {doc: set() for doc in rows["doc_id"]}
    for doc, rule in asking.select("doc_id", "rule").iter_rows():
        reasons.setdefault(doc, set()).add(rule)
    columns = [
        dict(rows.select("doc_id", c).iter_rows()) for c in ("verdict", "planted", "lang_truth")
    ]
    return Ran(result, columns[0], reasons, columns[1], columns[2])


def test_the_three_are_there():
    assert {"quickstart", "web-en", "web-zh"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_document_went_somewhere_and_every_refusal_has_a_reason(
    name: str, ran: dict[str, Ran]
):
    counts = ran[name].result.counts
    assert counts["documents"] == 897
    assert counts["quarantine"] == 1, "the planted null text"
    assert sum(counts[v] for v in ("kept", "rejected", "review", "quarantine")) == 897
    for doc, verdict in ran[name].verdict.items():
        assert bool(ran[name].reasons[doc]) == (verdict != "kept"), doc


@pytest.mark.parametrize("name", NAMES)
def test_the_header_says_what_it_is_and_how_to_run_it(name: str):
    text = (shipped("pipelines") / f"{name}.yaml").read_text(encoding="utf-8")
    header = text.partition("name:")[0]
    assert all(line.startswith("#") for line in header.splitlines())
    assert f"dataqa run pipelines/{name}.yaml" in header


@pytest.mark.parametrize(
    ("name", "language", "least"),
    [
        ("web-en", "en", 120),
        ("web-zh", "zh", 75),
        ("quickstart", "en", 150),
        ("quickstart", "zh", 110),
    ],
)
def test_good_pages_are_kept(name: str, language: str, least: int, ran: dict[str, Ran]):
    run = ran[name]
    kept = [
        doc
        for doc, verdict in run.verdict.items()
        if verdict == "kept" and run.planted[doc] is None and run.language[doc] == language
    ]
    # pages of documentation: more code and lists than the rules were made for
    assert len(kept) >= least
    prose = [d for d, why in run.planted.items() if (why or "").startswith("good prose")]
    mine = [doc for doc in prose if run.language[doc] == language]
    assert len(mine) == 2
    assert all(run.verdict[doc] == "kept" for doc in mine)


@pytest.mark.parametrize(("name", "language"), [("web-en", "en"), ("web-zh", "zh")])
def test_other_languages_are_rejected_as_such(name: str, language: str, ran: dict[str, Ran]):
    run = ran[name]
    others = [
        doc
        for doc, truth in run.language.items()
        if truth not in {None, language} and run.planted[doc] is None
    ]
    assert len(others) > 300
    for doc in others:
        assert run.verdict[doc] == "rejected"
        assert "language.allowed" in run.reasons[doc]


def test_quickstart_keeps_most_pages_of_languages_without_rules(ran: dict[str, Ran]):
    run = ran["quickstart"]
    plain = {"cs", "el", "es", "fi", "fr", "hu", "id", "it", "nl", "pl", "pt", "sv", "tr", "vi"}
    verdicts = Counter(
        run.verdict[doc]
        for doc, truth in run.language.items()
        if truth in plain and not run.planted[doc]
    )
    assert verdicts["kept"] >= 0.95 * sum(verdicts.values())


WHY: list[tuple[str, str, str]] = [
    ("web-en", "planted-short-en-one", "gopher.word_count.min"),
    ("web-en", "planted-bullets-en-parts", "gopher.bullet_lines.max"),
    ("web-en", "planted-ellipsis-en-teasers", "gopher.ellipsis_lines.max"),
    ("web-en", "planted-hashes-en-tags", "gopher.hash_ratio.max"),
    ("web-en", "planted-longwords-en-chemistry", "gopher.mean_word_length.max"),
    ("web-en", "planted-numbers-en-table", "gopher.alpha_words.min"),
    ("web-en", "planted-spam-en-keywords", "gopher.stop_words.min"),
    ("web-en", "planted-repeat-en-lines", "gopher.dup_lines.max"),
    ("web-en", "planted-repeat-en-paragraphs", "gopher.dup_paragraphs.max"),
    ("web-en", "planted-repeat-en-words", "gopher.top_4gram.max"),
    ("web-en", "planted-braces-en-config", "fineweb-c4.curly_brace.max"),
    ("web-en", "planted-braces-en-widget", "fineweb-c4.curly_brace.max"),
    ("web-en", "planted-lorem-en-leftover", "fineweb-c4.lorem_ipsum.max"),
    ("web-en", "planted-boilerplate-en-news", "fineweb.short_lines.max"),
    ("web-en", "planted-boilerplate-en-forum", "fineweb.terminal_lines.min"),
    ("web-en", "planted-upper-en-notice", "fineweb.terminal_lines.min"),
    ("web-en", "planted-gibberish-en-keys", "language.score.min"),
    ("web-en", "planted-blank", "gopher.word_count.min"),
    ("web-zh", "planted-short-zh-one", "chinese-web.length.min"),
    ("web-zh", "planted-repeat-zh-lines", "fineweb2-zh.dup_lines.max"),
    ("web-zh", "planted-spam-zh-keywords", "fineweb2-zh.stop_words.min"),
    ("web-zh", "planted-boilerplate-zh-portal", "fineweb2-zh.terminal_lines.min"),
    ("web-zh", "planted-gibberish-zh-random", "language.score.min"),
    ("web-zh", "planted-exact-07", "exact.copy"),
    ("quickstart", "planted-space-02", "exact.copy"),
    ("quickstart", "planted-nfd-ko", "exact.copy"),
    ("quickstart", "planted-hashes-en-tags", "gopher-dclm.symbols.max"),
    ("quickstart", "planted-repeat-zh-lines", "fineweb2-zh.dup_lines.max"),
    ("quickstart", "planted-urls-en-list", "short-form.links.max"),
    ("quickstart", "planted-mojibake-ru", "language.score.min"),
]


@pytest.mark.parametrize(("name", "doc", "reason"), WHY)
def test_planted_trouble_is_rejected_for_what_was_planted(
    name: str, doc: str, reason: str, ran: dict[str, Ran]
):
    assert ran[name].verdict[doc] == "rejected"
    assert reason in ran[name].reasons[doc]


def test_a_pair_of_copies_loses_one_of_the_two(ran: dict[str, Ran]):
    run = ran["quickstart"]
    pairs = 0
    for copy, why in run.planted.items():
        for said in ("exact duplicate of ", "same but for white space: "):
            if why is None or not why.startswith(said):
                continue
            first = why.removeprefix(said)
            copied = [doc for doc in (copy, first) if "exact.copy" in run.reasons[doc]]
            reached = [d for d in (copy, first) if run.reasons[d] <= {"exact.copy"}]
            pairs += len(copied)
            assert len(copied) <= 1
            assert len(reached) != 2 or len(copied) == 1
    assert pairs >= 12


def test_near_duplicates_name_each_other_and_no_other_page(ran: dict[str, Ran]):
    run = ran["quickstart"]
    found = run.result.scan("findings").filter(pl.col("step") == "duplicates").collect()
    pairs = {frozenset(pair) for pair in found.select("doc_id", "ref").iter_rows()}
    planted = {
        frozenset((copy, why.removeprefix("near duplicate of ").partition(":")[0]))
        for copy, why in run.planted.items()
        if why is not None and why.startswith("near duplicate")
    }
    assert len(pairs & planted) >= 11
    # two pages of one manual, alike in 57 % of their words
    assert len(pairs - planted) <= 1
    assert set(found["rule"]) == {"duplicates.doubt"}
    assert found["score"].is_between(0.5, 0.8).all()


def test_a_near_duplicate_is_no_exact_one(ran: dict[str, Ran]):
    for doc, why in ran["quickstart"].planted.items():
        if why is not None and why.startswith(("near duplicate", "not a duplicate")):
            assert "exact.copy" not in ran["quickstart"].reasons[doc]


def test_rules_held_to_a_language_leave_the_others_alone(ran: dict[str, Ran]):
    run = ran["quickstart"]
    found = dict(run.result.scan("signals").select("doc_id", "language").collect().iter_rows())
    for doc, why in run.reasons.items():
        for rule in why:
            if rule.startswith(("gopher", "fineweb.")):
                assert found[doc] == "en"
            if rule.startswith("fineweb2-"):
                assert found[doc] == rule[len("fineweb2-") :][:2]


def test_a_language_that_nothing_can_be_in_is_an_error():
    wrong: dict[str, Any] = {"quality.languages": ["english"]}
    with pytest.raises(InputError, match="knows no language"):
        dataqa.judge(pl.DataFrame({"text": ["a"]}), "quickstart", settings=wrong)
