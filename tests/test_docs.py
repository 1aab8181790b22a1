"""What the documents say is true: commands run, links lead somewhere, nothing is left out."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import pytest

from dataqa.cli.main import cli, main
from dataqa.registry import shipped, step_class, step_names
from dataqa.signals import catalogue

ROOT = Path(__file__).parent.parent
PAGES = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "rules/README.md")),
    ROOT / "examples" / "data" / "README.md",
    ROOT / "examples" / "records" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def commands() -> dict[str, click.Command]:
    """Every command of the command line, imported."""
    context = click.Context(cli)
    found = {name: cli.get_command(context, name) for name in cli.list_commands(context)}
    return {name: command for name, command in found.items() if command is not None}


def table(heading: str) -> list[str]:
    """The first cells of the first table below a heading of the README."""
    section = README.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [re.split(r"(?<!\\)\|", row)[1].strip() for row in rows[2:]]


def words(cells: list[str]) -> list[str]:
    return [cell.strip("`").split("`")[0] for cell in cells]


def runnable(page: Path) -> list[tuple[str, str]]:
    """The blocks of a page that are to be run, in order; ``console`` blocks are only shown."""
    blocks: list[tuple[str, str]] = FENCE.findall(page.read_text(encoding="utf-8"))
    return [(kind, code) for kind, code in blocks if kind in {"bash", "python"}]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with the examples and pipelines and nothing else."""
    for name in ("examples", "pipelines"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


def run(command: list[str], place: Path) -> str:
    """Run a command as a user would; what it printed. ``dataqa`` itself runs in this process."""
    if command[0] == "dataqa":
        return in_process(command, place)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        cwd=place,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def in_process(command: list[str], place: Path) -> str:
    printed, complaint = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(place),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(complaint),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(sys, "argv", command)
        with pytest.raises(SystemExit) as ended:
            main()
    assert ended.value.code == 0, f"{command}\n{printed.getvalue()}\n{complaint.getvalue()}"
    return printed.getvalue()


@pytest.mark.parametrize("page", [p for p in PAGES if runnable(p)], ids=lambda page: page.name)
def test_every_block_runs(page: Path, place: Path):
    for kind, code in runnable(page):
        if kind == "python":
            run([sys.executable, "-W", "error", "-c", code], place)
            continue
        for line in code.strip().splitlines():
            run(shlex.split(line), place)


def test_the_readme_runs_both_kinds():
    assert {kind for kind, _ in runnable(ROOT / "README.md")} == {"bash", "python"}


def test_what_explain_is_said_to_print_is_printed(place: Path):
    (block,) = re.findall(r"(?:^    .*\n)+", README.partition("dataqa explain")[2], re.MULTILINE)[
        :1
    ]
    run(
        ["dataqa", "run", "quickstart", "-i", "examples/data", "-o", "o", "--id-column", "id"],
        place,
    )
    printed = run(["dataqa", "explain", "o", "planted-boilerplate-en-news"], place)
    said = [line[4:] for line in block.splitlines() if "…" not in line]
    assert printed.splitlines()[: len(said)] == said


@pytest.mark.parametrize(
    "example", [p for p in sorted((ROOT / "examples").glob("*.py")) if "make_data" not in p.name],
    ids=lambda path: path.stem,
)  # fmt: skip
def test_every_example_runs(example: Path, place: Path):
    assert run([sys.executable, "-W", "error", str(example.relative_to(ROOT))], place)


def test_every_command_is_in_the_readme_and_no_other():
    told = [cell.strip("`").split()[1] for cell in table("Commands")]
    assert sorted(told) == sorted(commands())


def every(some: Iterable[click.Command]) -> Iterator[click.Command]:
    """Commands and, of groups, the commands in them."""
    for command in some:
        yield command
        if isinstance(command, click.Group):
            yield from every(command.commands.values())


def test_every_option_that_the_readme_names_is_there():
    there = {
        option
        for command in every(commands().values())
        for parameter in command.params
        for option in (*parameter.opts, *parameter.secondary_opts)
    }
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README))
    assert named <= there


@pytest.mark.parametrize(
    "what", ["steps", "signals", "rules", "recognisers", "extras", "pipelines"]
)
def test_what_there_is_is_listed(what: str, place: Path):
    assert run(["dataqa", "list", what], place).strip()


def test_what_init_writes_passes_its_check(place: Path):
    for what, path in (("pipeline", "my-pipeline.yaml"), ("pack", "rules/quality/my-pack.yaml")):
        assert path in run(["dataqa", "init", what], place)
        assert "nothing wrong" in run(["dataqa", "check", path], place)


def test_a_plan_and_a_card_are_made(place: Path):
    source = ["-i", "examples/data", "--id-column", "id"]
    assert "stage 2" in run(["dataqa", "plan", "quickstart", *source], place)
    run(["dataqa", "run", "quickstart", *source, "-o", "o", "--log", "plain"], place)
    run(["dataqa", "card", "o"], place)
    assert (place / "o" / "card.md").read_text(encoding="utf-8").startswith("# ")


def test_the_one_line_help_is_that_of_the_command():
    context = click.Context(cli)
    listed = run([sys.executable, "-m", "dataqa", "--help"], ROOT)
    for name, command in commands().items():
        assert command.get_short_help_str(), name
        assert re.search(rf"^  {name} +\S", listed, re.MULTILINE)
    assert len(cli.list_commands(context)) == len(commands())


def test_every_step_is_in_the_readme_and_no_other():
    assert sorted(words(table("Pipelines, steps, rules"))) == sorted(step_names())


def test_every_field_of_every_step_is_documented():
    for name in step_names():
        kind = step_class(name)
        for field in kind.__struct_fields__:
            assert re.search(rf"^ +{field}: ", kind.__doc__ or "", re.MULTILINE), f"{name}.{field}"


def test_every_extra_is_in_the_readme():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    told = words(table("Extras"))
    assert sorted(told) == sorted(project["optional-dependencies"])


def test_every_pipeline_is_in_the_readme():
    for path in shipped("pipelines").glob("*.yaml"):
        assert f"(pipelines/{path.name})" in README


def test_every_output_is_in_the_readme(place: Path):
    run(["dataqa", "run", "quickstart", "-i", "examples/data", "-o", "o"], place)
    there = {path.name for path in (place / "o").iterdir() if not path.name.startswith(".")}
    told = {
        name.rstrip("/")
        for cell in table("What comes out")
        for name in re.findall("`([^`]+)`", cell)
    }
    assert told == there


def test_there_are_as_many_signals_as_is_said():
    assert len(catalogue()) >= 100


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path):
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://", "#")):
            assert (page.parent / target.partition("#")[0]).exists(), target


def test_every_page_is_linked_from_the_readme_or_the_architecture():
    linked = {
        (page.parent / target).resolve()
        for page in PAGES
        for target in LINK.findall(page.read_text(encoding="utf-8"))
    }
    for page in PAGES:
        if page.name != "README.md" and "decisions" not in page.parts:
            assert page.resolve() in linked, page


def test_decisions_are_numbered_and_say_what_else_was_thought_of():
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for part in ("**Context.**", "**Decision.**", "**Alternatives considered.**"):
            assert part in text, page.name
        assert len(text) < 3000


def test_the_makefile_names_what_contributing_names():
    targets = set(
        re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    )
    assert {
        "help",
        "demo",
        "test",
        "lint",
        "types",
        "fmt",
        "bench",
        "peers",
        "docs",
        "ci",
    } == targets
