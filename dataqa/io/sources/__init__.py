"""Sources: any supported file, folder or stream as numbered shards of documents."""

from dataqa.io.sources.columns import output_names
from dataqa.io.sources.cutting import cut
from dataqa.io.sources.describing import schema
from dataqa.io.sources.finding import find
from dataqa.io.sources.pieces import (
    DAMAGED,
    RESCUED,
    Chunk,
    File,
    Piece,
    Reading,
    Shard,
    Survey,
    Unreadable,
)
from dataqa.io.sources.shards import read
from dataqa.io.sources.spooling import needs_spool, spool
from dataqa.io.sources.surveying import digest, survey

__all__ = [
    "DAMAGED",
    "RESCUED",
    "Chunk",
    "File",
    "Piece",
    "Reading",
    "Shard",
    "Survey",
    "Unreadable",
    "cut",
    "digest",
    "find",
    "needs_spool",
    "output_names",
    "read",
    "schema",
    "spool",
    "survey",
]
