"""The C4 measure beside a plain-Python reading of its rules."""

from __future__ import annotations

import re
from typing import NamedTuple

import kernel_twins as twin
from hypothesis import example, given, settings

from dataqa.signals.counts import Counts

CITATION = re.compile(r"\[[0-9]*\]|\[edit\]|\[citation needed\]")
PHRASES = (
    "terms of use",
    "privacy policy",
    "cookie policy",
    "uses cookies",
    "use of cookies",
    "use cookies",
)


class Variant(NamedTuple):
    suffix: str
    marks: tuple[str, ...]
    words: int
    after_citations: bool


PAPER = Variant("", (".", "?", "!", '"', "'"), 3, after_citations=False)
CODE = Variant("_code", (".", "?", "!", '"'), 5, after_citations=True)
ANY = Variant("_any", ("",), 3, after_citations=False)


def lower(text: str) -> str:
    return "".join(char.lower() if char.isascii() else char for char in text)


def settle(text: str, variant: Variant) -> tuple[int, int, int]:
    """Lines kept, and lines that condemn the page by lorem ipsum and by a brace."""
    kept = lorem = braces = 0
    for raw in text.splitlines():
        line = raw.strip()
        words = line.split()
        if not words or any(len(word) > 1000 for word in words):
            continue
        line = CITATION.sub("", line)
        if variant is not ANY and (not line.endswith(variant.marks) or line.endswith("...")):
            continue
        if len(line.split() if variant.after_citations else words) < variant.words:
            continue
        if "lorem ipsum" in lower(line):
            lorem += 1
        elif "javascript" in lower(line):
            continue
        elif "{" in line:
            braces += 1
        elif not any(phrase in lower(line) for phrase in PHRASES):
            kept += 1
    return kept, lorem, braces


def without_glue(text: str) -> str:
    """The text with spaces around citations, which else may join two words or phrases to one."""
    return CITATION.sub(lambda found: f"{found[0]} ", text).replace("[", " [")


@settings(max_examples=400, deadline=None)
@given(twin.texts)
@example("He said 'so it is.'\nIt is so, indeed.[12]\nnow then, what...\n")
@example("We reuse cookies here now.\nUse cookies, all of you.\nTHE PRIVACY POLICY is new.")
@example("one two three " + "x" * 1001 + ".\none two three.")
def test_kept_lines(text: str):
    text = without_glue(text)
    table = Counts.of(text).cleaned
    assert int(table.lines[0]) == len(text.splitlines())
    for variant in (PAPER, CODE, ANY):
        kept, lorem, braces = settle(text, variant)
        ours = [
            int(getattr(table, f"{name}{variant.suffix}")[0])
            for name in ("kept", "page_lorem", "page_braces")
        ]
        assert ours == [kept, lorem, braces], variant


def test_sentences_are_those_of_kept_lines():
    text = "It was late. We went home.\nHome | About\nThe end of it was near.[3] Dr. Who knew."
    table = Counts.of(text).cleaned
    assert int(table.sentences[0]) == 4
    assert int(table.sentences_code[0]) == 4
    assert int(table.sentences_any[0]) == 5


def test_phrases_across_lines_do_not_count():
    assert Counts.of("the privacy\npolicy here").cleaned.policy.tolist() == [0]
