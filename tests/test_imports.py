"""Imports point downward only, heavy ones happen late, and few modules may touch the network."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import dataqa

PACKAGE = Path(dataqa.__file__).parent

LAYERS: tuple[tuple[str, ...], ...] = (
    ("errors", "kernels", "edits", "yamlfile", "marks", "environment"),
    ("arrow", "types", "rules", "tidy", "words"),
    (
        *("io", "signals", "duplicates", "decontaminate", "registry", "languages", "tokenizers"),
        *("index", "line_filter", "bounds"),
    ),
    ("packfile", "packs", "policy", "report", "manifest", "proof"),
    ("private", "scores"),
    ("tables", "llm"),
    ("steps",),
    ("pipeline", "plan"),
    ("engine", "preview"),
    ("feedback",),
    ("review",),
    ("frames", "datasets", "deduplication", "scrubbing", "expressions"),
    ("cli",),
)
"""From the bottom: a module imports its own layer and those below it. ``dataqa`` itself and
``namespace`` are what the others hang from."""

ON_TOP = {"dataqa", "dataqa.__main__"}
NETWORK = {
    "socket",
    "http",
    "urllib",
    "requests",
    "httpx",
    "ssl",
    "ftplib",
    "smtplib",
    "asyncio",
    "obstore",
}
MAY_TALK = {
    *(
        "dataqa.io.objects",
        "dataqa.feedback.server",
        "dataqa.llm.http",
        "dataqa.review.server.local_server",
    ),
    *("dataqa.review.server.studio", "dataqa.review.server.webhook"),
    "dataqa.engine.on_ray",
}
"""Modules that may import one of these, each only when it is asked for."""
HARMLESS = {"urllib.parse", "http.HTTPStatus"}
HEAVY = (
    *("numba", "polars", "pyarrow", "numpy", "spacy", "presidio", "sklearn", "ray", "openai"),
    *("label_studio_sdk", "fasttext", "ftfy", "jinja2", "rich", "scipy", "pandas", "torch"),
    *("jax", "mbi", "httpx", "obstore", "jsonschema", "referencing"),
)
HELP = """
import sys
from dataqa.cli.main import main
sys.argv = ["dataqa", "--help"]
try:
    main()
except SystemExit as end:
    assert not end.code
"""


def modules() -> dict[str, ast.Module]:
    """Every module of the package, parsed."""
    found: dict[str, ast.Module] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = ["dataqa", *path.relative_to(PACKAGE).with_suffix("").parts]
        name = ".".join(parts).removesuffix(".__init__")
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


MODULES = modules()


def imports(name: str) -> Iterator[str]:
    """The modules that a module imports, wherever in it; imports for types only are none."""
    typing_only = {
        id(node)
        for block in ast.walk(MODULES[name])
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for statement in block.body
        for node in ast.walk(statement)
    }
    for node in ast.walk(MODULES[name]):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name} imports relatively"
            assert node.module is not None
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (full if full in MODULES else node.module for full in whole)


def layer(name: str) -> int:
    """The layer of a module; its first word below the package decides."""
    word = name.split(".")[1]
    for number, words in enumerate(LAYERS):
        if word in words:
            return number
    pytest.fail(f"{name} has no layer: give it one in LAYERS")


@pytest.mark.parametrize("name", [name for name in MODULES if name not in ON_TOP])
def test_imports_point_downward(name: str):
    mine = layer(name)
    upward = [
        other
        for other in imports(name)
        if other.startswith("dataqa.") and other not in ON_TOP and layer(other) > mine
    ]
    assert not upward, f"{name} imports {', '.join(upward)} from above"


def test_steps_do_not_import_one_another():
    for name in MODULES:
        if name.startswith("dataqa.steps."):
            others = [other for other in imports(name) if other.startswith("dataqa.steps")]
            assert not others, f"{name} imports {others}"


def test_kernels_know_nothing_of_frames():
    for name in MODULES:
        if name.startswith("dataqa.kernels"):
            for other in imports(name):
                head = other.split(".")[0]
                assert head not in {"polars", "pyarrow"}
                assert head != "dataqa" or other.startswith("dataqa.kernels"), (name, other)


def test_nothing_talks_to_the_network():
    for name in MODULES:
        used = [
            other
            for other in imports(name)
            if other.split(".")[0] in NETWORK and other not in HARMLESS
        ]
        assert not used or name in MAY_TALK, f"{name} imports {used}"


def test_only_arrow_turns_frames_into_raw_buffers():
    for name, tree in MODULES.items():
        used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        if name != "dataqa.arrow":
            assert not used & {"buffers", "from_buffers"}, name


def test_no_builtin_hash_decides_anything():
    """Field trap: Python's ``hash`` of a string is another one in every process."""
    for name, tree in MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id != "hash", f"{name}:{node.lineno}"


def test_no_two_tests_share_a_name():
    """pytest imports them by name: of two, one would not run."""
    names = Counter(path.name for path in Path(__file__).parent.rglob("test_*.py"))
    assert [name for name, times in names.items() if times > 1] == []


@pytest.mark.parametrize(
    "code",
    [
        "import dataqa",
        "import dataqa; dir(dataqa); dataqa.__version__",
        HELP,
    ],
    ids=["import", "dir", "help"],
)
def test_nothing_heavy_is_imported(code: str):
    ending = "import sys; sys.stderr.write(' '.join({m.split('.')[0] for m in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{ending}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not set(done.stderr.split()) & set(HEAVY)
