"""Runs inside Daft's environment: near-duplicates by the steps of its published recipe.

``python daft_dedup_peer.py JOB.json``. The steps are those of Daft's example "MinHash Deduplication
on Common-Crawl Web Text": normalise, MinHash, bands, group equal bands, connect each group to its
least document, contract stars until nothing changes, keep the document that a component is named
after. Nothing checks candidates. The bands are ours; and the contraction is that of the paper
(Kiveris et al. 2014), which needs no repair afterwards, while the example's does.
"""

# pyright: basic, reportMissingImports=false

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ["DAFT_ANALYTICS_ENABLED"] = "0"
os.environ["DO_NOT_TRACK"] = "true"

import daft
from daft import DataFrame, col
from daft.functions import monotonically_increasing_id, when


def main(job: dict[str, Any]) -> None:
    """Read, hash, connect, write what is kept."""
    documents = daft.read_parquet(f"{job['corpus']}/*.parquet")
    documents = documents.with_column("node", monotonically_increasing_id()).collect()
    edges = edges_of(documents, job)
    named = contract(edges).select(col("u").alias("node"), col("v").alias("component"))
    kept = documents.join(named, on="node", how="anti")
    kept.select("id", "text").write_parquet(job["kept"])


def edges_of(documents: DataFrame, job: dict[str, Any]) -> DataFrame:
    """Each document ``u`` of a group of equal bands with the least one ``v`` of the group."""
    clean = col("text").normalize(
        remove_punct=True, lowercase=True, nfd_unicode=True, white_space=True
    )
    hashes = clean.minhash(
        num_hashes=job["bands"] * job["rows"],
        ngram_size=job["words"],
        seed=42,
        hash_function="xxhash",
    )

    @daft.func()
    def numbers(bands: list[list[int]]) -> list[int]:
        return list(range(len(bands)))

    bands = (
        documents.select("node", hashes.alias("hashes"))
        .select("node", col("hashes").chunk(job["rows"]).alias("bands"))
        .with_column("number", numbers(col("bands")))
        .explode("bands", "number")
    )
    groups = bands.groupby("number", "bands").agg(col("node").list_agg().alias("nodes"))
    return (
        groups.where(col("nodes").length() > 1)
        .with_column("v", col("nodes").list_min())
        .explode("nodes")
        .select(col("nodes").alias("u"), "v")
        .where(col("u") != col("v"))
        .distinct()
        .collect()
    )


def contract(edges: DataFrame) -> DataFrame:
    """Large stars and small stars in turn: at the end ``v`` is the least node of u's component."""
    before: set[tuple[int, int]] = set()
    while True:
        edges = small_stars(large_stars(edges)).collect()
        found = edges.to_pydict()
        now = set(zip(found["u"], found["v"], strict=True))
        if now == before:
            return edges
        before = now


def large_stars(edges: DataFrame) -> DataFrame:
    """Every greater neighbour of a node goes to the least of the node and its neighbours."""
    both = edges.select("u", "v").union_all(edges.select(col("v").alias("u"), col("u").alias("v")))
    around = both.groupby("u").agg(col("v").list_agg().alias("near"))
    least = when(col("near").list_min() < col("u"), col("near").list_min()).otherwise(col("u"))
    return (
        around.with_column("least", least)
        .explode("near")
        .where(col("near") > col("u"))
        .select(col("near").alias("u"), col("least").alias("v"))
        .where(col("u") != col("v"))
        .distinct()
    )


def small_stars(edges: DataFrame) -> DataFrame:
    """A node and its smaller neighbours go to the least of these; ``u`` > ``v`` in every edge."""
    below = edges.groupby("u").agg(col("v").list_agg().alias("near"))
    below = below.with_column("v", col("near").list_min())
    itself = below.select("u", "v")
    others = below.explode("near").select(col("near").alias("u"), "v").where(col("u") != col("v"))
    return itself.union_all(others).distinct()


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
