"""Tables of a clinic that is made up: patients, visits, calls and doctors, with notes."""

from __future__ import annotations

import random
from datetime import date, timedelta

import polars as pl

from dataqa.private.standins.words import names

TOWNS = [("Boise", "ID", "837"), ("Eugene", "OR", "974"), ("Provo", "UT", "846")]
SYLLABLES = ["ka", "mo", "ri", "su", "te", "lo", "na", "pi"]
type Row = dict[str, str | None]


def clinic(patients: int = 90, doctors: int = 25, seed: int = 7) -> dict[str, pl.DataFrame]:
    """Visits and calls of patients; each note has a word of its patient that is nothing private."""
    draw = random.Random(seed)
    staff = [_doctor(draw, number) for number in range(doctors)]
    people = [_patient(draw, number) for number in range(patients)]
    visits: list[Row] = []
    calls: list[Row] = []
    for at, who in enumerate(people):
        day = date(2022, 1, 1) + timedelta(draw.randrange(300))
        word = word_of(at)
        for _ in range(1 + min(7, int(draw.expovariate(0.5)))):
            day += timedelta(draw.choice([7, 14, 30, 61]))
            doctor = draw.choice(staff)
            visits.append(_visit(draw, who, doctor, day, word, len(visits)))
            if draw.random() < 0.6:
                calls.append(_call(who, visits[-1], day + timedelta(3), word))
        who["note"] = None if at % 3 else f"{who['name']} ({word}), {who['ssn']}, is allergic."
    return {
        "patients": pl.DataFrame(people),
        "visits": pl.DataFrame(visits),
        "calls": pl.DataFrame(calls),
        "doctors": pl.DataFrame(staff),
    }


def word_of(number: int) -> str:
    """A word that tells whose note one was, and nothing else."""
    return f"zu{SYLLABLES[number // 64 % 8]}{SYLLABLES[number // 8 % 8]}{SYLLABLES[number % 8]}"


def _patient(draw: random.Random, number: int) -> Row:
    pools = names()["en"]
    sex = draw.choice("FM")
    given = draw.choice(pools["female" if sex == "F" else "male"])
    family = draw.choice(pools["last"])
    city, state, post = draw.choice(TOWNS)
    return {
        "patient_id": f"PX-{70_000 + 17 * number}",
        "name": f"{given} {family}",
        "sex": sex,
        "birth_date": str(date(1940, 1, 1) + timedelta(draw.randrange(60 * 365))),
        "ssn": f"9{draw.randrange(10, 99)}-{draw.randrange(10, 50)}-{draw.randrange(1000, 9999)}",
        "phone": f"({draw.randrange(300, 390)}) 201-{draw.randrange(2000, 9999)}",
        "email": f"{given}.{family}{number}@corp.test".lower().replace(" ", ""),
        "city": city,
        "state": state,
        "zip": f"{post}{draw.randrange(100):02d}",
    }


def _doctor(draw: random.Random, number: int) -> Row:
    pools = names()["en"]
    return {
        "doctor_id": f"D-{4000 + 3 * number}",
        "name": f"{draw.choice(pools['female'])} {draw.choice(pools['last'])}",
        "speciality": draw.choice(["eyes", "heart", "skin"]),
    }


def _visit(draw: random.Random, who: Row, doctor: Row, day: date, word: str, number: int) -> Row:
    came, again = f"{day:%B} {day.day}, {day.year}", day + timedelta(14)
    birth = date.fromisoformat(who["birth_date"] or "")
    reason = draw.choice(["cough", "fever", "back"])
    note = (
        f"{who['name']} ({word}), born {birth:%m/%d/%Y}, came on {came} from {who['city']},"
        f" {who['state']} {who['zip']}. Seen by Dr. {doctor['name']}. File {who['patient_id']},"
        f" visit V{500_000 + 7 * number}. Next visit {again:%Y-%m-%d}. Reason: {reason}."
    )
    return {
        "visit_id": f"V{500_000 + 7 * number}",
        "patient_id": who["patient_id"],
        "doctor_id": doctor["doctor_id"],
        "visit_date": str(day),
        "reason": reason,
        "note": None if number % 6 == 5 else note,
    }


def _call(who: Row, visit: Row, day: date, word: str) -> Row:
    given = (who["name"] or "").partition(" ")[0]
    text = f"{given} ({word}) called on {day:%m/%d/%Y} from {who['phone']}; {who['email']}."
    return {"visit_id": visit["visit_id"], "call_date": str(day), "text": text}
