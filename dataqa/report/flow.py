"""Where documents went, as an SVG: bands from each source past every step to what was kept.

Drawn here and not in the browser, so that it is there in print and without scripts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup, escape

from dataqa.report.words import count, label, share

WIDTH, HEIGHT = 960, 360
_TOP, _BAR, _GAP, _LEFT, _RIGHT = 49, 11, 7, 185, 150
_OUTCOMES = ("quarantine", "review", "rejected")
_SOURCES = 8
_STEPS = 10
_CROWDED = 5
"""With more steps than this their names stand on two lines, and numbers without their words."""


class _Node(NamedTuple):
    x: float
    y: float
    height: float


def flow_svg(report: Mapping[str, Any]) -> Markup:
    """The diagram of a report; empty when no document was read."""
    total: int = report["totals"]["all"]["documents"]
    links: Sequence[Mapping[str, Any]] = report["flow"]["links"]
    if not total or not links:
        return Markup()
    scale = (HEIGHT - _TOP - 95) / sum(link["documents"] for link in links)
    sources = _sources(links)
    steps: list[str] = report["flow"]["steps"]
    if len(steps) > _STEPS:
        steps = [step for step in steps if any(link["step"] == step for link in links)]
    parts = [_begin(), *_stream(sources, steps, links, scale)]
    parts.append(Markup("</g></svg>"))
    return Markup().join(parts)


def _begin() -> Markup:
    return Markup(
        '<svg class="flow" viewBox="0 0 {} {}" role="img" aria-labelledby="flow-title">'
        '<title id="flow-title">Documents from each source past every step to the kept corpus'
        "</title><g>"
    ).format(WIDTH, HEIGHT)


def _sources(links: Sequence[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """Sources with their documents, largest first, small ones together."""
    sums: dict[str, int] = {}
    for link in links:
        sums[link["source"]] = sums.get(link["source"], 0) + link["documents"]
    ordered = sorted(sums.items(), key=lambda pair: (-pair[1], pair[0]))
    if len(ordered) <= _SOURCES:
        unknown = "no source" if len(ordered) > 1 else "all documents"
        return [(label(name, unknown), documents) for name, documents in ordered]
    named = [(label(name, "no source"), documents) for name, documents in ordered[: _SOURCES - 1]]
    rest = ordered[_SOURCES - 1 :]
    return [*named, (f"{len(rest)} more sources", sum(documents for _, documents in rest))]


def _stream(
    sources: Sequence[tuple[str, int]],
    steps: Sequence[str],
    links: Sequence[Mapping[str, Any]],
    scale: float,
) -> list[Markup]:
    """Sources on the left, one column a step, what is left flowing on to the right."""
    total = sum(link["documents"] for link in links)
    columns = [
        _LEFT + (WIDTH - _LEFT - _RIGHT) * (at + 1) / (len(steps) + 1) for at in range(len(steps))
    ]
    end = _Node(WIDTH - _RIGHT, _TOP, 0)
    trunk = _Node(columns[0] if columns else end.x, _TOP, total * scale)
    parts = _inflow(sources, trunk, scale, total)
    left, x = total, trunk.x
    for at, step in enumerate(steps):
        after = columns[at + 1] if at + 1 < len(steps) else end.x
        lost = {o: _lost(links, step, o) for o in _OUTCOMES}
        taken = sum(lost.values())
        node = _Node(x, _TOP, left * scale)
        parts += _column(step, node, after, lost, scale, total)
        parts += _words(step, at, node.x, lost, crowded=len(steps) > _CROWDED)
        left, x = left - taken, after
    if len(steps) > _CROWDED:
        for at, outcome in enumerate(_OUTCOMES):
            parts.append(_text(_LEFT - 28, HEIGHT - 40 + 16 * at, outcome, f"end {outcome}"))
    parts.append(_bar(_Node(end.x, _TOP, left * scale), "kept", f"kept: {count(left)}"))
    parts.append(_text(end.x + _BAR + 8, _TOP + 14, "Kept", "strong"))
    parts.append(_text(end.x + _BAR + 8, _TOP + 32, f"{count(left)} documents", ""))
    parts.append(_text(end.x + _BAR + 8, _TOP + 48, share(left, total), "muted"))
    return parts


def _inflow(
    sources: Sequence[tuple[str, int]], trunk: _Node, scale: float, total: int
) -> list[Markup]:
    parts: list[Markup] = []
    y, into, text_y = float(_TOP), trunk.y, 0.0
    for name, documents in sources:
        height = documents * scale
        node = _Node(_LEFT - 20, y, height)
        tip = f"{name}: {count(documents)} documents, {share(documents, total)}"
        parts.append(_band(node, _Node(trunk.x, into, height), "source", tip))
        parts.append(_bar(node, "source", tip))
        middle = max(y + height / 2 + 4, text_y + 14)
        parts.append(_text(node.x - 8, middle, _short(name, 21), "end"))
        y, into, text_y = y + height + _GAP, into + height, middle
    return parts


def _column(
    step: str, node: _Node, after: float, lost: Mapping[str, int], scale: float, total: int
) -> list[Markup]:
    """One step: its bar, the band that passes, and what it takes out, bending downwards."""
    taken = sum(lost.values())
    passing = node.height - taken * scale
    parts = [
        _band(_Node(node.x, node.y, passing), _Node(after, node.y, passing), "kept", "goes on")
    ]
    y, at = node.y + passing, 0
    floor = HEIGHT - 64
    for outcome, documents in lost.items():
        if not documents:
            continue
        height = documents * scale
        tip = f"{step}: {count(documents)} {outcome} ({share(documents, total)})"
        reach = node.x + _BAR + 26 + at * 8
        parts.append(_drop(_Node(node.x + _BAR, y, height), reach, floor, outcome, tip))
        y, at = y + height, at + 1
    parts.append(_bar(node, "step", f"{step}: {count(taken)} taken out"))
    return parts


def _words(
    step: str, column: int, x: float, lost: Mapping[str, int], *, crowded: bool
) -> list[Markup]:
    """A step's name above its bar, and below what it takes out."""
    raised = 15 if crowded and column % 2 else 0
    parts = [_text(x + _BAR / 2, _TOP - 14 - raised, _short(step, 16), "middle strong")]
    taken = [(outcome, documents) for outcome, documents in lost.items() if documents]
    for at, (outcome, documents) in enumerate(taken):
        if crowded:
            y = HEIGHT - 40 + 16 * _OUTCOMES.index(outcome)
            parts.append(_text(x + _BAR + 4, y, count(documents), outcome))
        else:
            y = HEIGHT - 40 + 16 * at
            parts.append(_text(x, y, f"{count(documents)} {outcome}", outcome))
    return parts


def _lost(links: Sequence[Mapping[str, Any]], step: str, outcome: str) -> int:
    return sum(
        link["documents"] for link in links if (link["step"], link["outcome"]) == (step, outcome)
    )


def _band(a: _Node, b: _Node, kind: str, tip: str) -> Markup:
    x1, x2 = a.x + _BAR, b.x
    middle = (x1 + x2) / 2
    path = (
        f"M{x1:.1f},{a.y:.1f}C{middle:.1f},{a.y:.1f} {middle:.1f},{b.y:.1f} {x2:.1f},{b.y:.1f}"
        f"V{b.y + b.height:.1f}C{middle:.1f},{b.y + b.height:.1f} {middle:.1f},"
        f"{a.y + a.height:.1f} {x1:.1f},{a.y + a.height:.1f}Z"
    )
    return _path(path, kind, tip)


def _drop(a: _Node, x: float, floor: float, kind: str, tip: str) -> Markup:
    """A band that leaves to the right and falls to the floor, ending as wide as it began."""
    height = max(a.height, 1.0)
    width = min(height, 60.0)
    path = (
        f"M{a.x:.1f},{a.y:.1f}C{x + width:.1f},{a.y:.1f} {x + width:.1f},{a.y:.1f} "
        f"{x + width:.1f},{floor:.1f}H{x:.1f}C{x:.1f},{a.y + height:.1f} {x:.1f},"
        f"{a.y + height:.1f} {a.x:.1f},{a.y + height:.1f}Z"
    )
    return _path(path, kind, tip)


def _path(path: str, kind: str, tip: str) -> Markup:
    return Markup('<path class="band {}" d="{}"><title>{}</title></path>').format(kind, path, tip)


def _bar(node: _Node, kind: str, tip: str) -> Markup:
    return Markup(
        '<rect class="bar {}" x="{:.1f}" y="{:.1f}" width="{}" height="{:.1f}" rx="2">'
        "<title>{}</title></rect>"
    ).format(kind, node.x, node.y, _BAR, max(node.height, 1.0), tip)


def _text(x: float, y: float, text: str, kind: str) -> Markup:
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}">{}</text>').format(
        kind, x, y, escape(text)
    )


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
