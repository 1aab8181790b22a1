"""Linked synthetic tables: keys, children per parent, order of events, nobody's names and ids.

Synthea's patients, encounters, conditions and medications (``synthea/*.csv`` in ``--data``; without
them those lines are not checked), by three seeds (with ``--quick`` one), and a made-up schema of
20,000 customers with orders and their lines. Children per parent are compared in ten bins, by total
variation: synthetic with real, beside halves of bootstrap samples of the real with each other.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.bench import Arguments, Board, arguments
from dataqa.tables.files import read_table
from dataqa.tables.linked.model import LinkedSynthesizer

TABLES = ("patients", "encounters", "conditions", "medications")
LINKS = (
    ("encounters", "PATIENT", "patients"),
    ("conditions", "ENCOUNTER", "encounters"),
    ("conditions", "PATIENT", "patients"),
    ("medications", "ENCOUNTER", "encounters"),
    ("medications", "PATIENT", "patients"),
)
PRIVATE = ("Id", "SSN", "DRIVERS", "PASSPORT", "FIRST", "LAST", "MAIDEN", "ADDRESS")
PARENTS, QUICK, APART, BINS, HALVES = 20_000, 4_000, 0.05, 10, 200

type Ints = NDArray[np.int64]
type Frames = Mapping[str, pl.DataFrame]


def main(given: Arguments) -> int:
    board = Board("linked", given.json)
    if all((given.data / "synthea" / f"{name}.csv").is_file() for name in TABLES):
        synthea(board, given)
    else:
        board.skip("Synthea", "synthea/*.csv is not there")
    shop(board, QUICK if given.quick else PARENTS)
    return board.close()


def synthea(board: Board, given: Arguments) -> None:
    """All lines of Synthea."""
    real = {name: read_table(given.data / "synthea" / f"{name}.csv") for name in TABLES}
    begun = time.process_time()
    fitted = LinkedSynthesizer.fit(real)
    board.note("Synthea, learnt", time.process_time() - begun, "CPU s")
    board.check("Synthea, links found", float(len(found(fitted) & set(LINKS))), "", at_least=5)
    begun = time.process_time()
    made = [fitted.sample(seed=seed) for seed in range(1 if given.quick else 3)]
    board.note("Synthea, drawn", (time.process_time() - begun) / len(made), "CPU s")
    broken = sum(astray(one, *link) for one in made for link in LINKS)
    board.limit("Synthea, foreign keys that are nobody's", broken, "", at_most=0)
    unlike = sum(other_patient(one) for one in made)
    board.limit("Synthea, rows whose encounter is another patient's", unlike, "", at_most=0)
    for child, key, parent in LINKS:
        own = children(real, child, key, parent)
        some = [apart(own, children(one, child, key, parent)) for one in made]
        board.limit(
            f"Synthea, {child} per {key.lower()}",
            float(np.mean(some)),
            "TV",
            at_most=halves(real, child, key, parent),
            detail="as far as halves of real ones are apart",
        )
    for name, share in order(real).items():
        worst = min(order(one)[name] for one in made)
        # where real rows are not always so, as many synthetic ones may not be, give or take
        least = share if share == 1 else share - 0.005
        board.check(f"Synthea, {name}", worst, "", at_least=least)
    for name in ("conditions", "medications"):
        share = float(np.mean([same_day(one, name) for one in made]))
        board.note(
            f"Synthea, {name} on the day of their encounter",
            share,
            "",
            f"of real ones {same_day(real, name):.3f}",
        )
    board.limit("Synthea, original names, ids, addresses", leaked(real, made), "", at_most=0)
    born = set(real["patients"]["BIRTHDATE"])
    same = sum(len(born & set(one["patients"]["BIRTHDATE"])) for one in made)
    board.limit("Synthea, exact days of birth", same, "", at_most=0)


def found(fitted: LinkedSynthesizer) -> set[tuple[str, str, str]]:
    """Links, in the words of what was found."""
    told = [one.replace(" points to ", ".").split(".") for one in fitted.found]
    return {(one[0], one[1], one[2]) for one in told if len(one) == 3}


def astray(frames: Frames, child: str, key: str, parent: str) -> int:
    """Foreign keys that are there and nobody's."""
    values = frames[child][key].drop_nulls()
    own = "Id" if "Id" in frames[parent].columns else "id"
    return int((~values.is_in(frames[parent][own].to_list())).sum())


def other_patient(frames: Frames) -> int:
    """Rows whose encounter is of another patient than they are."""
    whose = frames["encounters"].select(ENCOUNTER="Id", whose="PATIENT")
    some = [frames[name].join(whose, on="ENCOUNTER") for name in ("conditions", "medications")]
    return sum(int((one["PATIENT"] != one["whose"]).sum()) for one in some)


def children(frames: Frames, child: str, key: str, parent: str) -> Ints:
    """How many rows of a table each row of its parent has."""
    own = "Id" if "Id" in frames[parent].columns else "id"
    counts = frames[child].group_by(key).len("rows")
    whole = frames[parent].select(own).join(counts, left_on=own, right_on=key, how="left")
    return whole["rows"].fill_null(0).to_numpy().astype(np.int64)


def apart(one: Ints, other: Ints) -> float:
    """Total variation of two samples of counts, in ten bins of the first if it has many values."""
    cuts = np.unique(one)
    if len(cuts) > 2 * BINS:
        cuts = np.unique(np.quantile(one, np.linspace(0, 1, BINS + 1)[1:-1]))
    places = [np.searchsorted(cuts, some, side="right") for some in (one, other)]
    shares = [np.bincount(some, minlength=len(cuts) + 1) / len(some) for some in places]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)


def halves(frames: Frames, child: str, key: str, parent: str) -> float:
    """How far halves of bootstrap samples are apart, on average.

    What is sampled are patients with all that is theirs: encounters of one are no more independent
    of each other than pages of one book.
    """
    counts = children(frames, child, key, parent)
    patients = frames["patients"]["Id"]
    whose = frames[parent]["PATIENT" if parent != "patients" else "Id"]
    number = dict(zip(patients, range(len(patients)), strict=True))
    owner = whose.replace_strict(number, return_dtype=pl.Int64).to_numpy()
    own = [counts[owner == at] for at in range(len(patients))]
    draw = np.random.default_rng(0)
    half = len(own) // 2
    some: list[float] = []
    for _ in range(HALVES):
        picked = [own[at] for at in draw.integers(0, len(own), 2 * half)]
        some.append(apart(np.concatenate(picked[:half]), np.concatenate(picked[half:])))
    return float(np.mean(some))


def order(frames: Frames) -> dict[str, float]:
    """Shares of rows whose dates stand in the order that nature gives them."""
    patients, visits = frames["patients"], frames["encounters"]
    told: dict[str, float] = {}
    lives = visits.join(patients, left_on="PATIENT", right_on="Id")
    day = lives["START"].str.slice(0, 10)
    told["encounters after birth"] = mean(day >= lives["BIRTHDATE"])
    told["encounters before death"] = mean((day <= lives["DEATHDATE"]).drop_nulls())
    told["encounters end after they begin"] = mean(visits["STOP"] >= visits["START"])
    told["births before deaths"] = mean(
        (patients["DEATHDATE"] >= patients["BIRTHDATE"]).drop_nulls()
    )
    begun = visits.select("Id", begun=pl.col("START").str.slice(0, 10))
    for name in ("conditions", "medications"):
        rows = frames[name].join(begun, left_on="ENCOUNTER", right_on="Id")
        told[f"{name} end after they begin"] = mean((rows["STOP"] >= rows["START"]).drop_nulls())
        told[f"{name} not before their encounter"] = mean(rows["START"] >= rows["begun"])
    return told


def same_day(frames: Frames, name: str) -> float:
    """The share of rows that begin on the day of their encounter."""
    begun = frames["encounters"].select("Id", begun=pl.col("START").str.slice(0, 10))
    rows = frames[name].join(begun, left_on="ENCOUNTER", right_on="Id")
    return mean(rows["START"] == rows["begun"])


def mean(truths: pl.Series) -> float:
    """The share of what is true."""
    return float(np.mean(truths.to_numpy())) if len(truths) else 1.0


def leaked(real: Frames, made: list[dict[str, pl.DataFrame]]) -> int:
    """Cells, of any table and column, that are a name, id or address of the original."""
    known: set[str] = set()
    for name in PRIVATE:
        known |= set(real["patients"][name].drop_nulls())
    for name in ("Id", "PROVIDER", "PAYER"):
        known |= set(real["encounters"][name])
    cells = [
        set(frame[name].drop_nulls())
        for one in made
        for frame in one.values()
        for name in frame.columns
    ]
    return sum(len(known & one) for one in cells)


def shop(board: Board, rows: int) -> None:
    """A made-up schema: how many orders a customer has depends on who that is."""
    real = shop_tables(rows)
    begun = time.process_time()
    fitted = LinkedSynthesizer.fit(real)
    learnt = time.process_time()
    made = fitted.sample(seed=1)
    what = f"{rows:,} customers, {real['orders'].height:,} orders, {real['lines'].height:,} lines"
    board.note("shop, learnt", learnt - begun, "CPU s", what)
    board.note("shop, drawn", time.process_time() - learnt, "CPU s")
    links = (
        ("orders", "customer_id", "customers"),
        ("lines", "order_id", "orders"),
        ("lines", "product_id", "products"),
    )
    broken = sum(astray(made, *link) for link in links)
    board.limit("shop, foreign keys that are nobody's", broken, "", at_most=0)
    for link in links[:2]:
        far = apart(children(real, *link), children(made, *link))
        board.limit(f"shop, {link[0]} per {link[1]}", far, "TV", at_most=APART)
    for group in ("gold", "plain"):
        some = [
            {**one, "customers": one["customers"].filter(pl.col("tier") == group)}
            for one in (real, made)
        ]
        far = apart(*(children(one, *links[0]) for one in some))
        board.limit(f"shop, orders per customer_id, {group} ones", far, "TV", at_most=APART)
    far = apart(*(children(one, *links[2]) // 20 for one in (real, made)))
    board.note("shop, lines per product_id", far, "TV")
    gaps = [gap(one) for one in (real, made)]
    board.limit("shop, days between orders", apart(*gaps), "TV", at_most=APART)
    after = made["orders"].join(made["customers"], left_on="customer_id", right_on="id")
    early = int((after["ordered"] < after["joined"]).sum())
    board.limit("shop, orders before their customer joined", early, "", at_most=0)


def gap(frames: Frames) -> Ints:
    """Days between each order and the one before it of the same customer."""
    days = (
        frames["orders"]
        .with_columns(pl.col("ordered").str.to_date())
        .sort("customer_id", "ordered")
    )
    gaps = days.select(pl.col("ordered").diff().over("customer_id").dt.total_days())["ordered"]
    return gaps.drop_nulls().to_numpy().astype(np.int64)


def shop_tables(rows: int) -> dict[str, pl.DataFrame]:
    """Customers, their orders, what is in them, and products."""
    draw = np.random.default_rng(7)
    tier = draw.choice(["gold", "plain"], rows, p=[0.25, 0.75])
    joined = np.datetime64("2015-01-01") + draw.integers(0, 2500, rows).astype("timedelta64[D]")
    orders = np.minimum(draw.negative_binomial(2, 0.3, rows) // np.where(tier == "gold", 1, 3), 25)
    whose = np.repeat(np.arange(rows), orders)
    gaps = draw.gamma(1.5, np.where(tier[whose] == "gold", 15, 40)).astype(np.int64)
    begins = np.concatenate([[0], np.cumsum(orders)[:-1]])
    total = np.cumsum(gaps)
    days = (
        total
        - (total[begins.clip(max=len(gaps) - 1)] - gaps[begins.clip(max=len(gaps) - 1)])[whose]
    )
    ordered = joined[whose] + days.astype("timedelta64[D]")
    items = 1 + draw.poisson(np.where(tier[whose] == "gold", 1.5, 0.5))
    order = np.repeat(np.arange(len(whose)), items)
    price = draw.gamma(2, 20, 300).round(2)
    popular = 1 / np.arange(1, 301)
    product = draw.choice(300, len(order), p=popular / popular.sum())
    pieces = 1 + draw.poisson(1, len(order))
    return {
        "customers": pl.DataFrame(
            {
                "id": [f"C{100_000 + 3 * at}" for at in range(rows)],
                "tier": tier,
                "joined": [*map(str, joined)],
            }
        ),
        "orders": pl.DataFrame(
            {
                "id": np.arange(1, len(whose) + 1),
                "customer_id": [f"C{100_000 + 3 * at}" for at in whose],
                "ordered": [*map(str, ordered)],
                "paid": draw.choice(["card", "transfer"], len(whose)),
            }
        ),
        "lines": pl.DataFrame(
            {
                "order_id": order + 1,
                "product_id": product + 1,
                "pieces": pieces,
                "total": (price[product] * pieces).round(2),
            }
        ),
        "products": pl.DataFrame({"id": np.arange(1, 301), "price": price}),
    }


if __name__ == "__main__":
    sys.exit(main(arguments(__doc__ or "")))
