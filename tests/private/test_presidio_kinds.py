"""Every kind that Presidio's predefined recognisers find, our packs know, or it is said why not."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest

from dataqa.private.packs import load_packs, pack_names
from dataqa.registry import shipped
from dataqa.types import Assets

predefined: Any = pytest.importorskip("presidio_analyzer.predefined_recognizers")

NOT_OURS = {
    "NRP": "nationality, religion, politics: by a model of language, not by pattern",
    "PERSON": "names have a stage of their own",
    "LOCATION": "names have a stage of their own",
    "ORGANIZATION": "names have a stage of their own",
    "EMAIL": "what a model calls EMAIL_ADDRESS",
    "ID": "what a model calls any number; ours say which",
    "ZA_MOBILE_NUMBER": "a telephone number is PHONE_NUMBER in every country",
    "ZA_TELEPHONE_NUMBER": "a telephone number is PHONE_NUMBER in every country",
}


def predefined_entities() -> set[str]:
    """What all recognisers that need no service or model say they support."""
    found: set[str] = set()
    for name in dir(predefined):
        kind = getattr(predefined, name)
        if not inspect.isclass(kind):
            continue
        try:
            made: Any = kind()
        except Exception:  # noqa: BLE001 - wants a service, a model or an extra
            continue
        found |= set(made.supported_entities)
    return found


def test_our_packs_know_every_kind_or_it_is_said_why_not():
    assets = Assets((shipped("rules"),), Path())
    ours = {one.entity for one in load_packs(pack_names(assets), assets)}
    theirs = predefined_entities()
    assert len(theirs) > 70
    assert theirs - ours - set(NOT_OURS) == set()
    assert not ours & set(NOT_OURS), "no longer missing: take it off the list"
