"""The page of ``dataqa synth evaluate``: what a synthetic table is worth, in words and pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from dataqa.report.html import page

_WIDTH, _ROW, _LEFT, _NAMES = 460, 24, 150, 20


def tables_html(figures: Mapping[str, Any]) -> str:
    """What ``dataqa.tables.evidence.evaluation.evaluate`` found as one HTML file.

    It holds no row, but for those of the synthetic table that ``examples`` are.
    """
    columns: Mapping[str, str] = figures.get("made", {}).get("columns", {})
    return page(
        "tables.html.j2",
        e=figures,
        headline=headline(figures),
        failed=[one for one in figures["verdicts"] if not one["holds"]],
        fates=_fates(columns, noisy="privacy" in figures.get("made", {})),
        texts=[name for name, kind in columns.items() if kind == "surrogate"],
        pictures=[(one["name"], bars_svg(one["name"], one["bars"])) for one in figures["pictures"]],
    )


_FATES = {
    "id": "new ids of the same form",
    "DATE_OF_BIRTH": "drawn by what was learnt, on a day on which nobody was born, if one is near",
    "surrogate": "real text, with the synthetic person in the place of the real one",
    **dict.fromkeys(
        ("category", "boolean", "integer", "decimal", "date", "constant", "empty"),
        "drawn by what was learnt",
    ),
}


def _fates(columns: Mapping[str, str], *, noisy: bool) -> list[tuple[str, str, str]]:
    """Of each column its kind, and what became of it."""
    # with epsilon nobody invented is compared with anybody
    known = _FATES | ({"DATE_OF_BIRTH": "drawn by what was learnt"} if noisy else {})
    return [(name, kind, known.get(kind, "somebody invented")) for name, kind in columns.items()]


def headline(figures: Mapping[str, Any]) -> str:
    """What came out, in a sentence."""
    failed = sum(not one["holds"] for one in figures["verdicts"])
    alike = 100 * figures["fidelity"]["bivariate"]
    private = (
        "nothing was found that gives anybody away"
        if not failed
        else f"{failed} of {len(figures['verdicts'])} tests of privacy fail: do not pass it on"
    )
    return f"Columns and their pairs are {alike:.1f} % alike, and {private}."


def bars_svg(name: str, bars: Sequence[Mapping[str, Any]]) -> Markup:
    """Shares of each bin or category beside each other: the original above, synthetic below."""
    most = max([one[side] for one in bars for side in ("real", "made")], default=1) or 1
    height = _ROW * len(bars) + 4
    wide = _WIDTH - _LEFT - 60
    parts = [
        Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="Shares of {}">').format(
            _WIDTH, height, name
        )
    ]
    for at, one in enumerate(bars):
        top = at * _ROW + 2
        label = one["label"] if len(one["label"]) <= _NAMES else one["label"][: _NAMES - 1] + "…"
        parts.append(
            Markup('<text x="{}" y="{}" text-anchor="end">{}</text>').format(
                _LEFT - 8, top + 14, label
            )
        )
        for side, down in (("real", 1), ("made", 10)):
            width = f"{wide * one[side] / most:.1f}"
            told = {"real": "original", "made": "synthetic"}[side]
            parts.append(
                Markup(
                    '<rect class="{}" x="{}" y="{}" width="{}" height="8"><title>{}, {}: {}</title>'
                    "</rect>"
                ).format(side, _LEFT, top + down, width, one["label"], told, f"{one[side]:.2%}")
            )
        end = _LEFT + wide * max(one["real"], one["made"]) / most + 6
        parts.append(
            Markup('<text class="n" x="{}" y="{}">{}</text>').format(
                f"{end:.1f}", top + 14, f"{one['made']:.1%}"
            )
        )
    return Markup("").join([*parts, Markup("</svg>")])
