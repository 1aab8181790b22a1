"""Tables of a shop that is made up: customers, orders in order of time, lines, products, staff."""

from __future__ import annotations

import random
from datetime import date, timedelta

import polars as pl

from dataqa.private.standins.words import names


def shop(customers: int = 400, seed: int = 5) -> dict[str, pl.DataFrame]:
    """Golden customers order thrice as often; each line says whose order it is once more."""
    draw = random.Random(seed)
    pools = names()["en"]
    people: list[dict[str, object]] = []
    orders: list[dict[str, object]] = []
    lines: list[dict[str, object]] = []
    towns = {"N": "North Harbour", "S": "South Hill", "W": "West Field"}
    clerks = [f"K-{draw.randrange(10**6):06d}" for _ in range(6)]
    for at in range(customers):
        tier = draw.choice(["gold", "plain", "plain"])
        joined = date(2015, 1, 1) + timedelta(draw.randrange(2000))
        family, town = draw.choice(pools["last"]), draw.choice("NSW")
        known = f"C{200_000 + at * 13}"
        people.append(
            {
                "customer_id": known,
                "name": f"{draw.choice(pools['female'])} {family}",
                "email": f"{family}.{at}@corp.com".lower().replace(" ", ""),
                "tier": tier,
                "joined": str(joined),
                "left": str(joined + timedelta(4000)) if draw.random() < 0.2 else None,
            }
        )
        when, before = joined, None
        for _ in range(min(12, int(draw.expovariate(0.2 if tier == "gold" else 0.6)))):
            when += timedelta(draw.choice([7, 7, 14, 30]))
            number = len(orders) + 1
            orders.append(
                {
                    "id": number,
                    "customer_id": known,
                    "ordered": str(when),
                    "sent": str(when + timedelta(draw.randrange(4))),
                    "previous_order": before,
                    "clerk": draw.choice(clerks),
                    "town": town,
                    "town_name": towns[town],
                    "customer_email": people[-1]["email"],
                }
            )
            before = number
            lines.extend(
                {
                    "order_id": number,
                    "line_no": line + 1,
                    "customer": known,
                    "product": draw.choice([*[1, 2, 3, 4, 5] * 20, *range(6, 41)]) + 9000,
                    "pieces": draw.choice([1, 1, 2, 5]),
                }
                for line in range(draw.choice([1, 1, 2, 3] if tier == "gold" else [1, 1, 2]))
            )
    products = [
        {"product": 9001 + at, "price": 5.0 + at % 7, "kind": "abc"[at % 3]} for at in range(40)
    ]
    return {
        "lines": pl.DataFrame(lines),
        "customers": pl.DataFrame(people),
        "orders": pl.DataFrame(orders, infer_schema_length=None),
        "products": pl.DataFrame(products),
    }


def staff(rows: int = 300, seed: int = 2) -> pl.DataFrame:
    """People with a manager each, but for the first three."""
    draw = random.Random(seed)
    ids = [f"E{draw.randrange(10**7):07d}" for _ in range(rows)]
    return pl.DataFrame(
        {
            "id": ids,
            "manager_id": [
                None if at < 3 else ids[draw.randrange(min(at, 40))] for at in range(rows)
            ],
            "grade": [draw.choice("ABC") for _ in range(rows)],
        }
    )
