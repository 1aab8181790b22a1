"""Plots of agreement, as SVG: figures with their intervals, calibration, and how it moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from dataqa.review.measuring.intervals import Figure

_WIDTH = 960
_NAMES, _RIGHT = 330, 70
_ROW = 26
_SIDE = 420


def intervals_svg(rows: Sequence[tuple[str, Figure]], title: str, low: float = 0.0) -> Markup:
    """A line for each figure: a dot with its interval; those that are not known are left out.

    Args:
        rows: Names and figures.
        title: For those who cannot see it.
        low: The left end; the right one is 1.
    """
    known = [(name, one) for name, one in rows if one.value is not None]
    low = min([low, *((one.low if one.low is not None else 0.0) for _, one in known)])
    height = _ROW * len(known) + 40

    def x(value: float) -> float:
        return _NAMES + (value - low) / (1 - low) * (_WIDTH - _NAMES - _RIGHT)

    parts = [_begin(title, _WIDTH, height)]
    for tick in (value / 4 for value in range(-4, 5)):
        if tick >= low - 1e-9:
            parts += [
                _line("grid", x(tick), 12, x(tick), height - 24),
                _text(x(tick), height - 8, f"{tick:g}", "middle"),
            ]
    for at, (name, one) in enumerate(known):
        y = 26 + at * _ROW
        parts += [_text(_NAMES - 12, y + 4, name[:52], "end", "name"), *_dot(x, y, one)]
        parts.append(_text(_WIDTH - 4, y + 4, f"{one.value:.2f}", "end"))
    return Markup().join([*parts, Markup("</svg>")])


def calibration_svg(bins: Sequence[tuple[float, float, int]], title: str) -> Markup:
    """What probabilities say beside how often it was right; on the line they say what is so."""

    def x(value: float) -> float:
        return 46 + value * (_SIDE - 66)

    def y(value: float) -> float:
        return _SIDE - 46 - value * (_SIDE - 66)

    parts = [_begin(title, _SIDE, _SIDE, "square"), _line("bound", x(0), y(0), x(1), y(1))]
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts += [
            _line("grid", x(tick), y(0), x(tick), y(1)),
            _line("grid", x(0), y(tick), x(1), y(tick)),
            _text(x(tick), y(0) + 16, f"{tick:g}", "middle"),
            _text(x(0) - 6, y(tick) + 4, f"{tick:g}", "end"),
        ]
    points = " ".join(f"{x(told):.1f},{y(right):.1f}" for told, right, _ in bins)
    parts.append(Markup('<polyline class="curve c0" points="{}"/>').format(points))
    parts += [
        Markup(
            '<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="5"><title>{}</title></circle>'
        ).format(x(told), y(right), f"{count} items: said {told:.2f}, was {right:.2f}")
        for told, right, count in bins
    ]
    parts.append(_text(x(0.5), _SIDE - 8, "probability that it is right", "middle"))
    return Markup().join([*parts, Markup("</svg>")])


def periods_svg(names: Sequence[str], lines: Sequence[tuple[str, Sequence[Figure]]]) -> Markup:
    """Figures over time, each with its intervals; a gap where one is not known.

    Args:
        names: Of the periods, in order.
        lines: Names of figures, and one for each period.
    """
    height, base = 300, 252
    step = (_WIDTH - 120) / max(len(names), 1)
    low = min([0.0, *(one.low or 0.0 for _, some in lines for one in some)])

    def y(value: float) -> float:
        return base - (value - low) / (1 - low) * (base - 24)

    parts = [_begin("Agreement and acceptance over time", _WIDTH, height)]
    for tick in (value / 4 for value in range(-4, 5)):
        if tick >= low - 1e-9:
            parts += [
                _line("grid", 52, y(tick), _WIDTH - 18, y(tick)),
                _text(46, y(tick) + 4, f"{tick:g}", "end"),
            ]
    every = max(1, round(90 / step))
    parts += [
        _text(60 + step * (at + 0.5), base + 20, name, "middle")
        for at, name in enumerate(names)
        if at % every == 0
    ]
    for number, (name, some) in enumerate(lines):
        at_x = [60 + step * (at + 0.5) + 5 * number for at in range(len(some))]
        for run in _runs(some):
            points = " ".join(f"{at_x[at]:.1f},{y(some[at].value or 0.0):.1f}" for at in run)
            told = Markup('<polyline class="curve c{}" points="{}"><title>{}</title></polyline>')
            parts.append(told.format(number, points, name))
        parts += [
            _line(f"curve c{number}", at_x[at], y(one.low), at_x[at], y(one.high))
            for at, one in enumerate(some)
            if one.low is not None and one.high is not None
        ]
    return Markup().join([*parts, Markup("</svg>")])


def _runs(some: Sequence[Figure]) -> list[list[int]]:
    runs: list[list[int]] = [[]]
    for at, one in enumerate(some):
        if one.value is None:
            runs.append([])
        else:
            runs[-1].append(at)
    return [run for run in runs if run]


def _dot(x: Any, y: float, one: Figure) -> list[Markup]:
    parts: list[Markup] = []
    if one.low is not None and one.high is not None:
        parts.append(_line("curve c0", x(one.low), y, x(one.high), y))
    told = f"{one.count} items"
    circle = Markup('<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="5"><title>{}</title></circle>')
    return [*parts, circle.format(x(one.value), y, told)]


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> Markup:
    told = Markup('<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>')
    return told.format(kind, x1, y1, x2, y2)


def _text(x: float, y: float, told: str, anchor: str, kind: str = "") -> Markup:
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(
        kind, x, y, anchor, told
    )


def _begin(title: str, width: int, height: int, kind: str = "") -> Markup:
    told = Markup('<svg class="plot {}" viewBox="0 0 {} {}" role="img" aria-label="{}">')
    return told.format(kind, width, height, title)
