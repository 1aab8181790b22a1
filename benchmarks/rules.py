"""The quality rules alone, beside datatrove's four filters on the same documents.

Speed: CPU seconds of one process each. Agreement: rule by rule, first with our words and sentences
handed to datatrove, where at least 99.9 % of the documents must get the same verdict and every
difference is listed; then with datatrove's own splitter, which is only reported.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from benchmarks.bench import ROOT, Arguments, Board, arguments, cpu_seconds
from benchmarks.peers import python_of
from dataqa import kernels, signals
from dataqa.arrow import text_buffers
from dataqa.packs import load_packs
from dataqa.policy import StepRule, judge
from dataqa.rules import Rule
from dataqa.signals.counts import tokens
from dataqa.steps.quality import Quality
from dataqa.types import DOC, DOC_ID, Assets, batch_of
from dataqa.words import load_words

PACKS = ("gopher", "c4", "fineweb")
TIMES = 300.0
AGREE = 99.9
BATCH = 16
"""Megabytes of text in a batch."""
ASSETS = Assets((ROOT / "rules",), ROOT / ".cache")

_OFF: dict[str, dict[str, Any]] = {
    "GopherQualityFilter": dict.fromkeys(
        (
            "min_doc_words",
            "max_doc_words",
            "min_avg_word_length",
            "max_avg_word_length",
            "max_symbol_word_ratio",
            "max_bullet_lines_ratio",
            "max_ellipsis_lines_ratio",
            "max_non_alpha_words_ratio",
            "min_stop_words",
        )
    ),
    "GopherRepetitionFilter": {
        "dup_line_frac": None,
        "dup_para_frac": None,
        "dup_line_char_frac": None,
        "dup_para_char_frac": None,
        "top_n_grams": [],
        "dup_n_grams": [],
    },
    "C4QualityFilter": {},
    "FineWebQualityFilter": {
        "line_punct_thr": -1,
        "short_line_thr": 9,
        "char_duplicates_ratio": 9,
        "new_line_ratio": 9e9,
    },
}
"""Arguments that switch every rule of a filter off."""

_TWINS: dict[tuple[str, str], tuple[str, str, str]] = {
    ("nonsymbol_word_count", "min"): ("GopherQualityFilter", "min_doc_words", ""),
    ("nonsymbol_word_count", "max"): ("GopherQualityFilter", "max_doc_words", ""),
    ("nonsymbol_word_length", "min"): ("GopherQualityFilter", "min_avg_word_length", ""),
    ("nonsymbol_word_length", "max"): ("GopherQualityFilter", "max_avg_word_length", ""),
    ("hash_ratio", "max"): (
        "GopherQualityFilter",
        "max_symbol_word_ratio",
        "gopher_too_many_hashes",
    ),
    ("ellipsis_ratio", "max"): (
        "GopherQualityFilter",
        "max_symbol_word_ratio",
        "gopher_too_many_ellipsis",
    ),
    ("bullet_line_ratio", "max"): ("GopherQualityFilter", "max_bullet_lines_ratio", ""),
    ("ellipsis_line_ratio", "max"): ("GopherQualityFilter", "max_ellipsis_lines_ratio", ""),
    ("alpha_word_ratio", "min"): ("GopherQualityFilter", "max_non_alpha_words_ratio", ""),
    ("stop_words", "min"): ("GopherQualityFilter", "min_stop_words", ""),
    ("dup_line_ratio", "max"): ("GopherRepetitionFilter", "dup_line_frac", ""),
    ("dup_line_char_ratio", "max"): ("GopherRepetitionFilter", "dup_line_char_frac", ""),
    ("dup_paragraph_ratio", "max"): ("GopherRepetitionFilter", "dup_para_frac", ""),
    ("dup_paragraph_char_ratio", "max"): ("GopherRepetitionFilter", "dup_para_char_frac", ""),
    ("c4_sentence_count", "min"): ("C4QualityFilter", "min_num_sentences", "too_few_sentences"),
    ("c4_lorem_ipsum_count", "max"): ("C4QualityFilter", "", "lorem_ipsum"),
    ("c4_curly_brace_count", "max"): ("C4QualityFilter", "", "curly_bracket"),
    ("terminal_line_ratio", "min"): ("FineWebQualityFilter", "line_punct_thr", ""),
    ("short_line_ratio", "max"): ("FineWebQualityFilter", "short_line_thr", ""),
    ("char_dup_ratio", "max"): ("FineWebQualityFilter", "char_duplicates_ratio", ""),
    ("newline_word_ratio", "max"): ("FineWebQualityFilter", "new_line_ratio", ""),
}
"""For a signal and its bound: datatrove's filter, the argument, and the reason if it is shared."""

_CITATION = re.compile(r"\[\d*]|\[edit]|\[citation needed]")


class Check(NamedTuple):
    """One bound, and the filter of datatrove that has that bound alone."""

    key: str
    rule: Rule
    side: str
    filter: str
    arguments: dict[str, Any]
    reason: str


def checks(rules: tuple[Rule, ...]) -> list[Check]:
    """The bounds of ``rules`` that datatrove has too, which are all of these packs."""
    found: list[Check] = []
    for rule in rules:
        for side in ("min", "max"):
            bound = getattr(rule, side)
            if bound is not None:
                found.append(_check(rule, side, bound))
    return found


def _check(rule: Rule, side: str, bound: float) -> Check:
    signal = rule.signal.partition(":")[0]
    gram = re.fullmatch(r"(top|dup)_(\d+)gram_char_ratio", signal)
    if gram:
        name, argument, reason = "GopherRepetitionFilter", f"{gram[1]}_n_grams", ""
        value: Any = [[int(gram[2]), bound]]
    else:
        name, argument, reason = _TWINS[signal, side]
        value = bound
    given = _OFF[name] | ({argument: value} if argument else {})
    return Check(f"{rule.key}.{side}", rule, side, name, given, reason)


def verdicts(found: pl.DataFrame, check: Check) -> pl.Series:
    """Which documents the bound drops; what cannot be measured is dropped, as datatrove does."""
    values = found[check.rule.signal]
    bound = getattr(check.rule, check.side)
    dropped = (values < bound if check.side == "min" else values > bound).fill_null(value=True)
    if check.reason == "too_few_sentences":
        # datatrove never comes to count the sentences of a page that it has condemned
        condemned = found["c4_lorem_ipsum_count"] + found["c4_curly_brace_count"] > 0
        dropped &= ~condemned
    return dropped


def sample(data: Path, megabytes: float) -> pl.Series | None:
    """The first documents of the corpus, as many as make up that much text."""
    path = data / "perf_en.parquet"
    if not path.exists():
        return None
    texts = pl.read_parquet(path, columns=["text"])["text"]
    upto = (texts.str.len_bytes().cum_sum() <= megabytes * 1e6).sum()
    return texts.head(max(int(upto), 1))


def ask(job: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Have datatrove's process do a job."""
    python = python_of("datatrove")
    assert python is not None
    job = {"answer": str(folder / "answer.json"), **job}
    (folder / "job.json").write_text(json.dumps(job))
    script = Path(__file__).with_name("datatrove_filters.py")
    subprocess.run([str(python), str(script), str(folder / "job.json")], check=True)
    return json.loads((folder / "answer.json").read_text())


def our_seconds(texts: pl.Series) -> float:
    """CPU seconds to measure the packs' signals and judge by their rules, packs opened before."""
    step = Quality(packs=PACKS)
    opened = step.open(ASSETS)
    rules = [StepRule("quality", rule) for rule in step.rules(ASSETS)]
    numbers = pl.int_range(len(texts), dtype=pl.UInt64, eager=True)
    docs = pl.DataFrame({DOC: numbers, DOC_ID: numbers.cast(pl.String), "text": texts})
    return cpu_seconds(lambda: judge(opened(batch_of(docs)), rules), runs=5)


def words_of(texts: pl.Series) -> pl.DataFrame:
    """Our tokens of each text, as strings."""
    stream = tokens(text_buffers(texts))
    rows: list[list[str]] = []
    for place, text in enumerate(texts):
        raw = text.encode()
        low, high = stream.offsets[place], stream.offsets[place + 1]
        spans = zip(stream.tokens.starts[low:high], stream.tokens.ends[low:high], strict=True)
        rows.append([raw[start:end].decode() for start, end in spans])
    return pl.DataFrame({"text": texts, "words": rows})


def sentences_of(texts: pl.Series) -> pl.DataFrame:
    """Our number of sentences for each line that C4 may ask about."""
    lines = {_CITATION.sub("", line.strip()) for text in texts for line in text.splitlines()}
    column = pl.Series("line", sorted(lines), dtype=pl.String)
    counts = signals.compute(column, ["sentence_count"], _no_words)
    return pl.DataFrame({"line": column, "sentences": counts["sentence_count"]})


def _no_words(name: str) -> frozenset[str]:
    raise KeyError(name)


def compare(board: Board, texts: pl.Series, *, ours: bool, folder: Path) -> None:
    """Put the verdicts of each rule side by side."""
    rules = tuple(rule for pack in load_packs(PACKS, ASSETS) for rule in pack.rules)
    listed = checks(rules)
    texts.to_frame("text").write_parquet(folder / "texts.parquet")
    if ours:
        words_of(texts).write_parquet(folder / "words.parquet")
        sentences_of(texts).write_parquet(folder / "sentences.parquet")
    sent = [
        {"key": c.key, "filter": c.filter, "arguments": c.arguments, "reason": c.reason}
        for c in listed
    ]
    job = {
        "do": "rules",
        "texts": str(folder / "texts.parquet"),
        "words": str(folder / "words.parquet") if ours else "",
        "sentences": str(folder / "sentences.parquet"),
        "out": str(folder / "out.parquet"),
        "checks": sent,
    }
    ask(job, folder)
    theirs = pl.read_parquet(folder / "out.parquet")
    wanted = list(dict.fromkeys(rule.signal for rule in rules))
    found = signals.compute(texts, wanted, partial(load_words, assets=ASSETS))
    for check in listed:
        _compare_one(board, check, found, theirs[check.key], ours=ours)


def _compare_one(
    board: Board, check: Check, found: pl.DataFrame, theirs: pl.Series, *, ours: bool
) -> None:
    mine = verdicts(found, check)
    differ = (mine != theirs).arg_true().to_list()
    share = 100 * (1 - len(differ) / len(theirs))
    detail = f"{int(theirs.sum())} dropped by datatrove, {int(mine.sum())} by us"
    if ours:
        values = [found[check.rule.signal][place] for place in differ[:5]]
        if differ:
            detail += f"; differ: documents {differ[:5]}, our values {values}"
        board.check(f"agree, our words: {check.key}", share, "%", at_least=AGREE, detail=detail)
    else:
        board.note(f"agree, its own words: {check.key}", share, "%", detail)


def _megabytes(texts: pl.Series) -> float:
    return int(texts.str.len_bytes().sum()) / 1e6


def _speed(board: Board, texts: pl.Series, its: dict[str, float]) -> None:
    """Our speed on the documents that datatrove was timed on, in a batch of usual size."""
    size = _megabytes(texts)
    times = max(1, round(BATCH / size))
    mine = our_seconds(pl.concat([texts] * times)) / times
    what = f"{len(texts)} documents, {size:.2f} MB"
    board.note("datatrove, filters in one pipeline", size / its["together"], "MB/s", what)
    board.note("datatrove, each filter alone", size / its["apart"], "MB/s", what)
    board.note("ours on the same documents", size / mine, "MB/s", f"{times} times in one batch")
    ratio = its["together"] / mine
    board.check("times datatrove in one pipeline", ratio, "x", at_least=TIMES)
    board.note("times datatrove's filters alone", its["apart"] / mine, "x")


def run(board: Board, asked: Arguments) -> None:
    """All lines, or why they are not checked."""
    speed = sample(asked.data, 1 if asked.quick else 8)
    some = sample(asked.data, 1.5 if asked.quick else 30)
    few = sample(asked.data, 0.3 if asked.quick else 4)
    if speed is None or some is None or few is None:
        board.skip("all", f"no perf_en.parquet in {asked.data}")
        return
    kernels.warm()
    large = sample(asked.data, 16 if asked.quick else 64)
    assert large is not None
    size = _megabytes(large)
    rate = size / our_seconds(large)
    board.note("our rules", rate, "MB/s", f"{len(large)} documents, {size:.1f} MB")
    if python_of("datatrove") is None:
        board.skip("datatrove", "make peers has not made .peers/datatrove")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        speed.to_frame("text").write_parquet(folder / "texts.parquet")
        its = ask({"do": "timed", "texts": str(folder / "texts.parquet")}, folder)
        _speed(board, speed, its)
        compare(board, some, ours=True, folder=folder)
        compare(board, few, ours=False, folder=folder)


def main() -> int:
    """Run the benchmark; 1 when a line does not hold."""
    asked = arguments(__doc__ or "")
    board = Board("rules", asked.json)
    run(board, asked)
    return board.close()


if __name__ == "__main__":
    sys.exit(main())
