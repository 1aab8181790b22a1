"""What a run depended on besides its inputs and settings: rule packs, word lists, others' steps.

Names are as the pipeline has them, never places on this machine, so that equal runs say the same
wherever they ran.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from dataqa.errors import InputError
from dataqa.manifest import versions
from dataqa.packs import load_packs
from dataqa.pipeline import NamedStep, Pipeline
from dataqa.registry import provider, step_names
from dataqa.steps.quality import Quality
from dataqa.steps.url import Url
from dataqa.types import Assets
from dataqa.words import find_file

_OURS = "dataqa.steps."


class Used(NamedTuple):
    """A file that a step read: its name in the pipeline or below a rules folder, and its digest."""

    name: str
    sha256: str


def files_used(pipeline: Pipeline, assets: Assets) -> list[dict[str, str]]:
    """The rule packs and lists that the steps read, by name, each once."""
    found = {used for named in pipeline.steps for used in _files(named, assets)}
    return [used._asdict() for used in sorted(found)]


def files_changed(told: list[dict[str, str]], pipeline: Pipeline, assets: Assets) -> list[str]:
    """The names of files that are not what ``files_used`` said of them."""
    then = {(used["name"], used["sha256"]) for used in told}
    now = {(used["name"], used["sha256"]) for used in files_used(pipeline, assets)}
    return sorted({name for name, _ in then ^ now})


def scrubbed_by(pipeline: Pipeline) -> list[dict[str, str]]:
    """What the steps that scrub say of themselves, in order."""
    steps = (getattr(named.step, "marks", None) for named in pipeline.steps)
    return [dict(told()) for told in steps if told is not None]


def marks_of(pipeline: Pipeline) -> dict[str, str]:
    """What files of kept documents say of the steps that scrubbed them."""
    told = scrubbed_by(pipeline)
    if not told:
        return {}
    mark = {"version": versions()["dataqa"], "steps": told}
    return {"dataqa.scrubbed": msgspec.json.encode(mark, order="sorted").decode()}


def steps_used(pipeline: Pipeline) -> dict[str, dict[str, str]]:
    """Of each step that is not ours by its word: its class, and the package that brings it."""
    told: dict[str, dict[str, str]] = {}
    for named in pipeline.steps:
        kind = type(named.step)
        if kind.__module__.startswith(_OURS):
            continue
        package = provider(named.word)
        where = {"class": f"{kind.__module__}:{kind.__qualname__}"}
        told[named.word] = where | (
            {"package": package.name, "version": package.version} if package is not None else {}
        )
    return told


def require_steps(tree: dict[str, Any], used: dict[str, dict[str, str]], where: str) -> None:
    """Refuse to rebuild a pipeline of which some steps cannot be found by name.

    Args:
        tree: The pipeline as the manifest has it.
        used: What ``steps_used`` said of it.
        where: What to name in the error.

    Raises:
        InputError: A step's package is not installed, or only the user's code knows its class.
    """
    words = [entry if isinstance(entry, str) else next(iter(entry)) for entry in tree["steps"]]
    for word in words:
        if word in step_names() or word not in used:
            continue
        told = used[word]
        if "package" in told:
            raise InputError(
                f"step {word!r} is of the package {told['package']}, which is not installed here",
                where=where,
                hint=f"pip install {told['package']}=={told['version']}",
            )
        raise InputError(
            f"step {word!r} is the class {told['class']}, which no installed package brings",
            where=where,
            hint="call dataqa.run with the same pipeline, inputs and folder and with "
            "settings={bound: value}: it reads back what was measured; or give the class an entry "
            "point in the group dataqa.steps",
        )


def _files(named: NamedStep, assets: Assets) -> Iterator[Used]:
    step = named.step
    if isinstance(step, Quality):
        packs = load_packs(step.packs, assets)
        for pack in packs:
            known = f"{pack.path.parent.name}/{pack.path.name}"
            yield Used(known, _sha256(pack.path))
        own = [rule.signal for pack in packs for rule in pack.rules]
        for signal in (*own, *step.signals):
            yield from _list(signal.partition(":")[2], assets)
    elif isinstance(step, Url):
        lists = (step.block, step.allow, step.hard_words, step.soft_words, step.substrings)
        for entry in (entry for entries in lists for entry in entries):
            kind, _, name = entry.partition(":")
            if kind == "file":
                yield Used(name, _sha256(Path(name)))
            elif kind == "list":
                yield from _list(name, assets)


def _list(name: str, assets: Assets) -> Iterator[Used]:
    if name:
        yield Used(f"words/{name}.yaml", _sha256(find_file("words", name, assets)))


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(
            f"cannot be read any more: {error.strerror}",
            where=str(path),
            hint="put it back, then run again: what is finished is kept",
        ) from None
