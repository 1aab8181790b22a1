"""Texts whose similarity is known, for the tests of near-duplicates."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

HAN = [chr(at) for at in range(0x4E00, 0x4E00 + 2000)]


def text(seed: int, size: int = 120) -> str:
    """Words of which no two are alike, and none is in the text of another seed."""
    return " ".join(f"w{seed}x{at}" for at in range(size))


def edited(base: str, places: Sequence[int]) -> str:
    """The text with the words at some places replaced."""
    words = base.split()
    for at in places:
        words[at] = f"edit{at}{words[at]}"
    return " ".join(words)


def chinese(seed: int, size: int = 200) -> str:
    """Han characters in sentences."""
    draw = random.Random(seed)
    found = "".join(draw.choice(HAN) for _ in range(size))
    return "。".join(found[at : at + 20] for at in range(0, size, 20))


def jaccard(one: str, other: str, n: int = 5) -> float:
    """True similarity over runs of n words divided by spaces, as written."""
    left, right = (shingles(part, n) for part in (one, other))
    return len(left & right) / len(left | right)


def shingles(words: str, n: int = 5) -> set[str]:
    parts = words.split()
    return {" ".join(parts[at : at + n]) for at in range(max(1, len(parts) - n + 1))}


def corpus(size: int, seed: int = 3) -> list[dict[str, Any]]:
    """Pages of several sources and days: many edited copies of one another, in small groups."""
    draw = random.Random(seed)
    rows: list[dict[str, Any]] = []
    for at in range(size):
        mine = text(at, draw.randint(30, 150))
        if rows and draw.random() < 0.5:
            mine = draw.choice(rows)["text"]
            count = draw.randrange(4)
            mine = edited(mine, draw.sample(range(len(mine.split())), count))
        source, day = draw.choice(["wiki", "crawl"]), f"2024-01-{draw.randint(1, 28):02d}"
        rows.append({"id": f"d{at:04d}", "text": mine, "source": source, "day": day})
    return rows


def write(folder: Path, rows: Sequence[Mapping[str, Any]], files: int = 3) -> Path:
    """The rows as JSON lines in a folder of so many files."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(files):
        lines = [json.dumps(row, ensure_ascii=False) for row in rows[number::files]]
        (folder / f"{number}.jsonl").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return folder
