"""``dataqa``: registers the commands and turns errors into messages and exit codes.

A command's module is imported when it is called, so that ``dataqa --help`` stays quick.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from types import FrameType

import click

from dataqa.cli.options import keep_local
from dataqa.errors import DataqaError

_COMMANDS = {
    "run": ("run", "Judge and clean a corpus."),
    "plan": ("plans", "Show stages and foresee time, memory and disk."),
    "check": ("plans", "Validate pipelines and rule packs; prove every rule."),
    "decide": ("decide", "Try other bounds on a finished run."),
    "explain": ("inspect", "Tell everything known of one document."),
    "show": ("inspect", "Show the documents behind a number."),
    "verify": ("inspect", "Check that a run's files are whole and unchanged."),
    "report": ("reports", "Rebuild the report, or compare two runs."),
    "card": ("reports", "Write a corpus card."),
    "pack": ("pack", "Write final shards, splits and token counts."),
    "contamination": ("contamination", "Find benchmark items in training text."),
    "dedup": ("dedup", "Preview what near-duplicate removal would do."),
    "index": ("index", "Keep sketches of what was seen, and find what documents are like."),
    "scrub": ("scrub", "Replace private data in texts."),
    "leakcheck": ("leakcheck", "Look for private values that are left."),
    "private": ("private", "Tell what private data there is."),
    "vault": ("vault", "Keep what stand-ins stand for, encrypted."),
    "reidentify": ("vault", "Put originals back in the place of stand-ins."),
    "forget": ("forget", "Remove somebody's documents from a run."),
    "key": ("key", "Make a key for stand-ins, or change a vault's."),
    "train": ("train", "Train scores, and what finds names."),
    "llm": ("llm", "Tell what a language model's endpoint does, and keep its replies."),
    "profile": ("synth", "Tell what the columns of a table are."),
    "synth": ("synth", "Make synthetic tables, and measure them."),
    "prelabel": ("prelabel", "Ask a language model what people are asked, for them to check."),
    "review": ("review", "Ask people in Label Studio, and bring home what they say."),
    "export": ("export", "Write training files of what people said."),
    "feedback": ("feedback", "Keep what users say of an application's answers."),
    "label-studio": ("label_studio", "Run a Label Studio on this machine."),
    "init": ("scaffold", "Write a commented starting point."),
    "list": ("scaffold", "List pipelines, steps, signals, rules, recognisers or extras."),
}


_CONTINUES = "Stopped. What is finished is kept: run again to continue."
_STOPPED = "Stopped. Run again to begin anew."


class _Lazy(click.Group):
    """A group that knows its commands' names and summaries without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"dataqa.cli.{_COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        keep_local(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, told) for name, (_, told) in _COMMANDS.items()])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="dataqa", prog_name="dataqa")
def cli() -> None:
    """Judge, clean and explain text corpora: a reason for every document.

    Exit codes: 0 done; 1 failed or interrupted, run again to continue; 2 your mistake;
    3 a bound you set was passed.
    """


def main() -> None:
    """Run the command line; every failure is a message on standard error and an exit code."""
    try:
        with _terminable():
            code = cli.main(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except DataqaError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort) as error:
        if isinstance(error.__cause__, EOFError):  # click takes the end of a file for the user's
            click.echo("Error: a file is cut off", err=True)
            sys.exit(2)
        click.echo(_STOPPED if sys.argv[1:2] == ["train"] else _CONTINUES, err=True)
        sys.exit(1)
    except BrokenPipeError:
        # the reader of a pipe such as `| head` has gone: that is no failure of ours
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        if os.environ.get("DATAQA_DEBUG"):
            raise
        where = f"{error.filename}: " if error.filename else ""
        click.echo(f"Error: {where}{(error.strerror or 'failed').lower()}", err=True)
        sys.exit(2)
    except Exception as error:
        if os.environ.get("DATAQA_DEBUG"):
            raise
        click.echo(f"Error: {_unforeseen(error)}", err=True)
        sys.exit(1)


@contextmanager
def _terminable() -> Generator[None]:
    """Take SIGTERM as Ctrl-C: workers are ended and what they share is put back; once."""

    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - as signals call it
        signal.signal(signal.SIGTERM, before)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _unforeseen(error: Exception) -> str:
    """Where a fault of ours is, without its message, for that may quote a document."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"a fault in dataqa: {type(error).__name__} at {frame.filename}:{frame.lineno}\n"
        "Hint: DATAQA_DEBUG=1 shows the traceback, which may quote documents; please report it"
    )
