"""``dataqa init`` and ``list``: where to begin, and what there is."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import click

_PIPELINE = """\
# A dataqa pipeline: steps, in order. Check it, foresee it, run it:
#   dataqa check my-pipeline.yaml
#   dataqa plan my-pipeline.yaml -i 'corpus/*.jsonl.zst'
#   dataqa run my-pipeline.yaml -i 'corpus/*.jsonl.zst' -o out/
name: my-pipeline
description: What this corpus is for.

# Which columns hold the text and the id; without an id one is made of path and position.
# reading: {text_column: content, id_column: url}

steps:
  # Unicode, line ends and control characters, the same everywhere.
  - normalize
  # Keep these languages where the model is sure enough; no `keep` keeps every language.
  - language: {keep: [en], min: 0.65}
  # Rule packs: `dataqa list rules` has them all; yours go into ./rules/quality/NAME.yaml.
  - quality: {packs: [gopher, fineweb]}
  # Of documents that are the same but for white space, keep one.
  - exact: {ignore: whitespace}

# Other bounds than the packs give; `dataqa decide OUT --dry-run --set ...` foresees them.
# bounds:
#   gopher.word_count.min: 30
"""

_PACK = """\
# A rule pack: put it into ./rules/quality/my-pack.yaml, name it in a step
#   - quality: {packs: [my-pack]}
# and prove it on its own examples with `dataqa check rules`.
pack: my-pack
title: What these rules are for
dialect: dataqa
cite: Where the numbers come from.
rules:
  # `dataqa list signals` has every signal a rule may use.
  enough_words:
    signal: word_count
    min: 5
    trips: ["Too short."]
    passes: ["This text has more than five words in it."]
"""

_TABLES = """\
# A pipeline of tables: each is learnt, and one of nobody's rows is written. Look, check, run:
#   dataqa profile people.csv
#   dataqa check my-tables.yaml
#   dataqa run my-tables.yaml -i people.csv -o out/
name: my-tables
description: What these tables are for.
# The same seed, tables and settings give the same bytes.
seed: 7

# csv, tsv, parquet or jsonl; by default as a table was read.
# output: {format: parquet}

tables:
  - name: people
    # What a column is, where `dataqa profile` says something else. Kinds: id, category, boolean,
    # integer, decimal, date, private, drop; and surrogate, for free text taken from real rows.
    columns: {}
    #   email: {kind: private, entity: EMAIL_ADDRESS}
    #   note: {kind: surrogate, like: [reason]}
    # This share of people is not learnt: what is made is examined beside them.
    holdout: 0.3
    # A column that a model is to foretell, for the report.
    # target: income
    # rows: 10000
"""


@click.command("init")
@click.argument("what", type=click.Choice(["pipeline", "pack", "tables"]), default="pipeline")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def init_command(*, what: str, force: bool) -> None:
    """Write a commented starting point into the current folder."""
    from dataqa.errors import InputError

    name, text = {
        "pipeline": ("my-pipeline.yaml", _PIPELINE),
        "pack": ("rules/quality/my-pack.yaml", _PACK),
        "tables": ("my-tables.yaml", _TABLES),
    }[what]
    path = Path(name)
    if path.exists() and not force:
        raise InputError("is there already", where=name, hint="--force writes over it")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    click.echo(f"wrote {name}; next: dataqa check {name}")


@click.command("list")
@click.argument(
    "what",
    type=click.Choice(["pipelines", "steps", "signals", "rules", "recognisers", "extras"]),
)
def list_command(*, what: str) -> None:
    """List pipelines, steps, signals, rules, recognisers or extras, with a line about each."""
    known = {"steps": _steps, "signals": _signals, "rules": _rules, "extras": _extras}
    (known | {"recognisers": _recognisers, "pipelines": _pipelines})[what]()


def _pipelines() -> None:
    """Those that ship, and of what they are."""
    from dataqa.registry import shipped
    from dataqa.yamlfile import read_yaml

    rows: list[tuple[str, str]] = []
    for path in sorted(shipped("pipelines").glob("*.yaml")):
        tree = read_yaml(path).value
        what = "tables" if "tables" in tree else f"{len(tree['steps'])} steps"
        rows.append((path.stem, f"{what:9} {tree.get('description', '')}"))
    _table(rows)


def _table(rows: list[tuple[str, str]]) -> None:
    width = max((len(name) for name, _ in rows), default=0)
    for name, told in rows:
        click.echo(f"{name:{width}}  {told}")


def _steps() -> None:
    from dataqa.registry import step_class, step_names

    for name in step_names():
        kind = step_class(name)
        click.secho(name, bold=True)
        click.echo(f"  {_first_line(kind)}")
        click.echo(f"  fields: {', '.join(kind.__struct_fields__) or 'none'}")


def _signals() -> None:
    from dataqa.signals import catalogue

    _table(
        [
            (f"{name}:LIST" if signal.needs_words else name, f"{signal.kind:7} {signal.doc}")
            for name, signal in sorted(catalogue().items())
        ]
    )


def _rules() -> None:
    from dataqa.packs import load_pack, pack_names
    from dataqa.registry import rule_folders
    from dataqa.types import Assets

    assets = Assets(rule_folders(), Path(".state"))
    for name in pack_names(assets):
        pack = load_pack(name, assets)
        click.secho(f"{pack.name}  ({pack.dialect}) {pack.title}", bold=True)
        for rule in pack.rules:
            bounds = [
                f"{rule.key}.{side}={getattr(rule, side):g}"
                for side in ("min", "max")
                if getattr(rule, side) is not None
            ]
            click.echo(f"  {' '.join(bounds) or rule.key}  [{rule.signal}]")


def _recognisers() -> None:
    from dataqa.private.packs import load_packs, pack_names
    from dataqa.registry import rule_folders
    from dataqa.types import Assets

    assets = Assets(rule_folders(), Path(".state"))
    for name in pack_names(assets):
        click.secho(f"private/{name}", bold=True)
        for one in load_packs([name], assets):
            check = f", checked by {one.check}" if one.check else ""
            click.echo(f"  {one.entity:18} {one.name}{check}  [{one.cite}]")


def _extras() -> None:
    from importlib.metadata import metadata

    told = metadata("dataqa")
    needs = [need for need in told.get_all("Requires-Dist") or [] if "extra ==" in need]
    rows: list[tuple[str, str]] = []
    for extra in told.get_all("Provides-Extra") or []:
        mine = [need for need in needs if re.search(rf"""extra == ['"]{extra}['"]""", need)]
        names = [re.split(r"[^\w.-]", need, maxsplit=1)[0] for need in mine]
        absent = [name for name in names if not _installed(name)]
        state = "installed" if not absent else "not installed"
        rows.append((extra, f"{state:14} {', '.join(names)}"))
    _table(rows)


def _installed(package: str) -> bool:
    from importlib.metadata import PackageNotFoundError, version

    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def _first_line(kind: object) -> str:
    return (inspect.getdoc(kind) or "").partition("\n")[0]
