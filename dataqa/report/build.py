"""From counts to the content of ``report.json``: the same counts give the same bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataqa.report.cells import Table
from dataqa.report.groups import POOL
from dataqa.report.leaving import MEASURES, OUTCOMES, READING, RULE_COUNTS
from dataqa.report.private import private
from dataqa.report.spread import sliders, spreads, used_edges
from dataqa.report.words import headline

FORMAT = 1
_MOST_GROUPS = 50
_MOST_PAIRS = 400
_MOST_VALUES = 50
_DUPLICATES = frozenset({"exact", "duplicates", "repeated_lines", "passages", "semantic"})
_WIDTH = len(OUTCOMES) * len(MEASURES)

type Ints = NDArray[np.int64]


def build(tally: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """The content of ``report.json``; ``docs/report.md`` describes it.

    Args:
        tally: What ``merge`` returned for the whole run.
        facts: What the counts do not know: ``pipeline`` (its plain data) and ``rules`` (each with
            step, key and its fields). Other entries travel through under ``facts``. Nothing here
            may differ between two equal runs, so no timings.
    """
    pipeline: Mapping[str, Any] = facts.get("pipeline", {})
    steps = _steps(pipeline)
    bounds = _bounds(facts.get("rules", ()))
    rules = _rules(tally, bounds)
    cells = tally["cells"]
    totals = _totals(Table(cells["source"], "count", _WIDTH).total())
    _complete(totals, facts.get("counts", {}))
    return {
        "format": FORMAT,
        "name": pipeline.get("name", ""),
        "description": pipeline.get("description", ""),
        "headline": headline(totals, rules),
        "totals": totals,
        "flow": _flow(cells["source"], steps),
        "rules": rules,
        "pairs": _pairs(tally["pairs"]),
        "edges": used_edges(tally),
        "signals": spreads(tally, bounds),
        "sliders": sliders(tally, bounds),
        "texts": _texts(cells),
        "examples": _examples(tally["examples"]),
        "edits": _edits(cells["edit"]),
        "private": private(cells, pipeline.get("steps", ())),
        "duplicates": [rule for rule in rules if _word(rule["step"]) in _DUPLICATES],
        "quarantine": _quarantine(cells["source"]),
        "languages": _groups(cells["language"]),
        "sources": _groups(cells["source"]),
        "settings": dict(pipeline),
        "facts": {key: facts[key] for key in sorted(facts) if key not in {"pipeline", "rules"}},
    }


def _word(step: str) -> str:
    return step.partition("~")[0]


def _steps(pipeline: Mapping[str, Any]) -> list[str]:
    """The labels of a pipeline's steps, as findings call them."""
    labels: list[str] = []
    for entry in pipeline.get("steps", ()):
        word = entry if isinstance(entry, str) else next(iter(entry))
        before = sum(_word(label) == word for label in labels)
        labels.append(f"{word}~{before + 1}" if before else word)
    return labels


def _bounds(rules: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One entry for each side of each rule over a number."""
    return [
        {
            "bound": f"{rule['key']}.{side}",
            "step": rule["step"],
            "signal": rule["signal"],
            "side": side,
            "value": float(rule[side]),
            "doubt": float(rule.get("doubt", 0.0)),
            "languages": list(rule.get("languages", ())),
            "cite": rule.get("cite", ""),
        }
        for rule in rules
        for side in ("min", "max")
        if rule.get(side) is not None and np.isfinite(rule[side])
    ]


def _totals(row: Ints) -> dict[str, dict[str, int]]:
    table = row.reshape(len(OUTCOMES), len(MEASURES))
    named = {outcome: _measures(table[at]) for at, outcome in enumerate(OUTCOMES)}
    return {"all": _measures(table.sum(axis=0)), **named}


def _complete(totals: dict[str, dict[str, int]], counts: Mapping[str, int]) -> None:
    """Add documents in quarantine that the run counted and the tally never saw."""
    unseen = counts.get("quarantine", 0) - totals["quarantine"]["documents"]
    if unseen > 0:
        totals["quarantine"]["documents"] += unseen
        totals["all"]["documents"] += unseen


def _measures(row: Ints) -> dict[str, int]:
    return {name: int(value) for name, value in zip(MEASURES, row, strict=True)}


def _rules(tally: Mapping[str, Any], bounds: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What every rule did, those against most documents first; rules that never tripped last."""
    table = Table(tally["cells"]["rule"], "count", len(RULE_COUNTS))
    counts = dict(zip(table.labels, table.rows, strict=True))
    known = {f"{bound['step']}/{bound['bound']}": bound for bound in bounds}
    zeros = np.zeros(len(RULE_COUNTS), np.int64)
    found: list[dict[str, Any]] = []
    for name in sorted({*counts, *known}):
        step, _, rule = name.partition("/")
        bound = known.get(name, {})
        row = counts.get(name, zeros)
        found.append(
            {
                "id": name,
                "step": step,
                "rule": rule,
                **{key: int(value) for key, value in zip(RULE_COUNTS, row, strict=True)},
                "signal": bound.get("signal", ""),
                "bound": bound.get("value"),
                "side": bound.get("side", ""),
                "languages": bound.get("languages", []),
                "cite": bound.get("cite", ""),
                "by_language": _met(tally["cells"]["language"], name),
                "by_source": _met(tally["cells"]["source"], name),
            }
        )
    return sorted(found, key=lambda rule: (-rule["rejected"] - rule["review"], rule["id"]))


def _met(cells: Mapping[str, Any], rule: str) -> dict[str, int]:
    table = Table(cells, f"rule/{rule}", 1)
    return {label: int(row[0]) for label, row in table.largest(_MOST_GROUPS).items()}


def _flow(cells: Mapping[str, Any], steps: Sequence[str]) -> dict[str, Any]:
    """From each source, by which step, to which outcome; kept documents have no step."""
    links: list[dict[str, Any]] = []
    names = sorted(name for name in cells["tables"] if name.startswith("flow/"))
    sizes = Table(cells, "count", _WIDTH)
    large = set(sizes.largest(_MOST_GROUPS))
    for name in names:
        step = name.partition("/")[2]
        table = Table(cells, name, _WIDTH)
        rows: dict[str, Ints] = {}
        for label, row in zip(table.labels, table.rows, strict=True):
            source = label if label in large else POOL
            rows[source] = rows.get(source, np.zeros(_WIDTH, np.int64)) + row
        for source, row in sorted(rows.items()):
            measures = row.reshape(len(OUTCOMES), len(MEASURES))
            links += [
                {"source": source, "step": step, "outcome": outcome, **_measures(measures[at])}
                for at, outcome in enumerate(OUTCOMES)
                if measures[at].any()
            ]
    met = {link["step"] for link in links}
    begin = [READING] if READING in met - set(steps) else []
    others = met - {"", READING, *steps}
    return {"steps": [*begin, *steps, *sorted(others)], "links": links}


def _pairs(pairs: Mapping[str, int]) -> list[dict[str, Any]]:
    ordered = sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST_PAIRS]
    return [
        {"a": name.partition("\t")[0], "b": name.partition("\t")[2], "documents": documents}
        for name, documents in ordered
    ]


def _texts(cells: Mapping[str, Any]) -> dict[str, Any]:
    """Signals that are words: how often each value was met."""
    found: dict[str, Any] = {}
    for dimension in sorted(name for name in cells if name.startswith("text/")):
        table = Table(cells[dimension], "count", len(OUTCOMES))
        found[dimension.partition("/")[2]] = [
            {"value": value, **dict(zip(OUTCOMES, row.tolist(), strict=True))}
            for value, row in table.largest(_MOST_VALUES).items()
        ]
    return found


def _examples(examples: Mapping[str, Sequence[Sequence[Any]]]) -> dict[str, Any]:
    fields = ("doc_id", "score", "bound", "detail", "ref", "text")
    return {
        rule: [dict(zip(fields, row[1:], strict=True)) for row in rows]
        for rule, rows in examples.items()
    }


def _edits(cells: Mapping[str, Any]) -> list[dict[str, Any]]:
    table = Table(cells, "count", 2)
    found: list[dict[str, Any]] = []
    for label, row in zip(table.labels, table.rows, strict=True):
        step, rule, kind = label.split("/", 2)
        documents, times = row.tolist()
        found.append(
            {"step": step, "rule": rule, "kind": kind, "documents": documents, "edits": times}
        )
    return found


def _quarantine(cells: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name in sorted(name for name in cells["tables"] if name.startswith("error/")):
        _, step, error = name.split("/", 2)
        documents = int(Table(cells, name, _WIDTH).total().sum(initial=0, where=_IS_DOCUMENTS))
        found.append({"step": step, "error": error, "documents": documents})
    return found


_IS_DOCUMENTS = np.arange(_WIDTH) % len(MEASURES) == 0


def _groups(cells: Mapping[str, Any]) -> list[dict[str, Any]]:
    table = Table(cells, "count", _WIDTH)
    return [{"label": label, **_totals(row)} for label, row in table.largest(_MOST_GROUPS).items()]
