"""Options that several commands share, and how their words become values."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal, DecimalException
from pathlib import Path
from typing import Any

import click
import yaml

from dataqa.errors import InputError

type Command = Callable[..., Any]

_UNITS = {"": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}


def parse_settings(settings: Sequence[str]) -> dict[str, Any]:
    """``("gopher.word_count.min=30", …)`` as a mapping; values are YAML.

    >>> parse_settings(["language.keep=[en, de]", "gopher.word_count.min=30"])
    {'language.keep': ['en', 'de'], 'gopher.word_count.min': 30}
    """
    parsed: dict[str, Any] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key.strip():
            raise InputError(
                "a setting is written name=value",
                where=f"--set {setting}",
                hint="for example --set gopher.word_count.min=30",
            )
        try:
            parsed[key.strip()] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise InputError("the value is not YAML", where=f"--set {setting}") from None
    return parsed


def not_an_input(out: Path | None, inputs: Sequence[str | Path]) -> None:
    """See that nothing is written over what is read.

    Raises:
        InputError: The file is one of the inputs.
    """
    if out is not None and any(out.resolve() == Path(one).resolve() for one in inputs):
        raise InputError("this is an input", where=str(out), hint="write to another file")


class Source(click.Path):
    """A file that there is, or the URL of a database's table."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """A path; of a database the URL as it is."""
        return value if "://" in str(value) else super().convert(value, param, ctx)


class Folder(click.Path):
    """A folder of this machine, or the URL of a prefix in object storage."""

    def __init__(self, *, exists: bool = False) -> None:
        super().__init__(path_type=Path, exists=exists, file_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """A path; what is at a URL is for the store to tell."""
        from dataqa.io.urls import place

        return place(value) if "://" in str(value) else super().convert(value, param, ctx)


class Share(click.FloatRange):
    """A share of a whole: ``5%`` or ``0.05``."""

    name = "share"

    def __init__(self) -> None:
        super().__init__(0, 1)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """A number from 0 to 1.

        >>> Share().convert("0.7%", None, None), Share().convert("0.25", None, None)
        (0.007, 0.25)
        """
        written = str(value).strip()
        try:
            share = Decimal(written.removesuffix("%")) / (100 if written.endswith("%") else 1)
        except DecimalException:
            share = Decimal("NaN")
        if share.is_nan() or not 0 <= share <= 1:
            self.fail(f"{written!r} is no share: write it like 5% or 0.05", param, ctx)
        return float(share)


class LocalPath(click.Path):
    """What ``click.Path`` takes, but no URL, which would become a folder of that name here."""

    def __init__(self, like: click.Path) -> None:
        super().__init__(
            exists=like.exists,
            file_okay=like.file_okay,
            dir_okay=like.dir_okay,
            writable=like.writable,
            readable=like.readable,
            resolve_path=like.resolve_path,
            allow_dash=like.allow_dash,
            path_type=like.type,
            executable=like.executable,
        )

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """A path.

        Raises:
            InputError: It is a URL.
        """
        from dataqa.io.urls import is_remote

        if is_remote(str(value)):
            raise InputError(
                "a file or folder of this machine is needed here",
                where=str(value),
                hint="docs/object-storage.md tells which commands take URLs",
            )
        return super().convert(value, param, ctx)


def keep_local(command: click.Command) -> None:
    """Have all paths of a command, and of those below it, be of this machine unless they say so."""
    for parameter in command.params:
        if type(parameter.type) is click.Path:
            parameter.type = LocalPath(parameter.type)
    if isinstance(command, click.Group):
        for below in command.commands.values():
            keep_local(below)


def inputs_option(command: Command) -> Command:
    """``-i``: files, folders, globs or ``-``; may be given several times."""
    return _inputs(required=True)(command)


def some_inputs_option(command: Command) -> Command:
    """``-i`` where it may be left out."""
    return _inputs(required=False)(command)


def _inputs(*, required: bool) -> Command:
    return click.option(
        "-i",
        "--input",
        "inputs",
        multiple=True,
        required=required,
        metavar="PATH",
        help="File, folder or quoted glob, also s3://…; - for standard input. Repeatable.",
    )


def seed_option(command: Command) -> Command:
    """``--seed`` of what is synthetic."""
    return click.option(
        "--seed", type=click.IntRange(0), default=0, show_default=True, help="Decides them."
    )(command)


def synthetic_options(command: Command) -> Command:
    """``--mark-rows`` and ``--save-model``: what is said of synthetic rows, and kept of them."""
    mark = click.option(
        "--mark-rows", is_flag=True, help="Add a column that says of each row what it is."
    )
    keep = click.option(
        "--save-model", type=click.Path(path_type=Path, dir_okay=False), help="Keep the model, too."
    )
    return mark(keep(command))


def out_option(command: Command) -> Command:
    """``-o``: the output folder."""
    return click.option(
        "-o",
        "--out",
        required=True,
        type=Folder(),
        help="Output folder, or a URL of object storage such as s3://BUCKET/PREFIX.",
    )(command)


def set_option(command: Command) -> Command:
    """``--set``: a step's field or a rule's bound."""
    return click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="NAME=VALUE",
        help="Change a step's field (step.field) or a bound (pack.rule.min). Repeatable.",
    )(command)


def rules_option(command: Command) -> Command:
    """``--rules``: folders searched before the shipped rules."""
    return click.option(
        "--rules",
        multiple=True,
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        help="Folder with rule packs and word lists of your own. Repeatable.",
    )(command)


def examples_option(command: Command) -> Command:
    """``--examples/--no-examples``: None when neither was given."""
    return click.option(
        "--examples/--no-examples",
        default=None,
        help="Whether the report shows some documents behind each rule; by default it does.",
    )(command)


def log_option(command: Command) -> Command:
    """``--log``: how progress is shown."""
    return click.option(
        "--log",
        type=click.Choice(["auto", "plain", "json", "none"]),
        default="auto",
        show_default=True,
        help="Progress: a live display on a terminal, plain lines, JSON lines, or nothing.",
    )(command)


def reading_options(command: Command) -> Command:
    """Which columns and formats are read; a value given here wins over the pipeline's."""
    for option in (
        click.option("--text-column", help="Column that holds the text."),
        click.option("--id-column", help="Column that holds the document id."),
        click.option("--input-format", "input_format", help="Read all inputs as this format."),
        click.option("--max-document", type=int, help="Largest document read, in bytes."),
    ):
        command = option(command)
    return command


def changed_reading(**given: Any) -> dict[str, Any]:
    """The reading options that were given, as settings."""
    names = {"input_format": "format"}
    return {f"reading.{names.get(k, k)}": v for k, v in given.items() if v is not None}


def changed_output(**given: Any) -> dict[str, Any]:
    """The options about output that were given, as settings."""
    return {f"output.{name}": value for name, value in given.items() if value is not None}


def parse_size(text: str, option: str) -> int:
    """Bytes from ``512MB``, ``64MiB`` or a plain number.

    >>> parse_size("1.5KB", "--shard-size")
    1500
    """
    match = re.fullmatch(r"\s*([0-9.]+)\s*([a-z]*)\s*", text.lower())
    if match is None or match[2] not in _UNITS or not float(match[1]):
        raise click.UsageError(f"{option} {text}: write it like 512MB or 64MiB")
    return int(float(match[1]) * _UNITS[match[2]])
