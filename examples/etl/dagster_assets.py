"""Dagster: a cleaned corpus, a check of how much it lost, and a table that needs the check passed.

dagster dev -f examples/etl/dagster_assets.py
"""

from pathlib import Path

import dagster as dg
import polars as pl

import dataqa
from dataqa.errors import InputError


class Cleaning(dg.ConfigurableResource):
    """What is cleaned, how, where to, and how much of it may be lost."""

    pipeline: str = "quickstart"
    inputs: str = "examples/data/docs-many.parquet"
    out: str = "out/dagster"
    max_drop: float = 0.2


@dg.asset(
    check_specs=[dg.AssetCheckSpec("few_are_lost", asset="clean_corpus", blocking=True)],
    retry_policy=dg.RetryPolicy(max_retries=2),  # each continues where the one before ended
)
def clean_corpus(cleaning: Cleaning) -> dg.MaterializeResult:
    """A run's folder: documents in ``kept/`` and elsewhere, the reasons, the report."""
    try:
        result = dataqa.run(cleaning.pipeline, cleaning.inputs, cleaning.out)
    except InputError as error:  # running again will not help
        raise dg.Failure(str(error), allow_retries=False) from error
    counts, report = result.counts, result.out / "report.html"
    lost = (counts["rejected"] + counts["quarantine"]) / max(counts["documents"], 1)
    few = dg.AssetCheckResult(passed=lost <= cleaning.max_drop, metadata={"lost": lost})
    told = {**counts, "report": dg.MetadataValue.path(str(report))}
    return dg.MaterializeResult(metadata=told, check_results=[few])


@dg.asset(deps=[clean_corpus])
def clean_table(cleaning: Cleaning) -> dg.MaterializeResult:
    """The kept documents as one file; not made while too many are lost."""
    table = Path(cleaning.out) / "clean.parquet"
    pl.scan_parquet(f"{cleaning.out}/kept/*.parquet").select("doc_id", "text").sink_parquet(table)
    return dg.MaterializeResult(metadata={"table": dg.MetadataValue.path(str(table))})


defs = dg.Definitions(assets=[clean_corpus, clean_table], resources={"cleaning": Cleaning()})
