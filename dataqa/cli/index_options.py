"""What the ``dataqa index`` commands share: options, reading, and what they say at their end."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dataqa.cli.options import Command, changed_reading

if TYPE_CHECKING:
    from dataqa.io.documents import Documents
    from dataqa.io.sources import Reading


def seen_argument(command: Command) -> Command:
    """The folder of the index."""
    path = click.Path(path_type=Path, file_okay=False)
    return click.argument("seen", metavar="SEEN", type=path)(command)


def similarity_option(command: Command) -> Command:
    """``--similarity``, where an index has its own."""
    told = "From which estimate on [SEEN's own]."
    return click.option("--similarity", type=float, help=told)(command)


def sketch_options(command: Command) -> Command:
    """What signatures are made with; for an index that is there, what they have to be."""
    for option in (
        click.option("--seed", type=int, help="Of the permutations [1]."),
        click.option("--bands", help="Bands and rows as 14x8, or a preset [from --similarity]."),
        click.option("--permutations", type=int, help="Places of a signature [128]."),
        click.option("--shingle", help="word:N or char:N [word:5]."),
    ):
        command = option(command)
    return command


def given_of(given: dict[str, Any]) -> tuple[dict[str, Any], Reading]:
    """What ``sketch_options`` and ``reading_options`` were given, as values."""
    from dataqa.index.parameters import parse_bands, parse_shingle
    from dataqa.io.sources import Reading

    parameters = {name: given.pop(name) for name in ("shingle", "permutations", "bands", "seed")}
    for name, parse in (("shingle", parse_shingle), ("bands", parse_bands)):
        if parameters[name] is not None:
            parameters[name] = parse(parameters[name])
    changed = changed_reading(**given)
    return parameters, Reading(**{k.partition(".")[2]: v for k, v in changed.items()})


@contextmanager
def reading_of(inputs: tuple[str, ...], reading: Reading) -> Generator[Documents]:
    """Input files, found and cut."""
    from dataqa.io.documents import documents

    with documents(inputs, reading) as found:
        yield found


def say(line: str) -> None:
    """A line on standard error: standard output is for results."""
    sys.stderr.write(f"{line}\n")


def say_rest(short: int, damaged: int) -> None:
    """What could not be done, if anything."""
    if short:
        say(f"{short:,} share bands with more entries than they were compared with")
    if damaged:
        say(f"{damaged:,} records are damaged or have no text: not looked into")
