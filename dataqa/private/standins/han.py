"""Names of people in Chinese, Japanese and Korean writing: family name first, nothing between."""

from __future__ import annotations

import re

from dataqa.private.standins.draw import Draw, Who
from dataqa.private.standins.words import family_names, names

_KANA, _HANGUL = re.compile("[\u3040-\u30ff]"), re.compile("[\uac00-\ud7a3]")
_ANY = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_SOUNDS = (
    "阿艾安巴贝布查达德迪丹恩尔菲弗格哈海霍杰卡凯克拉莱兰雷丽林罗洛马"
    "迈米莫娜尼诺帕佩皮奇乔琼萨塞史斯塔特托瓦维沃希西休亚伊尤约泽"
)
_DOUBLE = (
    *("欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "令狐", "慕容"),
    *("司徒", "夏侯", "长孙", "宇文", "南宫", "端木"),
)
_SINGLE = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
"""The hundred most frequent family names, in the order of the census."""
_FOREIGN = re.compile("[·・•‧]")
_CALLED = re.compile(
    "(?:先生|女士|小姐|太太|夫人|老师|医生|大夫|教授|博士|律师|法官|警官|经理|总监|主任|同学|师傅|局长|院长|校长"
    "|书记|总|工|哥|姐|さん|様|氏|君|씨|님)$"
)
_FAMILIAR = re.compile("^[老小阿](?=.$)")


def is_asian(value: str) -> bool:
    """Whether a name is in one of these scripts."""
    return _ANY.search(value) is not None


def is_family(text: str) -> bool:
    """Whether these characters are a frequent Chinese family name."""
    return text in _DOUBLE or (len(text) == 1 and text in _SINGLE)


def asian_name(value: str, who: Who) -> str:
    """A name of as many characters; its family name and its given name have each their stand-in.

    >>> made = asian_name("张伟先生", Who(b"key"))
    >>> len(made), made.endswith("先生"), made.startswith(asian_name("张", Who(b"key")))
    (4, True, True)
    """
    called = _CALLED.search(value)
    behind = called.group() if called and called.start() else ""
    name = value.removesuffix(behind)
    before = match.group() if (match := _FAMILIAR.match(name)) else ""
    name = name.removeprefix(before)
    if _FOREIGN.search(name):
        made = "".join(
            one if _FOREIGN.match(one) else _sounds(one, who) for one in re.split("([·・•‧])", name)
        )
    else:
        made = " ".join(_one(part, who) for part in name.split(" "))
    return before + made + behind


def _one(name: str, who: Who) -> str:
    if not is_asian(name):
        return name
    if _HANGUL.search(name):
        return _listed(name, "ko", 1, who)
    head = next((n for n in (3, 2, 1) if family_names().get(name[:n]) == "ja" and name[n:]), 0)
    if _KANA.search(name) or (head > 1 and len(name) > 2):
        return _listed(name, "ja", head or min(2, len(name) - 1), who)
    size = 2 if name[:2] in _DOUBLE else 1
    return _family(name[:size], who) + _given(name[size:], who)


def _listed(name: str, language: str, head: int, who: Who) -> str:
    """Of a language whose lists are short: from them, whatever the number of characters."""
    first, rest = (name[:head], name[head:]) if head else (name, "")
    draw = who.draw("part of a name", "family", first)
    made = _unlike(first, draw, names()[language]["last"])
    if not rest:
        return made
    gender = next((one for one in ("male", "female") if rest in names()[language][one]), "")
    pool = names()[language][gender or "female"] + ([] if gender else names()[language]["male"])
    return made + _unlike(rest, who.draw("part of a name", "given", rest), pool)


def _family(name: str, who: Who) -> str:
    pool = list(_DOUBLE) if len(name) == 2 else list(_SINGLE)
    return _unlike(name, who.draw("part of a name", "family", name), pool)


def _given(name: str, who: Who) -> str:
    if not name:
        return ""
    draw = who.draw("part of a name", "given", name)
    women, men = (
        {one for one in names()["zh"][gender] if len(one) == 1} for gender in ("female", "male")
    )
    woman, man = (any(one in some for one in name) for some in (women - men, men - women))
    pool = sorted(women | men if woman == man else women if woman else men)
    while (made := "".join(draw.one_of(pool) for _ in name)) == name:
        pass
    return made


def _sounds(name: str, who: Who) -> str:
    draw = who.draw("part of a name", "foreign", name)
    while (made := "".join(draw.one_of(_SOUNDS) for _ in name)) == name and name:
        pass
    return made


def _unlike(name: str, draw: Draw, pool: list[str]) -> str:
    while (made := draw.one_of(pool)) == name:
        pass
    return made
