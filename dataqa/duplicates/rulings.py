"""From the sketches of a corpus to rulings: which documents go, for which others, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.duplicates.choose import Chosen, Shingling, choose, lay_sets
from dataqa.duplicates.links import Linked, link, number
from dataqa.duplicates.ranks import HELD as RANK_HELD
from dataqa.duplicates.ranks import Ranked, Wish, deciding, ranked
from dataqa.errors import BoundError
from dataqa.kernels.clusters import GONE, HELD, KEEPER, REMOVABLE, Sets, Settings
from dataqa.types import DOC, DOC_ID, Action, Merge

COPIES = "near_copies"
SHINGLES, ROLE, STANDS = "shingles", "role", "stands"
FEW = 1000
"""An alarm about a share of the documents means more of them than this."""
_SPARE = 1e-12

type Laying = Callable[[Merge, Ranked, Linked, Path], Sets]


class Policy(NamedTuple):
    """How to rule.

    Attributes:
        wishes: Which of similar documents stays.
        sure: From this similarity on a document goes.
        doubt: From this one on it goes to review; equal to ``sure`` if none does.
        contained: Measure containment in place of Jaccard's similarity.
        most: Comparisons for one document.
        roles: Whether documents have a ``role`` (``kernels.clusters``); else all may do all.
        largest: Stop if one document would stand for a larger share of all than this.
        rule: What findings' rules begin with.
    """

    wishes: tuple[Wish, ...]
    sure: float
    doubt: float
    contained: bool
    most: int
    roles: bool
    largest: float
    rule: str = "duplicates"


def rulings(merge: Merge, policy: Policy, shingling: Shingling) -> Iterator[pl.DataFrame]:
    """Rule over a corpus, verifying on the texts' true shingles.

    Raises:
        BoundError: One document would stand for more than the share ``largest``.
    """

    def lay(merge: Merge, members: Ranked, linked: Linked, folder: Path) -> Sets:
        return lay_sets(merge, members, linked, shingling, folder)

    with merge.scratch() as folder:
        yield from ruled_on(merge, policy, lay, folder)


def ruled_on(merge: Merge, policy: Policy, lay: Laying, folder: Path) -> Iterator[pl.DataFrame]:
    """Rule over a corpus on sets of shingles laid down in some way.

    Frames are kept in ``folder`` until it is known which documents' ids they name.
    """
    linked = link(merge, number(merge), folder)
    members = ranked(merge, linked, policy.wishes, [SHINGLES, *wanted(policy)])
    if not members.rows.height:
        return
    sets = lay(merge, members, linked, folder)
    roles = roles_of(members, policy)
    stands = members.rows[STANDS].to_numpy()
    settings = Settings(policy.sure - _SPARE, policy.doubt - _SPARE, policy.contained, policy.most)
    documents = linked.numbering.documents
    named = np.zeros(members.rows.height, np.bool_)
    frames: list[Path] = []
    for chosen in choose(linked, members, sets, roles, settings, folder):
        counts = _copies(chosen, np.ones_like(stands))
        if counts.max(initial=0) > max(FEW, policy.largest * documents):
            most = np.arange(len(named)) == chosen.first + int(counts.argmax())
            raise alarm(counts, documents, ids_of(merge, linked, members, most), policy)
        copies = _copies(chosen, stands)
        named[chosen.others] = True
        frames.append(folder / f"{len(frames):05d}.ipc")
        told(chosen, _alone(chosen), copies, members, policy).write_ipc(frames[-1])
    ids = ids_of(merge, linked, members, named)
    for path in frames:
        yield with_refs(pl.read_ipc(path), ids)


def wanted(policy: Policy) -> list[str]:
    """The columns of documents that roles and copies are made of."""
    return [STANDS, *([ROLE] if policy.roles else [])]


def roles_of(members: Ranked, policy: Policy) -> NDArray[np.uint8]:
    """What each member may do (``dataqa.kernels.clusters``)."""
    every = np.full(members.rows.height, REMOVABLE | KEEPER, np.uint8)
    roles = members.rows[ROLE].to_numpy() if policy.roles else every
    return roles | (members.rows[RANK_HELD].to_numpy().astype(np.uint8) * np.uint8(HELD))


def _copies(chosen: Chosen, stands: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each of a run of members how many documents it stands for, or who it goes for does."""
    gone = chosen.states == GONE
    rows, others = chosen.rows[gone] - chosen.first, chosen.others[gone] - chosen.first
    copies = stands[chosen.first : chosen.first + chosen.size].copy()
    np.add.at(copies, others, stands[chosen.rows[gone]])
    copies[rows] = copies[others]
    return copies


def _alone(chosen: Chosen) -> NDArray[np.int64]:
    """Rows of members that others go for, and that nothing else is said of."""
    stay = np.zeros(chosen.size, np.bool_)
    stay[chosen.others[chosen.states == GONE] - chosen.first] = True
    stay[chosen.rows - chosen.first] = stay[chosen.open - chosen.first] = False
    return np.flatnonzero(stay) + chosen.first


def told(
    chosen: Chosen,
    alone: NDArray[np.int64],
    copies: NDArray[np.int64],
    members: Ranked,
    policy: Policy,
) -> pl.DataFrame:
    """Findings about what goes, is doubted or was left uncompared; others are told their copies.

    Args:
        chosen: What became of a run of members.
        alone: Rows that only their copies are said of.
        copies: For each member from ``chosen.first`` on, how many documents it stands for, or who
            it goes for does.
        members: All members.
        policy: The policy.
    """
    gone = chosen.states == GONE
    docs = members.rows[DOC]
    first = chosen.first
    worse, better = members.rows[chosen.rows], members.rows[chosen.others]
    findings = pl.DataFrame(
        {
            DOC: docs.gather(chosen.rows),
            "rule": _either(gone, f"{policy.rule}.near", f"{policy.rule}.doubt"),
            "action": pl.Series(np.where(gone, Action.DROP, Action.REVIEW), dtype=pl.UInt8),
            "score": pl.Series(chosen.scores),
            "bound": pl.Series(np.where(gone, policy.sure, policy.doubt)),
            "detail": "kept for " + deciding(policy.wishes, better, worse),
            "kept": better[DOC],
            COPIES: pl.Series(copies[chosen.rows - first]),
        }
    )
    uncompared = pl.DataFrame(
        {
            DOC: docs.gather(chosen.open),
            "rule": pl.repeat(f"{policy.rule}.uncompared", len(chosen.open), eager=True),
            "action": pl.repeat(int(Action.KEEP), len(chosen.open), dtype=pl.UInt8, eager=True),
            COPIES: pl.Series(copies[chosen.open - first]),
        }
    )
    others = {DOC: docs.gather(alone), COPIES: pl.Series(copies[alone - first])}
    return pl.concat([findings, uncompared, pl.DataFrame(others)], how="diagonal")


def with_refs(rows: pl.DataFrame, ids: pl.DataFrame) -> pl.DataFrame:
    """Findings with the public id, ``ref``, in place of the number, ``kept``."""
    return rows.join(ids, on="kept", how="left", maintain_order="left").drop("kept")


def _either(which: NDArray[np.bool_], yes: str, no: str) -> pl.Series:
    return pl.select(pl.when(pl.Series(which)).then(pl.lit(yes)).otherwise(pl.lit(no))).to_series()


def alarm(copies: NDArray[np.int64], total: int, ids: pl.DataFrame, policy: Policy) -> BoundError:
    """That one document would stand for more than the share ``largest``."""
    return BoundError(
        f"{copies.max()} of {total} documents are like {ids['ref'].min()!r}, "
        f"more than the share {policy.largest}",
        where=f"step {policy.rule}",
        hint="look at them (`dataqa dedup preview`); if that is right, set `largest` higher",
    )


def ids_of(merge: Merge, linked: Linked, members: Ranked, named: NDArray[np.bool_]) -> pl.DataFrame:
    """The public ids, ``ref``, of some members, by number, ``kept``."""
    found: list[pl.DataFrame] = [pl.DataFrame(schema={"kept": pl.UInt64, "ref": pl.String})]
    for docs in merge.docs([DOC, DOC_ID]):
        nodes = linked.numbering.nodes(docs[DOC])
        mine = linked.members[nodes] & named[members.places[nodes]]
        found.append(docs.filter(pl.Series(mine)).select(kept=DOC, ref=DOC_ID))
    return pl.concat(found)
