"""Linked tables: keys, children per parent, order of events, nobody's values, the same again."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from invented_shop import shop, staff

import dataqa
from dataqa.errors import InputError

REAL = shop()
HINTS = {"orders": {"columns": {"clerk": {"kind": "id"}}}}


@pytest.fixture(scope="module")
def made() -> dataqa.SyntheticTables:
    return dataqa.synthesize_tables(REAL, HINTS, seed=3)


def counts(child: pl.DataFrame, key: str, parent: pl.DataFrame, own: str) -> list[int]:
    rows = child.group_by(key).len("rows")
    whole = parent.select(own).join(rows, left_on=own, right_on=key, how="left")
    return whole["rows"].fill_null(0).to_list()


def apart(one: list[int], other: list[int]) -> float:
    most = max(*one, *other) + 1
    shares = [np.bincount(some, minlength=most) / len(some) for some in (one, other)]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)


def test_links_are_found_and_told(made: dataqa.SyntheticTables):
    assert set(made.report["found"]) == {
        "customers.customer_id is its primary key",
        "orders.id is its primary key",
        "products.product is its primary key",
        "lines.order_id points to orders",
        "lines.customer points to customers",
        "lines.product points to products",
        "orders.customer_id points to customers",
        "orders.previous_order points to orders",
        "orders is in the order of ordered",
    }


def test_keys_are_new_of_the_same_form_and_point_to_rows(made: dataqa.SyntheticTables):
    tables = made.frames
    for name, key in (("customers", "customer_id"), ("orders", "id"), ("products", "product")):
        assert tables[name][key].n_unique() == tables[name].height
        assert not set(tables[name][key]) & set(REAL[name][key])
    assert tables["customers"]["customer_id"].str.contains(r"^C\d{6}$").all()
    for child, key, parent, own in (
        ("orders", "customer_id", "customers", "customer_id"),
        ("lines", "order_id", "orders", "id"),
        ("lines", "customer", "customers", "customer_id"),
        ("lines", "product", "products", "product"),
    ):
        assert tables[child][key].null_count() == 0
        assert set(tables[child][key]) <= set(tables[parent][own])
    for name, frame in tables.items():
        assert frame.schema == REAL[name].schema


def test_a_key_that_follows_from_another_does_so_again(made: dataqa.SyntheticTables):
    both = made.frames["lines"].join(made.frames["orders"], left_on="order_id", right_on="id")
    assert (both["customer"] == both["customer_id"]).all()


def test_children_per_parent_are_as_many_and_depend_on_what_the_parent_is(
    made: dataqa.SyntheticTables,
):
    for tier in ("gold", "plain"):
        some = [
            counts(one["orders"], "customer_id", one["customers"].filter(tier=tier), "customer_id")
            for one in (REAL, made.frames)
        ]
        assert apart(*some) < 0.2
        assert np.mean(some[1]) == pytest.approx(np.mean(some[0]), rel=0.25)
    lines = [counts(one["lines"], "order_id", one["orders"], "id") for one in (REAL, made.frames)]
    assert apart(*lines) < 0.06
    sold = [
        counts(one["lines"], "product", one["products"], "product") for one in (REAL, made.frames)
    ]
    assert max(sold[1]) > 3 * float(np.median(sold[1]))


def test_events_keep_their_order_and_gaps(made: dataqa.SyntheticTables):
    orders = made.frames["orders"].join(made.frames["customers"], on="customer_id")
    assert (orders["ordered"] > orders["joined"]).all()
    assert (orders["sent"] >= orders["ordered"]).all()
    gone = orders.drop_nulls("left")
    assert gone.height
    assert (gone["ordered"] <= gone["left"]).all()
    days = made.frames["orders"].with_columns(pl.col("ordered").str.to_date())
    gaps = days.select(pl.col("ordered").diff().over("customer_id").dt.total_days())["ordered"]
    shares = gaps.drop_nulls().value_counts(normalize=True)
    told = dict(shares.iter_rows())
    assert sum(told.get(one, 0) for one in (7, 14, 30)) > 0.97
    assert told[7] == pytest.approx(0.5, abs=0.1)


def test_a_key_to_the_row_before_points_to_it_again(made: dataqa.SyntheticTables):
    for _, one in made.frames["orders"].group_by("customer_id", maintain_order=True):
        assert one["previous_order"][0] is None
        for (before, *_), (_, _, _, _, previous, *_) in pairwise(one.iter_rows()):
            assert previous == before


def test_numbers_of_lines_count_up_in_each_order(made: dataqa.SyntheticTables):
    for _, one in made.frames["lines"].group_by("order_id"):
        assert sorted(one["line_no"]) == list(range(1, one.height + 1))


def test_what_another_column_decides_is_so_again(made: dataqa.SyntheticTables):
    orders = made.frames["orders"]
    told = set(orders.select("town", "town_name").unique().iter_rows())
    assert told == {("N", "North Harbour"), ("S", "South Hill"), ("W", "West Field")}
    both = orders.join(made.frames["customers"], on="customer_id")
    assert (both["customer_email"] == both["email"]).all()


def test_nobodys_names_and_ids(made: dataqa.SyntheticTables):
    known = {
        *REAL["customers"]["name"],
        *REAL["customers"]["email"],
        *REAL["customers"]["customer_id"],
        *REAL["orders"]["clerk"],
    }
    for frame in made.frames.values():
        for column in frame.select(pl.col(pl.String)):
            assert not known & set(column)
    assert made.frames["orders"]["clerk"].n_unique() == 6
    assert made.frames["orders"]["clerk"].str.contains(r"^K-\d{6}$").all()


def test_the_same_seed_gives_the_same_tables_and_a_saved_model_too(
    made: dataqa.SyntheticTables, tmp_path: Path
):
    one = dataqa.LinkedSynthesizer.fit(REAL, HINTS, seed=3, threads=1)
    again = one.sample(seed=3)
    assert all(again[name].equals(frame) for name, frame in made.frames.items())
    one.save(tmp_path / "a.model")
    made.model.save(tmp_path / "b.model")
    data = (tmp_path / "a.model").read_bytes()
    assert data == (tmp_path / "b.model").read_bytes()
    loaded = dataqa.LinkedSynthesizer.load(tmp_path / "a.model")
    assert loaded.found == one.found
    other, same = loaded.sample(0.5, seed=4), one.sample(0.5, seed=4)
    assert all(other[name].equals(frame) for name, frame in same.items())
    assert other["customers"].height == 200
    assert not any(mail.encode() in data for mail in REAL["customers"]["email"])
    (tmp_path / "a.model").write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match="no model of linked tables"):
        dataqa.LinkedSynthesizer.load(tmp_path / "a.model")


def test_the_order_of_tables_changes_nothing_that_hangs_together():
    turned = {name: REAL[name] for name in sorted(REAL, reverse=True)}
    tables = dataqa.synthesize_tables(turned, seed=1).frames
    assert list(tables) == sorted(REAL, reverse=True)
    assert set(tables["lines"]["order_id"]) <= set(tables["orders"]["id"])


def levels(frame: pl.DataFrame) -> dict[str, int]:
    above = dict(frame.select("id", "manager_id").iter_rows())
    found: dict[str, int] = {}
    for one, boss in above.items():
        at, steps = boss, 0
        while at is not None:
            at, steps = above[at], steps + 1
            assert steps < len(above), "a circle"
        found[one] = steps
    return found


def test_a_tree_within_a_table_is_a_tree_of_like_depth():
    real = staff()
    made = dataqa.synthesize_tables({"staff": real}, seed=2)
    assert "staff.manager_id points to staff" in made.report["found"]
    one, other = levels(real), levels(made.frames["staff"])
    assert set(made.frames["staff"]["manager_id"].drop_nulls()) <= set(other)
    shares = [np.mean([level <= 2 for level in some.values()]) for some in (one, other)]
    assert shares[1] == pytest.approx(shares[0], abs=0.1)
    below = [len(set(frame["manager_id"].drop_nulls())) for frame in (real, made.frames["staff"])]
    assert below[1] == pytest.approx(below[0], rel=0.35)


def test_a_table_of_sequences_needs_no_table_of_whose_they_are():
    events = REAL["orders"].select("customer_id", "ordered", "town")
    made = dataqa.synthesize_tables({"events": events}, {"events": {"sequence": "customer_id"}})
    one = made.frames["events"]
    assert one.columns == events.columns
    assert not set(one["customer_id"]) & set(events["customer_id"])
    some = [frame["customer_id"].value_counts()["count"].to_list() for frame in (events, one)]
    assert apart(*some) < 0.15
    for _, rows in one.group_by("customer_id"):
        assert rows["ordered"].is_sorted()


def test_times_by_the_minute_stay_so_and_types_of_frames_are_kept():
    draw = np.random.default_rng(3)
    minutes = pl.Series(draw.integers(0, 900_000, 800))
    visits = pl.DataFrame(
        {
            "customer_id": draw.choice(REAL["customers"]["customer_id"].to_numpy(), 800),
            "at": pl.Series(1_672_531_200_000_000 + minutes * 60_000_000).cast(pl.Datetime("us")),
        }
    )
    tables = {"customers": REAL["customers"], "visits": visits}
    made = dataqa.synthesize_tables(tables, seed=1).frames["visits"]
    assert made.schema == visits.schema
    assert (made["at"].dt.second() == 0).all()
    assert (made["at"].dt.minute() != 0).any()


def test_who_has_no_parent_is_as_frequent():
    orders = REAL["orders"].select("id", "customer_id", "town")
    some = orders.with_columns(
        pl.when(pl.int_range(pl.len()) % 4 == 0)
        .then(None)
        .otherwise(pl.col("customer_id"))
        .alias("customer_id")
    )
    made = dataqa.synthesize_tables({"customers": REAL["customers"], "orders": some}, seed=1)
    frame = made.frames["orders"]
    assert frame["customer_id"].null_count() == some["customer_id"].null_count()
    known = set(made.frames["customers"]["customer_id"])
    assert set(frame["customer_id"].drop_nulls()) <= known


def test_tables_that_point_to_each_other():
    draw = np.random.default_rng(1)
    teams = pl.DataFrame(
        {"id": range(60), "head_id": draw.integers(1000, 1300, 60), "kind": ["a", "b"] * 30}
    )
    people = pl.DataFrame(
        {"id": range(1000, 1300), "team_id": draw.integers(0, 60, 300), "sex": ["F", "M"] * 150}
    )
    schema = {
        "teams": {"primary_key": "id", "foreign_keys": {"head_id": "people"}},
        "people": {"primary_key": "id", "foreign_keys": {"team_id": "teams"}},
    }
    made = dataqa.synthesize_tables({"teams": teams, "people": people}, schema, seed=1).frames
    assert set(made["teams"]["head_id"]) <= set(made["people"]["id"])
    assert set(made["people"]["team_id"]) <= set(made["teams"]["id"])


def test_pairs_of_a_composite_key_are_never_there_twice():
    draw = np.random.default_rng(1)
    pairs = np.unique(draw.integers(0, [200, 25], (900, 2)), axis=0)
    tables = {
        "students": pl.DataFrame({"id": range(200), "year": draw.integers(1, 5, 200)}),
        "courses": pl.DataFrame({"id": range(500, 525), "level": ["a", "b", "b", "c", "c"] * 5}),
        "taken": pl.DataFrame({"student_id": pairs[:, 0], "course_id": pairs[:, 1] + 500}),
    }
    schema = {"taken": {"primary_key": ["student_id", "course_id"]}}
    made = dataqa.synthesize_tables(tables, schema, seed=1)
    taken = made.frames["taken"]
    assert taken.is_duplicated().sum() == 0
    assert taken.height > 0.9 * len(pairs) - made.report["tables"]["taken"]["dropped"]
    assert set(taken["course_id"]) <= set(made.frames["courses"]["id"])
