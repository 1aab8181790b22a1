"""People who are nobody: what stands in the private columns of a row, all of one invented person.

No value of the original is looked at when one is made, only its form; a value that somebody of the
original has is drawn anew. Rows that share a key share the person who has it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from dataqa.private.standins.draw import Draw
from dataqa.tables.people.apart import folded
from dataqa.tables.people.named import role_of, words_of
from dataqa.tables.people.persons import NEAR, Known, Person, person_of, value_of
from dataqa.tables.people.private_forms import NAMES, PrivateForm

_TRIES = 30
_GENDERS = {
    **dict.fromkeys(("f", "female", "woman", "w", "weiblich", "femme", "女", "mujer"), "female"),
    **dict.fromkeys(("m", "male", "man", "männlich", "homme", "男", "hombre"), "male"),
}
_KEPT_FORM = frozenset({"PHONE_NUMBER"})
"""Kinds of which so few are nobody's that two may be alike rather than of another form."""


def gender_of(value: str | None) -> str:
    """``female``, ``male`` or nothing, of what stands in a column of genders."""
    return _GENDERS.get((value or "").strip().lower(), "")


def is_gender(name: str, tokens: Sequence[str | None]) -> bool:
    """Whether a column tells of gender: by its name, or since it tells nothing else."""
    told = [bool(gender_of(token)) for token in tokens if token]
    named = {"sex", "gender", "geschlecht", "性别"} & set(words_of(name))
    return bool(told) and (all(told) or (bool(named) and any(told)))


def invented(
    forms: Sequence[PrivateForm],
    key: bytes,
    known: Sequence[Known],
    owners: Mapping[str, Sequence[int]] | None = None,
    taken: Mapping[str, AbstractSet[str]] | None = None,
) -> dict[str, list[str]]:
    """The private columns of some rows.

    Args:
        forms: Of each column, its form.
        key: What decides; with another one all are others.
        known: Of each row, what other columns say of its person.
        owners: Of each key that rows share, which of them each row has, by the key's column.
        taken: Of each column, values that nobody invented may have, folded.
    """
    owners = owners or {}
    makers = [
        _Column(form, key, taken.get(form.name, frozenset()) if taken else frozenset())
        for form in forms
    ]
    language = next((one.language for one in forms if one.entity in NAMES), "en")
    country = next((one.country for one in forms if one.country), "")
    shared = Counter(one.owner for one in forms if one.owner in owners)
    main = max(shared, key=lambda one: (shared[one], one)) if shared else ""
    people: dict[tuple[str, str, int], Person] = {}
    made: dict[str, list[str]] = {one.name: [] for one in forms}
    for row, told in enumerate(known):
        for maker in makers:
            form = maker.form
            of = form.owner if form.owner in owners else main
            number = owners[of][row] if of else row
            who = (maker.role, of, number)
            if who not in people:
                draw = Draw(key, "person", *who[:2], str(number))
                people[who] = person_of(draw, told, language, country, maker.role)
            mine = number if form.owner in owners else row
            made[form.name].append(maker.value(people[who], mine, shared=form.owner in owners))
    return made


class _Column:
    """A column that is made value by value."""

    def __init__(self, form: PrivateForm, key: bytes, taken: AbstractSet[str]) -> None:
        self.form, self.role = form, role_of(form.name)
        self._key, self._taken = key, taken
        self._seen: set[str] = set()
        self._of: dict[int, str] = {}
        self._full: set[str] = set()

    def value(self, person: Person, number: int, *, shared: bool) -> str:
        """The value of somebody: of a key that rows share always the same."""
        if shared and number in self._of:
            return self._of[number]
        value = self._new(person, number)
        self._seen.add(value)
        if shared:
            self._of[number] = value
        return value

    def _new(self, person: Person, number: int) -> str:
        """One that nobody of the original has, and as far as possible nobody of the others."""
        free = value = ""
        # where the telephone numbers of a region are used up, none of them is tried again
        there = person.home.place.region if self.form.entity == "PHONE_NUMBER" else ""
        for attempt in range(NEAR if there in self._full else 0, _TRIES):
            if there and attempt == NEAR:
                self._full.add(there)
            value = value_of(self.form, person, self._key, number, attempt)
            if folded(self.form.entity, value) in self._taken:
                continue
            free = value
            if not self.form.unique or value not in self._seen:
                return value
        if free and (not self.form.unique or self.form.entity in _KEPT_FORM):
            return free
        return self._longer(value, number)

    def _longer(self, value: str, number: int) -> str:
        """A value with more digits at its end: all of its own length are somebody's."""
        draw = Draw(self._key, "longer", self.form.name, str(number))
        head, at, tail = value.partition("@")
        head += draw.digits(len(str(number)) + 1)
        while (
            folded(self.form.entity, head + at + tail) in self._taken
            or head + at + tail in self._seen
        ):
            head += draw.digits(1)
        return head + at + tail
