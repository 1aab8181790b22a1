import collections
import gzip
import io
import json
import re
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pytest
import yaml
import zstandard
from commands import dataqa as dataqa_command

import dataqa

HERE = Path(__file__).parent.parent / "examples"
DATA = HERE / "data"
COLUMNS = ("id", "text", "url", "source", "lang_truth", "licence", "planted")
LICENCES = {"postgresql": "PostgreSQL", "python": "PSF-2.0", "libreoffice": "MPL-2.0"}


class Doc(NamedTuple):
    id: str
    text: str | None
    url: str
    source: str
    lang_truth: str | None
    licence: str
    planted: str | None


def rows(name: str) -> list[Doc]:
    raw = (DATA / name).read_bytes()
    if name.endswith(".parquet"):
        return [Doc(**row) for row in pl.read_parquet(io.BytesIO(raw)).to_dicts()]
    if name.endswith(".gz"):
        raw = gzip.decompress(raw)
    if name.endswith(".zst"):
        raw = zstandard.ZstdDecompressor().decompressobj().decompress(raw)
    return [Doc(**json.loads(line)) for line in raw.decode().rstrip("\n").split("\n")]


NAMES = ("docs-en.jsonl.zst", "docs-zh.jsonl.gz", "docs-many.parquet", "planted.jsonl")
CORPUS = {name: rows(name) for name in NAMES}
EVERY = [doc for docs in CORPUS.values() for doc in docs]
REAL = {doc.id: doc for name in NAMES[:3] for doc in CORPUS[name]}
PLANTED = CORPUS["planted.jsonl"]
README = (DATA / "README.md").read_text("utf-8")


def marked(beginning: str) -> list[Doc]:
    return [doc for doc in PLANTED if (doc.planted or "").startswith(beginning)]


def bare(text: str | None) -> str:
    return "".join((text or "").split())


@pytest.mark.parametrize("name", NAMES)
def test_readme_tells_rows_and_bytes(name: str):
    found = re.search(rf"^\| {re.escape(name)} \| (\d+) \| (\d+) \|", README, re.MULTILINE)
    assert found
    size = sum(len((doc.text or "").encode()) for doc in CORPUS[name])
    assert (int(found[1]), int(found[2])) == (len(CORPUS[name]), size)


def test_corpus_is_several_hundred_documents_and_small_enough_for_git():
    assert 600 <= len(EVERY) <= 900
    assert f"{len(EVERY)} documents" in README
    assert sum(p.stat().st_size for p in DATA.rglob("*") if p.is_file()) < 2_500_000
    assert all((DATA / name).stat().st_size < 500_000 for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_columns_are_the_same_in_every_file(name: str):
    assert Doc._fields == COLUMNS
    for doc in CORPUS[name]:
        assert doc.url.startswith("https://")
        assert re.match(r"https://[\w.-]+\.example\.(org|com|net)/", doc.url)
        assert doc.lang_truth is None or re.fullmatch(r"[a-z]{2}", doc.lang_truth)


def test_every_licence_is_named_and_its_text_is_there():
    for doc in REAL.values():
        assert doc.licence == LICENCES[doc.source]
    assert {doc.licence for doc in PLANTED} <= {*LICENCES.values(), "Apache-2.0"}
    beginnings = {
        "PostgreSQL": "Permission to use, copy, modify, and distribute",
        "PSF-2.0": "PSF LICENSE AGREEMENT FOR PYTHON 3.11.2",
        "MPL-2.0": "Mozilla Public License Version 2.0",
    }
    for licence, words in beginnings.items():
        text = (DATA / "LICENSES" / licence).read_text("utf-8")
        assert words in " ".join(text.split())
        assert f"[{licence}](LICENSES/{licence})" in README
    for package in ("postgresql-doc-15", "python3.11-doc", "libreoffice-help-en-us"):
        assert package in README


def test_ids_are_unique_but_for_the_two_planted():
    counts = collections.Counter(doc.id for doc in EVERY)
    twice = {name for name, count in counts.items() if count > 1}
    assert twice == {doc.id for doc in marked("duplicate id")}
    assert len(twice) == 2
    assert max(counts.values()) == 2


def test_real_files_mark_only_pages_with_menus():
    marks = {doc.planted for doc in REAL.values() if doc.planted}
    assert len(marks) == 1
    assert marks.pop().startswith("navigation")
    assert all(doc.planted for doc in PLANTED)


def test_real_pages_do_not_repeat_one_another():
    texts = collections.Counter(bare(doc.text) for doc in REAL.values())
    assert max(texts.values()) == 1


def test_readme_counts_what_is_planted():
    table = README.split("## What is planted")[1].split("## The invented")[0]
    lines = re.findall(r"^\| ([^|]+) \| (\d+) \|", table, re.MULTILINE)
    for kinds, count in lines:
        assert sum(len(marked(kind.strip())) for kind in kinds.split(", ")) == int(count), kinds
    assert sum(int(count) for _, count in lines) == len(PLANTED)


def test_duplicates_are_what_they_say():
    for doc in marked("exact duplicate of "):
        assert doc.planted is not None
        assert doc.text == REAL[doc.planted.removeprefix("exact duplicate of ")].text
    for doc in marked("same but for white space: "):
        assert doc.planted is not None
        twin = REAL[doc.planted.removeprefix("same but for white space: ")]
        assert doc.text != twin.text
        assert bare(doc.text) == bare(twin.text)


def test_near_duplicates_name_their_twin_and_share():
    for doc in marked("near duplicate of "):
        found = re.fullmatch(
            r"near duplicate of (\S+): ([\d.]+)% of words edited", doc.planted or ""
        )
        assert found
        twin = REAL[found[1]]
        assert doc.text != twin.text
        assert 5 <= float(found[2]) <= 10


def test_damage_is_in_the_texts():
    text = {doc.id: doc.text or "" for doc in PLANTED}
    assert "\r\n" in text["planted-crlf-en"]
    assert "\u200b" in text["planted-zero-width-zh"]
    assert "\x00" in text["planted-nul-en"]
    assert "\x1b" in text["planted-control-en"]
    assert "\u0301" in text["planted-nfd-fr"]
    assert "Ã" in text["planted-mojibake-fr"]
    assert "{" in text["planted-braces-en-widget"]
    assert 45_000 < len(text["planted-long-line"]) <= 50_000
    assert "\n" not in text["planted-long-line"]
    assert [doc.text for doc in marked("null text")] == [None]
    assert [doc.text for doc in marked("empty text")] == [""]


def test_every_address_is_of_an_example_domain():
    addresses = [
        m[1]
        for doc in EVERY
        for m in re.finditer(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)", doc.text or "")
    ]
    assert len(addresses) > 20
    assert set(addresses) <= {"example.org", "example.com", "example.net"}


def test_identity_numbers_are_well_formed_and_never_issued():
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    numbers = re.findall(
        r"(?<!\d)\d{17}[\dX](?!\d)", " ".join(d.text or "" for d in marked("people"))
    )
    assert len(numbers) >= 5
    for number in numbers:
        total = sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False))
        assert number[17] == "10X98765432"[total % 11]
        assert (number[2:6], number[14:17]) == ("0000", "000")


def test_phone_numbers_are_of_reserved_ranges():
    text = " ".join(doc.text or "" for doc in marked("people"))
    assert set(re.findall(r"555-(\d\d)\d\d", text)) == {"01"}
    assert all(
        number.startswith("1690000") for number in re.findall(r"(?<!\d)1[3-9]\d{9}(?!\d)", text)
    )


def test_the_benchmark_of_the_demo_has_three_items_found_and_one_without_its_answer():
    texts = pl.DataFrame({"id": [doc.id for doc in EVERY], "text": [doc.text for doc in EVERY]})
    found = dataqa.contamination(texts, HERE / "benchmark.jsonl", id_column="id")
    assert found.select("entry", "doc_id", "verdict").sort("entry").rows() == [
        ("ferry-1", "planted-article-en-ferry", "found"),
        ("library-1", "planted-cookie-en-library", "found"),
        ("oven-1", "planted-article-en-bread", "found"),
        ("teahouse-1", "planted-article-zh-teahouse", "review"),
    ]
    entries = pl.read_ndjson(HERE / "benchmark.jsonl")
    assert entries["id"].n_unique() == entries.height == 8


def test_the_scorer_of_the_demo_judges_invented_pages_that_it_has_not_seen(tmp_path: Path):
    known = re.sub(r"\s*#?\s+", " ", (HERE / "manuals.yaml").read_text("utf-8"))
    english = [doc for doc in PLANTED if doc.lang_truth == "en"]
    invented = [doc for doc in english if doc.licence == "Apache-2.0"]
    copies = len(english) - len(invented)
    assert f"{len(english)} English pages" in known
    assert f"{copies} are damaged copies" in known
    assert f"other {len(invented)}, which are invented" in known
    assert f"({copies} are copies of" in (HERE.parent / "Makefile").read_text("utf-8")
    words = ("train", "quality", DATA / "docs-en.jsonl.zst", "-o", tmp_path / "manuals")
    sides = ("--positive", "postgresql", "--positive", "python", "--label-column", "source")
    assert dataqa_command(*words, *sides, "--id-column", "id").code == 0
    texts = pl.DataFrame(
        {"id": [doc.id for doc in invented], "text": [doc.text for doc in invented]}
    )
    scores = dict(dataqa.score(texts, tmp_path / "manuals").select("id", "score").iter_rows())
    # it is not sure of any of them, as it is of its own pages however damaged
    assert all(score < 0.9 for score in scores.values() if score is not None)
    assert sum(score is not None for score in scores.values()) == len(invented) - 3


def test_invented_texts_are_in_the_files_as_written():
    texts = {doc.id: doc.text for doc in PLANTED}
    for entry in yaml.safe_load((HERE / "make_data_people.yaml").read_text("utf-8")):
        assert texts[f"planted-{entry['id']}"] == entry["text"]
