"""What stand-ins promise: nothing found before is left, copies stay copies, nobody phones home."""

from __future__ import annotations

import random
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dataqa
from dataqa.pipeline import Pipeline
from dataqa.private.packs import load_packs, pack_names
from dataqa.private.scan import Scanner
from dataqa.private.standins import stand_in
from dataqa.registry import shipped
from dataqa.types import Assets

pytest.importorskip("stdnum")

ASSETS = Assets((shipped("rules"),), Path())
PACKS = [f"private/{name}" for name in pack_names(ASSETS)]
ALL = load_packs(pack_names(ASSETS), ASSETS)
SCANNER = Scanner(ALL)
VALUES = [value for one in ALL for e in one.examples if e.kind == "hit" for value in e.values]
KEY = "a key for tests, long enough"
STYLE: dict[str, Any] = {"style": "surrogate", "key": "env:DATAQA_KEY", "packs": PACKS}


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATAQA_KEY", KEY)


def values(text: str) -> set[str]:
    data = text.encode()
    rows = SCANNER.scan(pl.Series([text]), 0.4).select("start", "end")
    return {data[start:end].decode() for start, end in rows.iter_rows()}


@settings(max_examples=40, deadline=None)
@given(picked=st.lists(st.sampled_from(VALUES), min_size=1, max_size=5), seed=st.integers(0, 9))
def test_of_text_with_stand_ins_no_value_is_found_that_was_found_before(
    picked: list[str], seed: int
):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATAQA_KEY", KEY + str(seed))
        text = f" {seed} 和 ".join(picked)
        done = dataqa.scrub(pl.DataFrame({"text": [text]}), **STYLE)["text"][0]
    assert not values(done) & values(text)


NAMED = (
    *(
        ("PERSON", name)
        for name in ("Jane Doe", "Ms Doe", "张伟", "O'Brien", "Иван Петров", "김민수")
    ),
    *(("LOCATION", name) for name in ("Boston", "Boston, MA", "France", "北京市", "Texas")),
    *(("ORGANIZATION", name) for name in ("Acme Inc.", "IBM", "深圳市腾讯科技有限公司")),
    ("ADDRESS", "12 Main Street, Boston, MA 02139, USA"),
    *(("DATE_TIME", day) for day in ("2021-03-03", "March 3, 2021", "2021年3月3日", "May")),
    *(("AGE", "34"), ("URL", "https://corp.com/jane"), ("COORDINATE", "37.77, -122.41")),
)


@pytest.mark.parametrize(("entity", "value"), NAMED)
def test_another_key_makes_other_stand_ins(entity: str, value: str):
    made = [stand_in(entity, value, f"key number {at}".encode()) for at in range(24)]
    assert value not in made
    assert len(set(made)) > (4 if entity == "AGE" else 8)


def test_near_duplicates_stay_near_duplicates():
    draw = random.Random(5)
    rows: list[str] = []
    groups: list[int] = []
    for at in range(60):
        words = [f"word{draw.randrange(400):03d}" for _ in range(120)]
        mail, phone = f"user{at}@corp.com", f"415-555-{draw.randrange(1000, 9999)}"
        text = f"{' '.join(words[:60])} write to {mail} or call {phone} {' '.join(words[60:])}"
        for one in range(1 + at % 3):
            rows.append(text.replace(words[7], f"other{one}") if one else text)
            groups.append(at)
    frame = pl.DataFrame({"text": rows})
    tree = {"steps": [{"duplicates": {"similarity": 0.7}}]}

    def kept(texts: pl.DataFrame) -> Counter[int]:
        """How many are kept of each group; which, is by length, and stand-ins have others."""
        verdicts = dataqa.judge(texts, Pipeline.from_builtins(tree))["verdict"]
        pairs = zip(groups, verdicts, strict=True)
        return Counter(group for group, verdict in pairs if verdict == "kept")

    scrubbed = dataqa.scrub(frame, **STYLE)
    assert not set(scrubbed["text"]) & set(frame["text"])
    assert kept(scrubbed) == kept(frame) == Counter(range(60))
    assert len(groups) == 120


CRASHING = """
import sys, socket
from pathlib import Path
import dataqa
from dataqa.pipeline import Pipeline
import dataqa.private.replacing as replacing
whole = replacing.Replacing.replaced
def failing(self, entity, value, about):
    if "crash" in about.doc_id:
        raise ValueError("cannot replace " + value)
    return whole(self, entity, value, about)
replacing.Replacing.replaced = failing
source, out, on_error = sys.argv[1:]
tree = {"steps": [{"private": {"packs": %r}},
                  {"scrub": {"style": "surrogate", "key": "env:DATAQA_KEY"}}],
        "reading": {"id_column": "id"}}
if __name__ == "__main__":
    from dataqa.engine.local import Options, run_local
    from dataqa.engine.watch import Silent
    run_local(Pipeline.from_builtins(tree), (source,), Path(out), Options(1, on_error), Silent())
"""


@pytest.mark.parametrize("on_error", ["stop", "quarantine"])
def test_a_crash_with_a_traceback_tells_no_value(on_error: str, tmp_path: Path):
    """Everything that is left behind is looked through, but for the documents set aside."""
    canaries = ["zq.quackenbush@corp.com", "4111 1111 1111 1111", "536-90-4399"]
    rows = [{"id": f"{w}{at}", "text": f"Ask {c}."} for w in ("fine", "crash")
            for at, c in enumerate(canaries)]  # fmt: skip
    pl.DataFrame(rows).write_ndjson(tmp_path / "in.jsonl")
    script = tmp_path / "crashing.py"
    script.write_text(CRASHING % PACKS, encoding="utf-8")
    command = [sys.executable, str(script), str(tmp_path / "in.jsonl"), str(tmp_path / "out")]
    done = subprocess.run([*command, on_error], capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == (on_error == "quarantine")
    if on_error == "quarantine":
        assert not [one for one in [*canaries, KEY] if one in done.stdout + done.stderr]
    seen = 0
    for path in (tmp_path / "out").rglob("*"):
        if not path.is_file():
            continue
        held = path.read_bytes().decode(errors="ignore")
        if path.suffix == ".parquet":
            frame = pl.read_parquet(path)
            # quarantine has the document as it was, and the error's own words beside it
            aside = ["raw", "text", "traceback"] if path.parent.name == "quarantine" else []
            held = str(frame.drop(aside, strict=False).rows())
        seen += 1
        assert not [one for one in [*canaries, KEY] if one in held], path
    assert seen


def test_nothing_connects_to_anything(monkeypatch: pytest.MonkeyPatch):
    """Field trap: an e-mail check fetched the list of public suffixes."""

    def refused(*_: object, **__: object) -> None:
        pytest.fail("a connection was asked for")

    for name in ("connect", "connect_ex", "sendto", "bind"):
        monkeypatch.setattr(socket.socket, name, refused, raising=False)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    text = "\n".join(VALUES)
    # opened anew, though not all of it
    some = [one for one in ALL if one.name.startswith(("global.phone", "us.", "cn."))]
    assert Scanner(some).scan(pl.Series([text]), 0.1).height > 10
    assert dataqa.scrub(pl.DataFrame({"text": [text]}), **STYLE)["text"][0] != text
    for entity, value in NAMED:
        assert stand_in(entity, value, KEY.encode())
