"""Make `examples/records/visits.csv` again: visits of people who are invented, with a note of each.

    python examples/make_data_records.py

No clock, no network, a fixed seed: the same bytes each time. Names are of the lists that dataqa's
stand-ins are made of. Nobody can have what stands here: telephone numbers are 555-01xx, mail is
under example.com, social security numbers begin with 9.
"""

import csv
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from dataqa.private.standins.words import names

OUT = Path(__file__).parent / "records" / "visits.csv"
VISITS, PEOPLE, SEED = 900, 620, 20_260
# city, state, how its ZIP codes begin, area code
TOWNS = [
    ("Boise", "ID", "837", "208"),
    ("Eugene", "OR", "974", "541"),
    ("Missoula", "MT", "598", "406"),
    ("Spokane", "WA", "992", "509"),
    ("Provo", "UT", "846", "801"),
]
STREETS = ["Alder", "Birch", "Cedar", "Juniper", "Larch", "Maple", "Poplar", "Sycamore"]
KINDS = ["Street", "Avenue", "Road", "Lane", "Court"]
# reason, what of it stands in a note, usual charge in dollars, how it depends on age
REASONS = [
    ("back pain", "pain in the lower back after lifting boxes", 180, 0),
    ("asthma", "wheezing at night, inhaler used more often", 240, -2),
    ("high blood pressure", "blood pressure is still too high at home", 150, 3),
    ("diabetes", "blood sugar has been rising for some weeks", 260, 2),
    ("sprained ankle", "ankle swollen and tender, no fracture seen", 310, -3),
    ("migraine", "headaches on one side, light hurts the eyes", 190, -1),
]
PLANS = [
    "Rest, warmth and walking.",
    "Exercises were shown and a leaflet was given.",
    "The dose was raised and will be looked at again.",
    "Blood was taken for the laboratory.",
    "Nothing else is needed for now.",
]
RELATIVES = {"F": "husband", "M": "wife"}


def digits(draw: random.Random, count: int) -> str:
    """So many digits."""
    return "".join(draw.choices("0123456789", k=count))


def pronoun(sex: str) -> str:
    """She or he."""
    return "She" if sex == "F" else "He"


def person(draw: random.Random, number: int) -> dict[str, Any]:
    """Somebody who comes to the practice."""
    pools = names()["en"]
    sex = draw.choice("FFM")
    given = draw.choice(pools["female" if sex == "F" else "male"])
    family = draw.choice(pools["last"])
    city, state, post, area = draw.choice(TOWNS)
    age = min(92, max(18, round(draw.gauss(52, 17))))
    birth = date(2024 - age, 1, 1) + timedelta(draw.randrange(365))
    other = draw.choice(pools["male" if sex == "F" else "female"])
    return {
        "patient_id": f"PT-{310_000 + 37 * number}",
        "first_name": given,
        "last_name": family,
        "sex": sex,
        "birth_date": birth,
        "ssn": f"9{digits(draw, 2)}-{draw.randrange(1, 50):02d}-{digits(draw, 4)}",
        "email": f"{given}.{family}{draw.randrange(10, 99)}@mail.example.com".lower().replace(
            " ", ""
        ),
        "phone": f"({area}) 555-01{draw.randrange(40):02d}",
        "street": f"{draw.randrange(1, 990)} {draw.choice(STREETS)} {draw.choice(KINDS)}",
        "city": city,
        "state": state,
        "zip": f"{post}{draw.randrange(100):02d}",
        "smoker": draw.choices(["yes", "no"], [1, 3])[0],
        "relative": other,
    }


def note(draw: random.Random, who: dict[str, Any], visit: dict[str, Any], doctor: str) -> str:
    """What the doctor wrote: of the patient, a relative, days and how to reach them."""
    day, birth = visit["visit_date"], who["birth_date"]
    age = day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
    title = {"F": "Ms.", "M": "Mr."}[who["sex"]]
    since = day - timedelta(draw.randrange(8, 60))
    again = day + timedelta(7 * draw.randrange(2, 9))
    said, name = visit["said"], f"{who['first_name']} {who['last_name']}"
    relative = f"{who['relative']} {who['last_name']}"
    lives = f"{who['street']}, {who['city']}, {who['state']} {who['zip']}"
    first = draw.choice(
        [
            f"{name}, {age} years old, came on {day:%B} {day.day}, {day.year}: {said}.",
            f"{day:%Y-%m-%d}. {title} {who['last_name']} ({age} years old) reports: {said}.",
            (
                f"Seen on {day:%m/%d/%Y}: {name}, born {birth:%m/%d/%Y}, from {who['city']}."
                f" {said.capitalize()}."
            ),
        ]
    )
    second = draw.choice(
        [
            f"It began around {since:%B} {since.day}, {since.year}.",
            f"{pronoun(who['sex'])} first noticed it on {since:%Y-%m-%d}.",
            f"{who['first_name']} has had this since {since:%B} {since.day}.",
        ]
    )
    last = draw.choice(
        [
            f"Results go to {who['email']}; call {who['phone']} if they are bad.",
            f"Her records: {who['patient_id']}, SSN {who['ssn']}."
            if who["sex"] == "F"
            else f"His records: {who['patient_id']}, SSN {who['ssn']}.",
            f"{pronoun(who['sex'])} lives at {lives}.",
            f"The {RELATIVES[who['sex']]}, {relative}, will drive.",
        ]
    )
    end = f"Next visit {again:%m/%d/%Y}. Dr. {doctor}"
    return " ".join([first, second, draw.choice(PLANS), last, end])


def visits() -> list[dict[str, Any]]:
    """All visits, by day."""
    draw = random.Random(SEED)  # noqa: S311 - nothing here is secret
    people = [person(draw, number) for number in range(PEOPLE)]
    pools = names()["en"]
    doctors = [f"{draw.choice(pools['female'])} {draw.choice(pools['last'])}" for _ in range(6)]
    found: list[dict[str, Any]] = []
    for number in range(VISITS):
        who = people[number] if number < PEOPLE else draw.choice(people)
        age = 2024 - who["birth_date"].year
        weights = [max(1.0, 10 + slope * (age - 50) / 4) for *_, slope in REASONS]
        reason, said, usual, _ = draw.choices(REASONS, weights)[0]
        systolic = round(
            draw.gauss(112 + 0.45 * (age - 30), 9) + 12 * (reason == "high blood pressure")
        )
        day = date(2024, 1, 2) + timedelta(draw.randrange(700))
        visit = {"visit_date": day, "reason": reason, "said": said}
        charge = max(60.0, draw.gauss(usual + 0.8 * (age - 50), 35))
        found.append(
            {key: value for key, value in who.items() if key != "relative"}
            | {
                "visit_date": day,
                "reason": reason,
                "systolic": systolic if draw.random() > 0.06 else "",
                "weight_kg": f"{draw.gauss(70 if who['sex'] == 'F' else 83, 12):.1f}",
                "charge": f"${charge:,.2f}",
                "insurance": draw.choices(
                    ["private", "Medicare", "self-paid"], [5, 9 if age > 64 else 0, 1]
                )[0],
                "note": note(draw, who, visit, draw.choice(doctors)),
            }
        )
    return sorted(found, key=lambda one: (one["visit_date"], one["patient_id"]))


def main() -> None:
    """Write the file."""
    rows = visits()
    OUT.parent.mkdir(exist_ok=True)
    with OUT.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
