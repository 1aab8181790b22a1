"""The step ``scrub``: within what a stand-in is the same, whose dates move, and other columns."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import polars as pl
import pytest

from dataqa.errors import InputError
from dataqa.kernels.cache import home
from dataqa.registry import shipped
from dataqa.steps.scrub import Scrub
from dataqa.types import DOC, DOC_ID, TEXT, Action, Assets, Batch, batch_of

pytest.importorskip("stdnum")

ASSETS = Assets((shipped("rules"),), home())
KEY = "a key for tests, long enough"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", KEY)


def scrubbed(texts: list[str], entity: str, docs: dict[str, Any], **fields: Any) -> Batch:
    """Texts that are each one value of a kind, through the step."""
    ids = [f"d{at}" for at in range(len(texts))]
    frame = pl.DataFrame(
        {DOC: pl.Series(range(len(texts)), dtype=pl.UInt64), DOC_ID: ids, TEXT: texts, **docs}
    )
    found = pl.DataFrame(
        {
            DOC: frame[DOC],
            "step": "private",
            "rule": f"private.{entity}",
            "action": pl.Series([int(Action.KEEP)] * len(texts), dtype=pl.UInt8),
            "score": [0.9] * len(texts),
            "start": [0] * len(texts),
            "end": [len(text.encode()) for text in texts],
        }
    )
    step = Scrub(style="surrogate", key="env:A_KEY", **fields)
    return step.open(ASSETS)(batch_of(frame).with_findings(found))


def test_a_scope_says_where_a_name_stays_the_same():
    names = ["Jane Doe"] * 3
    whom = {"patient": ["a", "a", "b"]}
    for scope, different in (("document", 3), ("subject", 2), ("dataset", 1), ("project", 1)):
        made = scrubbed(names, "PERSON", whom, scope=scope, subject="patient")
        assert made.docs[TEXT].n_unique() == different, scope


def test_another_dataset_has_other_stand_ins_and_a_project_the_same():
    def made(**fields: Any) -> str:
        return scrubbed(["Jane Doe"], "PERSON", {}, **fields).docs[TEXT][0]

    assert made(dataset="a") != made(dataset="b")
    assert made(dataset="a", scope="project") == made(dataset="b", scope="project")


def test_dates_move_with_the_subject_and_by_document_where_there_is_none():
    days = ["2020-01-01", "2020-03-01", "2020-01-01", "2020-01-01"]
    whom = {"patient": [7, 7, 8, None]}
    for scope in ("document", "dataset", "project"):
        made = scrubbed(days, "DATE_TIME", whom, scope=scope, subject="patient").docs[TEXT]
        moved = [date.fromisoformat(day) for day in made]
        assert (moved[1] - moved[0]).days == 60
        assert len({moved[0], moved[2], moved[3]}) == 3
    alone = scrubbed(days, "DATE_TIME", {}).docs[TEXT]
    assert len(set(alone)) == 4


def test_a_subject_that_is_no_column_is_told_before_anything_is_read():
    with pytest.raises(InputError, match="no column 'pateint'") as raised:
        scrubbed([], "PERSON", {"patient": []}, subject="pateint")
    assert "patient" in str(raised.value)
    with pytest.raises(InputError, match="is List"):
        scrubbed([], "PERSON", {"ids": pl.Series([], dtype=pl.List(pl.Int64))}, subject="ids")
    with pytest.raises(InputError, match="no subject"):
        Scrub(scope="subject")


PAYLOAD = (
    '{"ssn": "536904399",  "n": 1.50, "e": ["a\\u00e9 😀", {"mail": "jane@corp.com"}], "x": null}'
)


def test_columns_are_scrubbed_with_their_lists_structs_and_json_and_nothing_else():
    docs = {
        "name": ["Jane Doe", None],
        "meta": [{"author": "jane@corp.com", "n": 1}, {"author": "nobody", "n": 2}],
        "tags": [["a", "8.8.8.8"], []],
        "payload": [PAYLOAD, "no {json"],
        "left": ["jane@corp.com", "8.8.8.8"],
    }
    columns = {"name": "PERSON", "meta.author": "scan", "tags": "scan", "payload": "scan"}
    done = scrubbed(["Jane Doe", "x"], "PERSON", docs, columns=columns)
    new = done.docs
    assert new["name"].to_list() == [new[TEXT][0], None]
    assert new["meta"].to_list()[1] == docs["meta"][1]
    assert new["meta"].struct.field("author")[0] != "jane@corp.com"
    assert new["meta"].dtype == pl.DataFrame(docs)["meta"].dtype
    assert new["tags"].to_list()[0][1].startswith("198.1")
    mail = new["meta"].struct.field("author")[0]
    payload = json.loads(new["payload"][0])
    assert payload["e"] == ["aé 😀", {"mail": mail}]
    assert payload["ssn"] != "536904399"
    rest = new["payload"][0].replace(mail, "jane@corp.com").replace(payload["ssn"], "536904399")
    assert rest == PAYLOAD
    assert new["payload"][1] == docs["payload"][1]
    assert new["left"].to_list() == docs["left"]
    told = done.findings.filter(pl.col("detail").is_not_null())
    assert told["detail"].to_list() == ["meta.author", "name", "payload", "payload", "tags"]
    assert done.signals["scrubbed"].to_list() == [6, 1]


def test_a_path_that_leads_nowhere_is_told():
    for path, said in (("nme", "no column"), ("meta.autor", "no field"), ("n", "Int64")):
        with pytest.raises(InputError, match=said):
            scrubbed([], "PERSON", {"name": [], "meta": pl.Series([], dtype=pl.Struct(
                {"author": pl.String})), "n": pl.Series([], dtype=pl.Int64)},
                columns={path: "scan"})  # fmt: skip
