"""What the step would take over the whole corpus, from what it took on a sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from dataqa.engine.stock import parts_for
from dataqa.preview.outlook import Outlook
from dataqa.preview.sampling import Sample
from dataqa.steps.duplicates import Duplicates
from dataqa.types import DOC, DOC_ID

NODE_BYTES = 5
"""Memory of a merge for each document (``duplicates.links``)."""
MEMBER_BYTES = 200
"""And about so much for each member of a cluster: its ranks, its place, what is found of it."""
SORTED = 3
"""A partition of keys is held, copied while it is sorted, and told apart."""
ROW_BYTES = 48
"""Of a document's row besides its signature and id: ranks, hashes, numbers."""


@dataclass
class Spent:
    """Seconds of CPU on the sample.

    Attributes:
        read: Reading all inputs, ``passes`` times.
        passes: How often they were read.
        sketch: Signatures of the sample.
        sets: Shingles of members, of so many bytes of text.
        sets_bytes: These.
    """

    read: float = 0.0
    passes: int = 0
    sketch: float = 0.0
    sets: float = 0.0
    sets_bytes: int = 0


def foreseen(
    sample: Sample, docs: pl.DataFrame, step: Duplicates, found: Outlook, spent: Spent, stored: int
) -> dict[str, Any]:
    """Seconds of CPU, and bytes of memory and disk, of the step over the corpus.

    Args:
        sample: The sample.
        docs: Its documents' rows.
        step: The step.
        found: What was ruled.
        spent: What that took.
        stored: Bytes of the input files.
    """
    at_hand = max(1, int(docs["bytes"].sum()))
    scale = sample.documents / max(1, docs.height)
    mine = found.members.join(docs.filter("seed"), on=DOC, how="semi")
    each = sample.documents / max(1, sample.seeds)
    members, shingles = mine.height * each, int(mine["shingles"].sum()) * each
    banding = step.banding
    places = max(step.permutations, banding.permutations)
    keys = 16 * banding.bands * sample.documents
    ids = int(docs[DOC_ID].str.len_bytes().sum()) / max(1, docs.height)
    rows = (ROW_BYTES + 4 * places + ids) * sample.documents
    sets_seconds = spent.sets / max(1, spent.sets_bytes)
    text_of_members = sample.bytes * members / max(1, sample.documents)
    parts = parts_for(stored)
    return {
        "seconds": {
            "read": round(spent.read / max(1, spent.passes), 2),
            "sketch": round(spent.sketch / at_hand * sample.bytes, 2),
            "rule": round(found.seconds * scale + sets_seconds * text_of_members, 2),
        },
        "sketch_mb_per_second": round(at_hand / 1e6 / max(1e-6, spent.sketch), 1),
        "memory": round(
            NODE_BYTES * sample.documents + SORTED * keys / parts + MEMBER_BYTES * members
        ),
        "parts": parts,
        "disk": {"keys": keys, "sketches": round(rows), "shingles": round(8 * shingles)},
        "members": round(members),
    }
