"""Small corpora and runs over them, for the tests of the engine."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from dataqa.frames import Result, run
from dataqa.io.sources import Reading
from dataqa.pipeline import Pipeline
from dataqa.steps.exact import Exact
from dataqa.steps.language import Language
from dataqa.steps.normalize import Normalize
from dataqa.steps.quality import Quality

VERDICTS = ("kept", "rejected", "review", "quarantine")
FOLDERS = (*VERDICTS, "findings", "signals")

NOUNS = (
    *(
        "boat",
        "quay",
        "harbour",
        "master",
        "gull",
        "rail",
        "basket",
        "wind",
        "pier",
        "net",
        "crate",
    ),
    *("lamp", "captain", "engine", "letter", "child", "window", "market", "ladder", "bell", "coat"),
    *("kettle", "table", "bridge", "garden", "river", "horse", "stone", "roof", "clock", "road"),
)
VERBS = (
    *("watched", "carried", "mended", "forgot", "painted", "followed", "described", "measured"),
    *("found", "lost", "turned", "opened", "counted", "remembered", "covered", "left", "sold"),
)
ENDS = (
    *("that evening", "before the rain", "with great care", "for the third time", "without a word"),
    *("when the light went on", "as nobody had asked", "because it was late", "and went home"),
    *("to the end of the season", "on the other side of the water", "in spite of the cold"),
)
SHORT = ("Buy now!", "Home | About | Contact", "lorem ipsum dolor sit amet", "404", "…")

PIPELINE = Pipeline.of(
    "small",
    Normalize(),
    Quality(packs=("gopher",), signals=("char_count",)),
    Exact(ignore="whitespace"),
    Language(keep=("en",), min=0.3),
    reading=Reading(id_column="id", shard_bytes=16_000),
)
"""Two stages: rules first, then of equal documents one, then the language of what is left."""


def story(draw: random.Random, sentences: int) -> str:
    """Some English paragraphs, no two alike."""

    def sentence() -> str:
        one, two, three = draw.sample(NOUNS, 3)
        how, end = draw.choice(VERBS), draw.choice(ENDS)
        return f"The {one} of the {two} {how} {draw.randrange(2, 99)} of the {three}s {end}."

    count = range(max(1, sentences // 3))
    return "\n".join(" ".join(sentence() for _ in range(3)) for _ in count)


def documents(size: int, seed: int = 1) -> list[dict[str, Any]]:
    """Pages good and bad, some of them copies of others, a few to be repaired."""
    draw = random.Random(seed)
    rows: list[dict[str, Any]] = []
    for at in range(size):
        kind = draw.random()
        text = story(draw, draw.randint(9, 30))
        if kind < 0.2:
            text = draw.choice(SHORT)
        elif kind < 0.45 and rows:
            text = draw.choice(rows)["text"]
            text = text if kind < 0.35 else text.replace("\n", "\r\n ", 1)
        elif kind < 0.5:
            text = story(draw, 4)
        source = draw.choice(["web", "books"])
        rows.append({"id": f"d{seed}-{at:04d}", "text": text, "source": source, "rank": at})
    return rows


def write(folder: Path, rows: Sequence[Mapping[str, Any]], files: int = 3) -> Path:
    """The rows as JSON lines in a folder of so many files."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(files):
        lines = [json.dumps(row, ensure_ascii=False) for row in rows[number::files]]
        path = folder / f"part-{number}.jsonl"
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder


def go(inputs: str | Path | Sequence[Path], out: str | Path, **options: Any) -> Result:
    """A run of the small pipeline, in this process unless ``workers`` says otherwise."""
    options = {"workers": 1, **options}
    return run(options.pop("pipeline", PIPELINE), inputs, out, **options)


def tree(out: Path, *files: str) -> dict[str, str]:
    """Digests of all in the six output folders, and of further files."""
    paths = [path for folder in FOLDERS for path in sorted((out / folder).iterdir())]
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in [*paths, *(out / name for name in files)]
    }


def whole(out: Path) -> dict[str, str]:
    """Digests of all that must be equal between equal runs."""
    return tree(out, "manifest.json", "report.json")


def ids(result: Result, folder: str = "kept") -> list[str]:
    """The ids in one output folder, sorted."""
    return sorted(result.scan(folder).select("doc_id").collect()["doc_id"])


def verdicts(result: Result) -> dict[str, str]:
    """Where each document went; one that went two ways, or nowhere, is noticed here."""
    found: dict[str, str] = {}
    for folder in VERDICTS:
        for name in ids(result, folder):
            assert name not in found, f"{name} is in {found[name]} and in {folder}"
            found[name] = folder
    return found


def conserved(result: Result, documents: int) -> None:
    """In = kept + rejected + review + quarantine, in the folders as in the counts."""
    counts = result.counts
    assert counts["documents"] == documents == sum(counts[name] for name in VERDICTS)
    sizes = {name: result.scan(name).select(pl.len()).collect().item() for name in VERDICTS}
    assert sizes == {name: counts[name] for name in VERDICTS}
    assert len(verdicts(result)) == documents
