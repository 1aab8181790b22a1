"""``dataqa index info``: what an index holds, and how often its estimates are wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dataqa.cli.index_options import seen_argument

if TYPE_CHECKING:
    from dataqa.index.rates import Rate


@click.command("info")
@seen_argument
@click.option("--verify", is_flag=True, help="Read every byte; exit code 1 if one has changed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def info_command(*, seen: Path, verify: bool, as_json: bool) -> int:
    """Tell what an index holds, how it was built, and how often its estimates are wrong."""
    from dataqa.index.index import Index

    index = Index.open(seen)
    told = index.info()
    faults = index.verify() if verify else []
    if as_json:
        import msgspec

        rates = [rate._asdict() for rate in told.rates]
        checked = {"faults": faults} if verify else {}
        value = {**told._asdict(), "path": str(told.path), "rates": rates, **checked}
        click.echo(msgspec.json.format(msgspec.json.encode(value)).decode())
        return 1 if faults else 0
    click.echo(
        f"{told.entries:,} documents, {told.removed:,} removed ones still take room;"
        f" {told.bytes / 1e6:,.1f} MB in {told.segments} segments"
    )
    if told.unfinished:
        click.echo("Its build was interrupted: the same `dataqa index build` goes on with it.")
    click.echo(", ".join(f"{name} {value}" for name, value in told.parameters.items()))
    click.echo("\ntrue similarity   called similar")
    for rate in told.rates:
        click.echo(f"{rate.similarity:>15.2f}   {_percents(rate)}")
    for fault in faults:
        click.echo(fault, err=True)
    if verify:
        click.echo(f"\n{len(faults)} faults" if faults else "\nWhole and unchanged.")
    return 1 if faults else 0


def _percents(rate: Rate) -> str:
    low, high = percent(rate.at_least), percent(rate.at_most)
    return f"{low} %" if low == high else f"{low} to {high} %"


def percent(share: float) -> str:
    """Never rounded to all or nothing.

    >>> percent(0.5), percent(0.99999), percent(1.0), percent(3e-12), percent(0.0)
    ('50', '> 99.9', '100', '< 1e-06', '0')
    """
    if 0.9995 <= share < 1:
        return "> 99.9"
    return "< 1e-06" if 0 < share < 1e-8 else f"{100 * share:.3g}"
