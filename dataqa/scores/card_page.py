"""The card as a page; for now its figures only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dataqa.scores.card import encoded
from dataqa.scores.files import CARD, put


def write_card(folder: Path, told: dict[str, Any]) -> None:
    """Write ``card.json``."""
    put(folder / CARD, encoded(told))
