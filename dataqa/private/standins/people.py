"""Names of people: each part has its stand-in, so that all that one person is called agrees.

The stand-in of a part depends on that part alone. ``Jane`` becomes ``Mary`` and ``Doe`` becomes
``Hill`` wherever they stand; so ``Jane Doe``, ``Ms Doe``, ``J. Doe``, ``DOE, Jane`` and
``jane.doe@…`` are ``Mary Hill``, ``Ms Hill``, ``M. Hill``, ``HILL, Mary`` and ``mary.hill@…``
without anything being remembered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from dataqa.private.standins.draw import Who, cased, listed
from dataqa.private.standins.han import asian_name, is_asian
from dataqa.private.standins.words import (
    INITIALS,
    family_names,
    family_pool,
    given_names,
    given_pool,
    plain,
)

_WORD = re.compile(r"(?<!['’])[^\W\d_](?:[^\W\d_]|[\u0300-\u036f]|['’](?!s\b)(?=[^\W\d_]))*")
_TITLES = frozenset(
    listed(
        "mr mrs ms miss mx dr prof professor doctor sir dame lady lord judge justice rev "
        "reverend hon father sister brother herr frau fraulein monsieur madame mme mlle senor "
        "senora sr sra sig signor signora captain capt col lt sgt president senator господин "
        "госпожа"
    )
)
_BEHIND = frozenset(listed("jr jnr sr snr ii iii iv phd md esq mba cpa"))
_BETWEEN = frozenset(
    listed(
        "van von der den de del della di da dos das du la le el al bin ibn bint ben ter ten "
        "zu zum zur af av and und et y e"
    )
)


def person(value: str, who: Who) -> str:
    """A name in the form it has: order, titles, initials, capitals, particles.

    Args:
        value: A name as it is written, in any script.
        who: Key and scope.
    """
    if is_asian(value):
        return asian_name(value, who)
    words = list(_WORD.finditer(value))
    roles = _roles(value, words)
    made: list[str] = []
    done = 0
    for word, role in zip(words, roles, strict=True):
        made += [value[done : word.start()], role(word.group(), who) if role else word.group()]
        done = word.end()
    return "".join([*made, value[done:]])


def given(word: str, who: Who) -> str:
    """The stand-in of a given name: of its language, gender and, through a key, its initial."""
    known = given_names().get(plain(word))
    if known is None:
        pool = given_pool("ru", "male") if _cyrillic(word) else given_pool("en", "both")
    elif known.language == "ru" or known.gender == "both":
        pool = given_pool(known.language, known.gender)
    else:
        pool = given_pool(known.language, known.gender, _letter(word[0], who))
    return cased(_other(word, "given", pool, who), word)


def family(word: str, who: Who) -> str:
    """The stand-in of a family name, of its language."""
    language = family_names().get(plain(word), "ru" if _cyrillic(word) else "en")
    pool = family_pool(language, plain(word)[-1])
    return cased(_other(word, "family", pool, who), word)


def initial(word: str, who: Who) -> str:
    """What the initial of a given name becomes: that of the stand-ins of names that begin so."""
    made = _letter(word, who)
    return made.lower() if word.islower() else made


def _letter(letter: str, who: Who) -> str:
    upper = plain(letter)[:1].upper()
    draw = who.draw("initial", upper)
    while (made := draw.one_of(INITIALS)) == upper:
        pass
    return made


def _other(word: str, part: str, pool: Sequence[str], who: Who) -> str:
    draw = who.draw("part of a name", part, plain(word))
    while plain(made := draw.one_of(pool)) == plain(word):
        pass
    return made


type _Role = Callable[[str, Who], str] | None


def _roles(value: str, words: list[re.Match[str]]) -> list[_Role]:
    """What each word is: given or family name, an initial, or (None) what stays as it is."""
    plains = [plain(word.group()) for word in words]
    stays = [_stays(value, words, plains, at) for at in range(len(words))]
    named = [at for at, kept in enumerate(stays) if not kept]
    families = _families(value, words, named, plains) if named else set[int]()
    roles: list[_Role] = [None] * len(words)
    for at in named:
        short = len(words[at].group()) == 1
        roles[at] = initial if short else family if at in families else given
    return roles


def _stays(value: str, words: list[re.Match[str]], plains: list[str], at: int) -> bool:
    """Whether a word is no part of a name: by where it stands, for people are called King, too."""
    bare, last = plains[at], at == len(words) - 1
    if len(bare) == 1 and value[words[at].end() : words[at].end() + 1] == ".":
        return False
    title = bare in _TITLES and not last
    between = bare in _BETWEEN and not last and words[at].group().islower()
    return title or between or (bare in _BEHIND and at > 0)


def _families(
    value: str, words: list[re.Match[str]], named: list[int], plains: list[str]
) -> set[int]:
    """Which of the words with a name are family names."""
    comma = value.find(",")
    before = {at for at in named if words[at].start() < comma}
    if before and before != set(named):
        return before
    last = {named[-1]}
    for at in reversed(named[:-1]):
        if value[words[at].end() : words[at + 1].start()] != "-" or at + 1 not in last:
            break
        last.add(at)
    if len(last) < len(named):
        return last
    titled = any(word in _TITLES for word in plains[: named[0]])
    return last if titled or plains[named[0]] not in given_names() else set()


def _cyrillic(word: str) -> bool:
    return "\u0400" <= word[0] <= "\u04ff"
