"""Items and answers that the review's tests share."""

from __future__ import annotations

from typing import Any

from dataqa.review.asking.answers import results_of
from dataqa.review.asking.flows import Flow, load_flow
from dataqa.review.ledger import Item, Prelabel
from dataqa.review.server.studio import Studio


def quality() -> Flow:
    return load_flow("quality")


def items_of(count: int, *, text: str = "text", blind: int = 0) -> list[Item]:
    """So many items; each ``blind``-th is shown without a prelabel."""
    return [
        Item(
            f"key-{text}-{at:05d}",
            f"doc-{at}",
            None,
            "gopher.word_count.min",
            0.5,
            "asked",
            blind=bool(blind) and at % blind == 0,
            facts={},
            data={"text": f"{text} {at}", "why": "it is near its bound"},
        )
        for at in range(count)
    ]


def prelabels_of(items: list[Item], model: str, verdict: str = "keep") -> list[Prelabel]:
    return [Prelabel(item.key, model, {"verdict": verdict}, 0.6, {}) for item in items]


def annotate(
    studio: Studio, flow: Flow, task: int, answer: dict[str, Any], text: str = "", **more: Any
) -> int:
    """What a person would send; the number of the annotation."""
    results = results_of(answer, flow.controls, text)
    made = sdk_of(studio).annotations.create(id=task, result=results, **more)
    return int(made.id)


def sdk_of(studio: Studio) -> Any:
    """What the SDK can do that we have no need of."""
    return studio._sdk  # pyright: ignore[reportPrivateUsage]
