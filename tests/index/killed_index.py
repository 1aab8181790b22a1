"""A process that writes to an index until it is killed: it says when something is committed."""

from __future__ import annotations

import sys
from pathlib import Path

from documents import pages

from dataqa.index import adding, merging
from dataqa.index.index import Index

STEP, ROOM = 30, 10


def main() -> None:
    folder, kind, start = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    adding.waiting_rows = lambda _: ROOM
    merging.UNIT = 16
    index = Index.open(folder)
    index.query(pages("warm", [1]))  # loads what is compiled
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    for first in range(start, start + 100_000 * STEP, STEP):
        frame = pages("d", range(first, first + STEP))
        if kind == "remove":
            index.add(frame)
            index.remove([f"d{first}"], forget=first % 90 == 0)
        else:
            index.add(frame, skip_known=kind == "new")
        if kind == "compact":
            index.compact()
        sys.stdout.write(f"{first + STEP}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
