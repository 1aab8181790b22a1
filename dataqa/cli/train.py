"""``dataqa train``: models of our own, from texts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dataqa.cli.counting import counted
from dataqa.cli.options import (
    changed_reading,
    inputs_option,
    log_option,
    not_an_input,
    reading_options,
)
from dataqa.cli.train_scores import domain_command, perplexity_command, quality_command


@click.group("train")
def train_command() -> None:
    """Train scores, and what finds names."""


for _one in (quality_command, domain_command, perplexity_command):
    train_command.add_command(_one)


@train_command.command("names")
@inputs_option
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="File of weights to write.",
)
@click.option(
    "--lines",
    type=click.IntRange(100),
    default=60_000,
    show_default=True,
    help="So many lines of the texts are labelled and learnt from.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Decides what is drawn.")
@reading_options
@log_option
def names_command(
    *, inputs: tuple[str, ...], out: Path, lines: int, seed: int, log: str, **reading: Any
) -> None:
    """Train the tagger of names on English texts, labelled by spaCy.

    The same texts, options and versions of packages give the same bytes. Names of people, places
    and organisations in the lines are swapped for others while it learns; no text is in the file.
    """
    from importlib.metadata import version

    from dataqa.io.documents import documents
    from dataqa.io.sources import Reading
    from dataqa.private.names.silver import drawn, labelled, lines_digest
    from dataqa.private.names.stages import SPACY, digest, opened
    from dataqa.private.names.training import Settings, train
    from dataqa.types import TEXT

    not_an_input(out, inputs)
    model = opened(SPACY)
    given = changed_reading(**reading)
    how = Reading(**{name.partition(".")[2]: value for name, value in given.items()})
    with documents(inputs, how) as found:
        some = drawn((chunk.docs[TEXT] for chunk in counted(found, log)), lines)
    click.echo(f"labelling {len(some):,} lines", err=True)
    silver = labelled(some, model)
    click.echo(f"training on {sum(len(one.spans) for one in silver):,} names", err=True)
    about = {"texts": lines_digest(some), "labels": digest(SPACY), "faker": version("faker")}
    data = train(silver, Settings(seed=seed), {**about})
    out.write_bytes(data)
    click.echo(f"{out}: {len(data):,} bytes")
