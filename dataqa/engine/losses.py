"""The bound on how much a run may lose: the run is finished all the same, so that it tells why."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from dataqa.engine.finish import Result
from dataqa.engine.outlet import QUARANTINE, REJECTED
from dataqa.engine.shard import Counts
from dataqa.errors import BoundError, InputError

_NAMED = 3
"""Rules that the message names before it leaves the others to the report."""


def check_bound(most: float | None) -> None:
    """See that a bound is a share.

    Raises:
        InputError: It is not.
    """
    if most is not None and not 0 <= most <= 1:
        raise InputError(
            "max_drop is a share of the documents, from 0 to 1",
            where=f"max_drop {most:g}",
            hint="for five in a hundred write 0.05",
        )


def lost(counts: Counts) -> int:
    """The documents that nobody will see again: rejected, or in quarantine.

    Those in review are with people, who have not decided.
    """
    return counts.get(REJECTED, 0) + counts.get(QUARANTINE, 0)


def too_many(counts: Counts, documents: int, most: float | None) -> bool:
    """Whether a larger share of the documents than ``most`` is lost.

    >>> too_many({"rejected": 29}, 100, 0.29)  # although 0.29 * 100 < 29 for floats
    False
    """
    return most is not None and lost(counts) > Fraction(str(most)) * documents


def bounded(finished: Result, most: float | None) -> Result:
    """The finished run, if it did not lose more than ``most``.

    Raises:
        BoundError: It did; its outputs stay as they are.
    """
    counts = finished.counts
    if most is None or not too_many(counts, counts["documents"], most):
        return finished
    documents, gone = counts["documents"], lost(counts)
    raise BoundError(
        f"{gone} of {documents} documents are lost, {_percent(gone / documents)}, and max_drop "
        f"allows {_percent(most)}: {counts[REJECTED]} rejected{_rules(finished.report)}, "
        f"{counts[QUARANTINE]} in quarantine",
        where=str(finished.out),
        hint="the run is complete: report.html tells why, and `dataqa show` shows them by rule; "
        "loosen a rule (`--set RULE=...`) if it is wrong, or allow more with --max-drop",
    )


def _rules(report: dict[str, Any]) -> str:
    rules = sorted(report["rules"], key=lambda rule: (-rule["rejected"], rule["id"]))
    named = [f"{rule['rule']} {rule['rejected']}" for rule in rules if rule["rejected"]]
    return f" (most by {', '.join(named[:_NAMED])})" if named else ""


def _percent(share: float) -> str:
    """A share in words.

    >>> _percent(0.05), _percent(0.4321), _percent(1)
    ('5 %', '43.2 %', '100 %')
    """
    return f"{100 * share:.3g} %"
