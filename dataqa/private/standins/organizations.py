"""Organisations: another name before the same legal form, or around the same kind of house."""

from __future__ import annotations

import re

from dataqa.private.standins.draw import LOWER, UPPER, Who, cased, listed
from dataqa.private.standins.words import family_pool, plain

_WORD = re.compile(r"[^\W_]+(?:['’&.-][^\W_]+)*\.?")
_STAYS = frozenset(
    listed(
        "inc incorporated ltd limited llc llp lp plc corp corporation co company group "
        "holding holdings gmbh ag kg ohg se sa sas sarl spa srl bv nv ab oy as aps kk pty "
        "bank university college school institute hospital clinic center centre ministry "
        "department court council committee commission association foundation society church "
        "museum library laboratory laboratories agency authority office bureau union party "
        "club team press news times international national royal federal state general of for "
        "the and & und de la le du des der di et y technologies technology systems solutions "
        "services partners associates consulting industries insurance energy foods media "
        "studios software university's"
    )
)
_HAN = re.compile("[\u3400-\u9fff]")
_HAN_END = re.compile(
    "((?:科技|信息|网络|贸易|实业|投资|建筑|电子|食品|医药|文化|传媒|教育|物流|置业|房地产|人民|中级|高级|第[一二三四五]|附属|师范|理工|农业|医科)*"
    "(?:股份有限公司|有限责任公司|有限公司|集团|公司|大学|学院|医院|银行|法院|检察院|中学|小学|研究所|研究院|委员会|事务所|协会|基金会"
    "|中心|出版社|报社|局|厅|部|厂|店|社|会|所|院|站|队))$"
)
_SIGNS = "华信达盛恒瑞泰安康远博通明兴嘉鑫源宏利丰禾森辰景旭晟"


def organization(value: str, who: Who) -> str:
    """Another name; what kind of organisation it is, and its legal form, stay.

    >>> made = organization("Acme Widgets Inc.", Who(b"k"))
    >>> made.endswith(" Inc."), "Acme" in made, len(made.split())
    (True, False, 3)
    """
    if _HAN.search(value):
        return _chinese(value, who)
    words = [*_WORD.finditer(value)]
    stays = [plain(word.group()).rstrip(".").replace(".", "") in _STAYS for word in words]
    if all(stays):
        stays = [False] * len(words)
    made: list[str] = []
    done = 0
    for word, kept in zip(words, stays, strict=True):
        made += [value[done : word.start()], word.group() if kept else _other(word.group(), who)]
        done = word.end()
    return "".join([*made, value[done:]])


def _other(word: str, who: Who) -> str:
    draw = who.draw("part of an organisation", plain(word))
    short = word.isupper() and len(word) < 6
    while True:
        if short:
            made = "".join(draw.one_of(UPPER if one in UPPER else LOWER) for one in word)
        else:
            made = cased(draw.one_of(family_pool("en")), word)
        if plain(made) != plain(word):
            return made + ("." if word.endswith(".") and not made.endswith(".") else "")


def _chinese(value: str, who: Who) -> str:
    end = _HAN_END.search(value)
    core = value[: end.start()] if end and end.start() else value
    draw = who.draw("part of an organisation", core)
    while (made := "".join(draw.one_of(_SIGNS) if _HAN.match(c) else c for c in core)) == core:
        pass
    return made + value[len(core) :]
