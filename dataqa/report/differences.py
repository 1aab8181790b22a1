"""Two texts side by side: what they have in common, and what only one of them has.

Words are compared as they are written, Han and Kana characters one by one; white space does not
count. The longest common runs are found by Python's ``difflib``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

LONGEST = 60_000
"""Characters of a text that are looked at."""
TOKENS = 1500
"""Words that are compared, once the beginning and the end that both have are set aside."""
AROUND = 25
"""Words shown of a common run at either end of it."""
OPENING = 8
"""Words shown of the beginning of a text, where it is the same in both."""
SHOWN = 400
"""Words shown of a text."""
WORD = 100
"""Characters shown of a word."""
_TOKEN = re.compile(
    r"[\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]\s*"
    r"|[^\W\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+\s*|[^\w\s]\s*|\s+|\w"
)

type Kind = Literal["same", "only", "gap"]


class Segment(NamedTuple):
    """A run of a text: what the other one has too, has not, or a number of words left out."""

    kind: Kind
    text: str


def side_by_side(left: str, right: str) -> tuple[list[Segment], list[Segment]]:
    """Both texts in runs, long common ones shortened.

    >>> [tuple(run) for run in side_by_side("The cat sat.", "The dog sat.")[0]]
    [('same', 'The '), ('only', 'cat '), ('same', 'sat.')]
    """
    mine, theirs = tokens(left[:LONGEST]), tokens(right[:LONGEST])
    keys, others = [one.strip() for one in mine], [one.strip() for one in theirs]
    first = _common(keys, others)
    last = _common(keys[first:][::-1], others[first:][::-1])
    ends, closes = len(keys) - last, len(others) - last
    runs = [("equal", 0, first, 0, first)] if first else []
    stops, shuts = min(ends, first + TOKENS), min(closes, first + TOKENS)
    # words in every hundred begin no match, or a text of one word takes minutes
    matcher = SequenceMatcher(None, keys[first:stops], others[first:shuts], autojunk=True)
    runs += [
        (tag, a + first, b + first, c + first, d + first)
        for tag, a, b, c, d in matcher.get_opcodes()
    ]
    if stops < ends or shuts < closes:
        runs.append(("skip", stops, ends, shuts, closes))
    if last:
        runs.append(("equal", ends, len(keys), closes, len(others)))
    sides = (
        [(tag, mine[a:b]) for tag, a, b, _, _ in runs],
        [(tag, theirs[c:d]) for tag, _, _, c, d in runs],
    )
    return _shown(sides[0]), _shown(sides[1])


def tokens(text: str) -> list[str]:
    """Words with the white space behind them; put together they are the text.

    >>> tokens("Don't 你好 x")
    ['Don', "'", 't ', '你', '好 ', 'x']
    """
    return _TOKEN.findall(text)


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count


def _shown(runs: Sequence[tuple[str, list[str]]]) -> list[Segment]:
    """Runs as segments, with no more words than are shown."""
    out: list[Segment] = []
    left = SHOWN
    skipped = 0
    for number, (tag, words) in enumerate(runs):
        if not words:
            continue
        if tag == "skip" or left <= 0:
            skipped += len(words)
            continue
        if skipped:
            out.append(_gap(skipped))
            skipped = 0
        kind: Kind = "same" if tag == "equal" else "only"
        short = [word if len(word) <= WORD else word[:WORD] + "… " for word in words]
        head, cut, tail = _parts(short, kind, number == 0, number == len(runs) - 1, left)
        left -= len(head) + len(tail)
        out += [Segment(kind, "".join(head))] if head else []
        out += [_gap(cut)] if cut and tail else []
        skipped = cut if cut and not tail else 0
        out += [Segment(kind, "".join(tail))] if tail else []
    return [*out, _gap(skipped)] if skipped else out


def _parts(
    words: list[str], kind: Kind, first: bool, last: bool, room: int
) -> tuple[list[str], int, list[str]]:
    """What is shown of the beginning of a run, how many words are not, and of its end."""
    if kind == "only":
        return words[:room], max(0, len(words) - room), []
    begin = min(room, OPENING if first and not last else AROUND)
    end = 0 if last else min(AROUND, room - begin)
    if len(words) <= begin + end:
        return words, 0, []
    return words[:begin], len(words) - begin - end, words[len(words) - end :] if end else []


def _gap(count: int) -> Segment:
    return Segment("gap", f"{count:,} word" + ("s" if count > 1 else ""))
