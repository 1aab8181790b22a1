"""``dataqa train quality``: scores from labelled texts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dataqa.cli.options import Command, changed_reading, reading_options

_SAID = 3
"""Damaged records that are told one by one."""


def model_options(command: Command) -> Command:
    """What every command that trains a score takes."""
    for option in (
        click.option(
            "-o",
            "--out",
            required=True,
            type=click.Path(path_type=Path, file_okay=False),
            help="Folder of the model to write.",
        ),
        click.option(
            "--seed", type=click.IntRange(0), default=1, show_default=True, help="Decides folds."
        ),
    ):
        command = option(command)
    return reading_options(command)


@click.command("quality")
@click.argument("labels", nargs=-1, metavar="LABELS")
@click.option(
    "--from-run",
    "run",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="In place of LABELS: a finished run, whose --signal is the label.",
)
@click.option("--signal", help="Signal of --from-run, such as score.educational.")
@click.option("--label-column", default="label", show_default=True, help="Column of labels.")
@click.option(
    "--positive",
    multiple=True,
    metavar="LABEL",
    help="A label that a high score stands for, where labels are words. Repeatable.",
)
@click.option(
    "--threshold", type=float, help="From this number on a label is positive: 3 of 0 to 5."
)
@click.option("--weight-column", help="Column that says how much a document counts.")
@click.option(
    "--group-column", help="Documents of one value (a source, a person) are held out together."
)
@click.option(
    "--model",
    metavar="encoder:FOLDER|fasttext:FILE",
    default="",
    help="Train nothing, but calibrate this model of yours on the labels.",
)
@click.option("--label", default="", help="The label of --model whose probability is calibrated.")
@click.option(
    "--error",
    type=click.FloatRange(0, 0.5, min_open=True),
    default=0.1,
    show_default=True,
    help="Share of errors that is allowed beyond the band of doubt.",
)
@model_options
def quality_command(
    *,
    labels: tuple[str, ...],
    run: Path | None,
    signal: str | None,
    out: Path,
    label_column: str,
    positive: tuple[str, ...],
    threshold: float | None,
    weight_column: str | None,
    group_column: str | None,
    model: str,
    label: str,
    error: float,
    seed: int,
    **reading: Any,
) -> None:
    """Train a score from labelled texts: quality, or whatever the labels say.

    Texts are any of the formats that are read elsewhere, with a column of labels by people or by a
    language model: 0 and 1, numbers with --threshold, or words with --positive. The folder holds
    the model and its card: what it is worth on documents it did not see. With --model the folder
    names a model that you bring and makes calibrated probabilities of its scores.
    """
    from dataqa.scores.brought import NOTE, calibrate_brought
    from dataqa.scores.card import card, summary
    from dataqa.scores.card_page import write_card
    from dataqa.scores.files import save
    from dataqa.scores.labels import Columns, labelled, read_files
    from dataqa.scores.runs import signal_of_run
    from dataqa.scores.training import Settings, need_sklearn, train_linear
    from dataqa.types import TEXT

    if label and not model:
        raise click.UsageError("--label is of a --model")
    if not model:
        need_sklearn()
    if bool(labels) == bool(run) or bool(run) != bool(signal):
        raise click.UsageError("give LABELS, or --from-run with --signal")
    if run and signal:
        label_column = signal
    columns = Columns(TEXT, label_column, weight_column, group_column)
    others = [name for name in columns[1:] if name is not None]
    if run:
        frame = signal_of_run(run, label_column)
    else:
        frame, damaged = read_files(labels, _reading(reading), list(dict.fromkeys(others)))
        say_damaged(damaged)
    found = labelled(frame, columns, positive, threshold, str(run or labels[0]))
    how = Settings(seed=seed, error=error)
    click.echo(
        f"{'calibrating' if model else 'training'} on {len(found.right):,} documents", err=True
    )
    trained = calibrate_brought(found, model, label, how) if model else train_linear(found, how)
    header = save(out, trained.header, trained.arrays)
    told = card(trained, found, out.name, header)
    if model:
        told["notes"] = [NOTE]
    write_card(out, told)
    for line in [*summary(told), f"{out}/card.html shows it"]:
        click.echo(line)


@click.command("domain")
@click.argument("positives", nargs=-1, required=True, metavar="POSITIVES")
@click.option(
    "--background",
    multiple=True,
    required=True,
    metavar="PATH",
    help="Texts to tell them from: a sample of what is to be searched. Repeatable.",
)
@model_options
def domain_command(
    *, positives: tuple[str, ...], background: tuple[str, ...], out: Path, seed: int, **reading: Any
) -> None:
    """Train a selector of documents like those given, against a background of any others.

    The background may hold such documents, too: scores are corrected for them.
    """
    from dataqa.scores.card import card, summary
    from dataqa.scores.card_page import write_card
    from dataqa.scores.domain import selector_labels, train_selector
    from dataqa.scores.files import save
    from dataqa.scores.labels import read_files
    from dataqa.scores.training import Settings, need_sklearn
    from dataqa.types import TEXT

    need_sklearn()
    sides: list[Any] = []
    for paths in (positives, background):
        frame, damaged = read_files(paths, _reading(reading), [])
        say_damaged(damaged)
        sides.append(frame[TEXT])
    found = selector_labels(sides[0], sides[1], (positives[0], background[0]))
    click.echo(f"training on {len(found.right):,} documents", err=True)
    trained, share = train_selector(found, Settings(seed=seed))
    header = save(out, trained.header, trained.arrays)
    told = card(trained, found, out.name, header)
    told["notes"] = [
        "Positive are the documents that were given, the others are the background.",
        "The score is the probability that a document of the background is like the given ones.",
    ]
    write_card(out, told)
    for line in summary(told)[:3]:
        click.echo(line)
    click.echo(f"at most {share:.1%} of the background is like the given documents")
    click.echo(f"{out}/card.html shows it")


@click.command("perplexity")
@click.argument("texts", nargs=-1, required=True, metavar="TEXTS")
@model_options
def perplexity_command(*, texts: tuple[str, ...], out: Path, seed: int, **reading: Any) -> None:
    """Train a language model of n-grams, whose score is how surprising a text is.

    Give it texts as they should be, of one language. One document in twenty is held out, and tells
    which perplexities are usual.
    """
    from dataqa.scores.card import language_card, summary
    from dataqa.scores.card_page import write_card
    from dataqa.scores.files import Header, save
    from dataqa.scores.labels import read_files
    from dataqa.scores.ngram_training import trained_on
    from dataqa.scores.ngrams import arrays_of
    from dataqa.types import TEXT

    frame, damaged = read_files(texts, _reading(reading), [])
    say_damaged(damaged)
    made = trained_on(frame[TEXT], seed, str(texts[0]))
    about: dict[str, str | int | float] = {"words": made.words, "known": made.known, "seed": seed}
    header = Header(kind="ngram", purpose="perplexity", made=about)
    header = save(out, header, arrays_of(made.model))
    told = language_card(out.name, header, made.held, made.documents)
    write_card(out, told)
    for line in [*summary(told), f"{out}/card.html shows it"]:
        click.echo(line)


def say_damaged(damaged: list[str]) -> None:
    """Say which records are left out because they cannot be read: some of them, and how many."""
    for one in damaged[:_SAID]:
        click.echo(f"left out: {one}", err=True)
    if len(damaged) > _SAID:
        click.echo(f"left out: {len(damaged) - _SAID:,} more records", err=True)


def _reading(given: dict[str, Any]) -> Any:
    from dataqa.io.sources import Reading

    changed = changed_reading(**given)
    return Reading(**{name.partition(".")[2]: value for name, value in changed.items()})
