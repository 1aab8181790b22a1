"""A pipeline is a list of steps, written in YAML or in Python, and nothing more.

No inheritance, no templates, no expressions: a pipeline that needs an ``if`` is Python.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self, cast

import msgspec
import yaml

from dataqa.bounds import check_changed
from dataqa.errors import InputError, did_you_mean
from dataqa.io.sources import Reading
from dataqa.policy import StepRule
from dataqa.registry import find_pipeline, step_class, word_of
from dataqa.rules import with_bounds
from dataqa.types import Assets, Judges, Step
from dataqa.yamlfile import YamlFile, read_yaml


class NamedStep(NamedTuple):
    """A step and what findings and settings call it: its YAML word, ``word~2`` the second time."""

    label: str
    word: str
    step: Step


class Output(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How results are written.

    Attributes:
        format: ``parquet`` or ``jsonl.zst``.
        rejected: What the rejected rows' text column holds: ``raw`` (as it was when the document
            left) or ``none``.
        source_column: The column that says where a document came from; the report is cut by it.
        examples: Whether the report shows a few documents behind each rule.
    """

    format: Literal["parquet", "jsonl.zst"] = "parquet"
    rejected: Literal["raw", "none"] = "raw"
    source_column: str = "source"
    examples: bool = True


class _Written(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The top level of a pipeline file."""

    steps: list[Any]
    name: str = ""
    description: str = ""
    bounds: dict[str, float] = {}
    reading: dict[str, Any] = {}
    output: dict[str, Any] = {}


class Pipeline(msgspec.Struct, frozen=True, kw_only=True):
    """What is done to a corpus: named, validated, immutable.

    Attributes:
        name: What the run is called; an output folder belongs to one name.
        steps: In order.
        description: One paragraph for people.
        bounds: Other bounds than the rule packs give, as ``{"gopher.word_count.min": 30}``.
        reading: Which columns and formats to read.
        output: How results are written.
    """

    name: str
    steps: tuple[NamedStep, ...]
    description: str = ""
    bounds: dict[str, float] = {}
    reading: Reading = Reading()
    output: Output = Output()

    @classmethod
    def of(cls, name: str, *steps: Step, **fields: Any) -> Self:
        r"""A pipeline built in code.

        >>> from dataqa.steps.exact import Exact
        >>> Pipeline.of("mine", Exact()).to_yaml()
        'name: mine\nsteps:\n- exact\n'
        """
        return cls(
            name=name, steps=_label([(word_of(type(step)), step) for step in steps]), **fields
        )

    @classmethod
    def from_yaml(cls, path: str | Path) -> Self:
        """Read a pipeline file, or a shipped pipeline by its name.

        Raises:
            InputError: It does not exist, is not YAML, or has a step or field that is not known.
        """
        return cls._of(read_yaml(find_pipeline(path)))

    @classmethod
    def from_builtins(cls, tree: Any, *, name: str = "pipeline") -> Self:
        """A pipeline from the plain dicts and lists that YAML and JSON give."""
        return cls._of(YamlFile(Path(name), tree, {}))

    @classmethod
    def _of(cls, file: YamlFile) -> Self:
        if isinstance(file.value, dict) and "tables" in file.value:
            hint = "`dataqa run` and `dataqa check` take it; from Python, dataqa.synthesize"
            raise InputError("is a pipeline of tables", where=str(file.path), hint=hint)
        written = file.struct(_Written)
        reading = file.struct(Reading, "reading") if "reading" in file.value else Reading()
        output = file.struct(Output, "output") if "output" in file.value else Output()
        return cls(
            name=written.name or file.path.stem,
            description=written.description.strip(),
            steps=_label([_step(file, at) for at in range(len(written.steps))]),
            bounds=written.bounds,
            reading=reading,
            output=output,
        )

    def to_builtins(self) -> dict[str, Any]:
        """Plain dicts and lists, without what equals a default; ``from_builtins`` reads it back."""
        tree: dict[str, Any] = {"name": self.name}
        if self.description:
            tree["description"] = self.description
        for key, value in (("reading", self.reading), ("output", self.output)):
            if changed := changed_fields(value):
                tree[key] = changed
        if self.bounds:
            tree["bounds"] = dict(self.bounds)
        tree["steps"] = [_entry(named) for named in self.steps]
        return tree

    def to_yaml(self) -> str:
        """The text of a file that ``from_yaml`` reads back to an equal pipeline."""
        return yaml.safe_dump(self.to_builtins(), sort_keys=False, allow_unicode=True)

    def with_settings(self, settings: Mapping[str, Any], assets: Assets) -> Self:
        """Another pipeline with some settings changed, as ``--set`` does.

        Args:
            settings: ``step.field`` or a bound ``pack.rule.min`` to its new value.
            assets: Where rule packs are found, to know which bounds there are.
        """
        changed = self
        for key, value in settings.items():
            changed = changed._with(key, value, assets)
        return changed

    def rules(self, assets: Assets) -> tuple[StepRule, ...]:
        """All rules of all steps, with this pipeline's bounds."""
        found = [
            StepRule(named.label, rule)
            for named in self.steps
            if isinstance(named.step, Judges)
            for rule in named.step.rules(assets)
        ]
        written = [rule for _, rule in found]
        bounded = with_bounds(written, self.bounds)
        check_changed(written, bounded)
        return tuple(StepRule(step, rule) for (step, _), rule in zip(found, bounded, strict=True))

    def _with(self, key: str, value: Any, assets: Assets) -> Self:
        head, _, field = key.partition(".")
        for at, named in enumerate(self.steps):
            if named.label == head and field in named.step.__struct_fields__:
                step = _changed(named.step, field, value, f"--set {key}")
                steps = (*self.steps[:at], named._replace(step=step), *self.steps[at + 1 :])
                return msgspec.structs.replace(self, steps=steps)
        for part in ("reading", "output"):
            if head == part and field in getattr(self, part).__struct_fields__:
                new = _changed(getattr(self, part), field, value, f"--set {key}")
                return msgspec.structs.replace(self, **{part: new})
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError("there is no such field", where=f"--set {key}", hint=self._hint(key))
        number = float(value)
        changed = msgspec.structs.replace(self, bounds=self.bounds | {key: number})
        try:
            changed.rules(assets)
        except InputError as error:
            hint = self._hint(key) or error.hint
            raise InputError(error.what, where=f"--set {key}", hint=hint) from None
        return changed

    def _hint(self, key: str) -> str:
        fields = [f"{n.label}.{field}" for n in self.steps for field in n.step.__struct_fields__]
        return did_you_mean(key, fields) if key.count(".") < 2 else ""


def _label(steps: Sequence[tuple[str, Step]]) -> tuple[NamedStep, ...]:
    seen: dict[str, int] = {}
    labelled: list[NamedStep] = []
    for word, step in steps:
        seen[word] = seen.get(word, 0) + 1
        label = word if seen[word] == 1 else f"{word}~{seen[word]}"
        labelled.append(NamedStep(label, word, step))
    return tuple(labelled)


def _step(file: YamlFile, at: int) -> tuple[str, Step]:
    entry = file.at("steps", at)
    word = next(iter(entry)) if isinstance(entry, dict) and len(entry) == 1 else entry
    if not isinstance(word, str):
        raise InputError(
            "a step is a word, or one word with its fields",
            where=file.where("steps", at),
            hint="write `- language: {keep: [en]}`",
        )
    try:
        kind = cast(type[msgspec.Struct], step_class(word))
        if entry == word or entry[word] is None:
            return word, cast(Step, kind())
        return word, cast(Step, file.struct(kind, "steps", at, word))
    except InputError as error:
        where = error.where or f"{file.where('steps', at)} ({word})"
        raise InputError(error.what, where=where, hint=error.hint) from None


def _changed[T](setting: T, field: str, value: Any, where: str) -> T:
    """A setting with one field changed; a single word will do where a list is wanted."""
    tree = msgspec.to_builtins(setting)
    complaint = ""
    for given in (value, [value]):
        try:
            return msgspec.convert(tree | {field: given}, type(setting), strict=False)
        except msgspec.ValidationError as error:
            complaint = complaint or str(error).partition(" - at ")[0]
    hint = f"now it is {tree[field]!r}"
    raise InputError(complaint[0].lower() + complaint[1:], where=where, hint=hint)


def _entry(named: NamedStep) -> Any:
    fields = changed_fields(named.step)
    return {named.word: fields} if fields else named.word


def plain_fields(setting: Any) -> dict[str, Any]:
    """All fields as plain data, the same whether the struct was made in code or read from a file.

    >>> from dataqa.steps.language import Language
    >>> plain_fields(Language(min=1)) == plain_fields(Language(min=1.0))
    True
    """
    return msgspec.json.decode(msgspec.json.encode(_settled(setting)))


def changed_fields(setting: Any) -> dict[str, Any]:
    """The fields of a struct that differ from their defaults, as plain data."""
    tree = msgspec.to_builtins(_settled(setting))
    usual = msgspec.to_builtins(type(setting)())
    return {key: value for key, value in tree.items() if value != usual[key]}


def _settled[T](setting: T) -> T:
    """The setting as a file would give it: code may say 2 where the field is a float."""
    return msgspec.convert(msgspec.to_builtins(setting), type(setting), strict=False)
