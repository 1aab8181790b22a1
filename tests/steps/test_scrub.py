"""The step ``scrub``: what stands in place of private data, and that nothing else changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dataqa
from dataqa.edits import decode
from dataqa.errors import InputError
from dataqa.kernels.cache import home
from dataqa.pipeline import Pipeline
from dataqa.registry import shipped
from dataqa.steps.normalize import Normalize
from dataqa.steps.private import Private
from dataqa.steps.scrub import Scrub
from dataqa.types import DOC, DOC_ID, TEXT, Assets, Batch, Opened, batch_of

pytest.importorskip("stdnum")

ASSETS = Assets((shipped("rules"),), home())
FIND = Private(packs=("private/global", "private/us", "private/cn"))
TEXT_ = "😀 Mail jane@corp.com or\r\n电话13812345678; e\u0301 4111 1111 1111 1111."
KEY = "a key for tests, long enough"


def after(texts: list[str | None], *steps: Any) -> Batch:
    return through(texts, [step.open(ASSETS) for step in steps])


def through(texts: list[str | None], opened: list[Opened]) -> Batch:
    docs = pl.DataFrame(
        {
            DOC: pl.Series(range(len(texts)), dtype=pl.UInt64),
            DOC_ID: [f"d{at}" for at in range(len(texts))],
            TEXT: pl.Series(texts, dtype=pl.String),
        }
    )
    batch = batch_of(docs)
    for act in opened:
        batch = act(batch)
    return batch


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", KEY)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "Mail <EMAIL_ADDRESS> or\r\n电话<PHONE_NUMBER>; e\u0301 <CREDIT_CARD>."),
        (
            {"style": "mask"},
            "Mail ****@****.*** or\r\n电话***********; e\u0301 **** **** **** ****.",
        ),
        ({"style": "remove"}, "Mail  or\r\n电话; e\u0301 ."),
        ({"style": "keep"}, TEXT_.removeprefix("😀 ")),
        (
            {"per_entity": {"PHONE_NUMBER": "keep", "CREDIT_CARD": "remove"}},
            "Mail <EMAIL_ADDRESS> or\r\n电话13812345678; e\u0301 .",
        ),
    ],
)
def test_each_style_puts_something_else_in_its_place(fields: dict[str, Any], expected: str):
    done = after([TEXT_], FIND, Scrub(**fields))
    assert done.docs[TEXT].to_list() == [f"😀 {expected}"]


def test_the_same_value_has_the_same_stand_in_everywhere_or_within_a_document():
    texts: list[str | None] = ["jane@corp.com", "JANE@corp.com and jane@corp.com", None, "none"]
    wide = after(texts, FIND, Scrub(style="surrogate", key="env:A_KEY"))
    first, second = wide.docs[TEXT].to_list()[:2]
    assert second == f"{first} and {first}"
    narrow = after(texts, FIND, Scrub(style="surrogate", key="env:A_KEY", scope="document"))
    one, other = narrow.docs[TEXT].to_list()[:2]
    assert one not in other
    assert len(set(other.split(" and "))) == 1
    assert wide.signals["scrubbed"].to_list() == [1, 2, None, 0]


def test_another_key_changes_every_stand_in(monkeypatch: pytest.MonkeyPatch):
    step = Scrub(style="hash", key="env:A_KEY")
    before = after([TEXT_], FIND, step).docs[TEXT][0]
    monkeypatch.setenv("A_KEY", KEY[::-1])
    now = after([TEXT_], FIND, step).docs[TEXT][0]
    assert not {word for word in before.split() if ":" in word} & set(now.split())


def test_a_step_between_may_move_what_was_found():
    done = after([TEXT_], FIND, Normalize(), Scrub())
    assert done.docs[TEXT][0] == "😀 Mail <EMAIL_ADDRESS> or\n电话<PHONE_NUMBER>; é <CREDIT_CARD>."


def test_scrubbed_twice_is_scrubbed_once():
    done = after([TEXT_], FIND, Scrub(), FIND, Scrub(), Scrub(style="remove"))
    assert done.docs[TEXT].equals(after([TEXT_], FIND, Scrub()).docs[TEXT])


PIECES = st.sampled_from(
    ["jane@corp.com", "1.2.3.4", "é", "😀", "\r\n", " ", "中", "13812345678", "x"]
)


@pytest.fixture(scope="module")
def opened() -> list[Opened]:
    return [FIND.open(ASSETS), Scrub().open(ASSETS)]


@given(texts=st.lists(st.lists(PIECES, max_size=8).map("".join), max_size=4))
def test_nothing_changes_outside_the_spans_and_every_edit_maps_back(
    opened: list[Opened], texts: list[str]
):
    done = through([*texts], opened)
    for at, text in enumerate(texts):
        mine = done.findings.filter((pl.col(DOC) == at) & pl.col("edits").is_not_null())
        data, new = text.encode(), done.docs[TEXT][at].encode()
        edits = sorted(edit for stored in mine["edits"] for edit in decode(stored))
        rebuilt, place = b"", 0
        for start, removed, inserted in edits:
            rebuilt += data[place:start] + b"<" * inserted
            place = start + removed
        rebuilt += data[place:]
        assert len(rebuilt) == len(new)
        assert all(a == b for a, b in zip(rebuilt, new, strict=True) if a != ord("<"))


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("", "take a key"),
        ("env:NOT_SET_ANYWHERE", "no key there"),
        ("file:nowhere.key", "no key there"),
        ("env:SHORT", "shorter than 16"),
    ],
)
def test_a_missing_key_is_told_before_anything_is_read(
    where: str, said: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SHORT", "too short")
    with pytest.raises(InputError, match=said):
        Scrub(style="surrogate", key=where).open(ASSETS)
    with pytest.raises(InputError, match="not where a key is"):
        Scrub(style="surrogate", key="hunter2")


def test_neither_values_nor_key_are_anywhere_in_a_run(tmp_path: Path):
    """A canary of each kind, and everything that a run leaves behind."""
    source = tmp_path / "in.jsonl"
    canaries = ["jane@corp.com", "13812345678", "4111 1111 1111 1111", KEY]
    rows = pl.DataFrame({"text": [f"Canary {' and '.join(canaries[:3])}."] * 3})
    rows.write_ndjson(source)
    steps = (FIND, Scrub(style="surrogate", key="env:A_KEY"))
    result = dataqa.run(Pipeline.of("canary", *steps), source, tmp_path / "out")
    assert result.scan("kept").collect()["text"].n_unique() == 1
    for path in (tmp_path / "out").rglob("*"):
        if path.is_file():
            held = path.read_bytes()
            if path.suffix == ".parquet":
                held = str(pl.read_parquet(path).rows()).encode()
            assert not [one for one in canaries if one.encode() in held], path


def test_what_was_scrubbed_says_so_and_never_the_key(tmp_path: Path):
    source = tmp_path / "in.jsonl"
    pl.DataFrame({"text": ["jane@corp.com", "nothing"]}).write_ndjson(source)
    step = Scrub(style="surrogate", key="env:A_KEY", scope="project")
    out = dataqa.run(Pipeline.of("said", FIND, step), source, tmp_path / "out").out
    told = {"style": "surrogate", "scope": "project", "dataset": ""}
    assert json.loads((out / "manifest.json").read_text())["scrubbed"] == [told]
    (file,) = sorted((out / "kept").iterdir())
    held = pq.read_metadata(file).metadata[b"dataqa.scrubbed"]
    assert json.loads(held) == {"version": dataqa.__version__, "steps": [told]}
    assert KEY.encode() not in file.read_bytes()
