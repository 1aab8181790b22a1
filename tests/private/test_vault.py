"""The vault: what goes in comes out, by its key and no other, and nothing can be changed in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataqa.errors import InputError
from dataqa.private.vault import (
    Entry,
    Undoing,
    Vault,
    apart,
    forget_documents,
    merged,
    read,
    write,
)

pytest.importorskip("cryptography")

KEY, OTHER = b"the key of a vault, long enough", b"another key, also long enough"
ROWS = merged([(f"d{at}", "PERSON", f"Mary {at}", f"Jane {at}") for at in range(9000)])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write(tmp_path / "vault.bin", KEY, Vault(True, ROWS))
    return tmp_path / "vault.bin"


def test_what_was_sealed_is_opened_by_its_key_alone(path: Path):
    assert read(path, KEY) == Vault(True, ROWS)
    assert b"Jane" not in path.read_bytes()
    with pytest.raises(InputError, match="does not open"):
        read(path, OTHER)
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_what_was_changed_or_cut_off_does_not_open(path: Path):
    data = path.read_bytes()
    blocks: list[bytes] = []
    at = start = len(b"dataqa vault 1\n") + 16
    while at < len(data):
        end = at + 4 + 12 + int.from_bytes(data[at : at + 4])
        blocks.append(data[at:end])
        at = end
    assert len(blocks) == 4
    head = data[:start]
    for changed in (
        data[:-1] + bytes([data[-1] ^ 1]),
        data[: len(data) // 2],
        head + b"".join(blocks[:-1]),
        head + blocks[0] + blocks[2] + blocks[1] + blocks[3],
        head,
    ):
        path.write_bytes(changed)
        with pytest.raises(InputError, match=r"does not open|cut off"):
            read(path, KEY)
    path.write_bytes(b"nothing")
    with pytest.raises(InputError, match="no vault"):
        read(path, KEY)


def test_the_keys_are_two():
    with pytest.raises(InputError, match="is that of the stand-ins"):
        apart(KEY, KEY)
    apart(KEY, OTHER)


def test_documents_are_forgotten(path: Path):
    assert forget_documents(path, KEY, {"d7", "nobody"}) == 1
    assert "d7" not in {one.doc_id for one in read(path, KEY).entries}
    assert forget_documents(path, KEY, {"d7"}) == 0


def test_a_document_is_undone_by_its_own_rows_and_others_by_all():
    rows = merged(
        [
            ("a", "PERSON", "Mary Hill", "Jane Doe"),
            ("a", "PERSON", "Hill", "Doe"),
            ("b", "PERSON", "Mary Hill", "Ann Roe"),
            ("b", "EMAIL_ADDRESS", "x@example.com", "ann@corp.com"),
        ]
    )
    undoing = Undoing(Vault(True, rows))
    assert undoing.undone("a", "Mary Hill, Ms Hill, Hillary") == ("Jane Doe, Ms Doe, Hillary", 2)
    assert undoing.undone("new", "x@example.com: Mary Hill") == ("ann@corp.com: Mary Hill", 1)
    assert undoing.ambiguous == 1
    assert Undoing(Vault(False, rows)).undone("new", "x@example.com")[1] == 0


@given(text=st.text(max_size=30), made=st.text(min_size=1, max_size=5))
def test_any_text_can_be_undone(text: str, made: str):
    undoing = Undoing(Vault(True, (Entry("a", "X", made, "original"),)))
    done, count = undoing.undone("a", text)
    assert (done == text) == (count == 0) or "original" in text
