"""Stand-ins in 100 MB of web text, and ``dataqa leakcheck`` over what came of it.

Every document gets a person of its own: mail, telephone number, card and Social Security number. Of
these none may be left after ``dataqa scrub``; then some are put back, each written otherwise, and
all of them must be found. Time and memory are those of the commands, as a user calls them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from benchmarks.bench import Arguments, Board, arguments
from dataqa.private.digits import luhn_digit

BYTES, QUICK = 100_000_000, 6_000_000
MEMORY = 1_000.0
"""Megabytes that the check may take for 100 MB of text."""
PLANTED = 12
_KEY = "a key for this benchmark only"


class Called(NamedTuple):
    """A command that has ended: its exit code, output, seconds, and peak memory in MB."""

    code: int
    out: str
    seconds: float
    megabytes: float


def main(given: Arguments) -> int:
    board = Board("private_leaks", given.json)
    source = given.data / "perf_en.parquet"
    if not source.is_file():
        board.skip("leaks", "perf_en.parquet is not there")
        return board.close()
    with tempfile.TemporaryDirectory() as name:
        _measure(board, source, Path(name), QUICK if given.quick else BYTES)
    return board.close()


def _measure(board: Board, source: Path, folder: Path, size: int) -> None:
    texts = pl.read_parquet(source, columns=["text"])["text"]
    texts = texts.filter(texts.str.len_bytes().cum_sum() <= size)
    people = [_person(at) for at in range(len(texts))]
    told = [f"{text}\n{'; '.join(one)}" for text, one in zip(texts, people, strict=True)]
    original, clean = folder / "original.parquet", folder / "clean"
    frame = pl.DataFrame({"id": [f"d{at}" for at in range(len(texts))], "text": told})
    frame.write_parquet(original)
    megabytes = int(frame["text"].str.len_bytes().sum()) / 1e6
    done = _call("scrub", "-i", original, "-o", clean, "--style", "surrogate", "--no-examples")
    board.note("scrub", megabytes / done.seconds, "MB/s", f"{megabytes:.0f} MB, all workers")
    kept = pl.read_parquet(clean / "kept" / "*.parquet")
    check = _call("leakcheck", original, clean / "kept", "--json")
    leaks = json.loads(check.out)["leaks"]
    contacts = [one for one in leaks if one["entity"] not in {"IP_ADDRESS", "MAC_ADDRESS"}]
    board.limit("leakcheck, memory", check.megabytes, "MB", at_most=MEMORY)
    values = sum(json.loads(check.out)["values"].values())
    board.note("leakcheck", check.seconds, "s", f"{values:,} values in {megabytes:.0f} MB")
    board.limit("mail, numbers, cards and secrets left", len(contacts), "", at_most=0)
    board.note("numbers of sections that look like addresses", len(leaks) - len(contacts), "")
    found = _planted(original, kept, people, folder)
    board.check("planted leaks found", found - len(leaks), "", at_least=PLANTED)


def _planted(original: Path, kept: pl.DataFrame, people: list[list[str]], folder: Path) -> int:
    """How many leaks there are once some values stand elsewhere, written in other ways."""
    texts = kept["text"].to_list()
    for at in range(PLANTED):
        mail, phone, card, ssn = (one.partition(" ")[2] for one in people[at])
        written = (mail.upper(), f"+1{phone.replace('-', '')}", card.replace(" ", "-"), ssn)
        texts[-1 - at] += f" see {written[at % 4]}."
    leaky = folder / "leaky.parquet"
    kept.with_columns(text=pl.Series(texts)).write_parquet(leaky)
    return len(json.loads(_call("leakcheck", original, leaky, "--json").out)["leaks"])


def _person(at: int) -> list[str]:
    """Somebody whom no other document knows."""
    card = f"4000{at:011d}"
    card = f"{card}{luhn_digit(card)}"
    groups = " ".join(card[place : place + 4] for place in range(0, 16, 4))
    phone = f"{212 + at // 10_000 * 3}-{300 + at % 600:03d}-{2000 + at // 600:04d}"
    return [
        f"mail person.number{at}@corp{at % 97}.com",
        f"phone {phone}",
        f"card {groups}",
        f"SSN {100 + at % 500:03d}-{10 + at // 500 % 80:02d}-{1000 + at % 8999:04d}",
    ]


def _call(*words: Any) -> Called:
    script = Path(sys.executable).with_name("dataqa")
    begun = time.monotonic()
    with subprocess.Popen(
        [str(script), *map(str, words), "--log", "none"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "DATAQA_KEY": _KEY},
    ) as process:
        out = process.stdout.read() if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - begun
    return Called(process.returncode, out, seconds, usage.ru_maxrss / 1024)


if __name__ == "__main__":
    sys.exit(main(arguments(__doc__ or "")))
