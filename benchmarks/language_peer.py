"""Asks another tool for the languages of texts; runs in that tool's own environment.

``python language_peer.py py3langid|lingua texts.json`` prints its languages and its CPU seconds.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any


def opened(peer: str) -> Callable[[str], str]:
    """The tool as a function from text to language code."""
    if peer == "py3langid":
        classify: Any = import_module("py3langid").classify
        return lambda text: str(classify(text)[0])
    detector: Any = import_module("lingua").LanguageDetectorBuilder.from_all_languages().build()

    def detect(text: str) -> str:
        found = detector.detect_language_of(text)
        return "" if found is None else found.iso_code_639_1.name.lower()

    return detect


def main() -> int:
    """Classify and print."""
    peer, path = sys.argv[1:]
    texts = json.loads(Path(path).read_text(encoding="utf-8"))
    name = opened(peer)
    name("Warm up with one sentence.")
    begun = time.process_time()
    languages = [name(text) for text in texts]
    seconds = time.process_time() - begun
    sys.stdout.write(json.dumps({"languages": languages, "seconds": seconds}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
