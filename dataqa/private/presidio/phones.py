"""Where a text may hold a telephone number, cut out so that libphonenumber sees nothing else.

What ``phonenumbers.PhoneNumberMatcher`` takes for a candidate consists of few characters, so a run
of them, with the character before and behind, tells it all that it asks. Most runs in a corpus are
years and amounts that come again, so what was found in them is remembered.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from typing import Any, NamedTuple

import phonenumbers
import regex
from presidio_analyzer import EntityRecognizer
from presidio_analyzer.predefined_recognizers import PhoneRecognizer

_PUNCTUATION = (
    "-x\u2010-\u2015\u2212\u30fc\uff0d-\uff0f \u00a0\u00ad\u200b\u2060\u3000()"
    "\uff08\uff09\uff3b\uff3d.\\[\\]/~\u2053\u223c\uff5e"
)
_EXTENSIONS = (
    "\\t,;:=#\uff03\uff0e+\uff0baeinostxAEINOSTX\u017f\u00f3\u00d3\u0301\uff45\uff58\uff54\uff4e"
    "\uff49\uff25\uff38\uff34\uff2e\uff29\u0434\u043e\u0431\u0414\u041e\u0411"
)
_DIGIT = regex.compile(r"\d")
_OTHER = regex.compile(rf"[^\d{_PUNCTUATION}{_EXTENSIONS}]")
_OTHER_BEFORE = regex.compile(rf"(?r)[^\d{_PUNCTUATION}{_EXTENSIONS}]")
_FIRST = regex.compile(r"[\d(\uff08\[\uff3b+\uff0b]")
_OPEN = regex.compile(r"[+\uff0b;#\uff03~\uff5e,:\p{L}]")
_LAST_DIGIT = regex.compile(r"(?r)\d")
FEWEST = 4
"""Digits that the shortest valid number of any region has (libphonenumber's metadata)."""


def runs(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of what may hold a number, one character before and two behind included.

    >>> text = "It was 1999; call (415) 555-2671 now."
    >>> [text[start:end] for start, end in runs(text)]
    [' 1999; ', ' (415) 555-2671 n']
    """
    at = 0
    while found := _DIGIT.search(text, at):
        before = _OTHER_BEFORE.search(text, at, found.start())
        behind = _OTHER.search(text, found.end())
        start, end = (before.end() if before else at), (behind.start() if behind else len(text))
        at = end
        if len(_DIGIT.findall(text, start, end)) < FEWEST:
            continue
        first = _FIRST.search(text, start, end)
        last = _LAST_DIGIT.search(text, start, end)
        if first and last:
            yield max(0, first.start() - 1), min(len(text), last.end() + 2)


class _Plan(NamedTuple):
    """What digits can be those of a number, as it is dialled in a region.

    Attributes:
        dialled: All such digits, and more: what is dialled before a number for abroad, the
            country's calling code and the national prefix included.
        prefix: The national prefix, where the plan turns it into something else.
        rule: What it turns into.
        numbers: What national numbers of the regions with the calling code look like.
    """

    dialled: str
    prefix: regex.Pattern[str] | None
    rule: str
    numbers: regex.Pattern[str]

    def rewritten(self, digits: str) -> bool:
        """Whether they are a number once the prefix has turned into something else."""
        found = self.prefix.match(digits) if self.prefix else None
        if found is None:
            return False
        return self.numbers.fullmatch(found.expandf(self.rule) + digits[found.end() :]) is not None


@cache
def _plan(region: str) -> _Plan | None:
    mine = phonenumbers.PhoneMetadata.metadata_for_region(region)
    if mine is None or mine.country_code is None:  # libphonenumber's own affair
        return None
    code = mine.country_code
    sharing = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]
    plans: list[Any] = [phonenumbers.PhoneMetadata.metadata_for_region(one) for one in sharing]
    numbers = "|".join(
        dict.fromkeys(plan.general_desc.national_number_pattern for plan in plans if plan)
    )
    prefix, rule = mine.national_prefix_for_parsing, mine.national_prefix_transform_rule
    # behind a calling code it may stand again
    before = f"(?:{prefix}){{0,3}}" if prefix else ""
    dialled = f"(?:{code})?{before}(?:{numbers})"
    if mine.international_prefix:
        dialled += rf"|(?:{mine.international_prefix})\d*"
    return _Plan(
        dialled,
        regex.compile(f"(?:{code})?(?:{prefix})") if prefix and rule else None,
        regex.sub(r"\\(\d)", r"{\1}", rule or ""),
        regex.compile(numbers),
    )


class _Regions:
    """Some regions' plans together: in which of them digits may be a number."""

    def __init__(self, regions: Sequence[str]) -> None:
        plans = [(region, _plan(region)) for region in regions]
        self._open = [region for region, plan in plans if plan is None]
        self._plans = [
            (region, plan, regex.compile(plan.dialled)) for region, plan in plans if plan
        ]
        every = "|".join(f"(?:{plan.dialled})" for _, plan, _ in self._plans)
        self._any = regex.compile(every)
        self._rewriting = [plan for _, plan, _ in self._plans if plan.prefix]

    def of(self, pieces: set[str]) -> set[str]:
        """The regions in which one of some strings of digits may be a number."""
        some = [one for one in pieces if len(one) >= FEWEST and self._anywhere(one)]
        found = {
            region
            for region, plan, dialled in self._plans
            if any(dialled.fullmatch(one) or plan.rewritten(one) for one in some)
        }
        return found.union(self._open)

    def _anywhere(self, digits: str) -> bool:
        return self._any.fullmatch(digits) is not None or any(
            plan.rewritten(digits) for plan in self._rewriting
        )


class _Pieces(phonenumbers.PhoneNumberMatcher):
    """libphonenumber's matcher, which notes what it would parse, and parses nothing."""

    def __init__(self, run: str) -> None:
        super().__init__(run, None, leniency=0)
        self.noted: list[str] = []

    def _parse_and_verify(self, candidate: str, offset: int) -> None:  # noqa: ARG002
        self.noted.append(candidate)


def _pieces(run: str) -> set[str] | None:
    """The digits of what would be parsed of a run; None if there is more than digits to it.

    An extension and a number with a plus are libphonenumber's own affair.
    """
    pieces = _Pieces(run)
    found: set[str] = set()
    if pieces.has_next():
        return None
    for piece in pieces.noted:
        digits = "".join(_DIGIT.findall(piece))
        if _OPEN.search(piece) or not digits.isascii():
            return None
        found.add(digits)
    return found


class Phones:
    """A ``PhoneRecognizer``, asked only where there are digits enough.

    Args:
        recognizer: One that analyses as the class does.
    """

    def __init__(self, recognizer: PhoneRecognizer) -> None:
        self._recognizer = recognizer
        self._regions = _Regions(recognizer.supported_regions)
        self._of_run = lru_cache(maxsize=1 << 16)(self._asked)

    def _asked(self, run: str) -> tuple[Any, ...]:
        mine: Any = self._recognizer
        found: list[Any] = []
        pieces = _pieces(run)
        regions = self._regions.of(pieces) if pieces is not None else mine.supported_regions
        for region in (one for one in mine.supported_regions if one in regions):
            for match in phonenumbers.PhoneNumberMatcher(run, region, leniency=mine.leniency):
                told = region
                with suppress(phonenumbers.NumberParseException):
                    number = phonenumbers.parse(run[match.start : match.end])
                    told = phonenumbers.region_code_for_number(number)
                found.append(mine._get_recognizer_result(match, run, told, None))  # noqa: SLF001
        return tuple(EntityRecognizer.remove_duplicates(found))

    def analyze(self, text: str) -> list[Any]:
        """What the recogniser finds in a text: the same results as it finds in all of it."""
        found: list[Any] = []
        for start, end in runs(text):
            for result in self._of_run(text[start:end]):
                moved = copy.copy(result)
                moved.recognition_metadata = dict(result.recognition_metadata)
                moved.start, moved.end = result.start + start, result.end + start
                found.append(moved)
        return found
