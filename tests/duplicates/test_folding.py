"""What is folded away, and what is not: in the key only."""

from __future__ import annotations

import re
import unicodedata
from typing import get_args

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataqa.duplicates.folding import Ignore, Word, digests, folder, ignored


def fold(text: str, *words: Ignore) -> str:
    return folder(tuple(words))(pl.Series([text]))[0]  # pyright: ignore[reportArgumentType]


def test_case_is_folded_in_full():
    assert fold("STRASSE", "case") == fold("straße", "case") == "strasse"
    assert fold("ΟΔΟΣ", "case") == fold("οδός".replace("ό", "ο"), "case")
    assert fold("I", "case") == "i"


def test_width_is_folded_and_no_other_compatibility_form():
    assert fold("ＡＢＣ　１２３！", "width") == "ABC 123!"
    assert fold("ｶﾞｷﾞ ﾊﾟ ｱ", "width") == "ガギ パ ア"
    assert fold("ﬁ ² Ⅷ ㈱ e\u0301", "width") == "ﬁ ² Ⅷ ㈱ e\u0301"


def test_punctuation_goes_by_its_category_and_symbols_stay():
    assert fold("«don’t», 他说：“好。” a_b-c", "punctuation") == "dont 他说好 abc"
    assert fold("1+1=2 $5 ~ | `x`", "punctuation") == "1+1=2 $5 ~ | `x`"


def test_white_space_goes_in_every_script():
    assert fold(" a\t\u00a0b\u3000\u2028c\r\n", "space") == "abc"
    assert fold("zero\u200bwidth", "space") == "zero\u200bwidth"


def test_digits_are_runs_in_any_script():
    assert fold("7 of 1024, ٣٤, ७, ²", "digits") == "0 of 0, 0, 0, ²"
    assert fold("1,024", "digits", "punctuation") == "0"
    assert fold("１０", "digits") == "0"


def test_folded_is_case_space_punctuation_and_width():
    assert fold("Ｈello,  World！", "folded") == "helloworld"
    assert ignored("folded") == {"case", "space", "punctuation", "width"}
    assert ignored(("folded", "nothing", "whitespace")) == ignored("folded")


def test_script_is_folded_character_by_character():
    pytest.importorskip("opencc")
    assert fold("頭髮發展與臺灣", "script") == fold("头发发展与台湾", "script")
    assert fold("乾隆", "script") == "干隆"
    assert fold("ＯＫ，頭髮！", "folded", "script") == "ok头发"


def test_ordinary_text_is_left_as_it_is():
    text = "Plain text, 1 line.\n中文。"
    assert fold(text) == fold(text, "nothing") == text


WORDS = [word for word in get_args(Word.__value__) if word not in {"script", "nothing"}]


@given(
    text=st.text(st.characters(codec="utf-8"), max_size=60),
    words=st.sets(st.sampled_from(WORDS)).map(tuple),
)
def test_equal_to_folding_character_by_character(text: str, words: tuple[Word, ...]):
    kinds = ignored(words)
    pairs = re.compile("[\uff66-\uff9d][\uff9e\uff9f]")
    expected = pairs.sub(_composed, text) if "width" in kinds else text
    expected = "".join(_one(character, kinds) for character in expected)
    if "digits" in kinds:
        expected = re.sub("00+", "0", expected)
    assert fold(text, *words) == expected
    assert fold(fold(text, *words), *words) == expected


def _composed(match: re.Match[str]) -> str:
    composed = unicodedata.normalize("NFKC", match[0])
    return composed if len(composed) == 1 else match[0]


def _one(character: str, kinds: frozenset[str]) -> str:
    wide = unicodedata.decomposition(character).startswith(("<wide>", "<narrow>"))
    if wide and "width" in kinds:
        character = unicodedata.normalize("NFKC", character)
    if "case" in kinds:
        character = character.casefold()
    if "space" in kinds and character.isspace():
        return ""
    if "punctuation" in kinds and unicodedata.category(character[0])[0] == "P":
        return ""
    if "digits" in kinds and unicodedata.category(character[0]) == "Nd":
        return "0"
    return character


def test_nulls_stay_and_a_digest_is_that_of_the_value():
    assert folder("folded")(pl.Series(["A", None])).to_list() == ["a", None]
    keys = digests(pl.Series(["a", "b", "a"]))
    assert keys.shape == (3, 2)
    assert (keys[0] == keys[2]).all()
    assert (keys[0] != keys[1]).all()
    assert digests(pl.Series([], dtype=pl.String), 8).shape == (0, 1)
