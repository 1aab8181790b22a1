"""Mistakes in packs are found when they are read, and named with file and line."""

import re
from pathlib import Path

import pytest

from dataqa.errors import InputError
from dataqa.packs import load_pack, load_packs, pack_digest, pack_names
from dataqa.proof import prove
from dataqa.registry import shipped
from dataqa.rules import Rule
from dataqa.types import Action, Assets
from dataqa.words import file_names, load_words

SHIPPED = Assets((shipped("rules"),), Path())

MINE = """\
pack: mine
dialect: datatrove
title: A pack for tests
cite: the tests
rules:
  short:
    signal: word_count
    min: 5
    max: 100
    trips: [too short, {text: "word ", times: 101}]
    passes: [this one is long enough]
  common:
    signal: stop_words
    words: en-gopher
    min: 2
    action: review
    languages: [en]
    cite: a paper
    trips: [nothing here]
    passes: [the dog and the cat]
"""


def write(folder: Path, text: str, name: str = "mine") -> Assets:
    (folder / "quality").mkdir(exist_ok=True)
    (folder / "quality" / f"{name}.yaml").write_text(text, "utf-8")
    return Assets((folder, *SHIPPED.rules), folder)


def test_a_pack_is_its_rules_in_order(tmp_path: Path):
    pack = load_pack("mine", write(tmp_path, MINE))
    assert pack.rules == (
        Rule("mine", "short", "word_count", min=5, max=100, cite="the tests"),
        Rule(
            "mine",
            "common",
            "stop_words:en-gopher",
            min=2,
            action=Action.REVIEW,
            languages=("en",),
            cite="a paper",
        ),
    )
    assert [(e.rule, e.trips) for e in pack.examples] == [
        ("short", True),
        ("short", True),
        ("short", False),
        ("common", True),
        ("common", False),
    ]
    assert pack.examples[1].text == "word " * 101


def test_languages_and_missing_of_a_pack_hold_for_rules_without_their_own(tmp_path: Path):
    text = MINE.replace("rules:", "languages: [de]\nmissing: keep\nrules:")
    short, common = load_pack("mine", write(tmp_path, text)).rules
    assert (short.languages, short.missing) == (("de",), Action.KEEP)
    assert (common.languages, common.missing) == (("en",), Action.KEEP)


def test_a_pack_is_found_by_path_too(tmp_path: Path):
    write(tmp_path, MINE)
    assert load_pack(str(tmp_path / "quality" / "mine.yaml"), SHIPPED).name == "mine"


def test_the_users_folder_comes_before_ours(tmp_path: Path):
    assets = write(tmp_path, MINE.replace("pack: mine", "pack: gopher"), "gopher")
    assert load_pack("gopher", assets).title == "A pack for tests"


MISTAKES = [
    ("pack: mine", "pack: yours", 1, "calls itself 'yours'", "one name"),
    ("dialect: datatrove", "dialect: ''", 2, "must name its dialect", "whose counting"),
    ("dialect: datatrove\n", "", 1, "missing required field `dialect`", ""),
    ("cite: the tests\n", "", 5, "rule short has no citation", "add `cite`"),
    ("title: A pack", "titel: A pack", 3, "unknown key 'titel'", "title"),
    ("  short:", "  Short-One:", 6, "'Short-One' is no rule name", "underscores"),
    ("    min: 5\n    max: 100", "    minimum: 5", 8, "unknown key 'minimum'", "min"),
    ("    signal: word_count", "    signal: wordcount", 7, "no signal is named", "word_count"),
    ("    signal: stop_words\n", "    signal: stop_words:en-gopher\n", 13, "no signal", "`words:"),
    ("    words: en-gopher\n", "", 13, "stop_words needs a word list", "add `words`"),
    ("    words: en-gopher", "    words: en-gofer", 14, "no word list is named", "en-gopher?"),
    ("    words: en-gopher", "    words: ../../etc/x", 14, "no word list is named", ""),
    ("signal: word_count", "words: en-gopher\n    signal: word_count", 7, "takes no word list", ""),
    ("    min: 5", "    min: many", 8, "min: expected `float | null`, got `str`", "a number"),
    ("    min: 5", "    min: 1e-3", 8, "min: expected `float | null`", "such as 0.001"),
    ("    min: 5", "    min: 500", 8, "min 500 is above max 100", ""),
    ("    min: 5", "    min: 0", 8, "min 0 can never trip", "leave it out"),
    ("    min: 5", "    min: .inf", 8, "min inf is no bound", "leave the bound out"),
    ("    min: 5", "    min: .nan", 8, "min nan is no bound", ""),
    ("    max: 100", "    max: -1", 8, "min 5 is above max -1", ""),
    ("    min: 5\n    max: 100", "    max: -1", 8, "max -1 always trips", "inside 0"),
    ("    min: 5\n    max: 100\n", "", 7, "rule short has no bound", "`min`, `max`"),
    ("    min: 5\n", "    one_of: [a]\n", 8, "is a number and in no list", "`min`"),
    ("    min: 5\n", "    doubt: -1\n", 8, "doubt: expected `float` >= 0.0", ""),
    ("    action: review", "    action: drp", 16, "invalid enum value 'drp'", ""),
    ("    languages: [en]", "    languages: en", 17, "expected `array`, got `str`", ""),
    ("    languages: [en]", "    languages: [no]", 17, "got `bool`", "quote it"),
    ("    trips: [nothing here]\n", "", 12, "rule common has no example that trips", "trips"),
    ("    passes: [the dog and the cat]\n", "", 12, "no example that passes", "passes"),
    ("times: 101", "times: 0", 10, "`int` >= 1", ""),
    ("times: 101", "time: 101", 10, "unknown field `time`", ""),
    ("times: 101", "times: 1000000", 10, "an example too long", ""),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: f"{mistake[1][:30]!r}")
def test_a_mistake_is_named_with_file_and_line(
    tmp_path: Path, mistake: tuple[str, str, int, str, str]
):
    old, new, line, what, hint = mistake
    assert old in MINE
    assets = write(tmp_path, MINE.replace(old, new, 1))
    with pytest.raises(InputError) as caught:
        load_pack("mine", assets)
    assert caught.value.where == f"{tmp_path}/quality/mine.yaml:{line}"
    assert what in caught.value.what
    assert hint in caught.value.hint


def test_a_pack_without_rules_is_an_error(tmp_path: Path):
    with pytest.raises(InputError, match=r"mine.yaml:5: a pack without rules"):
        load_pack("mine", write(tmp_path, MINE.partition("rules:")[0] + "rules: {}\n"))


def test_a7_a_misspelt_signal_is_an_error_and_not_a_rule_that_never_fires(tmp_path: Path):
    """A7: rules named a 2gram signal, the tagger wrote 2grams, and nothing ever fired."""
    text = MINE.replace("signal: word_count", "signal: top_2grams_char_ratio")
    with pytest.raises(InputError) as caught:
        load_pack("mine", write(tmp_path, text))
    assert "top_2gram_char_ratio" in caught.value.hint


@pytest.mark.parametrize("bound", ["min", "max"])
@pytest.mark.parametrize(("value", "what"), [(-0.5, "can never trip"), (1.5, "always trips")])
def test_ratios_are_bounded_by_what_they_can_be(
    tmp_path: Path, bound: str, value: float, what: str
):
    value = value if bound == "min" else 1 - value
    text = MINE.replace(
        "word_count\n    min: 5\n    max: 100", f"alnum_ratio\n    {bound}: {value}"
    )
    with pytest.raises(InputError, match=what) as caught:
        load_pack("mine", write(tmp_path, text))
    assert caught.value.where.endswith("mine.yaml:8")


def test_bounds_of_the_user_win(tmp_path: Path):
    pack = load_pack("mine", write(tmp_path, MINE), {"mine.short.min": 3, "mine.short.doubt": 1})
    assert (pack.rules[0].min, pack.rules[0].max, pack.rules[0].doubt) == (3, 100, 1)


@pytest.mark.parametrize(
    ("bounds", "where", "what", "hint"),
    [
        ({"mine.shrt.min": 3}, "bounds.mine.shrt.min", "there is no bound", "mine.short.min"),
        ({"mine.short.min": 0}, "bounds.mine.short.min", "can never trip", "inf switches"),
        ({"mine.short.min": 101}, "bounds.mine.short", "min 101 is above max 100", ""),
    ],
)
def test_a_wrong_bound_of_the_user_is_named(
    tmp_path: Path, bounds: dict[str, float], where: str, what: str, hint: str
):
    with pytest.raises(InputError) as caught:
        load_pack("mine", write(tmp_path, MINE), bounds)
    assert caught.value.where == where
    assert what in caught.value.what
    assert hint in caught.value.hint


def test_globs_are_spelled_out_and_a_pack_named_twice_is_loaded_once():
    packs = load_packs(["fineweb2-*", "gopher", "fineweb2-zh"], SHIPPED)
    names = [pack.name for pack in packs]
    assert names[-1] == "gopher"
    assert names[:-1] == [name for name in pack_names(SHIPPED) if name.startswith("fineweb2-")]


def test_names_that_lead_nowhere_are_errors(tmp_path: Path):
    with pytest.raises(InputError, match="did you mean gopher"):
        load_pack("gofer", SHIPPED)
    with pytest.raises(InputError, match="no pack matches 'gofer-\\*'"):
        load_packs(["gofer-*"], SHIPPED)
    with pytest.raises(InputError, match="no such file"):
        load_packs([str(tmp_path / "absent.yaml")], SHIPPED)


def test_two_packs_of_one_name_are_refused(tmp_path: Path):
    write(tmp_path, MINE.replace("pack: mine", "pack: gopher"), "gopher")
    with pytest.raises(InputError, match="two packs are named gopher"):
        load_packs(["gopher", str(tmp_path / "quality" / "gopher.yaml")], SHIPPED)


def test_the_digest_follows_rules_and_words_and_nothing_else(tmp_path: Path):
    assets = write(tmp_path, MINE)
    before = load_pack("mine", assets)
    write(tmp_path, MINE.replace("the tests", "another paper").replace("too short", "also short"))
    assert pack_digest(load_pack("mine", assets), assets) == pack_digest(before, assets)
    bounded = load_pack("mine", assets, {"mine.short.min": 6})
    assert pack_digest(bounded, assets) != pack_digest(before, assets)
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "en-gopher.yaml").write_text(
        "words: en-gopher\ntitle: x\ncite: x\nitems: [the, a]\n"
    )
    assert pack_digest(before, assets) != pack_digest(before, SHIPPED)


def test_the_readme_lists_every_pack():
    text = (SHIPPED.rules[0] / "README.md").read_text("utf-8")
    for pack in load_packs(["*"], SHIPPED):
        languages = ", ".join(pack.languages) or "any"
        row = f"| `{pack.name}` | {pack.dialect} | {len(pack.rules)} | {languages} | {pack.title} |"
        assert row in text.splitlines()
    assert text.count("\n| `") == len(pack_names(SHIPPED)) + len(file_names("words", SHIPPED))
    for name in file_names("words", SHIPPED):
        assert f"\n| `{name}` | {len(load_words(name, SHIPPED))} |" in text


def test_what_the_manual_shows_loads_and_is_proven(tmp_path: Path):
    manual = shipped("rules").parent / "docs" / "rules.md"
    if not manual.exists():
        pytest.skip("the manual is not installed")
    pack_text, words_text = re.findall(r"```yaml\n(.*?)```", manual.read_text("utf-8"), re.DOTALL)
    assets = write(tmp_path, pack_text, "forum")
    assert prove(load_pack("forum", assets), assets) == []
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "forum-slang.yaml").write_text(words_text, "utf-8")
    assert load_words("forum-slang", assets) == {"lol", "no", "buy now"}
