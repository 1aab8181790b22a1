"""A table of people who are made up, as tests of tables need one."""

from __future__ import annotations

import random
from datetime import date, timedelta

import polars as pl

from dataqa.private.standins.words import names
from dataqa.tables.people.national import Bearer


def people(rows: int = 600, seed: int = 3) -> pl.DataFrame:
    """Texts, as a CSV file gives them, with ids, names, dates, money and what is missing."""
    draw = random.Random(seed)
    pools = names()["en"]
    found: list[dict[str, str | None]] = []
    for row in range(rows):
        sex = draw.choice("FM")
        given = draw.choice(pools["female" if sex == "F" else "male"])
        family = draw.choice(pools["last"])
        age, region = draw.randint(18, 90), draw.choice(["EU", "US", "EU", "APAC"])
        income = max(0.0, draw.gauss(30_000 + 400 * age + (8_000 if region == "US" else 0), 9_000))
        told = draw.random() > 0.15 or region == "US"
        found.append(
            {
                "patient_id": f"P{100_000 + row * 7}",
                "first_name": given,
                "last_name": family,
                "email": f"{given}.{family}{row}@corp.com".lower().replace(" ", ""),
                "phone": f"+1 415 555 {draw.randint(1000, 9999)}" if draw.random() > 0.1 else None,
                "sex": sex,
                "birth_date": f"{2024 - age}-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}",
                "region": region,
                "zone": f"{draw.randint(1, 9):04d}",
                "income": f"${income:,.2f}" if told else "NA",
                "share": f"{draw.random() * 100:.1f}%",
                "visits": str(min(9, int(draw.expovariate(0.6)))),
                "smoker": draw.choice(["yes", "no", "no"]),
            }
        )
    return pl.DataFrame(found)


def day_of(row: int) -> date:
    return date(1930, 1, 1) + timedelta(row * 7_919 % (80 * 365))


def bearer(row: int) -> Bearer:
    return Bearer(day_of(row), row % 2 == 0, "Giulia", "Rossi", "四川省")
