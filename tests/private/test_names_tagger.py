"""The tagger: what it finds, where exactly, the same however texts are cut into batches."""

from __future__ import annotations

import random
import socket
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dataqa.errors import InputError
from dataqa.private.names.gazetteers import entries, names
from dataqa.private.names.tagger import KINDS, Tagger, shipped
from dataqa.private.names.weights import MAGIC, SHIPPED, read

SENTENCES = (
    ("My name is Teodora Vasilescu.", "PERSON", "Teodora Vasilescu"),
    ("Mr. Hagar Lindqvist called this morning.", "PERSON", "Hagar Lindqvist"),
    ("The report was written by J. Okonkwo.", "PERSON", "J. Okonkwo"),
    ("we met Dr. Amelie Fontaine yesterday", "PERSON", "Amelie Fontaine"),
    ("She moved from Gdansk to Lisbon in 1987.", "LOCATION", "Lisbon"),
    ("I live at 14 Harbour Street, Bristol.", "LOCATION", "Bristol"),
    ("They spent a month in New Zealand.", "LOCATION", "New Zealand"),
    ("He works for Lindqvist Holdings Ltd in the north.", "ORGANIZATION", "Lindqvist Holdings Ltd"),
    ("She studied at the University of Tartu.", "ORGANIZATION", "University of Tartu"),
)
AROUND = ["", "😀", "张三", "\r\n", "\t", "（", "»", "\u200b ", "日本 "]


def found(texts: list[str], least: float = 0.4) -> list[list[tuple[str, str, float]]]:
    told: list[list[tuple[str, str, float]]] = [[] for _ in texts]
    rows = shipped().scan(pl.Series(texts, dtype=pl.String), least)
    for row, kind, start, end, score in rows.iter_rows():
        told[row].append((kind, texts[row].encode()[start:end].decode(), score))
    return told


@pytest.mark.parametrize(("text", "kind", "value"), SENTENCES)
def test_names_are_found_in_sentences(text: str, kind: str, value: str):
    told = [(one, what) for one, what, _ in found([text])[0]]
    assert any(one == kind and (what in value or value in what) for one, what in told), told


def test_what_is_no_name_is_not_found():
    plain = [
        "The weather was fine and nobody came.",
        "Please restart the server before you install the update.",
        "1990 1995 2001, 3.5 and 4,200.50",
        "",
        "   \n\n\t ",
    ]
    assert found(plain, 0.5) == [[]] * len(plain)


@pytest.mark.parametrize("before", AROUND)
@pytest.mark.parametrize("after", AROUND)
def test_spans_are_exact_bytes_whatever_is_beside_them(before: str, after: str):
    text = f"{before}Teodora Vasilescu{after}"
    rows = shipped().scan(pl.Series([text]), 0.1)
    values = [text.encode()[a:b].decode() for a, b in rows.select("start", "end").iter_rows()]
    assert "Teodora Vasilescu" in values


def test_a_possessive_is_not_part_of_the_name():
    for written in ("Teodora's", "Teodora’s"):
        values = [value for _, value, _ in found([f"I read {written} letter to Hagar."], 0.1)[0]]
        assert "Teodora" in values


def test_a_name_does_not_reach_over_a_line_end():
    for _, value, _ in found(["by Teodora Vasilescu\nHagar Lindqvist wrote"], 0.1)[0]:
        assert "\n" not in value


def test_numbers_alone_are_no_name():
    assert found(["at 12 , 4 and 17 London"], 0.05)[0][-1][1].endswith("London")
    assert not [1 for _, value, _ in found(["EUR 4,000 12 13 99"], 0.02)[0] if value.isdigit()]


def test_batch_borders_do_not_matter():
    draw = random.Random(3)
    texts = [text for text, _, _ in SENTENCES] * 6
    draw.shuffle(texts)
    texts += ["", "x" * 5000, " ".join(texts)]
    whole = found(texts, 0.02)
    assert whole == [found([text], 0.02)[0] for text in texts]
    assert whole == found(texts[:7], 0.02) + found(texts[7:], 0.02)
    sliced = shipped().scan(pl.Series(texts)[5:9])
    assert sliced.equals(shipped().scan(pl.Series(texts[5:9])))


def test_nulls_have_no_names():
    rows = shipped().scan(pl.Series([None, "My name is Teodora Vasilescu.", None]))
    assert rows["row"].unique().to_list() == [1]


def test_a_bar_is_a_dial():
    texts = [text for text, _, _ in SENTENCES]
    rows = shipped().scan(pl.Series(texts))
    assert rows["score"].is_between(0, 1).all()
    counts = [shipped().scan(pl.Series(texts), least).height for least in (0.05, 0.4, 0.8, 0.99)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]


def test_no_socket_is_opened(monkeypatch: pytest.MonkeyPatch):
    def refuse(*arguments: Any, **named: Any) -> None:
        pytest.fail("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    assert Tagger(read()).scan(pl.Series([SENTENCES[0][0]])).height


def test_the_shipped_weights_are_small_and_whole():
    assert SHIPPED.stat().st_size < 3_000_000
    weights = read()
    assert len(weights.header.calibration) == len(KINDS)
    assert len(weights.words) == weights.header.words
    assert (weights.words[1:] > weights.words[:-1]).all()


def test_weights_that_were_changed_are_refused(tmp_path: Path):
    data = bytearray(SHIPPED.read_bytes())
    data[-5] ^= 1
    spoilt = tmp_path / "spoilt.weights"
    for content in (
        bytes(data),
        data[:1000],
        b"",
        MAGIC,
        MAGIC + b"\xff\xff\xff\x7f{}",
        b"PK\x03\x04",
    ):
        spoilt.write_bytes(content)
        with pytest.raises(InputError) as caught:
            read(spoilt)
        assert str(spoilt) in str(caught.value)
    with pytest.raises(InputError):
        read(tmp_path / "missing.weights")


def test_gazetteers_are_words_and_sorted():
    known = entries()
    assert list(known) == sorted(known)
    assert all(0 < bits < 256 and len(word) > 1 for word, bits in known.items())
    assert all(list(some) == sorted(set(some)) for some in names())
