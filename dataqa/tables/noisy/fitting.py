"""Private-PGM: of the package ``mbi``, which is imported here alone and when it is asked."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from dataqa.errors import InputError
from dataqa.tables.learning.trees import Ints
from dataqa.tables.noisy.joint import Clique, Joint

_STEPS = 1_000


class Measured(NamedTuple):
    """Noisy counts.

    Attributes:
        scope: Of which variables.
        counts: Of all combinations of their codes, flat.
        sigma: The standard deviation of their noise.
    """

    scope: tuple[int, ...]
    counts: Ints
    sigma: float


def fitted(known: Sequence[Measured], sizes: list[int]) -> tuple[Joint, float]:
    """The distribution that fits noisy counts best, and about how many rows there are.

    Args:
        known: Counts.
        sizes: How many codes each variable has.
    """
    with _mbi() as mbi:
        domain = mbi.Domain(tuple(range(len(sizes))), tuple(sizes))
        told = [
            mbi.LinearMeasurement(one.counts.astype(np.float64), one.scope, one.sigma)
            for one in known
        ]
        model = mbi.estimation.MirrorDescent().estimate(domain, told, iters=_STEPS, tol=1e-5)
        return _tree(mbi, model, sizes), float(model.total)


def size_of(scopes: Sequence[Sequence[int]], sizes: list[int]) -> float:
    """Cells of the tables that a distribution of some scopes needs."""
    with _mbi() as mbi:
        domain = mbi.Domain(tuple(range(len(sizes))), tuple(sizes))
        whole = [*scopes, *((of,) for of in range(len(sizes)))]
        return mbi.junction_tree.hypothetical_model_size(domain, whole) * 2**20 / 8


def _tree(mbi: Any, model: Any, sizes: list[int]) -> Joint:
    """A model as tables in the order in which they are drawn."""
    import networkx  # noqa: PLC0415

    whole = [*model.cliques, *((of,) for of in range(len(sizes)))]
    tree, _ = mbi.junction_tree.make_junction_tree(model.domain, whole)
    marginals = mbi.marginal_oracles.message_passing_stable(
        model.potentials.expand(list(tree.nodes)), 1.0
    )
    found: list[Clique] = []
    place: dict[Any, int] = {}
    for start in sorted(tree.nodes):
        if start in place:
            continue
        for above, node in [(None, start), *networkx.dfs_edges(tree, start, sort_neighbors=sorted)]:
            known = sorted(set(node) & set(above)) if above is not None else []
            new = sorted(set(node) - set(known))
            place[node] = len(found)
            table = marginals.project(tuple([*known, *new])).datavector(flatten=False)
            chances = np.maximum(np.asarray(table, np.float64), 0.0)
            parent = place[above] if above is not None else -1
            found.append(Clique(known, new, parent, chances / chances.sum()))
    return Joint(sizes, found)


@contextmanager
def _mbi() -> Iterator[Any]:
    """The package, with numbers of 64 bits, and without a cache on disk.

    Raises:
        InputError: It is not installed.
    """
    try:
        jax: Any = import_module("jax")
        with warnings.catch_warnings(), jax.enable_x64(True):  # noqa: FBT003
            warnings.simplefilter("ignore")  # it speaks of settings that hold here
            yield import_module("mbi")
    except ModuleNotFoundError:
        hint = "pip install 'dataqa[dp]'"
        raise InputError("mbi is not installed", where="epsilon", hint=hint) from None
