"""``dataqa explain``, ``show`` and ``verify``: looking into a finished run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dataqa.cli.options import Folder

_BEFORE = 60
_RUN = click.argument("run", type=Folder(exists=True))


@click.command("explain")
@_RUN
@click.argument("doc_id")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, the text included.")
@click.option("--raw", is_flag=True, help="Do not mask e-mail addresses and long numbers.")
def explain_command(*, run: Path, doc_id: str, as_json: bool, raw: bool) -> None:
    """Tell everything known of one document: verdict, reasons, signals, duplicates, edits."""
    from dataqa.engine.look import explain, finished_store, text_column

    told = explain(run, doc_id)
    if as_json:
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(told._asdict())).decode())
        return
    stage = f", stage {told.stage}" if told.stage else ""
    click.secho(f"{told.doc_id}: {told.verdict}{stage}", bold=True)
    for finding in told.findings:
        click.echo(f"  {_finding(finding)}")
    if not told.findings:
        click.echo("  no rule had anything against it")
    if told.duplicates:
        click.echo(f"  kept for its duplicates: {', '.join(told.duplicates[:20])}")
    _columns(told.row, text_column(finished_store(run)), raw=raw)
    if told.signals:
        click.secho("signals", bold=True)
        width = max(map(len, told.signals))
        for name, value in sorted(told.signals.items()):
            click.echo(f"  {name:{width}}  {_value(value)}")


@click.command("show")
@_RUN
@click.option("--rule", required=True, help="A rule, a bound, or what a step found.")
@click.option("-n", "most", type=click.IntRange(1), default=10, show_default=True)
@click.option("--raw", is_flag=True, help="Do not mask e-mail addresses and long numbers.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, with whole texts.")
def show_command(*, run: Path, rule: str, most: int, raw: bool, as_json: bool) -> None:
    """Show the documents behind a number of the report."""
    from dataqa.engine.look import behind

    rows = behind(run, rule, most)
    if as_json:
        click.echo(rows.write_ndjson(), nl=False)
        return
    for row in rows.iter_rows(named=True):
        bound = f" (bound {_value(row['bound'])})" if row["bound"] is not None else ""
        score = f" {_value(row['score'])}" if row["score"] is not None else ""
        ref = f" of {row['ref']}" if row["ref"] else ""
        click.secho(f"{row['doc_id']}  {row['verdict']}", bold=True)
        click.echo(f"  {row['rule']}{score}{bound}{ref}")
        around = row["text"] if row["start"] is None else _around(row)
        click.echo(f"  {_excerpt(around, raw=raw)}\n")


@click.command("verify")
@_RUN
def verify_command(*, run: Path) -> int:
    """Check that a run's files are whole and unchanged and that no document is lost.

    Exit code 1 if anything is missing or changed.
    """
    from dataqa.engine.verify import faults

    found = faults(run)
    for fault in found:
        click.echo(fault, err=True)
    click.echo("whole and unchanged" if not found else f"{len(found)} faults")
    return 1 if found else 0


def _finding(finding: dict[str, Any]) -> str:
    rule = finding.get("rule") or finding["step"]
    # what a single person said is on record, and by itself does nothing
    action = "said" if str(rule).endswith(".said") else finding.get("action", "quarantine")
    parts = [f"{action:8}", rule]
    if "score" in finding:
        parts.append(_value(finding["score"]))
    if "bound" in finding:
        side = {"min": "<", "max": ">"}.get(str(finding["rule"]).rpartition(".")[2], "vs")
        parts.append(f"{side} {_value(finding['bound'])}")
    if "ref" in finding:
        parts.append(f"the same as {finding['ref']}")
    parts += [str(finding[key]) for key in ("detail", "error") if key in finding]
    if "edits" in finding:
        parts.append(f"[{len(finding['edits'])} edits]")
    if not str(finding.get("by", "rule")).startswith(("rule", "step")):
        parts.append(f"by {finding['by']}")
    return " ".join(parts)


def _around(row: dict[str, Any]) -> str:
    """The text from a little before the place that a finding is about."""
    text, start = row["text"], max(0, row["start"] - _BEFORE)
    return f"{'… ' if start else ''}{text[start : row['start']]}▸{text[row['start'] :]}"


def _columns(row: dict[str, Any], text: str, *, raw: bool) -> None:
    click.secho("document", bold=True)
    for name, value in row.items():
        if value is not None and name not in {"doc_id", text, "raw", "reasons", "stage"}:
            click.echo(f"  {name}: {_excerpt(str(value), raw=raw, most=120)}")
    click.echo(f"  {text}: {_excerpt(row.get(text), raw=raw, most=600)}")


def _excerpt(text: str | None, *, raw: bool, most: int = 300) -> str:
    from dataqa.report.masks import masked

    if text is None:
        return "(no text)"
    short = " ".join(text[: most * 2].split())[:most]
    shown = short if raw else masked(short)
    return f"{shown} … ({len(text):,} characters)" if len(text) > most else shown


def _value(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
