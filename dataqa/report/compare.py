"""Two runs side by side: did the signals, the kept share or the mix of the corpus move?

The population stability index sums ``(p - q) * ln(p / q)`` over bins that each hold about a tenth
of the older run. Below 0.1 is commonly read as stable, above 0.2 as a shift that needs a reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from dataqa.errors import InputError, did_you_mean
from dataqa.report.build import FORMAT
from dataqa.report.html import page
from dataqa.report.words import label
from dataqa.yamlfile import read_yaml

_BINS = 10

type Numbers = NDArray[np.float64]


class Bounds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far two runs may differ; what is left out is not judged.

    Attributes:
        psi: The stability index that no signal may pass.
        kept_share: How far the kept share may move, 0.05 being five points of a hundred.
        languages: How far the share of any language may move.
        sources: How far the share of any source may move.
        signals: Another ``psi`` for single signals.
    """

    psi: float | None = None
    kept_share: float | None = None
    languages: float | None = None
    sources: float | None = None
    signals: dict[str, float] = {}


def load_bounds(path: str | Path) -> Bounds:
    """Read ``drift.yaml``.

    Raises:
        InputError: It is missing, is not YAML, or has a key that is not known.
    """
    return read_yaml(Path(path)).struct(Bounds)


def compare(
    new: Mapping[str, Any], old: Mapping[str, Any], bounds: Bounds | None = None
) -> dict[str, Any]:
    """What changed from one report to another, and in ``passed`` the bounds exceeded, worst first.

    Args:
        new: The content of the newer ``report.json``.
        old: The content of the older one, which the index is measured against.
        bounds: How far they may differ; without them nothing is judged.

    Raises:
        InputError: The reports have another format, or a bound names an unknown signal.
    """
    bounds = bounds or Bounds()
    _same_format(new, old)
    both = sorted(set(new["signals"]) & set(old["signals"]))
    unknown = sorted(set(bounds.signals) - set(both))
    if unknown:
        raise InputError(
            f"there is no signal {unknown[0]!r} in both runs",
            where="signals",
            hint=did_you_mean(unknown[0], both),
        )
    signals = [_signal(name, new, old, bounds.signals.get(name, bounds.psi)) for name in both]
    kept = _moved("kept share", _kept(new), _kept(old), bounds.kept_share)
    languages = _mix(new["languages"], old["languages"], bounds.languages, "not measured")
    sources = _mix(new["sources"], old["sources"], bounds.sources, "no source")
    judged = [("psi of {}", one, one["psi"]) for one in signals]
    judged += [("change of the {}", kept, abs(kept["change"]))]
    judged += [("change of language {}", one, abs(one["change"])) for one in languages]
    judged += [("change of source {}", one, abs(one["change"])) for one in sources]
    passed = [
        {"what": what.format(one["name"]), "value": value, "bound": one["bound"]}
        for what, one, value in judged
        if one["passed"]
    ]
    return {
        "format": FORMAT,
        "new": _side(new),
        "old": _side(old),
        "kept_share": kept,
        "signals": sorted(signals, key=lambda one: (-one["psi"], one["name"])),
        "only_new": sorted(set(new["signals"]) - set(both)),
        "only_old": sorted(set(old["signals"]) - set(both)),
        "languages": languages,
        "sources": sources,
        "bounds": msgspec.to_builtins(bounds),
        "passed": sorted(passed, key=_farthest),
    }


def _farthest(passed: Mapping[str, Any]) -> tuple[float, str]:
    """Sorts bounds by how many times over they are passed, the worst first."""
    times = passed["value"] / passed["bound"] if passed["bound"] else np.inf
    return -times, passed["what"]


def compare_html(comparison: Mapping[str, Any]) -> str:
    """A comparison as one self-contained page."""
    return page("compare.html.j2", c=comparison)


def stability(new: Numbers, old: Numbers) -> float:
    """The population stability index of two histograms over the same bins.

    Half a document is added to every tenth, so that an empty one costs much but not everything.

    >>> round(stability(np.array([50.0, 50.0]), np.array([50.0, 50.0])), 3)
    0.0
    """
    groups = _tenths(old)
    p, q = (np.bincount(groups, counts) + 0.5 for counts in (new, old))
    p, q = p / p.sum(), q / q.sum()
    return float(((p - q) * np.log(p / q)).sum())


def _tenths(counts: Numbers) -> NDArray[np.int64]:
    """Which of about ten groups of equal weight each bin belongs to."""
    before = np.cumsum(counts) - counts / 2
    total = max(float(counts.sum()), 1.0)
    tenths = np.minimum((before / total * _BINS).astype(np.int64), _BINS - 1)
    return np.unique(tenths, return_inverse=True)[1]


def _same_format(*reports: Mapping[str, Any]) -> None:
    for report in reports:
        if report.get("format") != FORMAT:
            raise InputError(
                f"a report of format {report.get('format')} cannot be compared",
                where=str(report.get("name", "report.json")),
                hint="rebuild it with `dataqa report`",
            )


def _signal(
    name: str, new: Mapping[str, Any], old: Mapping[str, Any], bound: float | None
) -> dict[str, Any]:
    shapes = [report["signals"][name]["shape"] for report in (new, old)]
    if shapes[0] != shapes[1]:
        return {"name": name, "psi": 0.0, "bound": bound, "passed": False, "note": "other bins"}
    width = len(new["edges"][shapes[0]]) + 1
    index = stability(*(_counts(report["signals"][name]["all"], width) for report in (new, old)))
    index = round(index, 6)
    passed = bound is not None and index > bound
    return {"name": name, "psi": index, "bound": bound, "passed": passed, "note": ""}


def _counts(histogram: Mapping[str, Any], width: int) -> Numbers:
    """Documents in each bin, the last being those without a value."""
    counts = np.zeros(width)
    for outcome in ("kept", "other"):
        pairs = np.array(histogram[outcome], np.int64).reshape(-1, 2)
        counts[pairs[:, 0]] += pairs[:, 1]
    counts[-1] = histogram["missing"]
    return counts


def _kept(report: Mapping[str, Any]) -> float:
    totals = report["totals"]
    return totals["kept"]["documents"] / max(1, totals["all"]["documents"])


def _moved(name: str, new: float, old: float, bound: float | None) -> dict[str, Any]:
    passed = bound is not None and abs(new - old) > bound
    shares = {"new": round(new, 6), "old": round(old, 6), "change": round(new - old, 6)}
    return {"name": name, **shares, "bound": bound, "passed": passed}


def _mix(
    new: Sequence[Mapping[str, Any]],
    old: Sequence[Mapping[str, Any]],
    bound: float | None,
    unknown: str,
) -> list[dict[str, Any]]:
    shares = [_shares(rows) for rows in (new, old)]
    names = sorted({*shares[0], *shares[1]})
    moved = [
        _moved(label(name, unknown), shares[0].get(name, 0.0), shares[1].get(name, 0.0), bound)
        for name in names
    ]
    return sorted(moved, key=lambda one: (-abs(one["change"]), one["name"]))


def _shares(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    total = max(1, sum(row["all"]["documents"] for row in rows))
    return {row["label"]: row["all"]["documents"] / total for row in rows}


def _side(report: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": report["name"], "documents": report["totals"]["all"]["documents"]}
