"""The scan: the same with and without hyperscan, whatever is around, and in linear time."""

from __future__ import annotations

import random
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from measured import seconds

from dataqa.arrow import text_buffers
from dataqa.private.automaton import Everywhere, Hyperscan
from dataqa.private.forms import expressions
from dataqa.private.packs import Recogniser, load_packs, pack_names
from dataqa.private.patterns import compiled
from dataqa.private.scan import Scanner, Span, resolved
from dataqa.private.windows import joined
from dataqa.registry import shipped
from dataqa.types import Assets

pytest.importorskip("hyperscan")
pytest.importorskip("stdnum")

ASSETS = Assets((shipped("rules"),), Path())
ALL: tuple[Recogniser, ...] = load_packs(pack_names(ASSETS), ASSETS)
PATTERNS = expressions(ALL)
FEW = PATTERNS[:20]
AUTOMATON = Hyperscan(PATTERNS)
"""Compiled once: that takes longer than all else here."""
FAST, SLOW = (Scanner(ALL, automaton_of=one) for one in (AUTOMATON, Everywhere(len(PATTERNS))))
HITS = [value for one in ALL for example in one.examples for value in example.values]
AROUND = ["", " ", "a", "é", "中", "0", "-", ".", ":", "\n", "电话", "card ", "😀", "\u0301", "x@"]


def found(text: str) -> list[tuple[str, str]]:
    rows = FAST.scan(pl.Series([text]), 0.4)
    data = text.encode()
    return [
        (entity, data[start:end].decode())
        for entity, start, end in rows.select("entity", "start", "end").iter_rows()
    ]


PIECES = st.one_of(st.sampled_from(HITS), st.sampled_from(AROUND), st.text(max_size=3))


@given(texts=st.lists(st.lists(PIECES, max_size=6).map("".join), max_size=4))
def test_with_and_without_hyperscan_the_same_is_found(texts: list[str]):
    series = pl.Series(texts, dtype=pl.String)
    assert FAST.scan(series).equals(SLOW.scan(series))


@given(texts=st.lists(st.lists(PIECES, max_size=6).map("".join), min_size=1, max_size=4))
def test_texts_do_not_touch_one_another(texts: list[str]):
    together = FAST.scan(pl.Series(texts))
    for row, text in enumerate(texts):
        alone = FAST.scan(pl.Series([text]))
        mine = together.filter(pl.col("row") == row)
        assert mine.drop("row").equals(alone.drop("row"))


def windows(automaton: Hyperscan, texts: list[str]) -> list[tuple[int, int, int]]:
    found = automaton.windows(joined(text_buffers(pl.Series(texts))))
    return [*zip(*(part.tolist() for part in found), strict=True)]


@given(text=st.lists(PIECES, max_size=8).map("".join))
def test_windows_hold_every_match_of_every_pattern(text: str):
    """What ``re`` finds in the whole text lies in a window: nothing is lost elsewhere."""
    found = windows(AUTOMATON, [text])
    for number, (pattern, border, _) in enumerate(PATTERNS):
        # a line feed stands before the text
        mine = [(low - 1, high - 1) for which, low, high in found if which == number]
        for match in compiled(pattern, border).finditer(text.encode()):
            assert any(low <= match.start() and match.end() <= high for low, high in mine)


def test_what_was_compiled_is_kept_where_only_its_owner_reads_it(tmp_path: Path):
    one, again = (Hyperscan(FEW, tmp_path / "cache") for _ in range(2))
    kept = [*(tmp_path / "cache" / "patterns").iterdir()]
    assert kept
    assert not any(one.stat().st_mode & 0o077 for one in kept)
    assert windows(one, HITS) == windows(again, HITS)
    (tmp_path / "file").touch()  # no folder can be made there
    blocked = Hyperscan(FEW, tmp_path / "file")
    assert windows(Hyperscan(FEW), HITS) == windows(blocked, HITS)


def test_nulls_and_empty_texts_hold_nothing():
    assert not FAST.scan(pl.Series([None, "", " "], dtype=pl.String)).height
    assert not FAST.scan(pl.Series([], dtype=pl.String)).height


def test_beside_chinese_characters_values_are_found_and_nothing_is_swallowed():
    """Where ``\\b`` does not hold: between a Chinese character and a digit or letter."""
    assert found("服务器192.168.10.25已宕机") == [("IP_ADDRESS", "192.168.10.25")]
    assert found("卡号4111111111111111已冻结") == [("CREDIT_CARD", "4111111111111111")]
    assert found("请发到zhangwei@example.com谢谢") == [("EMAIL_ADDRESS", "zhangwei@example.com")]
    assert found("电话13812345678转") == [("PHONE_NUMBER", "13812345678")]


def test_within_words_and_numbers_nothing_is_found():
    assert found("x13812345678 1381234567890 é4111111111111111é") == []


def test_cards_of_series_two_and_of_nineteen_digits():
    assert found("2223003122003222") == [("CREDIT_CARD", "2223003122003222")]


def test_a_word_nearby_makes_it_likelier_and_one_before_it_unlikelier():
    scores = FAST.scan(pl.Series(["in 536904399 ways", "SSN 536904399"]))
    assert scores["recogniser"].to_list() == ["us.ssn", "us.ssn"]
    assert scores["score"].to_list() == [0.05, 0.85]
    assert found("订单号：13812345678") == []


def test_of_overlapping_spans_the_surest_then_the_longest_stays():
    assert resolved([Span(0, 9, 0.5, 0), Span(3, 20, 0.5, 1)]) == [Span(3, 20, 0.5, 1)]
    assert resolved([Span(0, 9, 0.6, 0), Span(3, 20, 0.5, 1)]) == [Span(0, 9, 0.6, 0)]


@pytest.mark.parametrize(
    "text",
    [
        "a@" * 20_000,
        "a." * 20_000 + "@",
        "1-" * 20_000,
        "1 " * 20_000,
        "+1" * 20_000,
        "eyJ" * 20_000,
        "-----BEGIN PRIVATE KEY-----" * 2_000,
        "a://b:" * 10_000,
        "0123456789" * 5_000,
        "AB12 " * 10_000,
        "::1" * 20_000,
    ],
)
def test_hostile_texts_take_linear_time(text: str):
    """Four times the text takes about four times the time, not sixteen times."""
    short, long = (pl.Series([one]) for one in (text[: len(text) // 4], text))
    assert seconds(lambda: FAST.scan(long)) < 9 * seconds(lambda: FAST.scan(short)) + 0.05


def test_a_compiled_database_is_kept_and_a_broken_one_made_again(tmp_path: Path):
    text = pl.Series([" ".join(HITS)])
    some = [one for one in ALL if one.name.startswith(("hk.", "mo."))]
    first = Scanner(some, tmp_path).scan(text)
    assert first.height
    kept = [*(tmp_path / "patterns").iterdir()]
    assert kept
    for one in kept:
        one.write_bytes(one.read_bytes()[:100])
    assert Scanner(some, tmp_path).scan(text).equals(first)
    for one in kept:
        assert one.stat().st_size > 100
        data = one.read_bytes()
        assert all(value.encode() not in data for value in HITS if len(value) > 9)


def test_a_megabyte_of_one_character_and_random_bytes():
    draw = random.Random(5)
    noise = "".join(
        chr(draw.choice([draw.randrange(32, 127), 0x4E00, 0x301, 0x1F600])) for _ in range(10**5)
    )
    for text in ("1" * 10**6, "@" * 10**6, "中" * 10**5, noise, "\x00" * 1000):
        assert FAST.scan(pl.Series([text])).height < len(text) / 10
        # without hyperscan a megabyte takes half a minute
        few = pl.Series([text[:20_000]])
        assert FAST.scan(few).equals(SLOW.scan(few))


def test_every_hit_is_found_as_one_span():
    # a password may end with a bracket: nobody can tell
    for value in (one for one in HITS if "Password=" not in one):
        spans = FAST.scan(pl.Series([f"({value})"]))
        ends = spans.select("start", "end").rows()
        assert all(end <= len(value.encode()) + 1 for _, end in ends)


def test_a_pattern_with_a_named_value_finds_only_that():
    assert found("我的QQ号是987654321。") == [("CN_QQ", "987654321")]
    assert found("license plate 7ABC123") == [("LICENSE_PLATE", "7ABC123")]


def test_a_value_that_ends_within_a_character_is_taken_with_all_of_it():
    """Found by fuzzing: a password of so many bytes, of which the last was the half of one."""
    text = "Server=db1;Password=s3cr3t" + "热" * 40
    (row,) = FAST.scan(pl.Series([text])).rows()
    assert text.encode()[row[3] : row[4]].decode()


def test_case_numbers_of_courts_are_found():
    assert found("in an application (no. 36110/97) against") == [("CASE_NUMBER", "36110/97")]
    assert found("the rate was 3/4 of all") == []


@given(
    before=st.text(max_size=30),
    number=st.from_regex(r"[0-9]{9,12}", fullmatch=True),
    behind=st.text(max_size=30),
)
def test_words_are_whole_wherever_they_are_cut(before: str, number: str, behind: str):
    """How far a recogniser looks around may cut a word in two: a half of one is none."""
    text = pl.Series([f"{before} phonebook {number} accounting {behind}"])
    assert FAST.scan(text).equals(SLOW.scan(text))
