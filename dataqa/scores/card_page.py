"""The card as a page: figures, the calibration plot, and what each bound keeps."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from dataqa.scores.card import encoded, summary
from dataqa.scores.files import CARD, CARD_PAGE, put

_SIDE, _PAD = 320, 42
_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#222}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}
table{border-collapse:collapse}td,th{padding:.2rem .8rem;border-bottom:1px solid #ddd}
td{text-align:right;font-variant-numeric:tabular-nums}th{text-align:right}
figure{display:inline-block;margin:0 2rem 1rem 0}figcaption{max-width:20rem;color:#555}
svg text{font-size:11px;fill:#555}svg .axis{stroke:#999;fill:none}svg .band{fill:#f5e6b8}
svg .even{stroke:#bbb;stroke-dasharray:4 4}svg .dot{fill:#1f6f8b}svg path{fill:none;stroke-width:2}
.precision{stroke:#1f6f8b;background:#1f6f8b}.recall{stroke:#b5651d;background:#b5651d}
.kept{stroke:#6a8f3c;background:#6a8f3c}
.key{display:inline-block;width:.8em;height:.8em;margin:0 .3em 0 .8em}
@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}td,th{border-color:#444}
figcaption,svg text{color:#aaa;fill:#aaa}svg .band{fill:#4a4326}}
"""


def write_card(folder: Path, told: dict[str, Any]) -> None:
    """Write ``card.json`` and ``card.html``."""
    put(folder / CARD, encoded(told))
    put(folder / CARD_PAGE, page(told).encode())


def page(told: dict[str, Any]) -> str:
    """The page of a card."""
    parts = [f"<h1>{escape(told['name'])}</h1>", *(f"<p>{escape(one)}</p>" for one in _said(told))]
    if "table" in told:
        parts += [
            "<h2>Is a score of 0.8 right in 8 of 10?</h2>",
            _figure(_calibration(told), "Documents held out, in bins of equal weight."),
            _figure(_curves(told), _KEYS),
            "<h2>What a bound keeps</h2>",
            _table(("bound", "kept", "precision", "recall"), _rows(told)),
        ]
    if "quantiles" in told:
        rows = [(f"{share:.0%}", f"{value:,.1f}") for share, value in told["quantiles"]]
        parts += [
            "<h2>Perplexity of documents held out</h2>",
            _table(("of documents", "is below"), rows),
        ]
    made = [(escape(str(key)), escape(str(value))) for key, value in told["made"].items()]
    parts += ["<h2>How it was made</h2>", _table(("setting", "value"), made)]
    title = escape(told["name"])
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style>{''.join(parts)}</html>\n"
    )


_KEYS = (
    'By bound:<span class="key precision"></span>precision'
    '<span class="key recall"></span>recall<span class="key kept"></span>share kept'
)


def _said(told: dict[str, Any]) -> list[str]:
    return [*summary(told), *told.get("notes", [])]


def _rows(told: dict[str, Any]) -> list[tuple[str, ...]]:
    shares = ("kept", "precision", "recall")
    return [
        (
            f"{row['bound']:.2f}",
            *("–" if row[name] is None else f"{row[name]:.1%}" for name in shares),
        )
        for row in told["table"]
    ]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{one}</th>" for one in heads)
    body = "".join(f"<tr>{''.join(f'<td>{one}</td>' for one in row)}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _figure(drawn: str, caption: str) -> str:
    return f"<figure>{drawn}<figcaption>{caption}</figcaption></figure>"


def _x(value: float) -> float:
    return round(_PAD + value * (_SIDE - 2 * _PAD), 1)


def _y(value: float) -> float:
    return round(_SIDE - _PAD - value * (_SIDE - 2 * _PAD), 1)


def _axes(told: dict[str, Any], x: str, y: str) -> str:
    low, high = told["band"]
    ticks = "".join(
        f'<text x="{_x(at)}" y="{_SIDE - _PAD + 16}" text-anchor="middle">{at:g}</text>'
        f'<text x="{_PAD - 6}" y="{_y(at) + 4}" text-anchor="end">{at:g}</text>'
        for at in (0.0, 0.25, 0.5, 0.75, 1.0)
    )
    return (
        f'<rect class="band" x="{_x(low)}" y="{_y(1)}" width="{round(_x(high) - _x(low), 1)}"'
        f' height="{_y(0) - _y(1)}"><title>the band of doubt</title></rect>'
        f'<path class="axis" d="M{_x(0)} {_y(1)}V{_y(0)}H{_x(1)}"/>{ticks}'
        f'<text x="{_x(0.5)}" y="{_SIDE - 8}" text-anchor="middle">{x}</text>'
        f'<text x="{_PAD}" y="{_PAD - 14}">{y}</text>'
    )


def _svg(inside: str, label: str) -> str:
    return (
        f'<svg width="{_SIDE}" height="{_SIDE}" viewBox="0 0 {_SIDE} {_SIDE}" role="img"'
        f' aria-label="{label}">{inside}</svg>'
    )


def _calibration(told: dict[str, Any]) -> str:
    heaviest = max((one[2] for one in told["calibration"]["bins"]), default=1.0)
    dots = "".join(
        f'<circle class="dot" cx="{_x(mean)}" cy="{_y(share)}"'
        f' r="{round(2 + 3 * (weight / heaviest) ** 0.5, 1)}">'
        f"<title>told {mean:.3f}, true {share:.3f}</title></circle>"
        for mean, share, weight in told["calibration"]["bins"]
    )
    even = f'<line class="even" x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}"/>'
    return _svg(_axes(told, "score", "share that is positive") + even + dots, "calibration")


def _curves(told: dict[str, Any]) -> str:
    drawn = "".join(_path(told, name) for name in ("precision", "recall", "kept"))
    return _svg(_axes(told, "bound", "share") + drawn, "precision, recall and share kept by bound")


def _path(told: dict[str, Any], name: str) -> str:
    rows = [row for row in told["table"] if row[name] is not None]
    there = [f"{_x(row['bound'])} {_y(row[name])}" for row in rows]
    return f'<path class="{name}" d="M{"L".join(there)}"/>' if there else ""
