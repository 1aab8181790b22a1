"""Digits that others determine: computed to check a number, and to make one."""

from __future__ import annotations


def luhn_digit(body: str) -> str:
    """The check digit of ISO/IEC 7812-1, annex B.

    >>> luhn_digit("411111111111111")
    '1'
    """
    total = 0
    for place, one in enumerate(reversed(body)):
        number = int(one) * (1 if place % 2 else 2)
        total += number - 9 if number > 9 else number
    return str(-total % 10)


def cn_id_character(body: str) -> str:
    """The check character of GB 11643-1999, of seventeen digits (ISO 7064, MOD 11-2).

    >>> cn_id_character("11010519491231002")
    'X'
    """
    total = sum(int(one) * pow(2, 17 - place, 11) for place, one in enumerate(body))
    return "10X98765432"[total % 11]
