"""The folder of a preview: whole or not there, private, masked, and nobody else's."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alike import edited, text, write
from previewed import previewed

import dataqa
from dataqa.errors import InputError
from dataqa.preview.again import preview_again

SECRETS = ("ann.smith@example.org", "030 1234567", "AKIA99ABCDEFGHIJKLMNOPQ")


def rows(hostile: str = "") -> list[dict[str, Any]]:
    bases = [f"{' '.join(SECRETS)} {hostile} {text(n, 60)}" for n in range(6)]
    return [
        {
            "id": f"d{n}-{k}{hostile}",
            "text": edited(base, range(12, 12 + 12 * k, 12)),
            "source": "s",
        }
        for n, base in enumerate(bases)
        for k in (0, 1 + n % 3)
    ]


def everything(out: Path) -> str:
    files = [path for path in sorted(out.rglob("*")) if path.is_file()]
    return "".join(path.read_bytes().decode("utf-8", "replace") for path in files)


def test_pairs_are_shown_masked(tmp_path: Path):
    told = previewed(write(tmp_path / "in", rows()), tmp_path / "out")
    assert len(told["pairs"]) >= 4
    scores = [pair["score"] for pair in told["pairs"]]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) < 0.8 <= max(scores)
    written = everything(tmp_path / "out")
    assert "▒▒▒" in written
    for secret in SECRETS:
        assert secret not in written
    for pair in told["pairs"]:
        assert pair["action"] == ("goes" if pair["score"] >= 0.8 else "stays")
        # the longer one stays, which is the edited one
        only = [words for kind, words in pair["right"] if kind == "only"]
        assert only
        assert all(words.startswith("edit") for words in only)


def test_without_examples_no_word_of_a_text_is_written(tmp_path: Path):
    out = tmp_path / "out"
    told = previewed(write(tmp_path / "in", rows()), out, examples=False)
    again = preview_again(out, {"similarity": 0.7})
    assert told["pairs"] == again["pairs"] == []
    assert not (out / "sketches" / "pairs.json").exists()
    assert "w1x1" not in everything(out)


def test_sketches_are_the_users_own(tmp_path: Path):
    out = tmp_path / "out"
    previewed(write(tmp_path / "in", rows()), out)
    assert (out / "sketches").stat().st_mode & 0o777 == 0o700
    names = sorted(path.relative_to(out).as_posix() for path in out.rglob("*"))
    files = [f"sketches/{name}" for name in ("docs.parquet", "pairs.json", "sets.bin")]
    assert names == ["preview.html", "preview.json", "sketches", *files]


def test_nothing_of_a_text_or_an_id_is_markup(tmp_path: Path):
    hostile = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    out = tmp_path / "out"
    previewed(write(tmp_path / "in", rows(hostile)), out)
    page = (out / "preview.html").read_text("utf-8")
    assert "alert(1)" in page
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in page


def test_a_run_that_shows_no_examples_shows_no_pairs(tmp_path: Path):
    out = tmp_path / "run"
    tree = {
        "steps": [{"duplicates": {"similarity": 0.7}}],
        "reading": {"id_column": "id"},
        "output": {"examples": False},
    }
    place = write(tmp_path / "in", rows())
    dataqa.run(dataqa.Pipeline.from_builtins({"name": "t", **tree}), place, out, workers=1)
    assert preview_again(out, {})["pairs"] == []
    told = preview_again(out, {}, tmp_path / "page", examples=True)
    assert told["pairs"]
    assert all(secret not in everything(tmp_path / "page") for secret in SECRETS)
    assert sorted(path.name for path in (tmp_path / "page").iterdir()) == [
        "preview.html",
        "preview.json",
    ]


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path):
    place = write(tmp_path / "in", rows())
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years", "utf-8")
    with pytest.raises(InputError, match="holds something else"):
        previewed(place, tmp_path / "mine")
    with pytest.raises(InputError, match="this is a file"):
        previewed(place, tmp_path / "mine" / "thesis.txt")
    with pytest.raises(InputError, match="neither a preview nor a finished run"):
        preview_again(tmp_path / "mine", {})
    previewed(place, tmp_path / "out")
    with pytest.raises(InputError, match="holds something else"):
        preview_again(tmp_path / "out", {}, tmp_path / "mine")


def test_a_run_without_the_step_says_so(tmp_path: Path):
    place, out = write(tmp_path / "in", rows()), tmp_path / "run"
    dataqa.run(dataqa.Pipeline.from_builtins({"name": "t", "steps": ["exact"]}), place, out)
    with pytest.raises(InputError, match="no step `duplicates`"):
        preview_again(out, {})
    step = {"duplicates": {"measure": "containment"}}
    dataqa.run(dataqa.Pipeline.from_builtins({"name": "t", "steps": [step]}), place, tmp_path / "c")
    with pytest.raises(InputError, match="containment"):
        preview_again(tmp_path / "c", {})


def test_another_format_and_sketches_that_are_gone(tmp_path: Path):
    out = tmp_path / "out"
    previewed(write(tmp_path / "in", rows()), out)
    told = json.loads((out / "preview.json").read_text("utf-8"))
    (out / "preview.json").write_text(json.dumps(told | {"format": 99}), "utf-8")
    with pytest.raises(InputError, match="format 99"):
        preview_again(out, {})
    (out / "preview.json").write_text(json.dumps(told), "utf-8")
    (out / "sketches" / "sets.bin").unlink()
    with pytest.raises(InputError, match="gone"):
        preview_again(out, {})


def test_a_keep_policy_that_was_not_noted(tmp_path: Path):
    out = tmp_path / "out"
    previewed(write(tmp_path / "in", rows()), out)
    with pytest.raises(InputError, match="newest"):
        preview_again(out, {"keep": ({"newest": "day"},)})


@pytest.mark.parametrize("texts", [["", None], ["one"], ["?!", "."], ["same words"] * 3])
def test_odd_corpora(texts: list[str | None], tmp_path: Path):
    lines = [{"id": str(n), "text": one} for n, one in enumerate(texts)]
    told = previewed(write(tmp_path / "in", lines, files=1), tmp_path / "out")
    again = preview_again(tmp_path / "out", {"similarity": 0.9})
    expected = 2 if texts == ["same words"] * 3 else 0
    for one in (told, again):
        assert one["outcome"]["goes"]["documents"] == expected


def test_nothing_to_preview(tmp_path: Path):
    place = write(tmp_path / "in", [{"id": "a", "text": None}], files=1)
    with pytest.raises(InputError, match="no document"):
        previewed(place, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_killed_it_is_no_preview_and_is_made_again(tmp_path: Path):
    place, out = write(tmp_path / "in", rows()), tmp_path / "out"
    previewed(place, out)
    code = (
        "import sys, time; from dataqa.preview import making, outlook\n"
        "def wait(*_): print('here', flush=True); time.sleep(60)\n"
        "making.outlook = wait\n"
        "from dataqa.cli.main import main\n"
        f"sys.argv = ['dataqa', 'dedup', 'preview', '-i', {str(place)!r}, '-o', {str(out)!r}]\n"
        "main()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"here\n"
        os.kill(child.pid, signal.SIGKILL)
    with pytest.raises(InputError, match="neither a preview"):
        preview_again(out, {})
    previewed(place, out)
    assert not list(out.rglob(".scratch-*"))
