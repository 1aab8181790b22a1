"""Private-PGM: of the package ``mbi``, which is imported here alone and when it is asked."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from dataqa.errors import InputError
from dataqa.tables.learning.trees import Ints
from dataqa.tables.noisy.joint import Clique, Joint, along

_STEPS = 2_000
_FLAGS = "XLA_FLAGS"
_PLAIN = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"


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
    if len(sizes) == 1:
        return apart(known, sizes)
    with _mbi() as mbi:
        domain = mbi.Domain(tuple(range(len(sizes))), tuple(sizes))
        told = [
            mbi.LinearMeasurement(one.counts.astype(np.float64), one.scope, one.sigma)
            for one in known
        ]
        model = mbi.estimation.MirrorDescent().estimate(domain, told, iters=_STEPS, tol=1e-5)
        return _tree(mbi, model, sizes), float(model.total)


def apart(known: Sequence[Measured], sizes: list[int]) -> tuple[Joint, float]:
    """As ``fitted``, of counts of single variables: each is drawn by itself.

    Args:
        known: Of each variable, in their order.
        sizes: How many codes each has.
    """
    mass = [np.maximum(one.counts, 0).astype(np.float64) + 1e-9 for one in known]
    total = float(np.mean([one.counts.sum() for one in known]))
    made = [Clique([], [at], -1, one / one.sum()) for at, one in enumerate(mass)]
    return Joint(sizes, made), max(total, 1.0)


def size_of(scopes: Sequence[Sequence[int]], sizes: list[int]) -> float:
    """Cells of the tables that a distribution of some scopes needs."""
    with _mbi() as mbi:
        domain = mbi.Domain(tuple(range(len(sizes))), tuple(sizes))
        whole = [*scopes, *((of,) for of in range(len(sizes)))]
        return mbi.junction_tree.hypothetical_model_size(domain, whole) * 2**20 / 8


def _tree(mbi: Any, model: Any, sizes: list[int]) -> Joint:
    """A model as tables in the order in which they are drawn."""
    import networkx as nx  # noqa: PLC0415

    whole = [*model.cliques, *((of,) for of in range(len(sizes)))]
    tree, _ = mbi.junction_tree.make_junction_tree(model.domain, whole)
    found: list[Clique] = []
    place: dict[Any, int] = {}
    for start in sorted(tree.nodes):
        if start in place:
            continue
        for above, node in [(None, start), *nx.dfs_edges(tree, start, sort_neighbors=sorted)]:
            known = sorted(set(node) & set(above)) if above is not None else []
            new = sorted(set(node) - set(known))
            parent = place[above] if above is not None else -1
            place[node] = len(found)
            shape = [sizes[of] for of in (*known, *new)]
            found.append(Clique(known, new, parent, np.zeros(shape)))
    for scope in model.potentials.cliques:
        values = np.asarray(model.potentials[scope].values, np.float64)
        one = next(one for one in found if set(scope) <= set(one.scope))
        one.table[...] += along(values, [one.scope.index(of) for of in scope], len(one.scope))
    return Joint(sizes, found).from_logarithms()


@contextmanager
def _mbi() -> Generator[Any]:
    """The package, with numbers of 64 bits, and without a cache on disk.

    Raises:
        InputError: It is not installed.
    """
    try:
        with _plain_compiler(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it speaks of settings that hold here
            jax: Any = import_module("jax")
            with jax.enable_x64(True):
                jax.devices()
                yield import_module("mbi")
    except ModuleNotFoundError:
        hint = "pip install 'dataqa[dp]'"
        raise InputError("mbi is not installed", where="epsilon", hint=hint) from None


@contextmanager
def _plain_compiler() -> Generator[None]:
    """Where nobody uses jax yet: its compiler does not optimise, which takes it minutes here."""
    before = os.environ.get(_FLAGS)
    if before is None and "jax" not in sys.modules:
        os.environ[_FLAGS] = _PLAIN
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(_FLAGS, None)
