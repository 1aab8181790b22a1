"""Plain-Python twins of the kernels, which must count the same, and texts to try them on."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from itertools import pairwise
from typing import NamedTuple

from hypothesis import strategies as st

from dataqa.kernels import tables
from dataqa.kernels.sentences import ABBREVIATIONS

PIECES = (
    "the", "The", "cat", "sat", "USA", "a", "I", " ", " ", " ", "  ", "\t", "\n", "\n", "\n\n",
    "\n\n\n", "\r\n", "\r", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029", "\u00a0", "\u3000",
    "\x00", "\x07", ".", ". ", "...", "....", "…", ". . .", "!", "?!", "。", "！", "」", "「",
    '"', "'", "’", ")", "(", "1", "42", "1,234.5", "3.", "½", "x²", "Ⅷ", "٣", "don't", "don’t",
    "dogs' ", "漢字", "的", "か\u3099な", "カー", "々", "한글", "ไทย", "مرحبا", "हिन्दी", "é",
    "e\u0301", "\u0301", "ñandú", "İ", "K", "ß", "Σίσυφος", "😀", "👨\u200d👩\u200d👧",
    "\ufe0f", "𠀀", "𝐀", "𑩂", "\U000e0101", "\ufffd", "\ufeff", "\u200b", "[12]", "[]",
    "[edit]", "[citation needed]", "[[3]]", "word[1]. ", "lorem ipsum", "Lorem Ipsum.",
    "javascript", "myJavaScripts ", "{", "}", "privacy policy", "use cookies", "reuse cookies ",
    "terms of use", "cookie policy ", "use of cookies", "Mr. ", "J. ", "e.g. ", "- ", "• ",
    "* ", "● ", "#", "##", "http://a.bc/d?e=1 ", "HTTPS://x ", "http:/", "-", "--", "x" * 1001,
    "y" * 40, "one two three four five. ",
    "one two three four five six seven eight nine ten eleven. ",
)  # fmt: skip

texts = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=40).map("".join),
    st.text(max_size=60),
    st.lists(st.sampled_from(["a", "b", "c", "A"]), max_size=60).map(" ".join),
    st.text(alphabet="ab \n.", max_size=80),
)


class Token(NamedTuple):
    """One token as text, and its bytes."""

    text: str
    start: int
    end: int


def category(char: str) -> str:
    return unicodedata.category(char)


def within(char: str, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(low <= ord(char) <= high for low, high in ranges)


def is_ideo(char: str) -> bool:
    return within(char, tables.HAN) or within(char, tables.KANA) or 0x20000 <= ord(char) < 0x323B0


def is_alpha(char: str) -> bool:
    return char.isalpha() or 0x20000 <= ord(char) < 0x323B0


def is_mark(char: str) -> bool:
    return category(char)[0] == "M" or char in tables.JOINERS


def is_wordy(char: str) -> bool:
    return is_alpha(char) or category(char)[0] == "N" or is_mark(char) or is_ideo(char)


def is_word(token: str) -> bool:
    return any(is_alpha(char) or category(char)[0] == "N" for char in token)


def is_terminal(char: str) -> bool:
    return within(char, tables.TERMINALS)


def fold(token: str) -> str:
    return "".join(char.lower()[0] if char != "’" else "'" for char in token)


def _joins(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at + 1 : at + 2]
    if not after:
        return False
    if text[at] in "'’":
        return (is_alpha(before) or is_mark(before)) and is_alpha(after) and not is_ideo(after)
    return text[at] in ".," and category(before) == category(after) == "Nd"


def tokens(text: str) -> list[Token]:
    """What the tokeniser must give."""
    found: list[Token] = []
    at = 0
    while at < len(text):
        begin = at
        at += 1
        if text[begin].isspace():
            continue
        if is_ideo(text[begin]):
            while at < len(text) and is_mark(text[at]) and not is_ideo(text[at]):
                at += 1
        elif is_wordy(text[begin]):
            while at < len(text) and (
                (is_wordy(text[at]) and not is_ideo(text[at])) or _joins(text, at)
            ):
                at += 1
        else:
            while at < len(text) and text[at] == text[begin]:
                at += 1
        start = len(text[:begin].encode())
        found.append(Token(text[begin:at], start, start + len(text[begin:at].encode())))
    return found


def again(items: list[str], n: int) -> int:
    """Characters of n-grams seen before, in datatrove's jumping scan."""
    seen: set[tuple[str, ...]] = set()
    at = total = 0
    while at + n <= len(items):
        gram = tuple(items[at : at + n])
        if gram in seen:
            total += len("".join(gram))
            at += n
        else:
            seen.add(gram)
            at += 1
    return total


def grams(items: list[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(items[at : at + n]) for at in range(len(items) - n + 1)]


def top(items: list[str], n: int) -> int:
    """Characters of the first most frequent n-gram, spaces included, times its count."""
    counts = Counter(grams(items, n))
    if not counts:
        return 0
    gram, count = counts.most_common(1)[0]
    return count * len(" ".join(gram))


def often(items: list[str], n: int) -> int:
    """The same for the longest of the most frequent, without spaces, if it occurs twice."""
    counts = Counter(grams(items, n))
    most = max(counts.values(), default=0)
    if most < 2:
        return 0
    return most * max(len("".join(gram)) for gram, count in counts.items() if count == most)


def cover(items: list[str], n: int) -> int:
    """Characters of words inside any n-gram that occurs twice or more."""
    all_grams = grams(items, n)
    counts = Counter(all_grams)
    inside = {
        place
        for at, gram in enumerate(all_grams)
        if counts[gram] > 1
        for place in range(at, at + n)
    }
    return sum(len(items[place]) for place in inside)


def places(items: list[str], n: int) -> int:
    counts = Counter(grams(items, n))
    return sum(count for count in counts.values() if count > 1)


def repeats(segments: list[str]) -> tuple[int, int]:
    """Segments seen before, and their characters."""
    extra = Counter(segments)
    extra.subtract(set(segments))
    return extra.total(), sum(len(segment) * count for segment, count in extra.items())


def shared(segments: list[str]) -> tuple[int, int]:
    """Segments that occur twice or more, and their characters."""
    counts = Counter(segments)
    twice = [segment for segment in segments if counts[segment] > 1]
    return len(twice), sum(map(len, twice))


def ends_well(items: list[Token]) -> bool:
    last = len(items) - 1
    while (
        last and items[last].text[0] in tables.CLOSERS and items[last - 1].end == items[last].start
    ):
        last -= 1
    return is_mark_of_end(items[last])


def is_mark_of_end(token: Token) -> bool:
    return is_terminal(token.text[0]) or token.text[0] == "…"


def _end(items: list[Token], k: int) -> int:
    """The token after the sentence that the mark ``k`` ends, or 0."""
    after = k + 1
    while after < len(items) and items[after].start == items[after - 1].end:
        three = items[after : after + 3]
        if items[after].text[0] in tables.CLOSERS:
            after += 1
        elif (
            items[after].text[0] == "["
            and len(three) == 3
            and any(category(char) == "Nd" for char in three[1].text)
            and three[2].text[0] == "]"
            and three[1].end == three[2].start
        ):
            after += 3
        else:
            break
    if after >= len(items):
        return len(items)
    if not items[k].text.isascii() and items[k].text[0] != "…":
        return after
    if items[after].start == items[after - 1].end or category(items[after].text[0]) == "Ll":
        return 0
    if items[k].text == "." and k and items[k - 1].end == items[k].start:
        word = items[k - 1].text
        if len(word) == 1 and category(word) in {"Lu", "Lt"}:
            return 0
        if fold(word) in ABBREVIATIONS:
            return 0
    return after


def count_sentences(items: list[Token]) -> int:
    count = k = 0
    letters = False
    while k < len(items):
        if any(is_alpha(char) for char in items[k].text):
            letters = True
        elif letters and is_mark_of_end(items[k]):
            after = _end(items, k)
            if after:
                count += 1
                letters = False
                k = after
                continue
        k += 1
    return count + letters


def sentence_count(text: str) -> int:
    blocks = re.split(r"\n", text)
    total, block = 0, ""
    for line in [*blocks, ""]:
        if line.strip():
            block += line + "\n"
        else:
            total += count_sentences(tokens(block))
            block = ""
    return total


def frequent(text: str, n: int) -> int:
    """Occurrences of the root-many most frequent repeated n-grams of characters."""
    counts = Counter(text[at : at + n] for at in range(len(text) - n + 1))
    several = sorted((count for count in counts.values() if count > 1), reverse=True)
    return sum(several[: math.isqrt(len(counts))])


def spaced_ellipses(items: list[Token]) -> int:
    dots = [token.text == "." for token in items]
    gaps = [right.start - left.end == 1 for left, right in pairwise(items)]
    return sum(all(dots[at : at + 3]) and all(gaps[at : at + 2]) for at in range(len(items) - 2))
