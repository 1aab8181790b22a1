"""Turn the HTML of three documentation packages into plain text with paragraphs.

Part of `make_data.py`; nothing here knows which pages are taken. The text is shaped as a web
extractor would shape it: a blank line between paragraphs and headings, list items and table rows on
lines of their own, code as it stands.
"""

import re
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from lxml import html
from lxml.html import HtmlElement

# where the page proper is, and what inside it is not meant for a reader
MAIN = {
    "postgresql": "//body",
    "python": "//div[@role='main']",
    "libreoffice": "//div[@id='DisplayArea']",
}
NAVIGATION = {
    "postgresql": "//div[@class='navheader' or @class='navfooter' or @class='toc']",
    "python": "//a[@class='headerlink']",
    "libreoffice": "//div[@class='bug']",
}
# the help has several texts, by platform or module, and hides all but one: the default is taken
HIDDEN = (
    "//span[@hidden and not(starts-with(@id, 'default'))]"
    " | //script | //style | //svg | //noscript | //head"
)

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
PARAGRAPHS = frozenset(
    {
        "p",
        "div",
        "section",
        "table",
        "ul",
        "ol",
        "dl",
        "pre",
        "blockquote",
        "form",
        "nav",
        "article",
    }
)
LINES = frozenset(
    {"li", "dt", "dd", "tr", "br", "header", "footer", "aside", "button", "label", "hr", "caption"}
)
CELLS = frozenset({"td", "th"})

SPACE = re.compile(r"[ \t\r\n\f\xa0]+")
ADDRESS = re.compile(r"[A-Za-z0-9_.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
RESERVED = re.compile(r"(?:\.|@)(?:example\.(?:com|org|net)|invalid|test)$|@example$")


class Page(NamedTuple):
    """One page as text, and the share of it in paragraphs rather than in tables and code."""

    text: str
    prose: float


def page(path: Path, source: str, *, navigation: bool = False) -> Page | None:
    """Read one HTML file; None when it has no body of the kind that its package's pages have."""
    tree = html.fromstring(
        path.read_bytes().replace(b"\x00", b""), parser=html.HTMLParser(encoding="utf-8")
    )
    for element in tree.xpath(HIDDEN):
        element.drop_tree()
    if not navigation:
        for element in tree.xpath(NAVIGATION[source]):
            element.drop_tree()
    found = tree.xpath("//body" if navigation else MAIN[source])
    if not found:
        return None
    pieces: list[str] = []
    _walk(found[0], pieces)
    text = reserve_addresses(_tidy("".join(pieces)))
    sentences = sum(
        len(SPACE.sub(" ", p.text_content())) for p in found[0].xpath(".//p[not(ancestor::table)]")
    )
    return Page(text, sentences / max(1, len(text)))


def reserve_addresses(text: str) -> str:
    """Put a reserved address in the place of every e-mail address that could be somebody's."""
    return ADDRESS.sub(lambda m: m[0] if RESERVED.search(m[0]) else "somebody@example.org", text)


def _walk(element: HtmlElement, pieces: list[str]) -> None:
    """Append an element's text; until `_tidy`, the character 1 ends a paragraph and 2 a line."""
    if not isinstance(element.tag, str):
        return
    if element.tag == "pre":
        pieces.append("\x01" + _code(element.text_content()) + "\x01")
        return
    before, after = _borders(element)
    pieces.append(before)
    pieces.append(SPACE.sub(" ", element.text or ""))
    for child in element:
        _walk(child, pieces)
        pieces.append(SPACE.sub(" ", child.tail or ""))
    pieces.append(after)


def _borders(element: HtmlElement) -> tuple[str, str]:
    """Tell what stands before and after an element of this kind."""
    tag = element.tag
    if tag in CELLS:
        return ("" if element.getprevious() is None else " | "), ""
    if tag in PARAGRAPHS or tag in HEADINGS:
        # a paragraph that is a list item's or a cell's whole content does not open a new one
        inline = next(element.iterancestors("li", "dd", "dt", "td", "th"), None) is not None
        return (" ", " ") if inline and tag in {"p", "div", "section"} else ("\x01", "\x01")
    if tag == "li":
        return "\x02- ", "\x02"
    return ("\x02", "\x02") if tag in LINES else ("", "")


def _code(text: str) -> str:
    """Keep the lines and indents of a code block out of the reach of the white-space rules."""
    return text.strip("\n").replace("\n", "\x02").replace(" ", "\x03").replace("\xa0", "\x03")


def _tidy(marked: str) -> str:
    """Turn border marks into new lines; no empty item, no space at a line's end, one blank line."""
    paragraphs: list[str] = []
    for part in marked.split("\x01"):
        lines = (
            SPACE.sub(" ", line).strip().replace("\x03", " ").rstrip()
            for line in part.split("\x02")
        )
        kept = [line for line in lines if line.strip(" -|¶")]
        if kept:
            paragraphs.append("\n".join(kept))
    return _join_lists(paragraphs)


def _join_lists(paragraphs: list[str]) -> str:
    """Items that a nested list tore apart stand on consecutive lines again."""
    text = paragraphs[0] if paragraphs else ""
    for before, now in pairwise(paragraphs):
        both_items = before.rsplit("\n", 1)[-1].startswith("- ") and now.startswith("- ")
        text += ("\n" if both_items else "\n\n") + now
    return text
