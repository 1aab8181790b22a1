"""A rule pack as it stands in its file, before anything is looked up."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from dataqa.errors import InputError
from dataqa.words import NAME
from dataqa.yamlfile import YamlFile, read_yaml

_RULE_NAME = re.compile(r"[a-z][a-z0-9_]*")


class LongText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An example too long to write out: ``text``, ``times`` over."""

    text: str
    times: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1


class RuleEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule as it stands in a file."""

    signal: str
    words: str = ""
    min: float | None = None
    max: float | None = None
    one_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    action: Literal["drop", "review"] = "drop"
    missing: Literal["keep", "review", "drop"] | None = None
    doubt: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    languages: tuple[str, ...] = ()
    cite: str = ""
    trips: tuple[str | LongText, ...] = ()
    passes: tuple[str | LongText, ...] = ()


class PackSheet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A pack as it stands in a file."""

    pack: str
    dialect: str
    title: str
    rules: dict[str, Any]
    cite: str = ""
    url: str = ""
    languages: tuple[str, ...] = ()
    missing: Literal["keep", "review", "drop"] = "review"


def read_sheet(path: Path) -> tuple[YamlFile, PackSheet]:
    """The file of a pack, and its top level; rules are still plain data.

    Raises:
        InputError: with file and line.
    """
    file = read_yaml(path)
    sheet = file.struct(PackSheet)
    _check_sheet(file, sheet)
    return file, sheet


def _check_sheet(file: YamlFile, sheet: PackSheet) -> None:
    stem = file.path.stem
    if sheet.pack != stem or not NAME.fullmatch(stem):
        raise InputError(
            f"the pack calls itself {sheet.pack!r} and the file {file.path.name!r}",
            where=file.where("pack"),
            hint="both must be one name of small letters, digits and single hyphens",
        )
    if not sheet.dialect.strip():
        raise InputError(
            "a pack must name its dialect",
            where=file.where("dialect"),
            hint="one recipe counts differently in each program: say whose counting this is",
        )
    if not sheet.rules:
        raise InputError("a pack without rules", where=file.where("rules"))
    for name in sheet.rules:
        if not _RULE_NAME.fullmatch(name):
            raise InputError(
                f"{name!r} is no rule name",
                where=file.where("rules", name),
                hint="small letters, digits and underscores",
            )
