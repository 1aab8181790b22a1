from pathlib import Path

import msgspec
import pytest

from dataqa.errors import InputError
from dataqa.yamlfile import MAX_BYTES, read_yaml


class Setting(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    size: float = 0.0
    words: tuple[str, ...] = ()


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "some.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_values_and_lines(tmp_path: Path):
    file = read_yaml(write(tmp_path, "a: 1\nb:\n  - x\n  - {c: 2.5}\n"))
    assert file.value == {"a": 1, "b": ["x", {"c": 2.5}]}
    assert file.where("b", 1, "c") == f"{file.path}:4"
    assert file.where("b", 0) == f"{file.path}:3"
    assert file.where("absent") == f"{file.path}:1"
    assert file.at("b", 1, "c") == 2.5


def test_a_byte_order_mark_is_no_content(tmp_path: Path):
    assert read_yaml(write(tmp_path, "\ufeffa: 1\n")).value == {"a": 1}


def test_aliases_are_followed(tmp_path: Path):
    file = read_yaml(write(tmp_path, "a: &x [1, 2]\nb: *x\n"))
    assert file.value["b"] == [1, 2]


BOMB = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{b}: &{b} [{', '.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("a: 1\nb:\n\t- x\n", 3, "a tab where YAML wants spaces"),
        ("a: 1\n\tb: 2\n", 2, "a tab where YAML wants spaces"),
        ("a: 1\nb: 2\na: 3\n", 3, "key 'a' stands twice"),
        ("a: 1\nno: 2\n", 2, "a key must be a plain word"),
        ("a: 1\n? [x]\n: 2\n", 2, "a key must be a plain word"),
        ("a: [1, 2\nb: 3\n", 2, ""),
        ("a: 1\n---\nb: 2\n", 2, "but found another document"),
        ("a: !!python/object/apply:os.system [ls]\n", 1, "a tag (tag:yaml.org"),
        (BOMB, 1, "too many values"),
        ("a: &a [*a]\n", 1, "nested too deep"),
        ("a: " + "[" * 40 + "]" * 40, 1, "nested too deep"),
        (b"a: 1\nb: \xff\n", 2, "is not UTF-8"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(
    tmp_path: Path, text: str | bytes, line: int, what: str
):
    path = write(tmp_path, text)
    with pytest.raises(InputError) as caught:
        read_yaml(path)
    assert caught.value.where == f"{path}:{line}"
    assert what in caught.value.what


def test_a_huge_file_is_refused_unread(tmp_path: Path):
    with pytest.raises(InputError, match="too many"):
        read_yaml(write(tmp_path, "#" * (MAX_BYTES + 1)))


@pytest.mark.parametrize("depth", [2_000, 200_000])
def test_deep_nesting_is_an_error_and_no_crash(tmp_path: Path, depth: int):
    with pytest.raises(InputError):
        read_yaml(write(tmp_path, "[" * depth))


def test_a_file_that_is_not_there(tmp_path: Path):
    with pytest.raises(InputError, match="no such file"):
        read_yaml(tmp_path / "absent.yaml")


def test_a_folder_is_no_file(tmp_path: Path):
    with pytest.raises(InputError, match="cannot be read"):
        read_yaml(tmp_path)


def test_struct_converts(tmp_path: Path):
    file = read_yaml(write(tmp_path, "name: x\nsize: 3\nwords: [a, b]\n"))
    assert file.struct(Setting) == Setting("x", 3.0, ("a", "b"))


@pytest.mark.parametrize(
    ("text", "line", "what", "hint"),
    [
        ("name: x\nsice: 3\n", 2, "unknown key 'sice'", "did you mean size?"),
        ("name: x\nsize: big\n", 2, "size: expected `float`, got `str`", "write a number"),
        ("name: x\nsize: 1e-3\n", 2, "size: expected `float`", "0.001"),
        ("name: x\nsize: yes\n", 2, "size: expected `float`, got `bool`", ""),
        ("name: x\nwords:\n- a\n- no\n", 4, "words.1: expected `str`, got `bool`", "quote it"),
        ("size: 1\n", 1, "missing required field `name`", ""),
        ("[1]\n", 1, "the file must be a mapping, not a list", "keys: name, size, words"),
        ("", 0, "the file must be a mapping, not empty", "keys: name"),
    ],
)
def test_struct_names_key_line_and_remedy(
    tmp_path: Path, text: str, line: int, what: str, hint: str
):
    path = write(tmp_path, text)
    with pytest.raises(InputError) as caught:
        read_yaml(path).struct(Setting)
    assert caught.value.where == (f"{path}:{line}" if line else str(path))
    assert what in caught.value.what
    assert hint in caught.value.hint
