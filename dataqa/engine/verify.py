"""Is a run still what its manifest says: nothing missing, nothing changed, nobody lost?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dataqa.engine.finish import VERDICTS
from dataqa.engine.look import finished_store
from dataqa.engine.outlet import FOLDERS
from dataqa.engine.reporting import REPORT_JSON
from dataqa.io.store import Store
from dataqa.manifest import MANIFEST, TABLES, file_sha256, made_tables


def faults(out: Path) -> list[str]:
    """Everything that is wrong with a finished run; an empty list means it is whole.

    Raises:
        InputError: There is no finished run in this folder.
    """
    store = Store(out) if made_tables(out) else finished_store(out)
    manifest: dict[str, Any] = store.get_json(MANIFEST)
    told = {file["name"]: file for file in manifest["outputs"]}
    found: list[str] = []
    for name, file in told.items():
        digest = file_sha256(store, name)
        if digest is None:
            found.append(f"{name} is missing")
        elif digest != file["sha256"]:
            found.append(f"{name} has changed")
    if manifest.get("kind") == TABLES:  # no documents went in or out
        return found
    if file_sha256(store, REPORT_JSON) != manifest["report_sha256"]:
        found.append(f"{REPORT_JSON} has changed")
    there = {name for folder in FOLDERS for name in store.names(folder)}
    found += [f"{name} is not in the manifest" for name in sorted(there - told.keys())]
    return found + _counts(manifest)


def _counts(manifest: dict[str, Any]) -> list[str]:
    counts: dict[str, int] = manifest["counts"]
    rows = {
        folder: sum(f["rows"] for f in manifest["outputs"] if f["name"].startswith(f"{folder}/"))
        for folder in VERDICTS
    }
    found = [
        f"{folder}/ holds {rows[folder]} documents, the manifest counts {counts[folder]}"
        for folder in VERDICTS
        if rows[folder] != counts[folder]
    ]
    if sum(rows.values()) != counts["documents"]:
        found.append(f"{counts['documents']} documents came in, {sum(rows.values())} went out")
    return found
