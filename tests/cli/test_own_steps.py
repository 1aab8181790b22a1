"""Steps of others: by entry point they are words like ours, else the message says what to do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from commands import Told, elsewhere

STEP = """
import msgspec

from dataqa.rules import Rule
from dataqa.types import TEXT


class Shouting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    most: float = 0.5

    judging = ("most",)

    def rules(self, assets):
        return (Rule("shouting", "share", "shouting", max=self.most, cite="nobody"),)

    def open(self, assets):
        def run(batch):
            text = batch.docs[TEXT]
            return batch.with_signals(
                {"shouting": text.str.count_matches("[A-Z]") / text.str.len_chars()}
            )

        return run
"""
SCRIPT = """
import sys
import dataqa
{where}

pipeline = dataqa.Pipeline.of("mine", {name}(), reading=dataqa.pipeline.Reading(id_column="id"))
result = dataqa.run(pipeline, "a.jsonl", sys.argv[1], settings=eval(sys.argv[2]), workers=1)
print(result.counts["rejected"], [named.label for named in pipeline.steps])
"""
TEXTS = ("quiet words", "SOME Words", "ALL LOUD WORDS", "A Few Loud")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    rows = [{"id": str(at), "text": text} for at, text in enumerate(TEXTS)]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "a.jsonl").write_text(lines, encoding="utf-8")
    return tmp_path


@pytest.fixture
def package(place: Path) -> dict[str, str]:
    """An installed package that brings the step ``shouting`` from a module of another name."""
    site = place / "site"
    (site / "acme_quality").mkdir(parents=True)
    (site / "acme_quality" / "__init__.py").write_text("", encoding="utf-8")
    (site / "acme_quality" / "loud.py").write_text(STEP, encoding="utf-8")
    info = site / "acme_quality-2.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: acme-quality\nVersion: 2.1\n", encoding="utf-8"
    )
    (info / "entry_points.txt").write_text(
        "[dataqa.steps]\nshouting = acme_quality.loud:Shouting\n", encoding="utf-8"
    )
    return {"PYTHONPATH": str(site)}


def script(place: Path, where: str, name: str, *words: str, **options: str) -> str:
    (place / "script.py").write_text(SCRIPT.format(where=where, name=name), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "script.py", *words],
        capture_output=True, text=True, check=False, cwd=place, env={**os.environ, **options},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def fine(told: Told) -> str:
    assert told.code == 0, told.err
    return told.out


def test_an_installed_step_is_a_word_like_ours(place: Path, package: dict[str, str]):
    (place / "p.yaml").write_text("name: mine\nreading: {id_column: id}\nsteps: [shouting]\n")
    asked = ("run", "p.yaml", "-i", "a.jsonl", "-o", "out")
    assert "1 rejected" in fine(elsewhere(*asked, env=package, cwd=place))
    manifest = json.loads((place / "out" / "manifest.json").read_bytes())
    said = {"class": "acme_quality.loud:Shouting", "package": "acme-quality", "version": "2.1"}
    assert manifest["steps"] == {"shouting": said}
    again = ("decide", "out", "--set", "shouting.share.max=0.2")
    assert "kept                 3 →            1" in fine(
        elsewhere(*again, "--dry-run", env=package, cwd=place)
    )
    assert "3 rejected" in fine(elsewhere(*again, env=package, cwd=place))
    fine(elsewhere("verify", "out", env=package, cwd=place))


def test_built_in_code_an_installed_step_has_the_same_word(place: Path, package: dict[str, str]):
    where = "from acme_quality.loud import Shouting"
    printed = script(place, where, "Shouting", "out", "{}", **package)
    assert printed == "1 ['shouting']"
    again = ("decide", "out", "--set", "shouting.share.max=0.2")
    assert "3 rejected" in fine(elsewhere(*again, env=package, cwd=place))


def test_without_its_package_the_message_names_it(place: Path, package: dict[str, str]):
    script(place, "from acme_quality.loud import Shouting", "Shouting", "out", "{}", **package)
    for more in ((), ("--dry-run",)):
        told = elsewhere("decide", "out", "--set", "shouting.share.max=0.2", *more, cwd=place)
        assert told.code == 2
        assert "'shouting' is of the package acme-quality, which is not installed" in told.err
        assert "Hint: pip install acme-quality==2.1" in told.err


def test_a_broken_package_is_the_users_to_mend(place: Path, package: dict[str, str]):
    module = place / "site" / "acme_quality" / "loud.py"
    module.write_text("import nothing_of_this_name\n", encoding="utf-8")
    (place / "p.yaml").write_text("name: mine\nsteps: [shouting]\n")
    told = elsewhere("run", "p.yaml", "-i", "a.jsonl", "-o", "out", env=package, cwd=place)
    assert told.code == 2
    assert "cannot be imported: No module named 'nothing_of_this_name'" in told.err
    assert "install acme-quality again" in told.err


@pytest.mark.parametrize("home", ["script", "module"])
def test_a_class_that_only_code_knows(home: str, place: Path):
    """Everything but ``decide`` works, its message says what to do, and doing that works."""
    (place / "loud.py").write_text(STEP, encoding="utf-8")
    where, label, known = "from loud import Shouting", "loud", "loud:Shouting"
    if home == "script":
        where, label, known = STEP, "shouting", "__main__:Shouting"
    assert script(place, where, "Shouting", "out", "{}") == f"1 ['{label}']"
    told = elsewhere("decide", "out", "--set", "shouting.share.max=0.2", cwd=place)
    assert told.code == 2
    assert f"step {label!r} is the class {known}, which no installed package brings" in told.err
    assert "call dataqa.run with the same pipeline" in told.err
    for command in (("explain", "out", "2"), ("show", "out", "--rule", "shouting.share")):
        assert "ALL LOUD WORDS" in fine(elsewhere(*command, cwd=place))
    for command in (("verify", "out"), ("report", "out"), ("card", "out")):
        fine(elsewhere(*command, cwd=place))
    printed = script(place, where, "Shouting", "out", "{'shouting.share.max': 0.2}")
    assert printed.startswith("3 ")
