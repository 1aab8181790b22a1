"""Agreement as a page and as lines of text."""

from __future__ import annotations

from collections.abc import Iterator

from dataqa.report.html import page
from dataqa.report.words import count
from dataqa.review.measuring.agreement import Agreement
from dataqa.review.measuring.agreement_plots import calibration_svg, intervals_svg, periods_svg
from dataqa.review.measuring.beside_models import Model
from dataqa.review.measuring.intervals import Figure


def agreement_html(told: Agreement) -> str:
    """The figures as one HTML file that needs nothing else; it holds no text of an item."""
    several = [(f"{one.control}, {one.measure}", one.figure) for one in told.among]
    twos = [(f"annotators {one.one} and {one.two}, kappa", one.figure) for one in told.pairs]
    names = [one.period for one in told.periods]
    lines = [("agreement", [one.agree for one in told.periods])]
    lines.append(("accepted", [one.accepted for one in told.periods]))
    return page(
        "agreement.html.j2",
        a=told,
        headline=headline(told),
        plot_among=intervals_svg(several, "Agreement of people"),
        plot_pairs=intervals_svg(twos[:30], "Agreement of each two people"),
        models=[
            {
                "m": one,
                "plot": intervals_svg(_rows(one), f"What people say of {one.model}"),
                "bins": calibration_svg(one.bins, "Calibration") if one.bins else "",
                "cost": _cost(one),
            }
            for one in told.models
        ],
        plot_periods=periods_svg(names, lines) if len(names) > 1 else "",
        figure=figure,
    )


def headline(told: Agreement) -> str:
    """The first thing to know, in a sentence."""
    first = next((one for one in told.among if one.figure.value is not None), None)
    begin = f"{count(told.answered)} of {count(told.items)} items are answered"
    if first is None:
        return f"{begin}; too few by two people to say how far they agree."
    return f"{begin}; on {first.control} people agree with {first.measure} {figure(first.figure)}."


def lines_of(told: Agreement) -> Iterator[str]:
    """The figures as lines of text."""
    yield f"{told.title} ({told.flow})"
    yield (
        f"{count(told.items)} items, {count(told.answered)} answered by {len(told.people)} people, "
        f"{count(told.annotations)} answers, {count(told.skipped)} passed over"
    )
    if told.others:
        yield f"left out as answers to another form of the question: {count(told.others)}"
    yield from _seconds(told)
    yield from _table(
        "people among themselves",
        [(f"{one.control}  {one.measure}", one.figure) for one in told.among],
    )
    yield from _table("kappa by twos", [(f"{p.one} and {p.two}", p.figure) for p in told.pairs])
    for one in told.models:
        yield from _table(f"model {one.model}, {count(one.proposals)} prelabels", _rows(one))
        if told_of := _cost(one):
            yield f"  cost: {told_of}"
    if told.people:
        yield ""
        yield "annotators"
        yield "  number  answered  skipped  seconds  under 2 s  gold right         majority"
        for one in told.people:
            stamps = _percent(one.stamps)
            seconds = "–" if one.seconds is None else f"{one.seconds:.1f}"
            yield (
                f"  {one.person:>6}  {one.answered:8,}  {one.skipped:7,}  {seconds:>7}  {stamps:>9}"
                f"  {figure(one.gold):17}  {figure(one.majority)}"
            )
    if len(told.periods) > 1:
        yield ""
        yield f"by {told.by}"
        width = max(len(one.period) for one in told.periods)
        for one in told.periods:
            yield (
                f"  {one.period:{width}}  {one.items:6,} items  agreement {figure(one.agree):18}  "
                f"accepted {figure(one.accepted)}"
            )


def figure(one: Figure) -> str:
    """A figure with its interval, as one would read it.

    >>> figure(Figure(0.5, 0.25, 0.75, 20)), figure(Figure(count=3))
    ('0.50 [0.25, 0.75]', '– (3)')
    """
    if one.value is None:
        return f"– ({count(one.count)})"
    if one.low is None or one.high is None:
        return f"{one.value:.2f}"
    return f"{one.value:.2f} [{one.low:.2f}, {one.high:.2f}]"


def _rows(one: Model) -> list[tuple[str, Figure]]:
    rows = [
        ("accepted, shown", one.shown),
        ("left as it was, shown", one.unchanged),
        ("the same, blind", one.blind),
        ("the same, not shown for other reasons", one.unseen),
        ("anchoring gap (shown less blind)", one.gap),
        ("kappa with people who did not see it", one.kappa),
    ]
    if one.spans is not None:
        rows += [("span F1, not seen", one.spans[0]), ("span F1, seen", one.spans[1])]
    rows += [
        ("calibration error", one.error),
        ("calibration error, people who did not see it", one.error_unseen),
    ]
    return rows


def _table(title: str, rows: list[tuple[str, Figure]]) -> Iterator[str]:
    if not rows:
        return
    yield ""
    yield title
    width = max(len(name) for name, _ in rows)
    for name, one in rows:
        yield f"  {name:{width}}  {figure(one):20} of {count(one.count)}"


def _seconds(told: Agreement) -> Iterator[str]:
    for name, (low, half, high) in told.seconds.items():
        yield f"  seconds an item, {name}: {half:g} (half of them {low:g} to {high:g})"


def _percent(one: Figure) -> str:
    return "–" if one.value is None else f"{100 * one.value:.0f} %"


def _cost(one: Model) -> str:
    """What was spent, in all and for each accepted item; ``nano`` are billionths of a dollar."""
    told: list[str] = []
    for name, spent in one.cost.items():
        each = None if one.cost_each is None else one.cost_each[name]
        if name == "nano":
            told.append(f"${spent / 1e9:.4f}" + (f" (${each / 1e9:.6f} each)" if each else ""))
        else:
            told.append(f"{spent:,.0f} {name}" + (f" ({each:,.1f} each)" if each else ""))
    return ", ".join(told)
