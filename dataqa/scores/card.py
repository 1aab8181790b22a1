"""A model's card: what it was made from and what it is worth, as JSON; a page shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from dataqa.scores.calibration import bins
from dataqa.scores.evidence import (
    Interval,
    auc_interval,
    table,
    within_interval,
)
from dataqa.scores.files import Header
from dataqa.scores.labels import Labelled
from dataqa.scores.training import Trained, error_of


def card(trained: Trained, found: Labelled, name: str, header: Header) -> dict[str, Any]:
    """What ``card.json`` holds: figures over documents held out, no text of any.

    Args:
        trained: A model.
        found: The documents it was trained on.
        name: What it is called.
        header: As it was saved.
    """
    held, seed = trained.held, int(header.made["seed"])
    lengths = found.texts.str.len_chars().cast(float).to_numpy()
    given = (found.right, held.together, seed)
    short = within_interval(held.margins, found.right, lengths, held.together, seed)
    return {
        "name": name,
        "purpose": header.purpose,
        "positive": header.positive,
        "digest": header.digest,
        "made": header.made,
        "clusters": int(held.together.max()) + 1,
        "auc": _told(auc_interval(held.margins, *given)),
        "calibration": {
            "kind": header.calibration.kind,
            "error": round(error_of(trained, found), 6),
            "bins": [
                [round(value, 6) for value in one]
                for one in bins(held.told, found.right, found.weights)
            ],
        },
        "band": list(header.band),
        "in_band": _share_in(trained, found),
        "table": [
            {key: value if value is None else round(value, 6) for key, value in row.items()}
            for row in table(held.told, found.right, found.weights)
        ],
        "length": {
            "auc_of_length_alone": _told(auc_interval(lengths, *given)),
            "auc_within_quintiles": _told(short),
        },
    }


def encoded(told: dict[str, Any]) -> bytes:
    """The bytes of ``card.json``; what is no number is null."""
    return msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n"


def summary(told: dict[str, Any]) -> list[str]:
    """What a command prints of a card."""
    if told["purpose"] == "perplexity":
        return _of_language(told)
    low, high = told["band"]
    alone = told["length"]["auc_of_length_alone"]["value"]
    inside = told["length"]["auc_within_quintiles"]
    made = told["made"]
    beyond = f"beyond, at most {made['error']:.0%} are wrong"
    off = f"{told['calibration']['error']:.3f} ({told['calibration']['kind']})"
    return [
        f"{made['documents']:,} documents, {made['positive']:,} positive ({told['positive']})"
        + (f"; {made['left_out']:,} rows without text or label" if made["left_out"] else ""),
        f"AUC {_shown(told['auc'])}, held out; expected calibration error {off}",
        f"among texts of like length {_shown(inside)}; length alone {alone:.3f}",
        f"in doubt between {low:.2f} and {high:.2f} ({told['in_band']:.1%} of them); {beyond}",
    ]


def language_card(
    name: str, header: Header, held: Sequence[float], documents: int
) -> dict[str, Any]:
    """What ``card.json`` of a language model holds.

    Args:
        name: What it is called.
        header: As it was saved.
        held: Perplexities of documents held out.
        documents: On how many others it was trained.
    """
    shares = (0.05, 0.1, 0.25, 0.33, 0.5, 0.67, 0.75, 0.9, 0.95)
    quantiles = np.quantile(np.array(held), shares).tolist() if held else []
    return {
        "name": name,
        "purpose": header.purpose,
        "digest": header.digest,
        "made": header.made,
        "documents": documents,
        "held_out": len(held),
        "quantiles": [[one, round(at, 3)] for one, at in zip(shares, quantiles, strict=False)],
    }


def _of_language(told: dict[str, Any]) -> list[str]:
    made = told["made"]
    lines = [f"{told['documents']:,} documents, {made['words']:,} words, {made['known']:,} known"]
    middle = dict(map(tuple, told["quantiles"])).get(0.5)
    if middle is not None:
        lines.append(f"half of {told['held_out']:,} documents held out are below {middle:,.1f}")
    return lines


def _share_in(trained: Trained, found: Labelled) -> float:
    low, high = trained.header.band
    told = trained.held.told
    inside = (told >= low) & (told < high)
    return round(float(np.average(inside, weights=found.weights)), 6)


def _told(figure: Interval) -> dict[str, float | None]:
    return {
        name: None if np.isnan(value) else round(value, 6)
        for name, value in figure._asdict().items()
    }


def _shown(figure: dict[str, float | None]) -> str:
    if figure["value"] is None:
        return "not known"
    return f"{figure['value']:.3f} ({figure['low'] or 0:.3f} to {figure['high'] or 0:.3f})"
