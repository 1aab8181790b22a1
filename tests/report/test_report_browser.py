"""The report in a real browser: it draws, it answers, it asks nobody for anything."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from report_corpus import report
from test_report_html import attacked

from dataqa.report import html
from dataqa.report.compare import compare, compare_html

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--window-size=1280,900",
)  # fmt: skip

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="no chromium with chromedriver"),
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


def opened(browser: Any, folder: Path, page: str) -> None:
    """Open a page and forget what was logged before."""
    file = folder / "report.html"
    file.write_text(page, encoding="utf-8")
    browser.get_log("browser")
    browser.get_log("performance")
    browser.get(file.as_uri())


def requests(browser: Any) -> list[str]:
    """Every address the page asked for, itself and data it carries apart."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    sent = [e["params"] for e in events if e["method"] == "Network.requestWillBeSent"]
    urls = [one["request"]["url"] for one in sent]
    return [url for url in urls if not url.startswith(("file:", "data:"))]


def move(browser: Any, bound: str, stop: str) -> str:
    """Move a slider to one of its ends or back, and return what it says."""
    return browser.execute_script(
        """
        const box = [...document.querySelectorAll(".slider")]
          .find((one) => one.querySelector("code").textContent === arguments[0]);
        const input = box.querySelector("input");
        input.value = input[arguments[1]];
        input.dispatchEvent(new Event("input"));
        return box.querySelector("output").textContent;
        """,
        bound,
        stop,
    )


def click(browser: Any, element: Any) -> None:
    """Press a button wherever it is: pages scroll smoothly, and the driver does not wait."""
    browser.execute_script("arguments[0].click()", element)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_draws_without_a_complaint_or_a_request(
    browser: Any, tmp_path: Path, scheme: str, width: int
):
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    device = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", device)
    opened(browser, tmp_path, html(report(600)))
    assert browser.get_log("browser") == []
    assert requests(browser) == []
    wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert browser.execute_script(wide) == 0
    assert browser.execute_script("return document.querySelectorAll('.chart svg').length") == 7
    assert len(browser.get_screenshot_as_png()) > 20_000


def test_a_slider_says_what_the_histograms_say(browser: Any, tmp_path: Path):
    one = report(2000)
    opened(browser, tmp_path, html(one))
    alone = next(rule["alone"] for rule in one["rules"] if rule["rule"] == "gopher.word_count.min")
    said = move(browser, "gopher.word_count.min", "min")
    assert said == f"about {alone} more kept"
    line = browser.find_element("css selector", "#setline code").text
    assert line.startswith("--set gopher.word_count.min=")
    kept = one["totals"]["kept"]["documents"]
    assert f"About {kept + alone:,} of 2,003" in browser.find_element("id", "what-if").text
    assert "fewer kept" in move(browser, "gopher.alpha_words.min", "max")
    click(browser, browser.find_element("id", "reset"))
    assert "where it stood" in browser.find_element("id", "what-if").text
    assert move(browser, "gopher.word_count.max", "min") == f"about {kept:,} fewer kept"
    assert browser.get_log("browser") == []


def test_a_slider_can_be_moved_with_the_keyboard(browser: Any, tmp_path: Path):
    opened(browser, tmp_path, html(report(600)))
    slider = browser.find_element("css selector", ".slider input")
    before = slider.get_attribute("aria-valuetext")
    slider.send_keys("\ue012\ue012\ue012")
    assert slider.get_attribute("aria-valuetext") != before
    assert browser.find_element("id", "setline").is_displayed()


def test_histograms_follow_language_source_and_search(browser: Any, tmp_path: Path):
    one = report(600)
    opened(browser, tmp_path, html(one))
    count = "return document.querySelector('.chart figcaption span').textContent"
    assert browser.execute_script(count).startswith("600")
    choose = (
        "const by = document.getElementById('by'); by.value = arguments[0];"
        "by.dispatchEvent(new Event('change'));"
    )
    for choice, groups in (("languages:zh", "languages"), ("sources:news", "sources")):
        label = choice.partition(":")[2]
        expected = next(g["all"]["documents"] for g in one[groups] if g["label"] == label)
        browser.execute_script(choose, choice)
        assert browser.execute_script(count).startswith(str(expected))
    browser.find_element("id", "find").send_keys("word_count")
    assert len(browser.find_elements("css selector", ".chart")) == 1


def test_tables_sort(browser: Any, tmp_path: Path):
    opened(browser, tmp_path, html(report(600)))
    heading = browser.find_element("xpath", "//table[contains(@class,'rules')]//button[.='Alone']")
    click(browser, heading)
    values = (
        "return [...document.querySelectorAll('.rules tbody tr')]"
        ".map((row) => Number(row.children[5].dataset.value))"
    )
    down = browser.execute_script(values)
    assert down == sorted(down, reverse=True)
    click(browser, heading)
    assert browser.execute_script(values) == sorted(down)


def test_hostile_texts_run_nothing(browser: Any, tmp_path: Path):
    for page in (html(attacked()), compare_html(compare(attacked(), attacked()))):
        opened(browser, tmp_path, page)
        assert browser.get_log("browser") == []
        assert browser.execute_script("return document.images.length") == 0
        assert requests(browser) == []
