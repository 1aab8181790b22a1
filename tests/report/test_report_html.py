"""The report's page: says what the counts say, and nothing from a corpus becomes markup."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from report_corpus import facts, report, tally

from dataqa.report import build, html, merge
from dataqa.report.card import card
from dataqa.report.compare import compare, compare_html
from dataqa.report.html import embedded

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&{{7*7}}\u2028]]>"
REPORT = report(600)


class Tags(HTMLParser):
    """Collects what a browser would take for elements and handlers."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.handlers: list[str] = []
        self.addresses: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href"}]


def hostile(value: Any) -> Any:
    """The same report with every word from outside replaced by an attack."""
    kept = {"id", "step", "side", "outcome", "shape", "languages"}
    if isinstance(value, dict):
        return {
            key: one if key in kept and not isinstance(one, list) else hostile(one)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [hostile(one) for one in value]
    return HOSTILE if isinstance(value, str) else value


def attacked() -> dict[str, Any]:
    """A report in which names of signals, sources, rules and values are attacks too."""
    bad = hostile(REPORT)
    bad["edges"] = REPORT["edges"]
    one = next(iter(REPORT["signals"].values()))
    bad["signals"] = {HOSTILE: {**one, "languages": {HOSTILE: one["all"]}}}
    bad["texts"] = {HOSTILE: [{"value": HOSTILE, "kept": 1, "review": 0, "rejected": 0}]}
    bad["sliders"] = [{**slider, "bound": HOSTILE} for slider in REPORT["sliders"]]
    bad["flow"]["steps"] = [*REPORT["flow"]["steps"], HOSTILE]
    bad["flow"]["links"] = [{**link, "source": HOSTILE} for link in REPORT["flow"]["links"]]
    return bad


def pages(one: dict[str, Any]) -> list[str]:
    """Every page that is made of a report."""
    return [html(one), compare_html(compare(one, one)), card(one, {}, {HOSTILE: HOSTILE})[1]]


@pytest.mark.parametrize("at", [0, 1, 2])
def test_hostile_names_and_texts_never_become_markup(at: int):
    clean, bad = Tags(pages(REPORT)[at]), Tags(pages(attacked())[at])
    assert "img" not in bad.found
    assert bad.found.count("script") == clean.found.count("script")
    assert not bad.handlers
    assert "alert(1)" in pages(attacked())[at]


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_page_needs_nothing_from_elsewhere(at: int):
    page = pages(REPORT)[at]
    assert all(address.startswith(("#", "data:")) for address in Tags(page).addresses)
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest|https?://(?!www\.w3\.org)", page)


def test_embedded_data_reads_back():
    data = {"a": [HOSTILE, 1, None], HOSTILE: True}
    text = str(embedded(data))
    assert "<" not in text
    assert json.loads(text) == data


def test_markdown_card_escapes_names():
    text = card(attacked(), {}, {})[0]
    assert "<script" not in text
    assert "<img" not in text


def test_examples_can_be_left_out():
    one = next(example for found in REPORT["examples"].values() for example in found)
    line = one["text"].splitlines()[0].rstrip(" …")
    assert line in html(REPORT)
    without = html({**REPORT, "examples": {}})
    assert line not in without
    assert one["doc_id"] not in without


def test_equal_counts_give_equal_bytes():
    again = report(600)
    assert json.dumps(again) == json.dumps(REPORT)
    assert html(again) == html(REPORT)


def test_report_json_survives_json():
    assert html(json.loads(json.dumps(REPORT))) == html(REPORT)


def test_the_headline_names_the_largest_reason():
    assert REPORT["headline"].startswith("Of 603 documents, 6")
    assert REPORT["rules"][0]["rule"] in REPORT["headline"]


def test_a_run_without_documents_has_a_report():
    empty = build(merge([tally().to_dict()]), facts())
    assert empty["headline"] == "No documents were read."
    assert "No documents were read." in html(empty)


def test_a_run_without_facts_has_a_report():
    bare = build(merge([]), {})
    assert "No rule had anything against any document" in html(bare)


def test_quarantine_that_the_tally_never_saw_is_counted():
    counts = {"kept": 0, "quarantine": 4}
    totals = build(merge([]), {"counts": counts})["totals"]
    assert totals["quarantine"]["documents"] == totals["all"]["documents"] == 4


def test_flow_and_totals_agree():
    links = REPORT["flow"]["links"]
    kept = sum(link["documents"] for link in links if link["outcome"] == "kept")
    assert kept == REPORT["totals"]["kept"]["documents"]
    assert sum(link["documents"] for link in links) == REPORT["totals"]["all"]["documents"]
