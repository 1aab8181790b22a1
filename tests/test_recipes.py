"""The shipped packs against the published tables, written down a second time as rows."""

from pathlib import Path

import pytest

from dataqa.packs import load_pack
from dataqa.registry import shipped
from dataqa.types import Assets

SHIPPED = Assets((shipped("rules"),), Path())

# dup_line, top 2/3/4, dup 5..10, line_punct, newline, word length, alpha: FineWeb-2, configs/
FINEWEB2 = {
    "zh": ".287|.256 .201 .171|.198 .182 .167 .154 .14 .127|.106|.178|1 5|.735",
    "ja": ".328|.239 .196 .172|.243 .225 .207 .19 .175 .159|.096|.13|1 6|.759",
    "ko": ".374|.282 .228 .185|.201 .184 .168 .154 .14 .127|.062|.196|1 6|.791",
    "de": ".263|.169 .153 .137|.141 .134 .126 .117 .108 .098|0|.152|0 15|.774",
    "ar": ".304|.197 .172 .146|.165 .153 .142 .131 .12 .109|.143|.189|2 9|.787",
    "ru": ".322|.184 .164 .146|.168 .156 .145 .133 .121 .109|.231|.139|3 11|.713",
    "th": ".349|.221 .197 .162|.185 .168 .152 .137 .124 .111|0|.153|2 10|.9",
}
GOPHER = {
    "word_count": (50, 100000),
    "mean_word_length": (3, 10),
    "bullet_lines": (None, 0.9),
    "ellipsis_lines": (None, 0.3),
    "alpha_words": (0.8, None),
    "stop_words": (2, None),
    "dup_lines": (None, 0.3),
    "dup_line_chars": (None, 0.2),
    "dup_paragraphs": (None, 0.3),
    "dup_paragraph_chars": (None, 0.2),
    "top_2gram": (None, 0.2),
    "top_3gram": (None, 0.18),
    "top_4gram": (None, 0.16),
    "dup_5gram": (None, 0.15),
    "dup_6gram": (None, 0.14),
    "dup_7gram": (None, 0.13),
    "dup_8gram": (None, 0.12),
    "dup_9gram": (None, 0.11),
    "dup_10gram": (None, 0.1),
}
SYMBOLS = {"hash_ratio": (None, 0.1), "ellipsis_ratio": (None, 0.1)}
C4 = {"lorem_ipsum": (None, 0), "curly_brace": (None, 0)}
PUBLISHED = {
    "gopher": GOPHER | SYMBOLS,
    "gopher-dclm": GOPHER | {"symbols": (None, 0.1)},
    "refinedweb": GOPHER | {"symbols": (None, 0.1)},
    "c4": C4 | {"sentences": (5, None)},
    "c4-code": C4 | {"sentences": (3, None), "page_length": (None, 190000)},
    "fineweb-c4": C4 | {"sentences": (5, None)},
    "fineweb": {
        "terminal_lines": (0.12, None),
        "short_lines": (None, 0.67),
        "dup_line_chars": (None, 0.01),
        "newlines": (None, 0.3),
    },
}


def bounds(name: str) -> dict[str, tuple[float | None, float | None]]:
    return {rule.name: (rule.min, rule.max) for rule in load_pack(name, SHIPPED).rules}


@pytest.mark.parametrize("name", PUBLISHED)
def test_bounds_are_the_published_ones(name: str):
    assert bounds(name) == PUBLISHED[name]


@pytest.mark.parametrize("language", FINEWEB2)
def test_fineweb2_bounds_are_those_of_its_configs(language: str):
    found = bounds(f"fineweb2-{language}")
    rows = [[float(cell) for cell in part.split()] for part in FINEWEB2[language].split("|")]
    shortest, longest = rows[5]
    published: dict[str, tuple[float | None, float | None]] = {
        "dup_lines": (None, rows[0][0]),
        **{f"top_{n}gram": (None, value) for n, value in enumerate(rows[1], 2)},
        **{f"dup_{n}gram": (None, value) for n, value in enumerate(rows[2], 5)},
        "terminal_lines": (rows[3][0], None),
        "newlines": (None, rows[4][0]),
        # a word has at least one character: a minimum of 0 or 1 can never trip
        "mean_word_length": (shortest if shortest > 1 else None, longest),
        "alpha_words": (rows[6][0], None),
    }
    assert found["dup_line_chars"] == (None, 0.1)
    for name, (low, high) in published.items():
        if name not in found:
            assert language == "th" or low == 0
        else:
            assert found[name] == (low, high)


@pytest.mark.parametrize("language", FINEWEB2)
def test_fineweb2_rules_hold_for_their_language_only(language: str):
    pack = load_pack(f"fineweb2-{language}", SHIPPED)
    assert {rule.languages for rule in pack.rules} == {(language,)}
