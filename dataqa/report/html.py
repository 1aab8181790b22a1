"""The report as one HTML file that needs nothing else: no network, no fonts, no libraries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml
from markupsafe import Markup

from dataqa.report import words
from dataqa.report.flow import flow_svg

if TYPE_CHECKING:
    from jinja2 import Environment

_MATRIX = 14
_TOP = ("name", "description", "reading", "output", "bounds", "steps")
"""The order of a pipeline file, which JSON does not keep."""


def html(
    report: Mapping[str, Any],
    took: Mapping[str, Any] | None = None,
    leaks: Mapping[str, Any] | None = None,
) -> str:
    """The content of ``report.json`` as a page; without examples it holds no document's text.

    Args:
        report: It.
        took: The content of ``run.json``: what steps and their parts took.
        leaks: The content of ``leakcheck.json``, if there was one.
    """
    shown = {key: report[key] for key in ("edges", "signals", "sliders", "totals")}
    rules = [rule for rule in report["rules"] if rule["rejected"] + rule["review"]]
    return page(
        "report.html.j2",
        report=report,
        rules=rules,
        silent=[rule for rule in report["rules"] if _is_silent(rule)],
        cites=list(dict.fromkeys(rule["cite"] for rule in rules if rule["cite"])),
        flow=flow_svg(report),
        matrix=_matrix(report, rules),
        examples=report["examples"],
        costs=_costs(took or {}),
        leaks=leaks,
        overlay=report["facts"].get("overlay"),
        settings=yaml.safe_dump(_ordered(report["settings"]), sort_keys=False, allow_unicode=True),
        data=embedded(shown),
    )


def page(template: str, **values: Any) -> str:
    """A template of this package filled in, with the shared style and script inside."""
    style = Markup(_text("report.css"))  # noqa: S704  (a file of this package)
    script = Markup(_text("report.js"))  # noqa: S704  (a file of this package)
    return _environment().get_template(template).render(style=style, script=script, **values)


def embedded(data: Any) -> Markup:
    r"""Data as JSON that cannot end the script element it stands in.

    >>> print(embedded("</script>"))
    "\u003c/script\u003e"
    """
    text = json.dumps(data, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704  (nothing in it can begin or end markup)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415  (only here)

    environment = Environment(
        loader=PackageLoader("dataqa.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    named = {name: getattr(words, name) for name in ("count", "share", "size", "label", "number")}
    environment.filters.update(named)
    return environment


@cache
def _text(name: str) -> str:
    return files("dataqa.report").joinpath("templates", name).read_text(encoding="utf-8")


def _ordered(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {key: settings[key] for key in _TOP if key in settings}


def _is_silent(rule: Mapping[str, Any]) -> bool:
    """A bound that no document met; rules without a bound are known only when they are met."""
    return not rule["rejected"] + rule["review"] and rule["bound"] is not None


def _costs(took: Mapping[str, Any]) -> list[dict[str, Any]]:
    """CPU seconds of each step, the dearest first, each before its parts with what those read."""
    parts: Mapping[str, Any] = took.get("step_parts", {})
    steps = sorted(took.get("step_cpu_seconds", {}).items(), key=lambda one: (-one[1], one[0]))
    rows: list[dict[str, Any]] = []
    for step, seconds in steps:
        rows.append({"step": step, "part": "", "seconds": seconds, "characters": None})
        rows += [
            {
                "step": step,
                "part": name.removeprefix(f"{step}."),
                "seconds": part["cpu_seconds"],
                "characters": part["characters"],
            }
            for name, part in parts.items()
            if name.startswith(f"{step}.")
        ]
    return rows


def _matrix(report: Mapping[str, Any], rules: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Of the documents that meet the rule of a row, the share that meets the column's as well."""
    shown = rules[:_MATRIX]
    met = {rule["id"]: rule["rejected"] + rule["review"] for rule in shown}
    both = {frozenset((pair["a"], pair["b"])): pair["documents"] for pair in report["pairs"]}
    rows = [
        {
            "rule": row,
            "cells": [
                None
                if row is column
                else {
                    "documents": (n := both.get(frozenset((row["id"], column["id"])), 0)),
                    "share": n / met[row["id"]],
                    "column": column["rule"],
                }
                for column in shown
            ],
        }
        for row in shown
    ]
    return {"rules": shown, "rows": rows, "more": len(rules) - len(shown)}
