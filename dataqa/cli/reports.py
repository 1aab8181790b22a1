"""``dataqa report`` and ``card``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dataqa.cli.options import Folder, examples_option

_WORST = 5
"""Bounds that the error names; the comparison has them all."""
_RUN = Folder(exists=True)


@click.command("report")
@click.argument("run", type=_RUN)
@click.argument("old", type=_RUN, required=False)
@click.option(
    "--bounds",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="YAML with bounds on the drift, such as `psi: 0.2`; exit 3 when one is passed.",
)
@examples_option
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
def report_command(
    *, run: Path, old: Path | None, bounds: Path | None, examples: bool | None, as_json: bool
) -> None:
    """Rebuild RUN's report; with OLD, compare two runs.

    With --no-examples neither report.html nor report.json holds a document's text from then on;
    --examples brings them back. A comparison is written to RUN/comparison.html: the stability
    index of each signal, the kept share, languages and sources.
    """
    from dataqa.engine.look import finished_store
    from dataqa.engine.reporting import REPORT_HTML, put_page, show_examples

    store = finished_store(run)
    if old is not None:
        _compare(run, old, bounds, as_json=as_json)
        return
    if bounds is not None:
        raise click.UsageError("--bounds compares two runs: name the older one too")
    with store.locked():
        if examples is not None:
            show_examples(store, wanted=examples)
        put_page(store)
    click.echo(f"Report: {store.root / REPORT_HTML}")


@click.command("card")
@click.argument("run", type=_RUN)
@click.option(
    "-o",
    "--out",
    type=Folder(),
    help="Where card.md and card.html go; by default into RUN.",
)
def card_command(*, run: Path, out: Path | None) -> None:
    """Write a corpus card: what it is, quality, languages, duplicates, cost, as far as known."""
    from dataqa.engine.look import finished_store
    from dataqa.io.store import Store
    from dataqa.manifest import MANIFEST
    from dataqa.report import card

    store = finished_store(run)
    told = store.get_json("run.json") or {}
    markdown, page = card(_report(run), store.get_json(MANIFEST), told)
    target = Store(out) if out is not None else store
    target.put("card.md", markdown.encode())
    target.put("card.html", page.encode())
    click.echo(f"Card: {target.root / 'card.md'} and {target.root / 'card.html'}")


def _report(run: Path) -> dict[str, Any]:
    from dataqa.engine.look import finished_store
    from dataqa.engine.reporting import REPORT_JSON

    return finished_store(run).get_json(REPORT_JSON)


def _compare(run: Path, old: Path, bounds: Path | None, *, as_json: bool) -> None:
    import msgspec

    from dataqa.engine.look import finished_store
    from dataqa.errors import BoundError
    from dataqa.report import compare, compare_html, load_bounds

    store = finished_store(run)
    told = compare(_report(run), _report(old), load_bounds(bounds) if bounds else None)
    store.put("comparison.html", compare_html(told).encode())
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(told, order="sorted")).decode())
    else:
        click.echo(f"Comparison: {store.root / 'comparison.html'}")
    if passed := told["passed"]:
        worst = "; ".join(
            f"{one['what']} {one['value']:.3g} > {one['bound']:g}" for one in passed[:_WORST]
        )
        more = f"; and {len(passed) - _WORST} more" if len(passed) > _WORST else ""
        count = "1 bound is" if len(passed) == 1 else f"{len(passed)} bounds are"
        raise BoundError(
            f"{count} passed: {worst}{more}",
            where=f"{run} against {old}",
            hint=f"{store.root / 'comparison.html'} shows them all",
        )
