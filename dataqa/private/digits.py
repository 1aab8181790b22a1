"""Digits that others determine: computed to check a number, and to make one."""

from __future__ import annotations

from datetime import date

_DOUBLED = bytes.maketrans(b"0123456789", b"0246813579")
"""Twice a digit, and the digits of that added up."""
_OTHERS = bytes(code for code in range(256) if code not in b"0123456789")


def only_digits(value: str) -> str:
    """The digits of ASCII in a value.

    >>> only_digits("4111-1111 ٣")
    '41111111'
    """
    return value.encode().translate(None, _OTHERS).decode()


def luhn_digit(body: str) -> str:
    """The check digit of ISO/IEC 7812-1, annex B.

    >>> luhn_digit("411111111111111")
    '1'
    """
    signs = body.encode()
    total = sum(signs[-1::-2].translate(_DOUBLED)) + sum(signs[-2::-2]) - 48 * len(signs)
    return str(-total % 10)


def luhn_holds(digits: str) -> bool:
    """Whether digits end with Luhn's check digit, and are not all the same.

    >>> luhn_holds("4111111111111111"), luhn_holds("0000")
    (True, False)
    """
    signs = digits.encode()
    total = sum(signs[-2::-2].translate(_DOUBLED)) + sum(signs[-1::-2]) - 48 * len(signs)
    return total % 10 == 0 and signs.count(signs[0]) < len(signs)


def cn_id_character(body: str) -> str:
    """The check character of GB 11643-1999, of seventeen digits (ISO 7064, MOD 11-2).

    >>> cn_id_character("11010519491231002")
    'X'
    """
    total = sum(int(one) * pow(2, 17 - place, 11) for place, one in enumerate(body))
    return "10X98765432"[total % 11]


def vin_character(number: str) -> str:
    """The check character of a vehicle's number of seventeen: modulo 11 (49 CFR 565).

    >>> vin_character("1M8GDM9AXKP042788")
    'X'
    """
    values = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789", strict=True))
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    total = sum(
        int(values.get(one, one)) * weight for one, weight in zip(number, weights, strict=True)
    )
    return "0123456789X"[total % 11]


def is_day(written: str) -> bool:
    """Whether eight digits are a day that somebody may be born on: year, month, day."""
    try:
        born = date(int(written[:4]), int(written[4:6]), int(written[6:8]))
    except ValueError:
        return False
    return 1880 <= born.year <= 2100
