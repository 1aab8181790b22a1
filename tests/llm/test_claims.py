"""A budget that many spend: never passed, nothing lost, whoever comes between."""

from __future__ import annotations

import random
import threading
from collections.abc import Generator
from pathlib import Path

import pytest
from bucket import serving
from hypothesis import given
from hypothesis import strategies as st

from dataqa.io.store import Store
from dataqa.io.urls import place
from dataqa.llm.budget import Budget, Cost, Ledger, parse_budget
from dataqa.llm.claims import Claims
from dataqa.llm.endpoint import Endpoint

SERVER = Endpoint(url="http://127.0.0.1:1/v1", model="none", price_in=1.0, price_out=2.0)


@pytest.fixture(params=["folder", "bucket"])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Generator[Store]:
    """A folder, and a bucket behind a real server."""
    if request.param == "folder":
        yield Store(tmp_path)
        return
    pytest.importorskip("localbucket")
    with serving(tmp_path / "buckets") as bucket:
        told = {"ACCESS_KEY_ID": "us", "SECRET_ACCESS_KEY": "not", "REGION": "us-east-1"}
        told |= {"ENDPOINT_URL": f"http://127.0.0.1:{bucket.port}", "ALLOW_HTTP": "true"}
        for name, value in told.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        yield Store(place("s3://corpus/out"))


def test_of_each_name_one_is_created(store: Store):
    made: list[int] = []

    def create(number: int) -> None:
        if store.create(".state/spent/one", b"%d" % number):
            made.append(number)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert store.get(".state/spent/one") == b"%d" % made[0]
    assert store.names(".state") == [".state/spent/one"]


def test_many_claim_and_none_passes_it(store: Store):
    """Eight who know nothing of one another, each with claims of its own over the same store."""
    budget, held, most = Budget(tokens=40_000), Cost(), Cost()
    counting = threading.Lock()

    def work(seed: int) -> None:
        nonlocal held, most
        draw, claims = random.Random(seed), Claims(budget, "score", store)
        for _ in range(12):
            mine = claims.claim(Cost(draw.randrange(1, 9000), 1))
            if mine is None:
                continue
            with counting:
                held = held.plus(mine)
                most = max(most, held)
            rest = Cost(draw.randrange(mine.tokens), draw.randrange(mine.requests))
            with counting:  # before others can have it
                held = held.minus(rest)
            claims.give_back(rest)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 30_000 < most.tokens <= 40_000
    assert Claims(budget, "score", store).total == held
    assert Claims(budget, "another", store).total == Cost()


@given(
    attempts=st.lists(st.tuples(st.integers(1, 3000), st.integers(0, 3000)), max_size=40),
    tokens=st.integers(0, 60_000),
    requests=st.integers(0, 40),
)
def test_a_ledger_spends_what_it_claimed_and_gives_the_rest_back(
    attempts: list[tuple[int, int]],
    tokens: int,
    requests: int,
    tmp_path_factory: pytest.TempPathFactory,
):
    budget = Budget(tokens=tokens, requests=requests)
    claims = Claims(budget, "score", Store(tmp_path_factory.mktemp("run")))
    spent, ledger = Cost(), Ledger(budget, SERVER, claims)
    for one, (most, less) in enumerate(attempts):
        if one and one % 3 == 0:
            ledger = Ledger(budget, SERVER, claims)
        over = ledger.over  # from then on nothing is given out
        if not ledger.reserve(Cost(most, 1)):
            assert over or not budget.holds(spent.plus(Cost(most, 1))), "it would have been enough"
        else:
            cost = Cost(min(less, most), 1)
            ledger.settle(Cost(most, 1), cost)
            spent = spent.plus(cost)
        if one % 3 == 2:
            ledger.close()
            assert claims.total == spent
        assert budget.holds(claims.total)


def test_a_budget_in_dollars_is_claimed_too(tmp_path: Path):
    claims = Claims(parse_budget("0.01-usd"), "score", Store(tmp_path))
    ledger = Ledger(claims.budget, SERVER, claims)
    cost = Cost(3000, 1, 4_000_000)
    assert [ledger.reserve(cost) for _ in range(2)] == [True, True]
    ledger.settle(cost, cost)
    ledger.settle(cost, cost)
    assert not ledger.reserve(cost)
    ledger.close()
    assert claims.total == Cost(6000, 2, 8_000_000)
