"""What steps over parts of texts have to find, in plain Python, on a few hundred documents."""

from __future__ import annotations

import re
from fractions import Fraction
from hashlib import blake2b
from pathlib import Path

import polars as pl

from dataqa.duplicates.embeddings import embedder
from dataqa.registry import shipped
from dataqa.steps.passages import Passages
from dataqa.steps.repeated_lines import RepeatedLines
from dataqa.steps.semantic import Semantic
from dataqa.types import DOC_ID, Action, Assets
from dataqa.words import load_words

ASSETS = Assets((shipped("rules"),), Path())


def check_lines(step: RepeatedLines, texts: dict[str, str], ruled: pl.DataFrame) -> None:
    """Findings are about all places of repeated units, but for those of who keeps one."""
    expected = _repeated_lines(step, texts)
    told = ruled.select(DOC_ID, "start", "end", pl.col("score").cast(pl.Int64))
    places = {(name, start, end): documents for name, start, end, documents in told.rows()}
    assert len(places) == ruled.height > 20
    spared = {name: ref for name, ref in ruled.select("ref", DOC_ID).rows() if name}
    assert bool(spared) == step.keep_first
    assert expected.items() >= places.items()
    kept = {place[0] for place in expected.keys() - places.keys()}
    assert kept == set(spared)


def _repeated_lines(step: RepeatedLines, texts: dict[str, str]) -> dict[tuple[str, int, int], int]:
    """Every place where a repeated unit stands, and in how many documents that one is."""
    allowed = {"sea boat", *load_words("en-gopher", ASSETS)} if step.allow else set[str]()
    found: dict[str, list[tuple[str, int, int]]] = {}
    for name, text in texts.items():
        pattern = r"[^\n]+" if step.unit == "line" else r"(?:[^\n]*\S[^\n]*(?:\n|$))+"
        for match in re.finditer(pattern, text):
            says = "\n".join(line.strip() for line in match[0].rstrip("\n").split("\n"))
            key = "".join(says.split()).casefold() if step.ignore == "folded" else says
            if len(says) >= step.min_chars and key not in allowed:
                place = (name, match.start(), match.start() + len(match[0].rstrip("\n")))
                found.setdefault(key, []).append(place)
    return {
        place: len({name for name, _, _ in places})
        for places in found.values()
        for place in places
        if len({name for name, _, _ in places}) > step.max_documents
    }


def check_passages(step: Passages, texts: dict[str, str], ruled: pl.DataFrame) -> None:
    """Findings are about every item of a window that occurs earlier, or whole sentences of them."""
    found, expected = _spans(texts, ruled, step), _repeated_items(texts, step)
    assert found <= expected
    assert found == expected or step.cut == "sentence"
    assert len(expected) > 100 or step == Passages()


def _repeated_items(texts: dict[str, str], step: Passages) -> set[tuple[str, int]]:
    """The items in windows that occur earlier, by document and number."""
    seen: set[tuple[str, ...]] = set()
    found: set[tuple[str, int]] = set()
    for name in sorted(
        texts, key=lambda name: blake2b(name.encode(), digest_size=8).digest()[::-1]
    ):
        items = _pieces(texts[name], step)
        for at in range(len(items) - step.n + 1):
            window = tuple(items[at : at + step.n])
            if window in seen:
                found |= {(name, place) for place in range(at, at + step.n)}
            seen.add(window)
    return found


def _spans(texts: dict[str, str], ruled: pl.DataFrame, step: Passages) -> set[tuple[str, int]]:
    """The items that findings are about."""
    found: set[tuple[str, int]] = set()
    if "start" not in ruled.columns:  # one row that says that nothing repeats
        return found
    for name, start, end in ruled.drop_nulls("rule").select(DOC_ID, "start", "end").iter_rows():
        first = len(_pieces(texts[name][:start], step))
        found |= {(name, first + at) for at in range(len(_pieces(texts[name][start:end], step)))}
    return found


def _pieces(text: str, step: Passages) -> list[str]:
    return text.split() if step.unit == "token" else list("".join(text.split()))


def check_semantic(step: Semantic, texts: dict[str, str], ruled: pl.DataFrame) -> None:
    """The very documents go, and for the very ones, that a comparison of all with all names."""
    rows = ruled.drop_nulls("ref").select(DOC_ID, "ref", "action").rows()
    told = {name: (ref, action == Action.DROP) for name, ref, action in rows}
    assert told == nearest(step, texts)
    assert len(told) > 20
    assert all(gone for _, gone in told.values()) == (step.review_band is None)


def nearest(step: Semantic, texts: dict[str, str]) -> dict[str, tuple[str, bool]]:
    """For each document that is like a better one that stays: the most alike, and if it goes."""
    told = embedder(step.model, step.max_chars)(pl.Series(list(texts.values())))
    vectors = {
        name: [int(value) for value in values]
        for name, values, known in zip(texts, told.values, told.known, strict=True)
        if known
    }
    low, high = (Fraction(str(bound)) for bound in step.range)
    kept: list[str] = []
    found: dict[str, tuple[str, bool]] = {}
    for name in sorted(vectors, key=lambda name: _rank(step, texts[name], name)):
        scores = [(-cosine_squared(vectors[name], vectors[other]), other) for other in kept]
        best, other = min(scores, key=lambda pair: pair[0], default=(Fraction(0), ""))
        # what is like a document that is doubted itself is doubted
        goes = -best >= high**2 and other not in found
        if -best >= low**2:
            found[name] = (other, goes)
        if not goes:
            kept.append(name)
    return found


def cosine_squared(one: list[int], other: list[int]) -> Fraction:
    """Without rounding; 0 where the cosine is below 0."""
    dot = sum(a * b for a, b in zip(one, other, strict=True))
    return Fraction(max(dot, 0) ** 2, sum(a * a for a in one) * sum(b * b for b in other))


def _rank(step: Semantic, text: str, name: str) -> tuple[object, ...]:
    """By the wishes of the contract's cases, then by the hashes of content and id."""
    ties = tuple(_order(value) for value in (text, name))
    if step.keep == ("longest",):
        return (-len(text), *ties)
    address = [-ord(character) for character in f"https://e.org/{text[:9]}"] + [1]
    return (address, len(text), *ties)


def _order(value: str) -> int:
    return int.from_bytes(blake2b(value.encode(), digest_size=8).digest(), "little")
