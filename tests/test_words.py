from pathlib import Path

import pytest

from dataqa.errors import InputError
from dataqa.registry import shipped
from dataqa.types import Assets
from dataqa.words import file_names, find_file, load_words, words_digest

SHIPPED = Assets((shipped("rules"),), Path())
HEAD = "words: mine\ntitle: x\ncite: x\n"


def write(folder: Path, text: str) -> Assets:
    (folder / "words").mkdir(exist_ok=True)
    (folder / "words" / "mine.yaml").write_text(text, "utf-8")
    return Assets((folder,), folder)


@pytest.mark.parametrize("name", file_names("words", SHIPPED))
def test_every_shipped_list_loads_and_says_where_it_is_from(name: str):
    assert load_words(name, SHIPPED)
    assert "cite:" in find_file("words", name, SHIPPED).read_text("utf-8")


def test_the_list_of_gopher():
    assert load_words("en-gopher", SHIPPED) == {
        *("the", "be", "to", "of"),
        *("and", "that", "have", "with"),
    }


def test_characters_are_words_of_one_character(tmp_path: Path):
    assets = write(tmp_path, HEAD + "characters: |\n  東西\n  國\n")
    assert load_words("mine", assets) == {"東", "西", "國"}


def test_the_traditional_characters_are_what_their_file_says_they_are():
    derived: set[str] = set()
    for lead in range(0xA4, 0xC7):
        for trail in (*range(0x40, 0x7F), *range(0xA1, 0xFF)):
            if (lead, trail) <= (0xC6, 0x7E):
                derived.update(bytes([lead, trail]).decode("big5", "ignore"))
    derived -= {char for char in derived if char.encode("gb2312", "ignore")}
    assert load_words("zh-traditional", SHIPPED) == derived
    assert not load_words("zh-traditional", SHIPPED) & set("我们都是中国人的好朋友")


def test_the_digest_does_not_depend_on_order(tmp_path: Path):
    one = words_digest("mine", write(tmp_path, HEAD + "items: [a, b]\n"))
    assert one == words_digest("mine", write(tmp_path, HEAD + "items: [b, a, b]\n"))
    assert one != words_digest("mine", write(tmp_path, HEAD + "items: [a, c]\n"))


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        (HEAD, 1, "the list is empty"),
        (HEAD + "items: [a, ' ']\n", 4, "an empty word"),
        (HEAD + "items:\n- in\n- on\n", 6, "items.1: expected `str`, got `bool`"),
        (HEAD.replace("mine", "yours") + "items: [a]\n", 1, "the list calls itself 'yours'"),
        (HEAD + "item: [a]\n", 4, "unknown key 'item'"),
        ("words: mine\ntitle: x\nitems: [a]\n", 1, "missing required field `cite`"),
    ],
)
def test_a_mistake_is_named_with_file_and_line(tmp_path: Path, text: str, line: int, what: str):
    with pytest.raises(InputError) as caught:
        load_words("mine", write(tmp_path, text))
    assert caught.value.where == f"{tmp_path}/words/mine.yaml:{line}"
    assert what in caught.value.what
