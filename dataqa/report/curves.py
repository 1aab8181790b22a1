"""Plots of a preview, as SVG: the histogram of similarities and the S-curves of bands."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from dataqa.report.words import count

WIDTH, HEIGHT = 960, 300
_LEFT, _RIGHT, _TOP, _BASE = 62, 18, 34, 258
_KINDS = ("goes", "review", "stays")
_TOLD = {"goes": "would go", "review": "for review", "stays": "stay"}


def histogram_svg(bars: Mapping[str, Any], bounds: Sequence[float]) -> Markup:
    """Documents by the similarity to the better document that each is most like.

    Heights are square roots: a peak of equal texts would else hide the valley in which a bound is
    to be set.
    """
    first, width = float(bars["from"]), float(bars["width"])
    totals = [sum(column) for column in zip(*(bars[kind] for kind in _KINDS), strict=True)]
    top = max([*totals, 1])
    last = first + width * len(totals)

    def x(value: float) -> float:
        return _LEFT + (value - first) / (last - first) * (WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _BASE - math.sqrt(value / top) * (_BASE - _TOP)

    parts = [_begin("histogram", "Documents by similarity"), *_grid(_round_numbers(top), y, count)]
    parts += _band(x, bounds)
    for at, total in enumerate(totals):
        if total:
            parts.append(_column(bars, at, total, (x, y), first + at * width, width))
    parts += _bottom(x, first, 0.95)
    parts.append(_text(WIDTH - _RIGHT, _BASE + 17, "equal", "end"))
    parts += _bounds(x, bounds)
    parts.append(Markup("</svg>"))
    return Markup().join(parts)


def curves_svg(curves: Mapping[str, Any], bounds: Sequence[float]) -> Markup:
    """How often pairs of each similarity are proposed: these bands strong, published ones thin."""
    at: list[float] = curves["at"]

    def x(value: float) -> float:
        return _LEFT + (value - at[0]) / (at[-1] - at[0]) * (WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _BASE - value * (_BASE - _TOP)

    parts = [_begin("curves", "Share of pairs that are found, by similarity")]
    parts += _grid([0.0, 0.25, 0.5, 0.75, 1.0], y, _percent)
    parts += _band(x, bounds)
    lines: list[Mapping[str, Any]] = curves["lines"]
    for number in range(len(lines) - 1, -1, -1):
        line = lines[number]
        points = " ".join(
            f"{x(s):.1f},{y(found):.1f}" for s, found in zip(at, line["found"], strict=True)
        )
        parts.append(
            Markup(
                '<polyline class="curve c{}" points="{}"><title>{}: {} × {}</title></polyline>'
            ).format(number, points, line["name"], line["bands"], line["rows"])
        )
    parts += [*_bottom(x, at[0], at[-1]), *_bounds(x, bounds), Markup("</svg>")]
    return Markup().join(parts)


def _column(
    bars: Mapping[str, Any], at: int, total: int, place: Any, low: float, width: float
) -> Markup:
    """One bar; what goes stands at the bottom, and parts of it are as large as their shares."""
    x, y = place
    left, right = x(low), x(low + width)
    height = _BASE - y(total)
    told = "equal texts" if low > 1 - 1e-9 else f"{low:.2f} to {low + width:.2f}"
    shown = [f"{count(bars[kind][at])} {_TOLD[kind]}" for kind in _KINDS if bars[kind][at]]
    parts = [Markup("<g><title>{}: {}</title>").format(told, ", ".join(shown))]
    under = float(_BASE)
    for kind in _KINDS:
        part = height * bars[kind][at] / total
        if part:
            under -= part
            parts.append(
                Markup(
                    '<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>'
                ).format(kind, left + 0.7, under, right - left - 1.4, part)
            )
    return Markup().join([*parts, Markup("</g>")])


def _round_numbers(top: int) -> list[int]:
    """A few numbers for an axis of square roots.

    >>> _round_numbers(3200)
    [0, 50, 200, 500, 1000, 2000]
    """
    steps = [0, *(lead * 10**power for power in range(12) for lead in (1, 2, 5))]
    chosen: list[int] = []
    for step in steps:
        far = not chosen or math.sqrt(step / top) - math.sqrt(chosen[-1] / top) > 0.12
        if step <= top and far:
            chosen.append(step)
    return chosen


def _percent(value: float) -> str:
    return f"{100 * value:.0f} %"


def _grid(values: Sequence[float], y: Any, told: Any) -> list[Markup]:
    return [
        part
        for value in values
        for part in (
            Markup('<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(
                _LEFT, WIDTH - _RIGHT, y(value), y(value)
            ),
            _text(_LEFT - 8, y(value) + 4, told(value), "end"),
        )
    ]


def _bottom(x: Any, low: float, high: float) -> list[Markup]:
    steps = range(math.ceil(low * 10 - 1e-9), math.floor(high * 10 + 1e-9) + 1)
    ticks = [step / 10 for step in steps]
    return [
        Markup('<line class="axis" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(
            _LEFT, WIDTH - _RIGHT, _BASE, _BASE
        ),
        *(
            _text(x(tick), _BASE + 17, f"{tick:.1f}", "middle")
            for tick in ticks
            if x(tick) < WIDTH - _RIGHT + 1
        ),
        _text((WIDTH + _LEFT) / 2, _BASE + 36, "similarity", "middle"),
    ]


def _band(x: Any, bounds: Sequence[float]) -> list[Markup]:
    """The stretch in which a person decides, behind everything else."""
    low, high = bounds
    if low == high:
        return []
    return [
        Markup('<rect class="doubt" x="{:.1f}" y="{}" width="{:.1f}" height="{}"/>').format(
            x(low), _TOP - 8, x(high) - x(low), _BASE - _TOP + 8
        )
    ]


def _bounds(x: Any, bounds: Sequence[float]) -> list[Markup]:
    parts: list[Markup] = []
    for bound in sorted(set(bounds)):
        parts.append(
            Markup('<line class="bound" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>').format(
                x(bound), _TOP - 25, _BASE
            )
        )
        right = bound > 0.9
        name = "from here on it goes" if bound == max(bounds) else "review from here on"
        shown = f"{bound:g} {name}" if not right else f"{name} {bound:g}"
        offset = -6 if right or bound != max(bounds) else 6
        parts.append(
            _text(x(bound) + offset, _TOP - 15, shown, "start" if offset > 0 else "end", "name")
        )
    return parts


def _text(x: float, y: float, told: str, anchor: str, kind: str = "") -> Markup:
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(
        kind, x, y, anchor, told
    )


def _begin(kind: str, title: str) -> Markup:
    return Markup('<svg class="plot {}" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(
        kind, WIDTH, HEIGHT, title
    )
