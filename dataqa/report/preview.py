"""The page of ``dataqa dedup preview``: figures, plots drawn here, and pairs side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dataqa.report.curves import curves_svg, histogram_svg
from dataqa.report.html import page
from dataqa.report.words import count, share


def preview_html(figures: Mapping[str, Any]) -> str:
    """What ``preview.json`` holds as one HTML file; without examples it holds no text."""
    settings = figures["settings"]
    return page(
        "preview.html.j2",
        p=figures,
        headline=headline(figures),
        histogram=histogram_svg(figures["histogram"], figures["range"]),
        curves=curves_svg(figures["curves"], figures["range"]),
        shingle=f"{settings['shingle']['n']} "
        + ("words" if settings["shingle"]["unit"] == "word" else "characters"),
        keep=", ".join(_wish(wish) for wish in settings["step"]["keep"]),
        warnings=warnings(figures),
        sizes=_sizes(figures["clusters"]["sizes"]),
        seconds=seconds,
    )


def headline(figures: Mapping[str, Any]) -> str:
    """What would happen, in a sentence."""
    goes, corpus = figures["outcome"]["goes"], figures["corpus"]
    low, high = figures["range"]
    sample = figures["sample"]
    about = "" if (sample is None or sample["whole"]) and not figures["estimated"] else "about "
    if sample is not None and not sample["whole"] and sample["seen"] is None:
        about = "at least "
    told = (
        f"At similarity {high:g}, {about}{count(goes['documents'])} of"
        f" {count(corpus['documents'])} documents would go"
        f" ({share(goes['documents'], corpus['documents'])})"
    )
    if low < high:
        review = figures["outcome"]["review"]["documents"]
        told += f", and {about}{count(review)} from {low:g} on would be for review"
    return told + "."


def warnings(figures: Mapping[str, Any]) -> list[str]:
    """What has to be known before a figure is believed."""
    told: list[str] = []
    sample, largest = figures["sample"], figures["clusters"]["largest"]
    if figures["estimated"]:
        told.append(
            "A finished run keeps signatures, not shingles. Similarities are what the run computed "
            "for the pairs it found, and estimates for all others, with a standard error of "
            f"{figures['error']:g} at this bound; a new run gives the exact result."
        )
    if sample and not sample["whole"] and sample["seen"] is None:
        told.append(
            "The rest of the corpus was not looked through (--quick): a document whose like is not "
            "in the sample seems unlike all others, so these figures are far too low."
        )
    if sample and sample["left"]:
        told.append(
            f"{count(sample['left'])} documents that are like the sample did not fit: figures may "
            "be too low. A smaller --sample leaves more room for them."
        )
    if largest and largest["alarm"]:
        told.append(
            f"{count(largest['copies'])} documents are like {largest['id']}: a run would stop with "
            "exit code 3. That is boilerplate, or a setting that is wrong."
        )
    if figures["uncompared"]:
        told.append(
            f"{count(figures['uncompared'])} documents share keys with more others than they are "
            "compared with, and would stay."
        )
    if figures["corpus"]["damaged"]:
        damaged = figures["corpus"]["damaged"]
        what = "1 damaged record was" if damaged == 1 else f"{count(damaged)} damaged records were"
        told.append(f"{what} not looked at.")
    return told


def seconds(value: float) -> str:
    """A time as one would say it.

    >>> seconds(0.04), seconds(75.2), seconds(7200)
    ('0.04 s', '75 s', '2.0 h')
    """
    if value < 10:
        return f"{value:.2g} s"
    if value < 120:
        return f"{value:.0f} s"
    return f"{value / 60:.0f} min" if value < 5400 else f"{value / 3600:.1f} h"


def _wish(wish: Any) -> str:
    if isinstance(wish, str):
        return wish
    ((kind, what),) = wish.items()
    return f"{kind.replace('_', ' ')} {', '.join(what) if isinstance(what, list) else what}"


def _sizes(sizes: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of the table of clusters, with the widths of their bars."""
    most = max((one["documents"] for one in sizes), default=1)
    names = {2: "2", 3: "3", 4: "4", 5: "5 to 9", 10: "10 to 99", 100: "100 to 999"}
    names |= {1000: "1,000 to 9,999", 10_000: "10,000 and more"}
    return [
        {**one, "name": names[one["from"]], "width": 100 * one["documents"] / most} for one in sizes
    ]
