"""The report of a run as files: the JSON, the page made from it, and its digest in the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from dataqa.errors import InputError
from dataqa.io.store import STATE, Store
from dataqa.manifest import MANIFEST, file_sha256
from dataqa.pipeline import Output, changed_fields
from dataqa.report import html

COMPLETE = f"{STATE}/complete.json"
EXAMPLES = f"{STATE}/examples.json"
"""The report's examples, also of a run that does not show them."""
REPORT_JSON, REPORT_HTML = "report.json", "report.html"
RUN_JSON, LEAKS = "run.json", "leakcheck.json"
"""What the last session took, and what a leak check found: on the page, apart from the results."""
TOLD_OF_DOCUMENTS = (
    *("card.md", "card.html", "comparison.html", "preview.html", "preview.json"),
    LEAKS,
)
"""Files that were asked for and tell of the documents as they were then."""


def tell(store: Store, report: Mapping[str, Any], manifest: Mapping[str, Any]) -> None:
    """Write the report, with examples if the manifest's pipeline wants them, and the manifest."""
    pipeline: Mapping[str, Any] = manifest["pipeline"]
    examples = store.get_json(EXAMPLES) if output_of(pipeline).examples else {}
    store.put_json(REPORT_JSON, {**report, "settings": pipeline, "examples": examples}, indent=1)
    put_page(store)
    digest = file_sha256(store, REPORT_JSON)
    store.put_json(MANIFEST, {**manifest, "report_sha256": digest}, indent=1)


def put_page(store: Store) -> None:
    """Make ``report.html`` from ``report.json``, and from what stands apart from it."""
    took, leaks = store.get_json(RUN_JSON), store.get_json(LEAKS)
    store.put(REPORT_HTML, html(store.get_json(REPORT_JSON), took, leaks).encode())


def put_leaks(store: Store, told: Mapping[str, Any]) -> None:
    """Keep what a leak check of the kept documents found, and show it in the report."""
    store.put_json(LEAKS, told, indent=1)
    put_page(store)


def show_examples(store: Store, *, wanted: bool) -> None:
    """Have a finished run's report show examples or none, as if the run had been asked so.

    Args:
        store: The run's folder, locked.
        wanted: Whether the report shows documents from now on.

    Raises:
        InputError: ``report.json`` is not what the run wrote.
    """
    manifest, complete = store.get_json(MANIFEST), store.get_json(COMPLETE)
    pipeline: dict[str, Any] = manifest["pipeline"]
    output = output_of(pipeline)
    interrupted = complete.pop("telling", False)
    if wanted == output.examples and not interrupted:
        return
    if file_sha256(store, REPORT_JSON) != manifest["report_sha256"] and not interrupted:
        raise InputError(
            "is not what the run wrote",
            where=str(store.root / REPORT_JSON),
            hint="put it back; `dataqa verify` tells what else has changed",
        )
    # the command that made this run now asks for another one; a kill in between is told apart
    # from a changed report
    complete["asked"] = ""
    store.put_json(COMPLETE, {**complete, "telling": True})
    changed = changed_fields(msgspec.structs.replace(output, examples=wanted))
    others = {key: value for key, value in pipeline.items() if key != "output"}
    manifest["pipeline"] = others | ({"output": changed} if changed else {})
    tell(store, store.get_json(REPORT_JSON), manifest)
    store.put_json(COMPLETE, complete)


def output_of(pipeline: Mapping[str, Any]) -> Output:
    """How results are written, from a pipeline's plain data."""
    return msgspec.convert(pipeline.get("output", {}), Output)
