"""The kernels beside plain Python that must say the same."""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from dataqa.arrow import text_buffers
from dataqa.kernels import line_facts, tables

PHRASES = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies")
PIECES = st.sampled_from(
    [*" \t\r\u3000aZé1٣,.!?。”'’\"…中あ\u0301\0", "...", "JavaScript", "use cookies", "Ǆ", "😀"]
)
LINE = st.lists(PIECES | st.characters(exclude_categories=["Cs"]), max_size=12).map("".join)


def has(character: str, flag: int) -> bool:
    code = ord(character)
    flags = int(tables.flags()[code]) if code < tables.PLANES else tables.IDEO | tables.ALPHA
    return bool(flags & flag) and code < 0x40000


def words_of(line: str) -> list[str]:
    """White space separates; an ideograph ends a word and takes punctuation around it along."""
    words: list[str] = []
    for run in "".join(" " if has(c, tables.SPACE) else c for c in line).split(" "):
        word = ""
        for character in run:
            plain = has(character, tables.ALPHA | tables.DIGIT) and not has(character, tables.IDEO)
            ended = any(has(c, tables.IDEO) for c in word)
            if has(character, tables.IDEO):
                lone = word and not any(has(c, tables.ALPHA | tables.DIGIT) for c in word)
                if word and not lone:
                    words.append(word)
                    word = ""
            elif plain and ended:
                words.append(word)
                word = ""
            word += character
        if word:
            words.append(word)
    return words


def flags_of(line: str) -> int:
    stripped = line.strip("".join(chr(c) for c in range(0x3001) if has(chr(c), tables.SPACE)))
    low = "".join(c.lower() if c.isascii() else c for c in line)
    flags = line_facts.JAVASCRIPT * ("javascript" in low)
    flags |= line_facts.POLICY * any(phrase in low for phrase in (*PHRASES, "use cookies"))
    told = [c for c in line if has(c, tables.ALPHA | tables.DIGIT | tables.IDEO)]
    flags |= line_facts.BEGINS_WITH_DIGIT * bool(told and has(told[0], tables.DIGIT))
    last = stripped[-1:]
    if last and last in "'’":
        flags |= line_facts.ENDS_QUOTED
    ends = last and (last in '"”」』＂' or has(last, tables.TERMINAL))
    flags |= line_facts.ENDS_WELL * bool(ends and not stripped.endswith("..."))
    return flags


def measured(texts: list[str]) -> tuple[Any, Any]:
    data, offsets, _ = text_buffers(pl.Series(texts, dtype=pl.String))
    facts = line_facts.room(sum(text.count("\n") + 1 for text in texts))
    first = np.zeros(len(texts) + 1, np.int64)
    line_facts.line_facts(data, offsets, tables.flags(), facts, first)
    return facts, first


@given(st.lists(LINE, min_size=1, max_size=5))
def test_facts_of_lines(lines: list[str]):
    text = "\n".join(lines)
    facts, first = measured([text])
    split = text.split("\n")
    assert first.tolist() == [0, len(split)]
    spaces = "".join(chr(c) for c in range(0x3001) if has(chr(c), tables.SPACE))
    for row, line in enumerate(split):
        assert facts.words[row] == len(words_of(line)), line
        assert facts.chars[row] == len(line.strip(spaces))
        assert facts.upper[row] == sum(unicodedata.category(c) in {"Lu", "Lt"} for c in line
                                       if ord(c) < tables.PLANES)  # fmt: skip
        assert facts.digits[row] == sum(unicodedata.category(c) == "Nd" for c in line)
        assert facts.flags[row] == flags_of(line), line
        assert text.encode()[facts.starts[row] : facts.ends[row]].decode() == line


@given(st.lists(st.sampled_from(["", "keep me", "drop", "lose"]), min_size=1, max_size=9))
def test_removed_spans(lines: list[str]):
    text = "\n".join(lines)
    facts, first = measured([text])
    kinds = np.array([{"drop": 1, "lose": 2}.get(line, 0) for line in lines], np.uint8)
    spans = np.zeros((len(lines), 4), np.int64)
    columns = (facts.starts, facts.ends, facts.words)
    count = line_facts.removed_spans(*columns, kinds, first, spans)
    left = text
    for _, start, end, _ in reversed(spans[:count].tolist()):
        left = left[:start] + left[end:]
    if not kinds.any():
        assert left == text
        return
    kept = [place for place, line in enumerate(lines) if line == "keep me"]
    out: list[str] = []
    going = kinds[next(i for i, line in enumerate(lines) if line)] != 0
    for place, line in enumerate(lines):
        going = kinds[place] != 0 if line else going
        if not going:
            out.append(line)
    if kept and kinds[kept[-1] :].any():
        while out[-1] == "":
            out.pop()
    assert left == "\n".join(out)
    assert set(spans[:count, 3].tolist()) == set(kinds.tolist()) - {0}
