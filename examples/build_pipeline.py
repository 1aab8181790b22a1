"""A pipeline built in code, judged in memory: run it from the root of the repository.

python examples/build_pipeline.py
"""

from __future__ import annotations

import polars as pl

import dataqa
from dataqa.steps.exact import Exact
from dataqa.steps.language import Language
from dataqa.steps.normalize import Normalize
from dataqa.steps.quality import Column, Quality

pipeline = dataqa.Pipeline.of(
    "english-manuals",
    Normalize(),
    Language(keep=("en",)),
    Quality(
        packs=("gopher-dclm",),
        columns={"licence": Column(one_of=("PostgreSQL", "PSF-2.0", "MPL-2.0"))},
    ),
    Exact(ignore="whitespace"),
)
print(pipeline.to_yaml())

pages = pl.read_ndjson("examples/data/planted.jsonl")
judged = dataqa.judge(pages, pipeline)
print(judged["verdict"].value_counts(sort=True))
print(judged.explode("reasons")["reasons"].drop_nulls().value_counts(sort=True).head(5))
