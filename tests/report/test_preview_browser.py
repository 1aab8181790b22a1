"""The page of a preview in a real browser: it draws, fits, and runs nothing strange."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import test_report_browser as real
from test_report_browser import opened, requests

from dataqa.report.preview import preview_html

browser, pytestmark = real.browser, real.pytestmark
HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>"


def figures(**changes: Any) -> dict[str, Any]:
    """What ``preview.json`` of a sample holds, with markup wherever a user's words stand."""
    counts = [0] * 35 + [3]
    outcome = {"found": 3, "documents": 30, "share": 0.03, "error": 9, "bytes": 12_000}
    return {
        "corpus": {"documents": 1000, "bytes": 4_000_000, "damaged": 2},
        "sample": {
            "documents": 180, "seeds": 100, "whole": False, "left": 4,
            "seen": [[0.5, 0.9], [0.8, 0.9997]],
        },
        "settings": {
            "step": {"measure": "jaccard", "keep": [{"source_priority": [HOSTILE]}, "longest"]},
            "bands": {"bands": 12, "rows": 5},
            "shingle": {"unit": "word", "n": 5},
            "places": 128,
        },
        "outcome": {"goes": outcome, "review": {**outcome, "documents": 12}},
        "histogram": {
            "from": 0.3, "width": 0.02, "unlike": 60,
            "stays": [5] * 35 + [0], "review": [0] * 20 + [7] * 5 + [0] * 11, "goes": counts,
        },
        "bounds": [
            {"similarity": at, "bands": 12, "rows": 5, "proposed": 0.99, "asked": at == 0.8}
            | outcome
            for at in (0.5, 0.8, 0.95)
        ],
        "sources": [
            {"source": name, "documents": 50, "bytes": 9, "goes": 3, "review": 2, "goes_bytes": 4}
            for name in (HOSTILE, "")
        ],
        "clusters": {
            "sizes": [{"from": 2, "clusters": 3, "documents": 6}],
            "largest": {"id": HOSTILE, "copies": 2, "share": 0.01, "alarm": True},
        },
        "curves": {
            "at": [0.2, 0.6, 1.0],
            "lines": [
                {"name": "these", "bands": 12, "rows": 5, "shingle": "word 5", "found": [0, 0.4, 1]}
            ],
        },
        "least": 0.3, "range": [0.7, 0.8], "uncompared": 1, "estimated": False, "error": None,
        "cost": {
            "seconds": {"read": 1.0, "sketch": 200.0, "rule": 9000.0},
            "sketch_mb_per_second": 120.0, "memory": 9e6, "parts": 4, "members": 50,
            "disk": {"keys": 1e6, "sketches": 2e6, "shingles": 3e6},
        },
        "examples": True,
        "pairs": [
            {
                "doc_id": HOSTILE, "ref": "b", "score": 0.81, "action": "goes", "chars": [9, 8],
                "left": [["same", "one "], ["only", HOSTILE], ["gap", "7 words"]],
                "right": [["same", "one "], ["only", "你好" * 200]],
            }
        ],
        **changes,
    }  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_draws_and_fits(browser: Any, tmp_path: Path, scheme: str, width: int):
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    device = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", device)
    opened(browser, tmp_path, preview_html(figures()))
    assert browser.get_log("browser") == []
    assert requests(browser) == []
    wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert browser.execute_script(wide) == 0
    assert browser.execute_script("return document.querySelectorAll('svg.plot').length") == 2
    bars = "return document.querySelectorAll('svg.histogram g').length"
    assert browser.execute_script(bars) == 36


def test_hostile_words_run_nothing(browser: Any, tmp_path: Path):
    opened(browser, tmp_path, preview_html(figures()))
    assert browser.execute_script("return document.title") == "Preview of near-duplicates"
    assert browser.execute_script("return document.images.length") == 0
    marked = browser.find_element("css selector", "mark").text
    assert marked == HOSTILE


def test_of_a_run_there_is_no_sample_and_no_cost(browser: Any, tmp_path: Path):
    page = preview_html(
        figures(sample=None, cost=None, estimated=True, error=0.035, examples=False)
    )
    opened(browser, tmp_path, page)
    assert "standard error of 0.035" in browser.find_element("css selector", ".warning").text
    for name in ("cost", "pairs"):
        assert not browser.find_elements("id", name)
