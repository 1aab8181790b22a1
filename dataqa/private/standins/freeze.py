"""Writes ``names.json``: people's names as Faker lists them, so that no later version changes them.

Stand-ins must be the same next year. So names are taken from Faker once, by
``python -m dataqa.private.standins.freeze``, and a stand-in needs no Faker.
"""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

TAKEN = {
    "en": ("en_US", "en_GB"),
    "de": ("de_DE",),
    "fr": ("fr_FR",),
    "es": ("es_ES",),
    "it": ("it_IT",),
    "ru": ("ru_RU",),
    "zh": ("zh_CN",),
    "ja": ("ja_JP",),
    "ko": ("ko_KR",),
}
"""Which of Faker's locales each language's names are of."""
NAMES = Path(__file__).with_name("names.json")
_FIELDS = {"male": "first_names_male", "female": "first_names_female", "last": "last_names"}


def names() -> dict[str, dict[str, list[str]]]:
    """Given names by gender, and family names, of each language; sorted, words of letters only."""
    return {
        language: {
            field: sorted({name for locale in locales for name in _listed(locale, theirs)})
            for field, theirs in _FIELDS.items()
        }
        for language, locales in TAKEN.items()
    }


def _listed(locale: str, field: str) -> list[str]:
    provider: Any = import_module(f"faker.providers.person.{locale}").Provider
    found = getattr(provider, field, None) or provider.last_names_male
    return [name for name in found if name.isalpha() and (len(name) > 1 or not name.isascii())]


if __name__ == "__main__":
    NAMES.write_text(
        json.dumps(names(), ensure_ascii=False, separators=(",", ":")).replace("],", "],\n") + "\n",
        encoding="utf-8",
    )
