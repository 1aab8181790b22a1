"""A LazyFrame of any size in, LazyFrames out: run it from the root of the repository.

python examples/clean_parquet.py
"""

from __future__ import annotations

import polars as pl

import dataqa


def main() -> None:
    """Clean the pages in many languages and say how many of each are left."""
    corpus = pl.scan_parquet("examples/data/docs-many.parquet")
    cleaned = dataqa.clean(corpus, "quickstart", settings={"language.keep": ["de", "fr", "ja"]})
    left = cleaned.kept.group_by("lang_truth").len().sort("lang_truth")
    print(left.collect())
    print("Everything, the report too, is in", cleaned.out)


if __name__ == "__main__":  # a large corpus is judged by worker processes, which import this file
    main()
