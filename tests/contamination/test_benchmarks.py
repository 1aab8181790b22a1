"""Benchmark files become items, whatever their format and the names of their fields."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from benches import PROBLEMS, written

from dataqa.decontaminate.benchmarks import (
    benchmark_files,
    benchmark_names,
    digest_of,
    read_benchmarks,
)
from dataqa.decontaminate.fields import Item, item, roles
from dataqa.errors import InputError

RECORDS: dict[str, tuple[dict[str, Any], Item]] = {
    "gsm8k": (
        {"question": "How many?", "answer": "3 + 4 = <<3+4=7>>7.\n#### 7"},
        Item("f#1", "How many?", ("3 + 4 = 7.", "7"), ""),
    ),
    "humaneval": (
        {"task_id": "HE/3", "prompt": "def f():", "canonical_solution": " return 1", "test": "t"},
        Item("HE/3", "def f():", ("return 1",), ""),
    ),
    "math": (
        {"problem": "Solve.", "solution": "So it is 3.", "answer": "3", "level": 2},
        Item("f#1", "Solve.", ("3", "So it is 3."), ""),
    ),
    "mmlu": (
        {"question": "Which?", "choices": ["red", "green"], "answer": 1},
        Item("f#1", "Which?", ("green",), ""),
    ),
    "arc": (
        {
            "id": "M_7",
            "question": "Which?",
            "choices": {"text": ["up", "down"], "label": ["1", "2"]},
            "answerKey": "1",
        },
        Item("M_7", "Which?", ("up",), ""),
    ),
    "hellaswag": (
        {"ind": 24, "ctx": "A man", "endings": ["sits", "runs"], "label": "1"},
        Item("24", "A man", ("runs",), ""),
    ),
    "ceval": (
        {
            "id": 0,
            "question": "下列哪个？",
            "A": "甲",
            "B": "乙",
            "C": "丙",
            "D": "丁",
            "answer": "C",
        },
        Item("0", "下列哪个？", ("丙",), ""),
    ),
    "squad": (
        {
            "id": "s1",
            "context": "A town.",
            "question": "What?",
            "answers": {"text": ["a town", "town"], "answer_start": [0, 2]},
        },
        Item("s1", "What?", ("a town", "town"), "A town."),
    ),
    "trivia": (
        {"question": "Who?", "answer": {"value": "Ada", "aliases": ["Ada", "Countess"]}},
        Item("f#1", "Who?", ("Ada", "Countess"), ""),
    ),
    "boolq": (
        {"question": "is it", "passage": "It is.", "answer": True},
        Item("f#1", "is it", (), "It is."),
    ),
    "decon": (
        {"text": "Janet has ducks", "answer": "18", "passage": None, "id": "x"},
        Item("x", "Janet has ducks", ("18",), ""),
    ),
    "alpaca": (
        {"instruction": "Translate.", "input": "Bonjour", "output": "Hello"},
        Item("f#1", "Translate.", ("Hello",), "Bonjour"),
    ),
    "texts": ({"text": "Once upon a time", "label": 1}, Item("f#1", "Once upon a time", (), "")),
    "spaced": (
        {"Question": "Why?", "Correct Answer": "because"},
        Item("f#1", "Why?", ("because",), ""),
    ),
}


@pytest.mark.parametrize("name", RECORDS)
def test_fields_are_recognised(name: str):
    record, expected = RECORDS[name]
    assert item(record, roles(list(record), {}, "f"), "f#1") == expected


def test_fields_can_be_named():
    record = {"stem": "Why not?", "good": "x y", "question": "other", "key": 4}
    given = {"question": "stem", "answer": "good", "id": "key"}
    assert item(record, roles(list(record), given, "f"), "f#1") == Item(
        "4", "Why not?", ("x y",), ""
    )


@pytest.mark.parametrize(
    ("columns", "given", "told"),
    [
        (["foo", "bar"], {}, "foo, bar"),
        (["question"], {"questoin": "question"}, "did you mean question"),
        (["question"], {"answer": "anwser"}, "anwser"),
    ],
)
def test_what_is_not_recognised_is_an_error_that_says_what_there_is(
    columns: list[str], given: dict[str, str], told: str
):
    with pytest.raises(InputError, match=told):
        roles(columns, given, "mine.jsonl")


def in_format(items: list[dict[str, str]], folder: Path, ending: str) -> Path:
    path = folder / f"quiz.{ending}"
    frame = pl.DataFrame(items)
    match ending:
        case "jsonl":
            written(path, items)
        case "json":
            path.write_text(json.dumps(items, indent=1), encoding="utf-8-sig")
        case "jsonl.gz":
            text = "\n\n".join(map(json.dumps, items))
            path.write_bytes(gzip.compress(text.encode()))
        case "parquet":
            frame.write_parquet(path)
        case "arrow":
            frame.write_ipc(path)
        case "arrows":
            frame.write_ipc_stream(path)
        case _:
            frame.write_csv(path, separator="\t" if ending == "tsv" else ",")
    return path


@pytest.mark.parametrize(
    "ending", ["jsonl", "json", "jsonl.gz", "parquet", "arrow", "arrows", "csv", "tsv"]
)
def test_every_format_gives_the_same_items(ending: str, tmp_path: Path):
    items = [dict(problem) for problem in PROBLEMS]
    path = in_format(items, tmp_path, ending)
    (read,) = read_benchmarks([path])
    assert read.name == "quiz"
    assert [one.question for one in read.items] == [problem["question"] for problem in items]
    assert all(len(one.answers) == 2 for one in read.items)
    assert read.items[1].id.startswith(f"quiz.{ending}#")


def test_a_row_is_called_by_its_file_and_place(tmp_path: Path):
    (read,) = read_benchmarks([written(tmp_path / "quiz.jsonl", PROBLEMS)])
    assert [one.id for one in read.items][:2] == ["quiz.jsonl#1", "quiz.jsonl#2"]


def test_folders_are_read_and_equal_names_get_their_folders(tmp_path: Path):
    for folder in ("gsm8k", "mmlu"):
        (tmp_path / folder).mkdir()
        written(tmp_path / folder / "test.jsonl", PROBLEMS)
    written(tmp_path / "human-eval.v1.jsonl", PROBLEMS)
    (tmp_path / "notes.txt").write_text("no benchmark")
    assert benchmark_names([tmp_path]) == ["gsm8k_test", "human-eval_v1", "mmlu_test"]
    (tmp_path / "gsm8k" / "test.csv").write_text("question\nWhy?\n")
    with pytest.raises(InputError, match="two benchmarks would be called gsm8k_test"):
        benchmark_names([tmp_path])


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.jsonl", b'{"question": "x"}\n{"question": \n', r"a.jsonl#2: broken JSON"),
        ("a.jsonl", b"[1, 2]", r"a.jsonl#1: is no JSON object"),
        ("a.json", b'[{"question": "x"', r"is no JSON"),
        ("a.jsonl", b"", r"the benchmark is empty"),
        ("a.parquet", b"PAR1 nothing", r"is no whole parquet file"),
        ("a.arrow", b"nothing", r"is no whole arrow file"),
        ("a.csv", b"q\n\xff\xfe", r"is no whole csv file"),
        ("a.txt", b"why", r"a txt file has no questions"),
    ],
)
def test_a_benchmark_is_needed_whole(name: str, content: bytes, told: str, tmp_path: Path):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=told):
        read_benchmarks([path])


def test_errors_do_not_quote_the_benchmark(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"canary": "xyzzy-7", "what": "xyzzy-8"}\n')
    with pytest.raises(InputError) as told:
        read_benchmarks([path])
    assert "canary, what" in str(told.value)
    assert "xyzzy" not in str(told.value)


def test_no_benchmark_is_an_error():
    with pytest.raises(InputError, match="no benchmark is named"):
        read_benchmarks([])
    with pytest.raises(InputError, match="no such file"):
        read_benchmarks(["nowhere.jsonl"])


def test_the_digest_is_of_the_contents(tmp_path: Path):
    path = written(tmp_path / "a.jsonl", PROBLEMS)
    before = digest_of(benchmark_files([path]))
    path.touch()
    assert digest_of(benchmark_files([path])) == before
    written(path, PROBLEMS[1:])
    assert digest_of(benchmark_files([path])) != before
