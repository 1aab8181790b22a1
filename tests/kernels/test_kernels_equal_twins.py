from __future__ import annotations

import re
from typing import Any

import kernel_twins as twin
import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings

from dataqa import arrow
from dataqa.kernels.sentences import word_hash
from dataqa.signals.counts import Counts
from dataqa.signals.counts import tokens as our_tokens


def one(table: Any, name: str) -> int:
    return int(getattr(table, name)[0])


many = settings(max_examples=300, deadline=None)


@many
@given(twin.texts)
@example("")
@example("a.b 1.2 1..2 1. x'y'z 'tis don’t’")
@example("か\u3099が\u0301漢\U000e0101字")
@example("’’ don’t ''")
def test_tokens_cover_what_is_no_space(text: str):
    stream = our_tokens(arrow.text_buffers(pl.Series(["x", text])))
    low = int(stream.offsets[1])
    ours = stream.tokens
    theirs = twin.tokens(text)
    assert list(ours.starts[low:]) == [token.start for token in theirs]
    assert list(ours.ends[low:]) == [token.end for token in theirs]
    assert list(ours.plain[low:]) == [word_hash(token.text) for token in theirs]
    assert list(ours.fold[low:]) == [word_hash(twin.fold(token.text)) for token in theirs]
    assert list(ours.first[low:]) == [ord(token.text[0]) for token in theirs]
    assert "".join(token.text for token in theirs) == "".join(text.split())


@many
@given(twin.texts)
@example("a (http://b.c/d?e) HTTPS://f g")
def test_words(text: str):
    table = Counts.of(text).words
    tokens = [token.text for token in twin.tokens(text)]
    words = [token for token in tokens if twin.is_word(token)]
    lengths = sorted(map(len, words))
    assert one(table, "tokens") == len(tokens)
    assert one(table, "words") == len(words)
    assert one(table, "word_chars") == sum(lengths)
    assert one(table, "longest") == max(lengths, default=0)
    assert one(table, "middle_low") == (lengths[(len(words) - 1) // 2] if words else 0)
    assert one(table, "middle_high") == (lengths[len(words) // 2] if words else 0)
    alpha = [token for token in tokens if any(map(twin.is_alpha, token))]
    assert one(table, "alpha_tokens") == len(alpha)
    assert one(table, "numeric_words") == len(words) - len(alpha)
    assert one(table, "spaced") == len(text.split())
    assert one(table, "spaced_chars") == sum(map(len, text.split()))
    assert one(table, "spaced_alpha") == sum(any(map(twin.is_alpha, w)) for w in text.split())
    assert one(table, "hashes") == text.count("#")
    assert one(table, "braces") == text.count("{")
    assert one(table, "ellipses") == text.count("...") + text.count("…")
    assert one(table, "loose_ellipses") == twin.spaced_ellipses(twin.tokens(text))


@many
@given(twin.texts)
def test_sizes_and_vocabulary(text: str):
    counts = Counts.of(text)
    assert one(counts.sizes, "bytes") == len(text.encode())
    assert one(counts.sizes, "chars") == len(text)
    words = [twin.fold(token.text) for token in twin.tokens(text) if twin.is_word(token.text)]
    assert one(counts.vocabulary, "words") == len(words)
    assert one(counts.vocabulary, "distinct") == len(set(words))


@many
@given(twin.texts)
@example("\n")
@example("\n\n")
@example("\nabc")
@example("a\n \na\n \n")
@example("a\r\nb\r\rc\u2028\n")
def test_lines(text: str):
    table = Counts.of(text).lines
    lines = [line for line in text.split("\n") if line.strip()]
    assert one(table, "newlines") == text.count("\n")
    assert one(table, "chars") == len(text.replace("\n", ""))
    assert one(table, "lines") == len(lines)
    assert one(table, "line_chars") == sum(map(len, lines))
    assert one(table, "longest") == max(map(len, lines), default=0)
    assert one(table, "short") == sum(len(line) <= 30 for line in lines)
    assert one(table, "terminal") == sum(twin.is_terminal(line[-1]) for line in lines)
    assert (one(table, "repeats"), one(table, "repeat_chars")) == twin.repeats(lines)
    parts = re.split(r"\n+", text)
    assert one(table, "parts") == len(parts)
    assert (one(table, "part_repeats"), one(table, "part_repeat_chars")) == twin.repeats(parts)
    stripped = [line.strip() for line in lines]
    assert one(table, "stripped_chars") == sum(map(len, stripped))
    assert (one(table, "shared"), one(table, "shared_chars")) == twin.shared(stripped)
    found = (one(table, "stripped_repeats"), one(table, "stripped_repeat_chars"))
    assert found == twin.repeats(stripped)
    text_lines = text.splitlines()
    assert one(table, "text_lines") == len(text_lines)
    assert one(table, "bullets") == sum(line.lstrip().startswith(("•", "-")) for line in text_lines)
    ends = sum(line.rstrip().endswith(("...", "…")) for line in text_lines)
    assert one(table, "ellipses") == ends
    assert one(table, "wide_bullets") == sum(
        line.startswith(("●", "•", "*", "-")) for line in stripped
    )


@many
@given(twin.texts)
@example("\n\na\n\n \n\na\n\n\nb\n\n")
def test_paragraphs(text: str):
    table = Counts.of(text).paragraphs
    parts = re.split(r"\n{2,}", text.strip())
    assert one(table, "parts") == len(parts)
    assert (one(table, "part_repeats"), one(table, "part_repeat_chars")) == twin.repeats(parts)
    stripped = [part.strip() for part in parts if part.strip()]
    assert one(table, "paragraphs") == len(stripped)
    assert one(table, "paragraph_chars") == sum(map(len, stripped))
    assert (one(table, "shared"), one(table, "shared_chars")) == twin.shared(stripped)
    assert (one(table, "repeats"), one(table, "repeat_chars")) == twin.repeats(stripped)


@many
@given(twin.texts)
def test_sentences(text: str):
    table = Counts.of(text).sentences
    assert one(table, "sentences") == twin.sentence_count(text)
    lines = [twin.tokens(line) for line in text.split("\n") if line.strip()]
    assert one(table, "open_lines") == sum(not twin.ends_well(line) for line in lines)


@many
@given(twin.texts)
@example(" ".join("abcdefghij" * 3))
@example("a b a b a b a b a b a b a b a b a b a b a b")
def test_repetition(text: str):
    counts = Counts.of(text)
    tokens = [token.text for token in twin.tokens(text)]
    words = [token for token in tokens if twin.is_word(token)]
    folded = [twin.fold(word) for word in words]
    streams = ((counts.grams, tokens), (counts.word_grams, words), (counts.fold_grams, folded))
    for table, items in streams:
        assert one(table, "tokens") == len(items)
        assert one(table, "chars") == sum(map(len, items))
        for n in (2, 3, 4):
            assert one(table, f"top{n}") == twin.top(items, n)
            assert one(table, f"often{n}") == twin.often(items, n)
        for n in range(5, 11):
            assert one(table, f"again{n}") == twin.again(items, n)
            assert one(table, f"cover{n}") == twin.cover(items, n)
        assert one(table, "places5") == twin.places(items, 5)
        assert one(table, "places10") == twin.places(items, 10)


@many
@given(twin.texts)
@example("ab" * 30)
def test_char_grams(text: str):
    counts = Counts.of(text)
    for n, table in ((10, counts.small_grams), (13, counts.large_grams)):
        assert one(table, "grams") == max(len(text) - n + 1, 0)
        assert one(table, "repeated") == twin.places(list(text), n)
        assert one(table, "frequent") == twin.frequent(text, n)


@many
@given(twin.texts)
def test_characters(text: str):
    kinds = Counts.of(text).kinds
    assert sum(int(column[0]) for column in kinds) == len(text)
    assert one(kinds, "han") == sum("\u4e00" <= char <= "\u9fa5" for char in text)
    assert one(kinds, "digit") == sum(twin.category(char) == "Nd" for char in text)
    blank = one(kinds, "blank") + one(kinds, "newline") + one(kinds, "whitespace")
    assert blank == sum(map(str.isspace, text))


@many
@given(twin.texts)
def test_word_lists(text: str):
    words = ["the", "cat", "漢字", "privacy policy", "don't", "the cat sat"]
    counts = Counts.of(text, words=words)
    tokens = [token.text for token in twin.tokens(text)]
    for table, items in (
        (counts.written_hits, tokens),
        (counts.hits, list(map(twin.fold, tokens))),
    ):
        entries = [[token.text for token in twin.tokens(word)] for word in words]
        found = [
            sum(items[at : at + len(entry)] == entry for at in range(len(items)))
            for entry in entries
        ]
        assert one(table, "hits") == sum(found)
        assert one(table, "distinct") == sum(count > 0 for count in found)


def test_batch_borders_do_not_matter():
    """Each document is measured alone: together, in any order, after any other."""
    texts = ["a b a b", "", "x\n\nx\n", "漢字漢字", "the cat. The cat."]
    together = Counts.of(*texts, words=["the"])
    for place, text in enumerate(texts):
        alone = Counts.of(text, words=["the"])
        for name in Counts._fields[1:-1]:
            for ours, theirs in zip(getattr(together, name), getattr(alone, name), strict=True):
                assert ours[place] == theirs[0], name


@pytest.mark.parametrize("megabytes", [2])
@pytest.mark.parametrize("unit", ["a ", "\n", "。", "a", "ab,"])
def test_one_large_document_is_linear_and_exact(unit: str, megabytes: int):
    text = unit * (megabytes * 1_000_000 // len(unit.encode()))
    counts = Counts.of(text)
    assert one(counts.sizes, "chars") == len(text)
    assert one(counts.lines, "newlines") == text.count("\n")
    assert np.all(counts.grams.tokens >= 0)
