"""The file name is the registry: ``dataqa/steps/language.py`` is the YAML word ``language``.

Nothing is imported until it is named. A third party adds a step with an entry point in the group
``dataqa.steps``: its name is the YAML word, its value the class.
"""

from __future__ import annotations

import pkgutil
import re
from functools import cache
from importlib import import_module
from importlib.metadata import Distribution, EntryPoint, entry_points
from pathlib import Path

from dataqa.errors import InputError, did_you_mean
from dataqa.kernels.cache import home
from dataqa.types import Assets, Step

_HERE = Path(__file__).parent
_STEPS = "dataqa.steps"


@cache
def step_names() -> tuple[str, ...]:
    """Every step a pipeline may name, ours and third parties'.

    >>> "language" in step_names()
    True
    """
    ours = {module.name for module in pkgutil.iter_modules([str(_HERE / "steps")])}
    theirs = {entry.name for entry in entry_points(group=_STEPS)}
    return tuple(sorted(ours | theirs))


@cache
def step_class(name: str) -> type[Step]:
    """The class behind a YAML word.

    Raises:
        InputError: No step has that name, or a package that it needs is not installed.
    """
    if name not in step_names():
        raise InputError(f"there is no step {name!r}", hint=did_you_mean(name, step_names()))
    for entry in entry_points(group=_STEPS):
        if entry.name == name:
            return _loaded(entry)
    try:
        module = import_module(f"{_STEPS}.{name}")
    except ModuleNotFoundError as error:
        raise InputError(
            f"step {name!r} needs the package {error.name!r}, which is not installed",
            hint=f"pip install {error.name}; `dataqa list extras` says what brings it",
        ) from error
    return getattr(module, "".join(part.title() for part in name.split("_")))


def _loaded(entry: EntryPoint) -> type[Step]:
    try:
        return entry.load()
    except (ImportError, AttributeError) as error:
        package = entry.dist.name if entry.dist is not None else entry.module
        raise InputError(
            f"step {entry.name!r} is {entry.value} of {package}, which cannot be imported: {error}",
            hint=f"install {package} again, with what it needs",
        ) from error


def word_of(kind: type) -> str:
    """What pipelines call a step's class: the name of its entry point, else of its file.

    A class of the script itself is called as its file would be: ``LineRules`` is ``line_rules``.

    >>> from dataqa.steps.line_rules import LineRules
    >>> word_of(LineRules)
    'line_rules'
    """
    place = f"{kind.__module__}:{kind.__qualname__}"
    for entry in entry_points(group=_STEPS):
        if entry.value == place:
            return entry.name
    if kind.__module__ == "__main__":
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind.__name__).lower()
    return kind.__module__.rpartition(".")[2]


def provider(name: str) -> Distribution | None:
    """The installed package whose entry point is the step of that name, None for our own."""
    found = (entry.dist for entry in entry_points(group=_STEPS) if entry.name == name)
    return next(found, None)


def shipped(folder: str) -> Path:
    """The folder ``flows``, ``pipelines`` or ``rules`` that came with this package."""
    inside = _HERE / "_shipped" / folder
    return inside if inside.is_dir() else _HERE.parent / folder


def rule_folders(*own: Path) -> tuple[Path, ...]:
    """Where rule packs and word lists are looked up: the user's folders, then the shipped one."""
    mine = [*own, Path.cwd() / "rules"]
    found = [folder.resolve() for folder in mine if folder.is_dir()]
    return tuple(dict.fromkeys([*found, shipped("rules").resolve()]))


def user_assets(*own: Path) -> Assets:
    """What steps open outside a run: the rules folders, and a cache that is this user's alone."""
    return Assets(rule_folders(*own), home())


def find_pipeline(name: str | Path) -> Path:
    """A pipeline file by path, or a shipped one by name.

    Raises:
        InputError: There is no such file.

    >>> find_pipeline("quickstart").name
    'quickstart.yaml'
    """
    path = Path(name)
    if path.is_file():
        return path
    known = {found.stem: found for found in sorted(shipped("pipelines").glob("*.yaml"))}
    by_name = known.get(path.stem)
    if by_name is not None and path.parent in {Path(), Path("pipelines")}:
        return by_name
    raise InputError(
        "there is no such pipeline file", where=str(name), hint=did_you_mean(path.stem, known)
    )
