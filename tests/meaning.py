"""A small, real model2vec model over a few dozen words, made on the spot: synonyms lie together."""

from __future__ import annotations

import atexit
import random
import shutil
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

MEANINGS: tuple[tuple[str, ...], ...] = (
    ("boat", "ship", "vessel"),
    ("sea", "ocean", "water"),
    ("rain", "storm", "shower"),
    ("late", "delayed", "overdue"),
    ("quay", "harbour", "dock"),
    ("net", "mesh", "trap"),
    ("wind", "breeze", "gale"),
    ("salt", "brine", "soda"),
    ("rope", "line", "cable"),
    ("tide", "current", "stream"),
    ("mast", "pole", "spar"),
    ("child", "kid", "infant"),
    ("doctor", "physician", "medic"),
    ("money", "cash", "funds"),
    ("house", "home", "dwelling"),
    ("large", "big", "huge"),
    ("quick", "fast", "rapid"),
    ("begin", "start", "commence"),
    ("buy", "purchase", "acquire"),
    ("town", "city", "village"),
)
SMALL = ("the", "a", "was", "and", "of", "on", "that", "day", "they", "to", "with", "in", "it")
DIMENSIONS = 32
_NOISE = 0.12


@cache
def model_folder() -> str:
    """The model's folder, which is deleted when this process ends."""
    folder = Path(tempfile.mkdtemp(prefix="dataqa-model-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return str(make_model(folder / "model"))


def make_model(folder: Path, seed: int = 5, *, unknown: bool = True) -> Path:
    """Write a model: words of one meaning have almost one vector, small words almost none."""
    from model2vec import StaticModel
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.normalizers import Lowercase
    from tokenizers.pre_tokenizers import Whitespace

    draw = np.random.default_rng(seed)
    words, vectors = ["[UNK]"], [np.zeros(DIMENSIONS)]
    for synonyms in MEANINGS:
        centre = draw.normal(size=DIMENSIONS)
        for word in synonyms:
            words.append(word)
            vectors.append(centre + _NOISE * draw.normal(size=DIMENSIONS))
    for word in SMALL:
        words.append(word)
        vectors.append(0.05 * draw.normal(size=DIMENSIONS))
    vocabulary = {word: at for at, word in enumerate(words)}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = Lowercase()
    tokenizer.pre_tokenizer = Whitespace()
    model = StaticModel(np.array(vectors, np.float32), tokenizer, normalize=True)
    model.save_pretrained(folder)
    return folder


def sentence(seed: int, size: int = 12) -> str:
    """Words of some meanings, in an order, with small words between them."""
    draw = random.Random(seed)
    chosen = draw.sample(range(len(MEANINGS)), size)
    return " ".join(f"{draw.choice(SMALL)} {MEANINGS[at][0]}" for at in chosen)


def reworded(text: str, seed: int = 0) -> str:
    """The same said with synonyms: hardly a word is left, and no run of five."""
    draw = random.Random(seed)
    synonyms = {words[0]: words[1:] for words in MEANINGS}
    return " ".join(
        draw.choice(synonyms[word]) if word in synonyms else draw.choice(SMALL)
        for word in text.split()
    )
