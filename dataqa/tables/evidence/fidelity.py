"""How alike two tables are: each column, each pair, and whether a model tells them apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataqa.tables.evidence.aligned import Aligned, Codes, Floats, Part

_MOST_PAIRS, _WORST = 3_000, 5
_MANY = 30


def fidelity(tables: Aligned, one: int = 0, other: int = 1) -> dict[str, Any]:
    """1 - total variation, of each column and of pairs, with numbers in ten bins.

    Total variation is half the sum of all differences of shares: 1 is equal, 0 has nothing in
    common. Of very many pairs, evenly spread ones are looked at.

    Args:
        tables: What is compared.
        one: One table.
        other: Another.
    """
    parts = tables.parts
    columns = {part.name: _alike(part.codes[one], part.codes[other], part.size) for part in parts}
    pairs = [(a, b) for at, a in enumerate(parts) for b in parts[:at]]
    if len(pairs) > _MOST_PAIRS:
        places = np.linspace(0, len(pairs) - 1, _MOST_PAIRS).astype(int)
        pairs = [pairs[at] for at in places]
    both = {
        (a.name, b.name): _alike(
            a.codes[one] * b.size + b.codes[one],
            a.codes[other] * b.size + b.codes[other],
            a.size * b.size,
        )
        for a, b in pairs
    }
    worst = sorted((alike, *names) for names, alike in both.items())[:_WORST]
    return {
        "univariate": float(np.mean(list(columns.values()))),
        "bivariate": float(np.mean(list(both.values()))) if both else 1.0,
        "columns": columns,
        "worst_pairs": [{"columns": names, "alike": alike} for alike, *names in worst],
    }


def _alike(one: Codes, other: Codes, size: int) -> float:
    shares = [np.bincount(codes, minlength=size) / len(codes) for codes in (one, other)]
    return float(1 - np.abs(shares[0] - shares[1]).sum() / 2)


def shares(part: Part, most: int = 12) -> list[dict[str, Any]]:
    """The share of each bin or category in the original and the synthetic table, for pictures."""
    counted = [np.bincount(codes, minlength=part.size) / len(codes) for codes in part.codes[:2]]
    used = [at for at in range(part.size) if counted[0][at] + counted[1][at] > 0]
    if not part.number:
        used.sort(key=lambda at: (-counted[0][at], at))
    return [
        {"label": part.labels[at], "real": float(counted[0][at]), "made": float(counted[1][at])}
        for at in used[:most]
    ]


def features(tables: Aligned, table: int, leave: str = "") -> Floats:
    """Rows as a learner takes them: categories by how frequent they are, numbers by their place."""
    columns = [
        np.where(part.codes[table] == 0, np.nan, part.places[table])
        if part.number
        else part.codes[table].astype(np.float64)
        for part in tables.parts
        if part.name != leave
    ]
    return np.stack(columns, axis=1)


def discriminator(tables: Aligned, most: int = 10_000) -> float:
    """AUC of boosted trees that tell the synthetic table from the original; 0.5 is by chance.

    Learnt on two thirds of both and asked of the last third.

    Args:
        tables: What is compared.
        most: Rows of each table.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415
    from sklearn.metrics import roc_auc_score  # noqa: PLC0415

    rows = min(tables.rows(0), tables.rows(1), most)
    drawn = [sample_rows(tables.rows(table), rows, table) for table in (0, 1)]
    sides = [features(tables, table)[some] for table, some in enumerate(drawn)]
    cut = rows * 2 // 3
    learn = np.vstack([side[:cut] for side in sides])
    ask = np.vstack([side[cut:] for side in sides])
    model = HistGradientBoostingClassifier(max_iter=60, random_state=0)
    model.fit(learn, np.repeat([0, 1], cut))
    told = model.predict_proba(ask)[:, 1]
    return float(roc_auc_score(np.repeat([0, 1], rows - cut), told))


def usefulness(tables: Aligned, target: str) -> dict[str, Any] | None:
    """AUC, on held-out rows, of a model learnt on synthetic and of one learnt on real rows.

    Args:
        tables: What is compared.
        target: The column that is foretold; a number is foretold as above its median or not.

    Returns:
        ``real``, ``synthetic`` and ``loss``; None if the target has but one value somewhere.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415
    from sklearn.metrics import roc_auc_score  # noqa: PLC0415

    part = next(one for one in tables.parts if one.name == target)
    wanted = [
        (part.places[table] > 0.5) * 1 if part.number else np.minimum(part.codes[table], _MANY)
        for table in range(3)
    ]
    known = sorted(set(wanted[0].tolist()) & set(wanted[1].tolist()) & set(wanted[2].tolist()))
    if len(known) < 2:
        return None
    kept = [np.isin(one, known) for one in wanted]
    sides = [features(tables, table, target)[kept[table]] for table in range(3)]
    found: dict[str, Any] = {"target": target}
    for name, table in (("real", 0), ("synthetic", 1)):
        model = HistGradientBoostingClassifier(random_state=0)
        model.fit(sides[table], wanted[table][kept[table]])
        told = model.predict_proba(sides[2])
        truth = wanted[2][kept[2]]
        found[name] = float(
            roc_auc_score(truth, told[:, 1])
            if len(known) == 2
            else roc_auc_score(truth, told, multi_class="ovr", labels=known)
        )
    return found | {"loss": found["real"] - found["synthetic"]}


def sample_rows(rows: int, most: int, seed: int) -> Codes:
    """At most so many rows, drawn without replacement, in random order."""
    order = np.argsort(np.random.default_rng([7, seed]).random(rows), kind="stable")
    return order[:most]
