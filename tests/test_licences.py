"""Whose what is: every file that the wheel carries, and every package that it asks for."""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatchcase
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
NOTICE = (ROOT / "NOTICE").read_text(encoding="utf-8")
SHIPPED = ("flows", "pipelines", "rules")
SPDX = {
    "Apache License 2.0": "Apache-2.0",
    "Apache License": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.0-or-later",
    "MIT License": "MIT",
}
"""What packages say, in one way; what is not here stands as they say it."""


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def bundled() -> list[str]:
    """The files that the wheel carries besides code, as they are called here."""
    places = [ROOT / "dataqa", *(ROOT / folder for folder in SHIPPED)]
    files = [path for place in places for path in sorted(place.rglob("*")) if path.is_file()]
    names = [path.relative_to(ROOT).as_posix() for path in files if "__pycache__" not in path.parts]
    return [name for name in names if not name.endswith(".py")]


def stated(found: Distribution) -> str:
    """The licence of a package, as its metadata or else its licence file says."""
    told = found.metadata
    classifiers = [
        line.rpartition(" :: ")[2]
        for line in told.get_all("Classifier") or ()
        if line.startswith("License :: ")
    ]
    texts = [
        file.read_text().strip() or ""
        for file in found.files or ()
        if ".dist-info" in str(file) and file.name.upper().startswith("LICENSE")
    ]
    first = next((text.splitlines()[0].strip() for text in texts), "")
    said = told.get("License-Expression") or next(iter(classifiers), told.get("License") or first)
    return SPDX.get(said, said)


def asked_for() -> list[list[str]]:
    """Package, licence, and the extras that ask for it; those of every install first."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    by_extra = {"": project["dependencies"], **project["optional-dependencies"]}
    extras: dict[str, list[str]] = {}
    for extra, requirements in by_extra.items():
        for requirement in requirements:
            name = re.split(r"[^A-Za-z0-9_.-]", requirement)[0]
            extras.setdefault(name, []).append(f"`{extra}`" if extra else "always")
    extras.pop("dataqa")
    found = [(names != ["always"], name, names) for name, names in extras.items()]
    return [[name, stated(distribution(name)), ", ".join(n)] for _, name, n in sorted(found)]


def test_every_bundled_file_has_a_line_and_every_line_files():
    patterns = [re.findall("`([^`]+)`", row[0]) for row in rows("Bundled")]
    every = [pattern for some in patterns for pattern in some]
    files = bundled()
    assert len(files) > 100
    unlisted = [name for name in files if not any(fnmatchcase(name, one) for one in every)]
    assert not unlisted, "docs/licences.md says of each where it is from"
    stale = [one for one in every if not any(fnmatchcase(name, one) for name in files)]
    assert not stale
    twice = [name for name in files if sum(fnmatchcase(name, one) for one in every) > 1]
    assert not twice, "by two lines, of which one must be wrong"


def test_every_bundled_line_names_a_source_and_a_licence():
    for row in rows("Bundled"):
        assert len(row) == 4
        assert all(row)
        assert re.search(r"Apache-2\.0|MIT", row[3]), row


def test_what_is_not_ours_is_in_the_notice_that_the_wheel_carries():
    others = [row for row in rows("Bundled") if row[3] != "Apache-2.0"]
    assert others
    for row in others:
        for name in re.findall("`([^`]+)`", row[0]):
            assert name in NOTICE
    faker = (file for file in distribution("faker").files or () if file.name == "LICENSE.txt")
    for paragraph in next(faker).read_text().strip().split("\n\n"):
        assert " ".join(paragraph.split()) in " ".join(NOTICE.split())


def test_word_lists_name_the_source_that_the_page_names():
    ours = {name for row in rows("Bundled") if "dataqa" in row[2] for name in row[0].split("`")}
    for path in sorted((ROOT / "rules" / "words").glob("*.yaml")):
        cited = re.search("^cite: (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert cited is not None
        own = any(fnmatchcase(path.relative_to(ROOT).as_posix(), one) for one in ours if one)
        assert own == cited[1].startswith("written for dataqa"), path.name


def test_every_package_that_is_asked_for_is_listed_with_its_licence():
    wanted = asked_for()
    assert not [row[0] for row in wanted if not row[1]], "no licence stated"
    lines = "\n".join(f"| {' | '.join(row)} |" for row in wanted)
    assert rows("Asked for") == wanted, f"docs/licences.md should say:\n{lines}"


@pytest.mark.parametrize("name", ["README.md", "NOTICE"])
def test_the_page_is_found(name: str):
    assert "docs/licences.md" in (ROOT / name).read_text(encoding="utf-8")
