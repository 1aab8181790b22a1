"""Numbers and names as a reader would write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dataqa.report.groups import POOL, UNKNOWN

_UNITS = ("bytes", "KB", "MB", "GB", "TB", "PB")


def count(number: int) -> str:
    """A whole number with thousands apart.

    >>> count(1234567)
    '1,234,567'
    """
    return f"{number:,}"


def share(part: int, whole: int) -> str:
    """A share in percent, never rounded up to everything or down to nothing.

    >>> share(712, 1000), share(1, 100_000), share(99_999, 100_000), share(0, 0)
    ('71 %', '< 0.1 %', '> 99.9 %', '–')
    """
    if not whole:
        return "–"
    percent = 100 * part / whole
    if 0 < percent < 0.1:
        return "< 0.1 %"
    if 99.9 < percent < 100:
        return "> 99.9 %"
    return f"{percent:.1f} %" if percent < 10 and percent % 1 else f"{percent:.0f} %"


def size(number: int) -> str:
    """Bytes in decimal units.

    >>> size(25_300_000), size(12)
    ('25.3 MB', '12 bytes')
    """
    value, unit = float(number), 0
    while value >= 999.5 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    if not unit:
        return f"{number} bytes"
    return f"{value:.1f} {_UNITS[unit]}" if value < 99.5 else f"{value:.0f} {_UNITS[unit]}"


def label(name: str, unknown: str = "not measured") -> str:
    """A group's name for readers.

    >>> label("en"), label("")
    ('en', 'not measured')
    """
    return {UNKNOWN: unknown, POOL: "all others"}.get(name, name)


def number(value: float | None) -> str:
    """A bound or a score, short.

    >>> number(50.0), number(0.3), number(0.123456), number(None)
    ('50', '0.3', '0.123', '')
    """
    if value is None:
        return ""
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:.3g}"


def headline(totals: Mapping[str, Mapping[str, int]], rules: Sequence[Mapping[str, Any]]) -> str:
    """What happened, in one or two plain sentences."""
    everything = totals["all"]["documents"]
    if not everything:
        return "No documents were read."
    kept = totals["kept"]["documents"]
    documents = "document was" if everything == 1 else "documents,"
    if everything == 1:
        return f"One {documents} read, and it was {'kept' if kept else 'not kept'}."
    begin = f"Of {count(everything)} {documents} {share(kept, everything)} were kept"
    largest = max(rules, key=lambda rule: rule["rejected"] + rule["review"], default=None)
    if kept == everything or largest is None or not largest["rejected"] + largest["review"]:
        return f"{begin}."
    met = largest["rejected"] + largest["review"]
    return (
        f"{begin}. The most frequent reason against a document was {largest['rule']}, "
        f"which {count(met)} documents met."
    )
