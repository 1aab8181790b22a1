"""Benchmarks made up for tests, and what becomes of their items in training text."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from dataqa.decontaminate.benchmarks import benchmark
from dataqa.decontaminate.corpus import matcher_of
from dataqa.decontaminate.match import Matcher

PROBLEMS: tuple[Mapping[str, str], ...] = (
    {
        "question": "Mirela keeps 14 beehives on the slope behind her barn. Each hive gives 9 jars "
        "of honey in June and half as many in August. She keeps 7 jars for her cousins. How many "
        "jars does she carry to the village fair?",
        "answer": "In June the hives give 14 * 9 = <<14*9=126>>126 jars. In August they give "
        "126 / 2 = 63 more jars. She carries 126 + 63 - 7 = 182 jars to the fair. #### 182",
    },
    {
        "question": "A ferry leaves the island every 40 minutes and carries 55 passengers at most. "
        "If 480 hikers queue at the pier before dawn and nobody else arrives, after how many "
        "departures has the last of them gone?",
        "answer": "Each ferry takes 55 hikers, and 480 / 55 is a little under 9, so nine ferries "
        "must leave before the pier is empty. #### 9",
    },
    {
        "question": "Old Tomasz paints fence posts: the first costs him 3 minutes, and every later "
        "one 10 seconds less than the post before it until a post takes only 2 minutes. How long "
        "does he work on the first seven posts?",
        "answer": "The posts take 180, 170, 160, 150, 140, 130 and 120 seconds, which add up to "
        "1050 seconds or seventeen and a half minutes. #### 1050",
    },
    {
        "question": "The bakery on Linden Street sells walnut rolls for 4 crowns and poppy rolls "
        "for 3 crowns. On Sunday it sold 61 rolls in all and took 215 crowns. How many of the "
        "rolls sold on Sunday were walnut rolls?",
        "answer": "If all had been poppy rolls it would have taken 183 crowns, 32 crowns fewer, "
        "so 32 of them were walnut rolls. #### 32",
    },
    {
        "question": "Yusuf reads a chronicle of 640 pages. He reads 25 pages on weekdays and 60 "
        "pages on each day of the weekend, and he begins on a Monday morning. On which day of his "
        "reading does he close the book?",
        "answer": "A week makes 245 pages, two weeks 490 pages, and the remaining 150 pages take "
        "six more days, so he ends on day twenty. #### 20",
    },
    {
        "question": "Three lighthouses flash together at midnight. The northern one flashes every "
        "12 seconds, the southern one every 18, and the one on the rocks every 20. After how many "
        "seconds do all three flash together again?",
        "answer": "The least common multiple of twelve, eighteen and twenty is 180, so it takes "
        "three minutes until they meet again. #### 180",
    },
)
"""In the manner of GSM8K."""

CHOICES: tuple[Mapping[str, Any], ...] = tuple(
    {
        "id": f"c{at}",
        "question": f"Which of the following is the best description of {topic} according to the "
        f"introductory handbook for new members of the society?",
        "choices": ["None of the above", right, "All of the above", "It cannot be determined"],
        "answer": 1,
    }
    for at, (topic, right) in enumerate(
        (
            ("a tidal mill on a narrow northern estuary", "a wheel that turns with the ebb"),
            ("the guild of brass instrument repairers", "a body that sets prices for mending"),
            ("winter grafting of old apple varieties", "joining dormant wood to rooted stock"),
            ("the slow collapse of limestone caverns", "roofs falling as the water table sinks"),
            ("an unaccompanied choir of mountain herders", "voices answering across a valley"),
            ("the registry of abandoned railway bridges", "a list kept for those who walk them"),
        )
    )
)
"""In the manner of MMLU: much of each question is in all of them."""

CODE: tuple[Mapping[str, str], ...] = (
    {
        "task_id": "Made/0",
        "prompt": "from typing import List\n\n\ndef widest_valley(heights: List[int]) -> int:\n"
        '    """ Given the heights of a ridge from west to east, return the width of the\n'
        "    widest valley that lies between two summits of equal height.\n"
        '    >>> widest_valley([5, 1, 2, 5, 3, 5])\n    3\n    """\n',
        "canonical_solution": "    best = 0\n    for west, height in enumerate(heights):\n"
        "        for east in range(len(heights) - 1, west, -1):\n"
        "            if heights[east] == height:\n"
        "                best = max(best, east - west)\n    return best\n",
    },
    {
        "task_id": "Made/1",
        "prompt": "from typing import List\n\n\ndef ferry_loads(weights: List[int], limit: int) -> "
        'int:\n    """ Passengers board in the order in which they stand in the queue. Count\n'
        "    how often the ferry must cross when it may carry no more than limit at once.\n"
        '    >>> ferry_loads([60, 70, 80], 130)\n    2\n    """\n',
        "canonical_solution": "    trips, load = 1, 0\n    for weight in weights:\n"
        "        if load + weight > limit:\n            trips, load = trips + 1, 0\n"
        "        load += weight\n    return trips\n",
    },
)
"""In the manner of HumanEval."""

CHINESE: tuple[Mapping[str, str], ...] = (
    {
        "question": "王师傅的果园里有三十六棵梨树，每棵树平均结梨八十五个，其中十分之一被鸟啄坏。"
        "他把好梨每十二个装成一箱，最多能装满多少箱？",
        "answer": "二百二十九箱",
    },
    {
        "question": "一列慢车从北城出发，每小时行五十四公里，两小时后一列快车从同一车站追赶，"
        "每小时行九十公里，快车几小时后能追上慢车？",
        "answer": "三小时",
    },
)

FILLER = (
    "The council met again on Thursday to hear about the drains, and nothing was settled. A long "
    "letter from the harbour master was read aloud; several members asked for it to be copied. "
    "Rain had kept the surveyors indoors for most of the month, so the map is still unfinished. "
    "Somebody proposed to wait until spring. The minutes record no objection to this at all. "
)


def asked(item: Mapping[str, Any]) -> str:
    """A problem with its solution, as a training text would have it."""
    way, _, final = item["answer"].partition("####")
    return f"{item['question']}\n{way.replace('<<14*9=126>>', '').strip()} The answer is{final}."


def within(text: str, times: int = 4) -> str:
    """A text in the middle of others."""
    return FILLER * times + "\n\n" + text + "\n\n" + FILLER * times


def changed(text: str, every: int = 10) -> str:
    """One word in ``every`` replaced."""
    words = text.split(" ")
    words[every // 2 :: every] = [f"gr{at}b" for at in range(len(words[every // 2 :: every]))]
    return " ".join(words)


def matcher(*benches: Sequence[Mapping[str, Any]], background: Sequence[str] = ()) -> Matcher:
    """A matcher for some of the benchmarks above, called b0, b1, …"""
    read = [
        benchmark(f"b{at}", [dict(item) for item in bench], {}, f"b{at}")
        for at, bench in enumerate(benches)
    ]
    texts = pl.Series(list(background), dtype=pl.String)
    return matcher_of(read, (lambda: iter([texts])) if background else None)


def scores(found: Matcher, *texts: str | None) -> list[dict[str, float]]:
    """For each text the best score of each entry in it, by the entry's id."""
    told: list[dict[str, float]] = [{} for _ in texts]
    matches = found.find(pl.Series(list(texts), dtype=pl.String)).matches
    for row, entry, score in matches.select("text", "entry", "score").iter_rows():
        name = found.index.ids[entry]
        told[row][name] = max(score, told[row].get(name, 0.0))
    return told


def written(path: Path, items: Iterable[Mapping[str, Any]]) -> Path:
    """Items as JSON lines."""
    path.write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")
    return path


def phrases(seed: int, pool: int = 60, words: int = 6) -> list[str]:
    """Phrases of made-up words, of which questions and texts can be put together."""
    chance = random.Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyz"
    return [
        " ".join("".join(chance.choices(letters, k=5)) for _ in range(words)) for _ in range(pool)
    ]
