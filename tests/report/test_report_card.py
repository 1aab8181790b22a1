"""The corpus card says what is known and owns up to what is not."""

from __future__ import annotations

from report_corpus import report

from dataqa.report.card import NOT_MEASURED, card

REPORT = report(600)


def test_what_was_not_measured_is_said():
    text, page = card(REPORT, {}, {})
    for title in ("Privacy", "Toxicity", "Contamination", "Cost"):
        assert f"## {title}\n\n{NOT_MEASURED}" in text
    assert page.count(NOT_MEASURED) == 4
    assert "no licence column" in text


def test_figures_of_the_run_are_told():
    text, page = card(REPORT, {"inputs": [{"path": "a"}]}, {"seconds": 12.5, "host": {"cpu": 2}})
    assert "| seconds | 12.5 |" in text
    assert "1 input files" in text
    assert f"{REPORT['totals']['kept']['documents']:,} documents" in text
    assert "exact.copy" in page


def test_licences_come_from_a_source_column_or_a_signal():
    settings = {**REPORT["settings"], "output": {"source_column": "license"}}
    assert (
        "## Licences\n\nOf the kept documents" in card({**REPORT, "settings": settings}, {}, {})[0]
    )
    values = [{"value": "CC-BY-4.0", "kept": 7, "review": 0, "rejected": 0, "quarantine": 0}]
    text = card({**REPORT, "texts": {"licence": values}}, {}, {})[0]
    assert "| CC-BY-4.0 | 7 |" in text


def test_toxicity_is_read_from_signals_of_that_name():
    signals = {**REPORT["signals"], "toxicity": REPORT["signals"]["language_score"]}
    assert "| toxicity |" in card({**REPORT, "signals": signals}, {}, {})[0]
