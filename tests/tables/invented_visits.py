"""A table of visits of people who are made up, with notes, as tests of texts need one."""

from __future__ import annotations

import random
from datetime import date, timedelta

import polars as pl

from dataqa.private.standins.words import names

TOWNS = [("Boise", "ID", "837"), ("Eugene", "OR", "974"), ("Provo", "UT", "846")]


def visits(rows: int = 240, people: int = 150, seed: int = 4) -> pl.DataFrame:
    """Visits with ids, names, days, contacts and a note that mentions all of them."""
    draw = random.Random(seed)
    pools = names()["en"]
    known = [_person(draw, number) for number in range(people)]
    found: list[dict[str, str | None]] = []
    for row in range(rows):
        who = known[row] if row < people else draw.choice(known)
        day = date(2024, 1, 1) + timedelta(draw.randrange(500))
        birth = date.fromisoformat(who["birth_date"])
        age = day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
        other = f"{draw.choice(pools['male'])} {draw.choice(pools['last'])}"
        again = day + timedelta(14)
        came = f"{day:%B} {day.day}, {day.year}"
        note = [
            f"{who['first_name']} {who['last_name']}, {age} years old, came on {came}.",
            f"Born {birth:%m/%d/%Y}, lives at {who['street']},",
            f"{who['city']}, {who['state']} {who['zip']}.",
            f"Call {who['phone'].replace('-', ' ')} or write to {who['email'].upper()}.",
            f"File {who['patient_id']}. Ms. {who['last_name'].upper()} was brought by {other}.",
            f"Next visit {again:%Y-%m-%d}.",
        ]
        reason = draw.choice(["cough", "fever", "back"])
        note.append(f"Reason: {reason}.")
        last = {"visit_date": f"{day:%Y-%m-%d}", "reason": reason, "note": " ".join(note)}
        found.append({**who, **last})
    return pl.DataFrame(found)


def _person(draw: random.Random, number: int) -> dict[str, str]:
    pools = names()["en"]
    given, family = draw.choice(pools["female"]), draw.choice(pools["last"])
    city, state, post = draw.choice(TOWNS)
    birth = date(1930, 1, 1) + timedelta(draw.randrange(70 * 365))
    return {
        "patient_id": f"KX-{50_000 + 13 * number}",
        "first_name": given,
        "last_name": family,
        "sex": "F",
        "birth_date": birth.isoformat(),
        "email": f"{given}.{family}{number}@corp.test".lower().replace(" ", ""),
        "phone": f"({draw.randrange(300, 390)}) 201-{draw.randrange(2000, 9999)}",
        "street": f"{draw.randrange(1, 800)} {draw.choice(['Quarry', 'Harbor', 'Mill'])} Road",
        "city": city,
        "state": state,
        "zip": f"{post}{draw.randrange(100):02d}",
    }
