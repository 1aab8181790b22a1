"""A corpus card: what a corpus is and how good it is, as far as the run that made it knows.

What was not measured is said to be not measured, since silence would read as praise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dataqa.report.html import page
from dataqa.report.words import count, label, number, share, size

NOT_MEASURED = "Not measured in this run."

_MOST = 15
_LICENCES = ("licence", "license")
_MARKDOWN = re.compile(r"([\\`*_\[\]|#~!])")


class Section(NamedTuple):
    """One heading of a card: a paragraph, and a table when there are figures."""

    title: str
    text: str
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def card(
    report: Mapping[str, Any], manifest: Mapping[str, Any], facts: Mapping[str, Any]
) -> tuple[str, str]:
    """The card of a finished run.

    Args:
        report: The content of ``report.json``.
        manifest: The content of ``manifest.json``.
        facts: What else is known, from ``run.json``: timings and memory under its own names.

    Returns:
        Markdown, and one self-contained HTML page.
    """
    title = f"Corpus card: {report['name'] or 'corpus'}"
    sections = [
        _what(report, manifest),
        _groups("Sources", report["sources"], "no source column"),
        _licences(report),
        _quality(report),
        _groups("Languages", report["languages"], "not measured"),
        _steps("Privacy", report, ("private", "scrub")),
        _signals("Toxicity", report, "toxic"),
        _steps("Contamination", report, ("contamination",)),
        _duplicates(report),
        _cost(facts),
    ]
    return markdown(title, sections), page("card.html.j2", title=title, sections=sections)


def markdown(title: str, sections: Sequence[Section]) -> str:
    """Sections as Markdown in which names from the corpus cannot become markup."""
    lines = [f"# {_plain(title)}", ""]
    for section in sections:
        lines += [f"## {section.title}", "", _plain(section.text), ""]
        if section.rows:
            lines.append(f"| {' | '.join(section.head)} |")
            lines.append(f"|{'|'.join(['---'] + ['---:'] * (len(section.head) - 1))}|")
            lines += [f"| {' | '.join(map(_plain, row))} |" for row in section.rows]
            lines.append("")
    return "\n".join(lines)


def _plain(text: str) -> str:
    marked = _MARKDOWN.sub(r"\\\1", " ".join(text.split()))
    return marked.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _what(report: Mapping[str, Any], manifest: Mapping[str, Any]) -> Section:
    totals = report["totals"]
    about = f"{report['description'].rstrip('.')}. " if report["description"] else ""
    kept = totals["kept"]
    text = (
        f"{about}{count(kept['documents'])} documents, {size(kept['bytes'])} of text, kept out of "
        f"{count(totals['all']['documents'])} that were read."
    )
    inputs: Sequence[Any] = manifest.get("inputs", ())
    if inputs:
        text += f" Made from {count(len(inputs))} input files, named with digests in the manifest."
    return Section("What it is", text)


def _groups(title: str, groups: Sequence[Mapping[str, Any]], unknown: str) -> Section:
    if not any(group["label"] for group in groups):
        return Section(title, NOT_MEASURED)
    groups = [group for group in groups if group["kept"]["documents"]]
    total = sum(group["kept"]["documents"] for group in groups)
    rows = tuple(
        (
            label(group["label"], unknown),
            count(group["kept"]["documents"]),
            share(group["kept"]["documents"], total),
            size(group["kept"]["bytes"]),
            share(group["kept"]["documents"], group["all"]["documents"]),
        )
        for group in groups[:_MOST]
    )
    more = len(groups) - len(rows)
    text = f"The largest {len(rows)} of {len(groups)}." if more > 0 else "Of the kept documents."
    return Section(title, text, ("Name", "Documents", "Share", "Text", "Kept of its own"), rows)


def _licences(report: Mapping[str, Any]) -> Section:
    column = report["settings"].get("output", {}).get("source_column", "")
    if column in _LICENCES:
        return _groups("Licences", report["sources"], "no licence given")
    for name in _LICENCES:
        values: Sequence[Mapping[str, Any]] = report["texts"].get(name, ())
        if values:
            rows = tuple(
                (label(one["value"], "no licence given"), count(one["kept"]))
                for one in values[:_MOST]
            )
            return Section("Licences", "Of the kept documents.", ("Licence", "Documents"), rows)
    return Section("Licences", "Not recorded: no licence column was counted in this run.")


def _quality(report: Mapping[str, Any]) -> Section:
    met = [rule for rule in report["rules"] if rule["rejected"] + rule["review"]]
    if not report["sliders"] and not met:
        return Section("Quality", NOT_MEASURED)
    total = report["totals"]["all"]["documents"]
    rows = tuple(
        (
            rule["rule"],
            number(rule["bound"]) if rule["side"] else "",
            count(rule["rejected"] + rule["review"]),
            share(rule["rejected"] + rule["review"], total),
        )
        for rule in met[:_MOST]
    )
    text = f"{report['headline']} {len(report['signals'])} signals were measured."
    return Section("Quality", text, ("Rule", "Bound", "Documents", "Share"), rows)


def _steps(title: str, report: Mapping[str, Any], words: tuple[str, ...]) -> Section:
    """What steps of some names found and changed."""
    labels = report["flow"]["steps"]
    if not any(step.partition("~")[0] in words for step in labels):
        return Section(title, NOT_MEASURED)
    rules = [rule for rule in report["rules"] if rule["step"].partition("~")[0] in words]
    rows = tuple(
        (
            rule["rule"],
            *(count(rule[key]) for key in ("rejected", "review", "edited", "noted")),
        )
        for rule in rules[:_MOST]
    )
    text = "Documents by what was found in them." if rows else "Looked for, and nothing was found."
    return Section(title, text, ("Found", "Rejected", "Review", "Edited", "Noted"), rows)


def _signals(title: str, report: Mapping[str, Any], part: str) -> Section:
    """Signals with a word in their name: the share of kept documents above one half."""
    rows: list[tuple[str, ...]] = []
    for name, signal in report["signals"].items():
        if part in name:
            pairs = signal["all"]["kept"]
            edges = report["edges"][signal["shape"]]
            counts = list(zip(pairs[::2], pairs[1::2], strict=True))
            high = sum(documents for at, documents in counts if edges[at] >= 0.5)
            total = sum(documents for _, documents in counts)
            rows.append((name, count(high), share(high, total)))
    if not rows:
        return Section(title, NOT_MEASURED)
    head = ("Signal", "Kept documents at 0.5 or above", "Share")
    return Section(title, "Scores from 0 to 1.", head, tuple(rows))


def _duplicates(report: Mapping[str, Any]) -> Section:
    words = {"exact", "duplicates", "repeated_lines", "passages", "semantic"}
    if not any(step.partition("~")[0] in words for step in report["flow"]["steps"]):
        return Section("Duplicates", NOT_MEASURED)
    rows = tuple(
        (rule["rule"], count(rule["rejected"] + rule["review"]), size(rule["bytes"]))
        for rule in report["duplicates"]
    )
    text = "Documents taken out as copies of a kept one." if rows else "Looked for; none found."
    return Section("Duplicates", text, ("Found as", "Documents", "Text"), rows)


def _cost(facts: Mapping[str, Any]) -> Section:
    """Whatever plain figures ``run.json`` holds, under their own names."""
    rows = tuple(
        (key.replace("_", " "), number(value) if isinstance(value, int | float) else str(value))
        for key, value in sorted(facts.items())
        if isinstance(value, int | float | str) and not isinstance(value, bool)
    )
    if not rows:
        return Section("Cost", NOT_MEASURED)
    return Section("Cost", "Of making it, on the machine that made it.", ("Figure", "Value"), rows)
