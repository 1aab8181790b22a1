"""A million rows of twenty columns: how long it takes, in how much memory, and how alike it is.

The census, resampled, with five columns that are made from others and chance; without
``census.csv.gz`` in ``--data`` all columns are made. Measured in a process of its own, so that
its peak of memory is that of reading, learning, drawing and writing. Trees are shaped by 100,000
rows and filled with all; that is compared with trees that all rows shaped, on fewer rows.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.bench import Arguments, Board, arguments
from dataqa.tables.evidence.aligned import align
from dataqa.tables.evidence.fidelity import fidelity
from dataqa.tables.files import read_table
from dataqa.tables.learning import growing
from dataqa.tables.profile import profile
from dataqa.tables.synthesizer import synthesize

ROWS, SECONDS, GIGABYTES, APART = 1_000_000, 60.0, 4.0, 0.005


def main(given: Arguments) -> int:
    board = Board("tables_scale", given.json)
    rows = ROWS // 20 if given.quick else ROWS
    with tempfile.TemporaryDirectory() as folder:
        real, made = Path(folder, "real.parquet"), Path(folder, "made.parquet")
        table(given.data, rows).write_parquet(real)
        code = f"from benchmarks.tables_scale import run; run({str(real)!r}, {str(made)!r})"
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        seconds = time.perf_counter() - begun
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        peak = used.ru_maxrss / 2**20
        original, synthetic = read_table(real), read_table(made)
    what = f"{original.height:,} rows of {original.width} columns"
    board.note("of CPU", used.ru_utime + used.ru_stime, "s", what)
    if given.quick:
        board.note("read, learn, draw, write", seconds, "s", what)
        board.note("memory", peak, "GiB")
    else:
        board.limit("read, learn, draw, write", seconds, "s", at_most=SECONDS, detail=what)
        board.limit("memory", peak, "GiB", at_most=GIGABYTES)
    few = fidelity(align(original, synthetic, synthetic, profile(original)))
    board.note("univariate", few["univariate"], "")
    board.note("bivariate", few["bivariate"], "")
    # the sample that shapes trees is a tenth of the rows in both sizes
    growing.ROWS = rows // 10 if given.quick else 100_000
    some = original.head(min(rows, 200_000))
    sampled = alike(some)
    growing.ROWS = rows
    whole = alike(some)
    apart = max(abs(one - other) for one, other in zip(sampled, whole, strict=True))
    what = "likeness, sampled beside all rows"
    if given.quick:  # 5,000 rows shape trees here, which says little of 100,000
        board.note(what, apart, "")
    else:
        board.limit(what, apart, "", at_most=APART)
    return board.close()


def alike(real: pl.DataFrame) -> tuple[float, float]:
    """How alike a table made of this one is."""
    made = synthesize(real, seed=1).frame
    found = fidelity(align(real, made, made, profile(real)))
    return found["univariate"], found["bivariate"]


def table(data: Path, rows: int) -> pl.DataFrame:
    """Census rows, drawn with replacement, and columns made from them."""
    draw = np.random.default_rng(1)
    path = data / "census.csv.gz"
    if path.is_file():
        census = pl.read_csv(path)
        base = census[(draw.random(rows) * census.height).astype(np.int64)]
    else:
        base = pl.DataFrame(
            {
                "age": (17 + 60 * draw.random(rows) ** 1.5).astype(np.int64),
                **{
                    f"kind{at}": (draw.random(rows) ** 2 * (3 + at)).astype(np.int64)
                    for at in range(14)
                },
            }
        )
    age = base["age"].to_numpy()
    return base.with_columns(
        pl.Series("paid", np.round(200 * age + 5_000 * draw.random(rows), 2)),
        pl.Series("visits", np.floor(-2 * np.log(1 - draw.random(rows))).astype(np.int64)),
        pl.Series("member", draw.random(rows) < age / 120),
        pl.Series("score", np.round(draw.normal(size=rows) + age / 40, 3)),
        pl.Series("region", (draw.random(rows) * 7).astype(np.int64)).replace_strict(
            dict(enumerate(("north", "south", "east", "west", "centre", "coast", "hills")))
        ),
    )


def run(real: str, made: str) -> None:
    """Read, learn, draw, write."""
    synthesize(read_table(Path(real)), seed=1).frame.write_parquet(made)


if __name__ == "__main__":
    sys.exit(main(arguments(__doc__ or "")))
