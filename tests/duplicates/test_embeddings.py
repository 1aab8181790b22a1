"""Texts to vectors: what is read of them, what is known of them, and the same in any batch."""

from __future__ import annotations

import json
import random
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from meaning import MEANINGS, make_model, model_folder, reworded, sentence
from model2vec import StaticModel

from dataqa.duplicates import embeddings
from dataqa.duplicates.embeddings import embedder
from dataqa.duplicates.models import kind_of, model_digest
from dataqa.errors import InputError

MODEL = model_folder()
EMBED = embedder(MODEL, 10_000)
TEXTS = [sentence(at) for at in range(30)] + ["", " ", "boat", "x y z", "boat x y", "Ship, ship!"]


def test_a_vector_is_what_the_library_makes_of_the_text():
    theirs = StaticModel.from_pretrained(MODEL).encode(TEXTS[:30])
    ours = EMBED(pl.Series(TEXTS[:30])).values.astype(np.float64)
    ours /= np.linalg.norm(ours, axis=1, keepdims=True)
    assert np.abs(ours - theirs).max() < 0.5 / 127
    assert np.einsum("ij,ij->i", ours, theirs).min() > 0.9999


@given(st.lists(st.integers(0, len(TEXTS)), max_size=5).map(sorted))
def test_a_vector_does_not_depend_on_the_batch(borders: list[int]):
    whole = EMBED(pl.Series(TEXTS))
    edges = [0, *borders, len(TEXTS)]
    parts = [EMBED(pl.Series(TEXTS[a:b], dtype=pl.String)).values for a, b in pairwise(edges)]
    assert np.array_equal(np.concatenate([part for part in parts if len(part)]), whole.values)


def test_long_texts_are_read_whole_piece_by_piece():
    """Field trap: a library that reads 512 tokens finds all pages with one header alike."""
    texts = [" ".join(sentence(7 * at + k) for k in range(60)) for at in range(12)]
    assert min(map(len, texts)) > 3 * embeddings.PIECE
    theirs = StaticModel.from_pretrained(MODEL, max_length=None).encode(texts, max_length=None)
    ours = embedder(MODEL, 1_000_000)(pl.Series(texts)).values.astype(np.float64)
    ours /= np.linalg.norm(ours, axis=1, keepdims=True)
    assert np.einsum("ij,ij->i", ours, theirs).min() > 0.9999


def test_more_pieces_than_are_tokenized_at_a_time():
    texts = pl.Series([sentence(at % 50) for at in range(2 * embeddings.PIECES + 3)])
    values = EMBED(texts).values
    assert np.array_equal(values[:50], values[50:100])
    assert np.array_equal(values[-3:], values[(len(texts) - 3) % 50 :][:3])


@given(st.text(st.sampled_from("ab \n\t中"), max_size=300), st.integers(1, 40))
def test_pieces_make_up_the_text(text: str, size: int):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embeddings, "PIECE", size)
        cuts = embeddings.pieces_of(text)
    assert "".join(text[a:b] for a, b in cuts) == text
    assert all(0 < b - a <= size for a, b in cuts)


def test_what_has_a_vector():
    told = EMBED(pl.Series(["boat", "", None, " ", "x y", "boat x", "boat x y", "the"]))
    assert told.known.tolist() == [True, False, False, False, False, True, False, True]
    assert told.tokens.tolist() == [True, False, False, False, True, True, True, True]
    assert not told.values[~told.known].any()


def test_no_texts_at_all():
    told = EMBED(pl.Series([], dtype=pl.String))
    assert len(told.values) == len(told.known) == 0


def test_synonyms_are_nearer_than_anything_else():
    texts = [synonyms[0] for synonyms in MEANINGS] + [synonyms[1] for synonyms in MEANINGS]
    values = EMBED(pl.Series(texts)).values.astype(np.float64)
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    size = len(MEANINGS)
    nearest = (values[:size] @ values[size:].T).argmax(axis=1)
    assert nearest.tolist() == list(range(size))


def test_a_model_with_weights_and_a_mapping_is_read_as_the_library_reads_it(tmp_path: Path):
    model = StaticModel.from_pretrained(MODEL)
    draw = np.random.default_rng(3)
    mapping = draw.integers(0, 20, len(model.tokens))
    small = StaticModel(
        model.embedding[10:30],
        model.tokenizer,
        normalize=True,
        weights=draw.uniform(0.1, 2, len(model.tokens)),
        token_mapping=mapping,
    )
    small.save_pretrained(tmp_path / "small")
    theirs = StaticModel.from_pretrained(tmp_path / "small").encode(TEXTS[:30])
    ours = embedder(str(tmp_path / "small"), 10_000)(pl.Series(TEXTS[:30])).values.astype(float)
    ours /= np.linalg.norm(ours, axis=1, keepdims=True)
    assert np.einsum("ij,ij->i", ours, theirs).min() > 0.9999


def _modules(folder: Path, *kinds: str) -> str:
    folder.mkdir(exist_ok=True)
    told = [{"idx": at, "path": "", "type": kind} for at, kind in enumerate(kinds)]
    (folder / "modules.json").write_text(json.dumps(told), "utf-8")
    return str(folder)


def test_files_tell_which_library_reads_a_folder(tmp_path: Path):
    assert kind_of(MODEL) == "model2vec"
    before = "sentence_transformers.models"
    assert kind_of(_modules(tmp_path / "a", f"{before}.StaticEmbedding")) == "model2vec"
    both = [f"{before}.Transformer", f"{before}.Pooling"]
    assert kind_of(_modules(tmp_path / "b", *both)) == "sentence-transformers"
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "config.json").write_text('{"model_type": "model2vec"}', "utf-8")
    assert kind_of(str(tmp_path / "c")) == "model2vec"


def _broken(folder: Path, how: str) -> str:
    if how == "absent":
        return str(folder)
    if how == "empty":
        folder.mkdir()
        return str(folder)
    make_model(folder)
    for name in ("model.safetensors", "tokenizer.json"):
        path = folder / name
        if how == f"half {name}":
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        if how == f"no {name}":
            path.unlink()
    if how == "ugly modules.json":
        (folder / "modules.json").write_text("[1]", "utf-8")
        (folder / "config.json").unlink()
    return str(folder)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("absent", "there is no such folder"),
        ("empty", "no embedding model is in this folder"),
        ("ugly modules.json", "no embedding model is in this folder"),
        ("no model.safetensors", "there is no .safetensors file"),
        ("half model.safetensors", "model2vec cannot read it"),
        ("no tokenizer.json", "model2vec cannot read it"),
        ("half tokenizer.json", "model2vec cannot read it"),
    ],
)
def test_what_is_wrong_with_a_folder_is_said(how: str, said: str, tmp_path: Path):
    with pytest.raises(InputError, match=said):
        embedder(_broken(tmp_path / "model", how), 100)


def test_a_model_is_loaded_once_and_again_when_it_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    loads: list[str] = []
    real = StaticModel.from_pretrained

    def counted(path: Path) -> StaticModel:
        loads.append(str(path))
        return real(path)

    monkeypatch.setattr(StaticModel, "from_pretrained", counted)
    folder = str(make_model(tmp_path / "model"))
    first = embedder(folder, 10)(pl.Series(["boat"])).values
    assert np.array_equal(embedder(folder, 20)(pl.Series(["boat"])).values, first)
    assert loads == [folder]
    make_model(Path(folder), seed=9)
    assert not np.array_equal(embedder(folder, 10)(pl.Series(["boat"])).values, first)
    assert loads == [folder] * 2


def test_the_digest_is_of_what_the_files_hold(tmp_path: Path):
    one, other = make_model(tmp_path / "a"), make_model(tmp_path / "b")
    assert model_digest(str(one)) == model_digest(str(other))
    (other / "README.md").write_text("of no account", "utf-8")
    assert model_digest(str(one)) == model_digest(str(other))
    assert model_digest(str(make_model(tmp_path / "c", seed=8))) != model_digest(str(one))


@pytest.mark.skipif(find_spec("sentence_transformers") is None, reason="brings torch: too large")
def test_a_sentence_transformers_folder(tmp_path: Path):
    """A BERT of two small layers with drawn weights: pieces, and no dependence on the batch."""
    folder = _bert(tmp_path)
    assert kind_of(folder) == "sentence-transformers"
    embed = embedder(folder, 10_000)
    words = [word for synonyms in MEANINGS for word in synonyms]
    draw = random.Random(2)
    texts = [" ".join(draw.choices(words, k=size)) for size in (3, 5, 14, 14, 15, 40, 90)]
    told = embed(pl.Series([*texts, "", "中 文 的 字"]))
    assert told.known.tolist() == [True] * len(texts) + [False, False]
    again = np.concatenate([embed(pl.Series([text])).values for text in texts])
    assert np.array_equal(told.values[: len(texts)], again)
    library: Any = import_module("sentence_transformers")
    theirs = library.SentenceTransformer(folder, device="cpu").encode(texts[:4])
    ours = told.values[:4].astype(float)
    cosines = (ours * theirs).sum(axis=1) / np.linalg.norm(ours, axis=1)
    assert (cosines / np.linalg.norm(theirs, axis=1)).min() > 0.9999
    tail = embed(pl.Series([f"{texts[5]} {reworded('boat')}", texts[5]])).values
    assert not np.array_equal(tail[0], tail[1]), "what is past the first piece counts too"


def _bert(folder: Path) -> str:
    torch, transformers, library, modules = (
        cast(Any, import_module(name))
        for name in (
            *("torch", "transformers", "sentence_transformers"),
            "sentence_transformers.sentence_transformer.modules",
        )
    )
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(w for s in MEANINGS for w in s)]
    (folder / "vocab.txt").write_text("\n".join(words), "utf-8")
    tokenizer = transformers.BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=16)
    torch.manual_seed(1)
    size = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = transformers.BertConfig(vocab_size=len(words), intermediate_size=48, **size)
    transformers.BertModel(config).save_pretrained(folder / "bert")
    tokenizer.save_pretrained(folder / "bert")
    transformer = modules.Transformer(str(folder / "bert"), max_seq_length=16)
    both = [transformer, modules.Pooling(32)]
    model = library.SentenceTransformer(modules=both, device="cpu")
    model.save(str(folder / "model"))
    return str(folder / "model")
