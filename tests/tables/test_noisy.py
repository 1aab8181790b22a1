"""Tables that are learnt from noisy counts: what is promised is kept, and it is of use."""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from scipy.stats import beta, norm

import dataqa
from dataqa.cli.main import cli
from dataqa.errors import InputError
from dataqa.tables.columns import Column
from dataqa.tables.files import write_table
from dataqa.tables.noisy import finding, kinds, measuring
from dataqa.tables.noisy import noise as noises
from dataqa.tables.noisy.accounting import Ledger, Privacy, delta_of, rho_of, sigma_of
from dataqa.tables.noisy.joint import Clique, Joint
from dataqa.tables.noisy.learning import learn_noisy
from dataqa.tables.noisy.noise import beyond, chosen, noisy, secret_bits, seeded_bits, threshold

pytest.importorskip("mbi", reason="the extra dp is not installed")

HINTS: dict[str, Any] = {
    "sex": {"kind": "category", "values": ["F", "M"]},
    "zone": {"kind": "category", "values": ["n", "s", "w"]},
    "age": {"kind": "integer", "low": 0, "high": 99},
}


def people(rows: int, seed: int = 0) -> pl.DataFrame:
    """Invented people whose columns say much of each other."""
    draw = np.random.default_rng(seed)
    sex = draw.integers(0, 2, rows)
    zone = np.where(draw.random(rows) < 0.8, sex, 2)
    age = np.clip(np.round(draw.normal(30 + 25 * sex, 8)), 0, 99).astype(int)
    return pl.DataFrame(
        {
            "sex": np.array(["F", "M"])[sex],
            "zone": np.array(["n", "s", "w"])[zone],
            "age": age,
        }
    )


class Enough(Exception):  # noqa: N818
    """All that looks at the table has looked."""


@pytest.fixture(scope="module")
def made() -> dataqa.Synthetic:
    frame = people(6_000).with_columns(
        pl.format("person{}@corp.com", pl.int_range(pl.len())).alias("email"),
        pl.Series("name", [f"Zebulon Quixote{at}" for at in range(6_000)]),
    )
    return dataqa.synthesize(frame, hints=HINTS, epsilon=3.0, seed=4)


@pytest.mark.parametrize(("rho", "epsilon"), [(0.005, 1.0), (0.02, 1.0), (0.1, 3.0), (0.5, 5.0)])
def test_delta_is_at_least_that_of_the_gaussian_mechanism(rho: float, epsilon: float):
    """Balle and Wang 2018 say exactly what Gaussian noise costs: never more than we account."""
    sigma = sigma_of(rho)
    exact = norm.cdf(0.5 / sigma - epsilon * sigma) - math.exp(epsilon) * norm.cdf(
        -0.5 / sigma - epsilon * sigma
    )
    assert exact <= delta_of(rho, epsilon) <= 30 * exact + 1e-12


@pytest.mark.parametrize(("epsilon", "delta"), [(0.1, 1e-9), (1.0, 1e-6), (3.0, 1e-5), (10, 1e-6)])
def test_the_most_that_may_be_spent_is_spent(epsilon: float, delta: float):
    rho = rho_of(epsilon, delta)
    assert delta_of(rho, epsilon) <= delta
    assert delta_of(rho * 1.001, epsilon) > delta


def test_what_is_spent_adds_up(made: dataqa.Synthetic):
    told = made.report["privacy"]
    assert told["epsilon"] == 3.0
    assert set(told["spent"]) == {
        *("values and ranges", "single columns", "choice of pairs", "pairs of columns"),
    }
    assert sum(told["spent"].values()) == pytest.approx(1, abs=1e-3)
    assert told["rho"] == pytest.approx(rho_of(3.0, 0.9e-6), rel=1e-4)
    ledger = Ledger(0.1)
    ledger.spend("a", 0.06)
    with pytest.raises(AssertionError, match="b costs more"):
        ledger.spend("b", 0.05)


def test_noise_is_as_it_says():
    """Mean, variance, and how often it is 0, of many draws; whole numbers only."""
    drawn = noisy(np.zeros(200_000, np.int64), 3.0, secret_bits)
    assert drawn.dtype == np.int64
    assert abs(drawn.mean()) < 5 * 3 / math.sqrt(200_000)
    assert drawn.var() == pytest.approx(9, rel=0.03)
    weights = np.exp(-(np.arange(-60, 61) ** 2) / 18)
    assert float((drawn == 0).mean()) == pytest.approx(1 / weights.sum(), rel=0.03)
    assert float((drawn > 4).mean()) == pytest.approx(beyond(3.0, 4), rel=0.05)


def test_noise_is_secret_unless_a_seed_is_named():
    counts = np.zeros(64, np.int64)
    assert (noisy(counts, 50, secret_bits) != noisy(counts, 50, secret_bits)).any()
    assert (noisy(counts, 50, seeded_bits(3)) == noisy(counts, 50, seeded_bits(3))).all()
    frame = people(300)[["sex"]]
    only = {"sex": HINTS["sex"]}
    one, other = (dataqa.Synthesizer.fit(frame, only, epsilon=0.1) for _ in range(2))
    assert one.told()["privacy"]["noise"] == "secret"
    # by chance the same one in a thousand times, not six times
    fits = (dataqa.Synthesizer.fit(frame, only, epsilon=0.1) for _ in range(4))
    again = [fit.told()["learnt_from"] for fit in fits]
    assert len({one.told()["learnt_from"], other.told()["learnt_from"], *again}) > 1
    seeded = [
        dataqa.synthesize(frame, hints=only, epsilon=1.0, noise_seed=7, seed=at) for at in (1, 1, 2)
    ]
    assert seeded[0].frame.equals(seeded[1].frame)
    assert not seeded[0].frame.equals(seeded[2].frame)
    assert "seed" in seeded[0].report["privacy"]["noise"]


def measured(
    frame: pl.DataFrame, hints: Any, privacy: Privacy, monkeypatch: pytest.MonkeyPatch
) -> list[np.ndarray[Any, Any]]:
    """All vectors that noise was added to, and all scores by which pairs were chosen."""
    seen: list[np.ndarray[Any, Any]] = []

    def listening(real: Callable[..., Any]) -> Callable[..., Any]:
        def heard(values: Any, *rest: Any) -> Any:
            seen.append(np.array(values, np.float64))
            return real(values, *rest)

        return heard

    with monkeypatch.context() as patch:
        for module in (finding, kinds, measuring):
            patch.setattr(module, "noisy", listening(noises.noisy))
        # what is fitted to noisy counts sees no table, and takes seconds
        patch.setattr(measuring, "fitted", enough)
        with pytest.raises(Enough):
            learn_noisy(frame, hints, privacy, 5)
    return seen


def enough(*_: Any) -> Any:
    raise Enough


@pytest.mark.parametrize("most", [1, 3])
def test_one_person_changes_each_vector_by_at_most_their_rows(
    most: int, monkeypatch: pytest.MonkeyPatch
):
    """Noise is added to no other counts than these, and each is as sensitive as is paid for."""
    frame = people(60).with_columns(pl.int_range(pl.len()).alias("who"))
    more = pl.concat([frame, *(people(1, 9).with_columns(pl.lit(99, pl.Int64).alias("who")),) * 5])
    columns: dict[str, Any] = {"sex": HINTS["sex"], "age": HINTS["age"], "who": "drop"}
    columns["zone"] = "drop"
    person = Privacy(2.0, person="who", most=most)
    before, after = (measured(one, columns, person, monkeypatch) for one in (frame, more))
    assert len(before) == len(after) == 4  # of age its cells; two columns; their pair
    lengths = [float(np.linalg.norm(b - a)) for a, b in zip(before, after, strict=True)]
    assert max(lengths) == most
    assert all(0 < one <= most for one in lengths)


def test_a_score_changes_by_at_most_one_with_a_row():
    frame = [np.array([0, 1, 1, 2]), np.array([0, 1, 0, 1])]
    more = [np.append(frame[0], 2), np.append(frame[1], 0)]
    joint = Joint(
        [3, 2], [Clique([], [0], -1, np.full(3, 1 / 3)), Clique([], [1], -1, np.full(2, 0.5))]
    )
    scores = [
        measuring.scores_of(
            {(0, 1): measuring.Rows(some, [3, 2], 1).counts((0, 1))}, joint, 4.0, 1.0
        )
        for some in (frame, more)
    ]
    assert abs(scores[0][0, 1] - scores[1][0, 1]) <= 1


def test_a_choice_is_as_likely_as_its_epsilon_says():
    source = seeded_bits(2)
    drawn = [chosen(np.array([0.0, 1.0]), 2.0, 1.0, source) for _ in range(20_000)]
    assert np.mean(drawn) == pytest.approx(math.e / (1 + math.e), abs=0.015)


def test_a_value_of_one_row_is_never_released():
    """The bound on the chance is exact arithmetic; and of many tries none passes."""
    for sigma, most in ((3.0, 1), (20.0, 1), (20.0, 4)):
        least = threshold(sigma, 1e-8, most)
        assert most * beyond(sigma, least - most) <= 1e-8
        assert most * beyond(sigma, least - most - 1) > 1e-8
    frame = people(2_000).with_columns(
        pl.when(pl.int_range(pl.len()) == 7).then(pl.lit("secret")).otherwise("zone").alias("zone")
    )
    for seed in range(40):
        told = learn_noisy(frame[["zone"]], {"zone": "category"}, Privacy(5.0), seed)
        assert set(told.codings[0].tokens) == {"n", "s", "w"}


def test_ranges_do_not_tell_the_largest_number():
    draw = np.random.default_rng(1)
    frame = pl.DataFrame({"pay": np.round(draw.normal(3_000, 500, 5_000)).astype(int)})
    alone = frame.with_columns(
        pl.when(pl.int_range(pl.len()) == 3).then(9_876_543).otherwise("pay").alias("pay")
    )
    model = dataqa.Synthesizer.fit(alone, {"pay": "integer"}, epsilon=1.0)
    made = model.sample(20_000, seed=1)["pay"]
    assert float(made.max()) < 100_000  # pyright: ignore[reportArgumentType]
    assert abs(float(made.median()) - 3_000) < 200  # pyright: ignore[reportArgumentType]


def least_epsilon(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any], delta: float) -> float:
    """What epsilon is at least, by how often an event is met in runs on two neighbours.

    Half of the runs choose the event, the others count it: Clopper and Pearson's bounds, 99.9 %.
    """
    half = len(one) // 2
    best, found = -1.0, 0.0
    for cut in np.unique(one):
        gap = float((one[:half] >= cut).mean() - (other[:half] >= cut).mean())
        best, found = max((best, found), (gap, float(cut)))
    more, less = (int((some[half:] >= found).sum()) for some in (one, other))
    count = len(one) - half
    low = float(beta.ppf(0.0005, more, count - more + 1)) if more else 0.0
    high = float(beta.ppf(0.9995, less + 1, count - less)) if less < count else 1.0
    return math.log(max((low - delta) / high, 1e-9))


@pytest.mark.parametrize("weak", [1.0, 12.0])
def test_neighbours_are_as_alike_as_epsilon_allows(weak: float, monkeypatch: pytest.MonkeyPatch):
    """An audit: a table of two cells, with and without one row, learnt again and again.

    With noise that is twelve times too small the same audit sees that epsilon does not hold.
    """
    privacy = Privacy(2.0, 1e-5)

    def weaker(rho: float, most: float) -> float:
        return sigma_of(rho, most) / weak

    monkeypatch.setattr(measuring, "sigma_of", weaker)
    hints = {"sex": HINTS["sex"]}
    tables = [pl.DataFrame({"sex": ["F"] * of + ["M"] * 20}) for of in (21, 20)]

    def runs(frame: pl.DataFrame) -> np.ndarray[Any, Any]:
        """A statistic of what is released: rows of one cell."""
        found: list[float] = []
        for _ in range(600):
            told = learn_noisy(frame, hints, privacy)
            found.append(float(told.model.joint.cliques[0].table[0]) * told.rows)
        return np.array(found)

    least = least_epsilon(runs(tables[0]), runs(tables[1]), privacy.delta)
    assert (least > privacy.epsilon) == (weak > 1)


def test_what_is_made_is_like_the_table(made: dataqa.Synthetic):
    frame = people(6_000)
    assert made.frame.columns == [*frame.columns, "email", "name"]
    assert abs(made.frame.height - 6_000) < 300
    assert made.report["learnt_from"] == made.frame.height
    assert "drawn_anew" not in made.report
    for sex, zone in (("F", "n"), ("M", "s"), ("F", "w"), ("F", "s")):
        shares = [
            one.filter(pl.col("sex") == sex, pl.col("zone") == zone).height / one.height
            for one in (frame, made.frame)
        ]
        assert abs(shares[0] - shares[1]) < 0.03
    means = [
        one.group_by("sex").agg(pl.col("age").mean()).sort("sex") for one in (frame, made.frame)
    ]
    assert np.allclose(means[0]["age"], means[1]["age"], atol=1.5)


def test_nothing_of_rows_is_kept_and_a_saved_model_draws_the_same(
    made: dataqa.Synthetic, tmp_path: Path
):
    made.model.save(tmp_path / "model.zip")
    loaded = dataqa.Synthesizer.load(tmp_path / "model.zip")
    assert loaded.sample(50, seed=5).equals(made.model.sample(50, seed=5))
    assert loaded.told() == made.model.told()
    assert not len(made.model.marks)
    with zipfile.ZipFile(tmp_path / "model.zip") as file:
        assert not any(b"Zebulon" in file.read(name) for name in file.namelist())
        arrays = {name for name in file.namelist() if name.endswith(".npy")}
    assert arrays <= {"marks.npy", *(f"table{at}.npy" for at in range(3))}
    assert not made.frame["name"].str.contains("Zebulon").any()
    assert made.frame["email"].n_unique() == made.frame.height


def test_private_values_change_nothing():
    """What stands in private columns is invented from no data at all."""
    frame = people(300)[["sex"]]
    names = [
        frame.with_columns(pl.Series("name", [f"{word} {at}" for at in range(300)]))
        for word in ("Anna", "王")
    ]
    hints = {"sex": HINTS["sex"]}
    both = [dataqa.synthesize(one, hints=hints, epsilon=1.0, noise_seed=1).frame for one in names]
    assert both[0].equals(both[1])


def test_given_values_hold_and_the_others_follow(made: dataqa.Synthetic):
    some = made.model.sample(2_000, seed=1, given={"zone": "s", "age": 55})
    assert some["zone"].unique().to_list() == ["s"]
    assert some["age"].unique().to_list() == [55]
    assert some.filter(pl.col("sex") == "M").height > 1_800
    with pytest.raises(InputError, match="no such value"):
        made.model.sample(5, given={"zone": "x"})


def test_a_tree_of_tables_draws_what_it_says():
    """Against all combinations, with and without something given."""
    draw = np.random.default_rng(3)
    first, second = draw.random((2, 3)), draw.random((3, 4))
    first /= first.sum()
    second *= (first.sum(axis=0) / second.sum(axis=1))[:, None]
    joint = Joint([2, 3, 4], [Clique([], [0, 1], -1, first), Clique([1], [2], 0, second)])
    whole = first[:, :, None] * (second / second.sum(axis=1, keepdims=True))[None]
    for mask in (np.ones(4), np.array([0.0, 1, 0, 1])):
        wanted = whole * mask
        codes = joint.only({2: mask}).draw(200_000, [1])
        flat = np.bincount(codes[0] * 12 + codes[1] * 4 + codes[2], minlength=24) / 200_000
        assert np.allclose(flat, (wanted / wanted.sum()).ravel(), atol=0.006)


def test_kinds_of_texts_are_voted_on():
    draw = np.random.default_rng(2)
    frame = pl.DataFrame(
        {
            "pay": [f"{one:.2f}" for one in draw.normal(900, 50, 3_000)],
            "day": [f"{1 + one:02d}.03.2021" for one in draw.integers(0, 28, 3_000)],
            "zone": draw.choice(["n", "s", "NA"], 3_000),
            "plan": [f"{one:04d}" for one in draw.integers(0, 3, 3_000)],
        }
    )
    # each by itself: what joins columns takes seconds
    made = {name: dataqa.synthesize(frame[[name]], epsilon=3.0) for name in frame.columns}
    told = {name: one.report["columns"][name] for name, one in made.items()}
    assert told == {"pay": "decimal", "day": "date", "zone": "category", "plan": "category"}
    assert made["pay"].frame["pay"].str.contains(r"^[0-9]+\.[0-9]{2}$").all()
    days = made["day"].frame["day"].str.contains(r"^[0-9]{2}\.0[2-4]\.2021$").to_numpy()
    assert float(np.mean(days)) > 0.95
    assert set(made["plan"].frame["plan"].to_list()) == {"0000", "0001", "0002"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epsilon": 0.0}, "epsilon is out of range"),
        ({"epsilon": math.inf}, "epsilon is out of range"),
        ({"epsilon": 1.0, "delta": 0.1}, "delta is out of range"),
        ({"epsilon": 1.0, "rows_each": 3}, "at least one row of a person"),
        ({"epsilon": 1.0, "person": "nobody"}, "no column 'nobody'"),
        ({"epsilon": 1.0, "model": "copula"}, "that model has no epsilon"),
        ({"epsilon": 1.0, "hints": {"sex": "text"}}, "free text has no epsilon"),
        (
            {"epsilon": 1.0, "hints": HINTS | {"age": {"kind": "integer", "low": 9, "high": 1}}},
            "not below",
        ),
        (
            {"epsilon": 1.0, "hints": HINTS | {"age": {"kind": "date", "low": "x", "high": "y"}}},
            "are days",
        ),
    ],
)
def test_what_cannot_be_promised_is_refused(options: dict[str, Any], message: str):
    with pytest.raises(InputError, match=message):
        dataqa.synthesize(people(100), **options)


def test_rows_of_one_person_have_to_be_declared():
    frame = people(300)[["sex"]].with_columns((pl.int_range(pl.len()) // 3).alias("patient_id"))
    hints = {"sex": HINTS["sex"]}
    with pytest.raises(InputError, match="rows share its values") as caught:
        dataqa.synthesize(frame, hints=hints, epsilon=1.0)
    assert "--person patient_id" in str(caught.value)
    made = dataqa.synthesize(
        frame, hints=hints, epsilon=5.0, person="patient_id", rows_each=2, noise_seed=1
    )
    assert made.report["privacy"]["of"] == "at most 2 rows of one patient_id"
    assert abs(made.frame.height - 200) < 60


def test_the_command_tells_what_was_spent(tmp_path: Path):
    table, out = tmp_path / "people.csv", tmp_path / "made.csv"
    write_table(people(800)[["sex"]], table, {})
    done = CliRunner().invoke(
        cli, ["synth", "table", str(table), "-o", str(out), "--epsilon", "2", "--delta", "1e-7"]
    )
    assert done.exit_code == 0, done.output
    assert "epsilon 2, delta 1e-07, of one row" in done.output
    assert "spent on: kinds" in done.output
    told = json.loads(out.with_name("made.csv.dataqa.json").read_text())
    assert told["privacy"]["epsilon"] == 2
    done = CliRunner().invoke(
        cli, ["synth", "table", str(table), "-o", str(out), "--delta", "1e-7"]
    )
    assert done.exit_code != 0


def test_declared_columns_cost_nothing():
    told = learn_noisy(people(100)[["sex"]], {"sex": HINTS["sex"]}, Privacy(1.0), 1)
    assert "kinds" not in told.spent["spent"]
    assert "values and ranges" not in told.spent["spent"]
    assert told.columns["sex"] == Column("category", values=("F", "M"))
