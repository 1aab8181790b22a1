"""Every flow's page in a real browser: what a model proposes is shown, accepted and comes home."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from dataqa.review.asking.flows import Example, Flow, flow_names, load_flow
from dataqa.review.ledger import Annotation, Item, Ledger, Prelabel, open_ledger
from dataqa.review.server.local_server import Place, login, running
from dataqa.review.server.pulling import pull
from dataqa.review.server.pushing import push
from dataqa.review.server.studio import Studio

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--window-size=1400,1100",
)  # fmt: skip
PATIENCE = 90.0
SUBMIT = '[aria-label="Submit current annotation"]'
CLOSE = '[aria-label="Close modal"]'
KEY_OF = """
const store = window.Htx, chosen = store && store.annotationStore && store.annotationStore.selected;
return chosen && store.task && !store.isLoading ? JSON.parse(store.task.data).dataqa_id : null;
"""
"""The item that the page has drawn, null while it draws."""
SHOWN = """
const texts = (css) => [...document.querySelectorAll(css)].map((one) => one.innerText);
return {
  page: document.querySelector(".lsf-wrapper, [class*=lsf-editor]").innerText,
  typed: [...document.querySelectorAll("textarea, input:not([type=checkbox]):not([type=radio])")]
    .map((one) => one.value),
  chosen: [...document.querySelectorAll("input:checked")]
    .map((one) => one.closest("label").innerText.replace(/\\[.\\]$/, "").trim()),
  marked: texts(".htx-highlight"),
  preferred: texts('[style*="42, 157, 92"]'),
  stars: document.querySelectorAll(".ant-rate-star-full").length,
};
"""
CUT = """
const cut = (one) => one.scrollWidth > one.clientWidth + 1 &&
  getComputedStyle(one).overflowX !== "visible" && getComputedStyle(one).display !== "inline";
const own = (one) => [...one.childNodes].filter((node) => node.nodeType === 3)
  .map((node) => node.data).join("").trim();
const every = [...document.querySelectorAll("body *")];
const found = {missing: [], cut: []};
for (const word of arguments[0]) {
  const places = every.filter((one) => own(one) === word && one.offsetParent);
  if (!places.length) found.missing.push(word);
  if (places.some((one) => cut(one) || cut(one.parentElement))) found.cut.push(word);
}
return found;
"""
"""Of some words those that the page does not show, and those of which it shows a part."""
FAULTY = ".lsf-errors"
"""What the page shows in place of itself, such as for `granularity="character"`."""

pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="no chromium with chromedriver")


@pytest.fixture(scope="module")
def browser(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A browser in which the user is logged in."""
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    server, who = running(place), login(place)
    assert server is not None
    driver.get(f"{server.url}/user/login/")
    driver.find_element("name", "email").send_keys(who.user)
    driver.find_element("name", "password").send_keys(who.password)
    driver.find_element("css selector", "form [type=submit]").click()
    until(lambda: "/user/login" not in driver.current_url, "nobody is logged in")
    yield driver
    driver.quit()


def until[T](ask: Callable[[], T], what: str) -> T:
    """What a question answers once it answers anything."""
    end = time.monotonic() + PATIENCE
    while not (told := ask()):
        assert time.monotonic() < end, what
        time.sleep(0.1)
    return told


def put(ledger: Ledger, flow: Flow, *, prelabelled: bool = True) -> dict[str, Example]:
    """The flow's examples as items, the first the least certain; by key."""
    known = {f"{flow.name}-{at}": one for at, one in enumerate(flow.examples)}
    ledger.add(
        Item(key, key, None, "audit", 0.5, "asked", not prelabelled, {}, one.data)
        for key, one in known.items()
    )
    ledger.add_prelabels(
        Prelabel(key, "m1", one.answer, 0.5 + at / 100, {})
        for at, (key, one) in enumerate(known.items())
        if prelabelled
    )
    return known


def drawn(browser: Any, done: set[str]) -> str:
    """Wait until an item is drawn that was not done; its key."""

    def ask() -> str | None:
        key = browser.execute_script(KEY_OF)
        return key if key not in done and browser.find_elements("css selector", SUBMIT) else None

    key = until(ask, "no page was drawn")
    assert key is not None
    return key


def close_instruction(browser: Any, flow: Flow) -> None:
    """Read what annotators read first, and close it."""
    told = until(lambda: browser.find_elements("css selector", CLOSE), "no instruction is shown")
    body = browser.execute_script("return document.body.innerText")
    assert "".join(flow.instruction.split()) in "".join(body.split())
    browser.execute_script("arguments[0].click()", told[0])
    until(lambda: not browser.find_elements("css selector", CLOSE), "the instruction stays")


def send(browser: Any, studio: Studio, project: int, key: str) -> None:
    browser.execute_script("arguments[0].click()", browser.find_element("css selector", SUBMIT))
    until(lambda: studio.find(project, [key])[0].annotations, "nothing was submitted")


def said(ledger: Ledger, flow: Flow, studio: Studio) -> dict[str, Annotation]:
    pull(ledger, flow, studio)
    return {one.key: one for one in ledger.annotations()}


def words_of(flow: Flow) -> dict[tuple[str, str], str]:
    """What the page calls each choice."""
    tags = ET.fromstring(flow.config).iter("Choices")
    return {
        (tag.get("name", ""), choice.get("alias", "")): choice.get("value", "")
        for tag in tags
        for choice in tag.iter("Choice")
    }


def lacking(flow: Flow, example: Example, shown: dict[str, Any]) -> list[str]:
    """Controls whose part of the answer the page does not show."""
    words, text = words_of(flow), flow.text_of(example.data)
    everything = "\n".join([shown["page"], *shown["typed"]])
    wrong: list[str] = []
    chosen: list[str] = []
    marked: list[str] = []
    for name, value in example.answer.items():
        match flow.control(name).kind:
            case "Choices":
                chosen += [
                    words[name, one] for one in ([value] if isinstance(value, str) else value)
                ]
                fine = True
            case "Labels":
                marked += [text[one["start"] : one["end"]] for one in value]
                free = [
                    one[told.name]
                    for one in value
                    for told in flow.controls
                    if told.region and told.kind == "TextArea" and told.name in one
                ]
                fine = all(one in shown["typed"] for one in free)
            case "Rating":
                fine = shown["stars"] == value
            case "Pairwise":
                objects = flow.control(name).to
                fine = len(shown["preferred"]) == 1 and shown["preferred"][0] == visible(
                    flow, example, objects[0] if value == "left" else objects[1]
                )
            case "Ranker":
                bodies = {one["id"]: one["body"] for one in example.data["answers"]}
                order = [bodies[one] for ids in value.values() for one in ids]
                at = [shown["page"].find(f"\n{one}\n") for one in order]
                fine = min(at) >= 0 and at == sorted(at)
            case _:
                fine = value in everything
        wrong += [] if fine else [name]
    wrong += [] if sorted(chosen) == sorted(shown["chosen"]) else ["choices"]
    wrong += [] if marked == shown["marked"] else ["spans"]
    return wrong


def wait_for(browser: Any, flow: Flow, example: Example) -> None:
    """Wait until the page shows the whole answer."""
    end = time.monotonic() + PATIENCE / 3
    while wrong := lacking(flow, example, browser.execute_script(SHOWN)):
        assert time.monotonic() < end, f"not shown: {', '.join(wrong)}"
        time.sleep(0.1)


def visible(flow: Flow, example: Example, name: str) -> str:
    """What is to be read in an object of the page."""
    tags = ET.fromstring(flow.config).iter()
    variable = next(tag.get("value", "") for tag in tags if tag.get("name") == name)
    return re.sub(r"<[^>]*>", "", example.data[variable.lstrip("$")])


def headings(flow: Flow) -> list[str]:
    """What the page always says, whatever is chosen: its headers that depend on nothing."""
    tree = ET.fromstring(flow.config)
    apart = {one for view in tree.iter("View") if view.get("visibleWhen") for one in view.iter()}
    return [one.get("value", "") for one in tree.iter("Header") if one not in apart]


HAN = re.compile("[\u4e00-\u9fff]")


@pytest.mark.parametrize("name", flow_names())
def test_in_chinese_nothing_is_left_in_english(name: str):
    here, there = load_flow(name, "zh"), load_flow(name, "en")
    told = [*words_of(here).values(), *headings(here), here.sheet.title["zh"], here.instruction]
    assert len(told) > 2
    assert [word for word in told if not HAN.search(word)] == []
    written = [one.get("value", "") for one in ET.fromstring(here.config).iter("Label")]
    assert [word for word in written if not HAN.search(word)] == []
    assert not HAN.search(there.config)


@pytest.mark.parametrize(
    ("name", "language"),
    [(name, "en") for name in flow_names()] + [(name, "zh") for name in flow_names()],
)
def test_a_proposal_is_shown_and_accepted(
    browser: Any, studio: Studio, tmp_path: Path, name: str, language: str
):
    flow = load_flow(name, language)
    with open_ledger(tmp_path / "ledger") as ledger:
        known = put(ledger, flow)
        told = push(ledger, flow, studio)
        assert not told.invalid
        browser.get(f"{told.url}/data?labeling=1")
        done: set[str] = set()
        for at, example in enumerate(flow.examples):
            key = drawn(browser, done)
            assert known[key] == example, "the least certain one is not the first"
            if not at:
                close_instruction(browser, flow)
            wait_for(browser, flow, example)
            assert not browser.find_elements("css selector", FAULTY)
            seen = browser.execute_script(CUT, headings(flow))
            assert seen == {"missing": [], "cut": []}
            browser.save_screenshot(str(tmp_path / f"{name}-{language}-{at}.png"))
            send(browser, studio, told.project, key)
            done.add(key)
        came = said(ledger, flow, studio)
        assert {key: one.answer for key, one in came.items()} == {
            key: one.answer for key, one in known.items()
        }
        assert {one.shown for one in came.values()} == {"m1"}
        studio.delete_project(told.project)


def test_keys_and_a_note_make_an_answer_where_nothing_is_proposed(
    browser: Any, studio: Studio, tmp_path: Path
):
    flow = load_flow("quality")
    with open_ledger(tmp_path / "ledger") as ledger:
        put(ledger, flow, prelabelled=False)
        told = push(ledger, flow, studio)
        browser.get(f"{told.url}/data?labeling=1")
        key = drawn(browser, set())
        close_instruction(browser, flow)
        assert browser.execute_script(SHOWN)["chosen"] == []
        body = browser.find_element("tag name", "body")
        for stroke in ("x", "2", "6"):  # drop; spam, says nothing
            body.send_keys(stroke)
        until(lambda: len(browser.execute_script(SHOWN)["chosen"]) == 3, "keys choose nothing")
        # typed, and not confirmed by the button beside it
        browser.find_element("name", "note").send_keys("two <words>\nand more")
        browser.save_screenshot(str(tmp_path / "keys.png"))
        send(browser, studio, told.project, key)
        one = said(ledger, flow, studio)[key]
        expected = {
            "verdict": "drop",
            "reasons": ["spam", "short"],
            "note": "two <words>\nand more",
        }
        assert (one.answer, one.shown) == (expected, None)
        studio.delete_project(told.project)
