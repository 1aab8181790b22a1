"""Presidio's registry files, read as Presidio reads them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import regex
import yaml
from presidio_analyzer.recognizer_registry import RecognizerRegistry, RecognizerRegistryProvider

from dataqa.errors import InputError


def read_registry(path: Path | str, languages: Sequence[str] = ("en",)) -> RecognizerRegistry:
    """The recognisers of a Presidio registry's YAML file, made by Presidio.

    Raises:
        InputError: There is no such file, or it is no registry.
    """
    file = Path(path)
    if not file.is_file():  # Presidio would take its own instead
        raise InputError("there is no such file", where=str(file), hint="a Presidio registry, YAML")
    try:
        given: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
        if not isinstance(given, dict) or not given.get("recognizers"):
            raise InputError("no `recognizers` in it", where=str(file), hint="a Presidio registry")
        about = {"supported_languages": list(languages), "global_regex_flags": 26} | given
        provider = RecognizerRegistryProvider(registry_configuration=about)
        return provider.create_recognizer_registry()
    except (ValueError, TypeError, KeyError, yaml.YAMLError, OSError, regex.error) as error:
        why = str(error).partition("\n")[0]
        hint = "presidio-analyzer has to take it first"
        raise InputError(f"no registry: {why}", where=str(file), hint=hint) from None
