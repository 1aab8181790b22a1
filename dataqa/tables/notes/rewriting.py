"""Texts with stand-ins, said once more in other words by a language model, with all they state.

Only a text in which stand-ins stand leaves, and none in which a private value of the original is
still found. What comes back is taken if every fact that can be told by its letters is in it,
nothing was added and nothing of the original is there; it is told once what is wrong, and else the
text stays as it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl

from dataqa.llm.client import Client, Foreseen
from dataqa.llm.fence import harmless
from dataqa.llm.question import Question, Reply
from dataqa.llm.rewrites import FIELD, Prompt, prompt_digest, question, repaired
from dataqa.private.leaks import Values
from dataqa.private.places import whole
from dataqa.private.standins.han import is_asian
from dataqa.tables.notes.facts import added, denies, facts_of, missing
from dataqa.tables.notes.mentions import mentions

REWRITTEN = "is_rewritten"
"""The column that says of each row whether a model's words stand there."""
_SAID = 12
"""Facts that a model is told of at once."""


class Rewriting(NamedTuple):
    """How texts are rewritten.

    Attributes:
        client: The model, its budget and its kept replies.
        prompt: What it is asked.
        keep: Words that must stay wherever they stand.
        facts: Columns whose value must stay where the row's text has it.
        tell: Is told how many texts of how many are done.
    """

    client: Client
    prompt: Prompt
    keep: Sequence[str] = ()
    facts: Sequence[str] = ()
    tell: Callable[[int, int], None] | None = None


class Source(NamedTuple):
    """Texts with stand-ins, by row, and what they are checked by.

    Attributes:
        texts: The texts; None where there is none.
        put: The stand-ins in each.
        named: What else must stay in each, if it stands there.
        values: What is private of the original; a document's id is the number of its row.
    """

    texts: Sequence[str | None]
    put: Sequence[Sequence[str]]
    named: Sequence[Sequence[str]]
    values: Values


class Rewritten(NamedTuple):
    """What came of it.

    Attributes:
        texts: By row: the model's, or as they were.
        rewritten: By row, whether they are the model's.
        why: How many texts stayed, by reason.
    """

    texts: list[str | None]
    rewritten: list[bool]
    why: Counter[str]


def rewrite(source: Source, how: Rewriting) -> Rewritten:
    """Have a model rewrite texts.

    Raises:
        RunError: The endpoint does not work; replies that came are kept.
        InputError: It does not take the key, or has no such model.
    """
    facts = _facts(source)
    why: dict[int, str] = _not_sent(source, how.prompt)
    rows = [row for row, text in enumerate(source.texts) if text and row not in why]
    asked = {row: question(how.prompt, source.texts[row] or "") for row in rows}
    taken: dict[int, str] = {}
    for _ in range(2):
        came = _replies(how, [asked[row] for row in rows])
        replies = dict(zip(rows, came, strict=True))
        told = {row: _text(reply) for row, reply in replies.items() if not reply.error}
        why |= {row: reply.error for row, reply in replies.items() if reply.error}
        wrong = _wrong(source, facts, told, how.prompt)
        taken |= {row: text for row, text in told.items() if row not in wrong}
        for row in taken:
            why.pop(row, None)
        why |= {row: reason for row, (reason, _) in wrong.items()}
        rows = [row for row, (_, words) in wrong.items() if words]
        asked = {row: repaired(asked[row], told[row], wrong[row][1]) for row in rows}
    texts = [taken.get(row, text) for row, text in enumerate(source.texts)]
    return Rewritten(texts, [row in taken for row in range(len(texts))], Counter(why.values()))


def foresee(texts: Sequence[str | None], prompt: Prompt, client: Client) -> Foreseen:
    """What rewriting texts would take, without second questions; nothing is sent."""
    fit = (text for text in texts if text and text.strip() and len(text) <= prompt.characters)
    return client.foresee(question(prompt, text) for text in fit)


def about(how: Rewriting, made: Rewritten) -> dict[str, Any]:
    """What is told of it beside the texts: never how much of it was kept from before."""
    return {
        "model": how.client.endpoint.model,
        "prompt": how.prompt.rewrite,
        "prompt_digest": prompt_digest(how.prompt),
        "keep": [*how.keep],
        "facts": [*how.facts],
        "rewritten": sum(made.rewritten),
        "kept": sum(made.why.values()),
        "why_kept": dict(sorted(made.why.items())),
    }


def _facts(source: Source) -> list[list[str]]:
    """What must stay of each text."""
    plain = pl.Series([text and whole(text) for text in source.texts], dtype=pl.String)
    found = mentions(plain, {})
    return [
        facts_of(text, source.put[row], found[row], source.named[row]) if text else []
        for row, text in enumerate(plain)
    ]


def _not_sent(source: Source, prompt: Prompt) -> dict[int, str]:
    """Texts that never leave: one in which a value of the original stands, or one too long."""
    found: dict[int, str] = {}
    leaks = _leaking(source.values, dict(enumerate(source.texts)))
    for row, text in enumerate(source.texts):
        if not text:
            continue
        if not text.strip():
            found[row] = "empty"
        elif row in leaks:
            found[row] = "not sent: a value of the original may still stand there"
        elif len(text) > prompt.characters:
            found[row] = "not sent: too long"
    return found


def _leaking(values: Values, texts: Mapping[int, str | None]) -> set[int]:
    """Rows in whose texts a value of the original stands that may not stand there."""
    ids = pl.Series([str(row) for row in texts], dtype=pl.String)
    column = pl.Series([*texts.values()], dtype=pl.String)
    return {int(leak.doc_id) for leak in values.leaks([(ids, column)]) if leak.own}


def _replies(how: Rewriting, asked: Sequence[Question]) -> list[Reply]:
    """All replies, with word of how far it is."""
    found: list[Reply] = []
    for reply in how.client.ask(asked):
        found.append(reply)
        if how.tell:
            how.tell(len(found), len(asked))
    return found


def _text(reply: Reply) -> str:
    told = (reply.value or {}).get(FIELD)
    return whole(told.strip()) if isinstance(told, str) else ""


def _wrong(
    source: Source, facts: Sequence[Sequence[str]], told: Mapping[int, str], prompt: Prompt
) -> dict[int, tuple[str, list[str]]]:
    """Of each reply that cannot be taken: why, and the words in which its model is told so.

    There are none where a value of the original stands in it: it would leave.
    """
    leaks = _leaking(source.values, told)
    wrong = {row: ("a value of the original", list[str]()) for row in leaks}
    olds = {row: source.texts[row] or "" for row in told if row not in leaks}
    # before names are looked for: what finds Chinese ones is an extra that may not be there
    foreign = {row for row, old in olds.items() if is_asian(told[row]) and not is_asian(old)}
    wrong |= {row: ("other form", ["it is in another language"]) for row in foreign}
    rows = [row for row in olds if row not in foreign]
    found = mentions(pl.Series([told[row] for row in rows], dtype=pl.String), {})
    for place, row in enumerate(rows):
        old, new = olds[row], told[row]
        lost = missing(facts[row], new)
        more = added(old, new, found.get(place, []))
        checks = (
            ("other form", _form(old, new, prompt)),
            ("a fact was lost", _listed("it leaves out", lost)),
            ("something was added", _listed("it adds", more)),
            ("denied or not", _denial(old, new)),
        )
        if words := [said for _, said in checks if said]:
            wrong[row] = (next(reason for reason, said in checks if said), words)
    return wrong


def _form(old: str, new: str, prompt: Prompt) -> str:
    """What is wrong with the form of a new wording; nothing if nothing is."""
    if harmless(new) != new or "<document" in new or "</document" in new:
        return "it holds marks that are no part of the document"
    if not prompt.shortest * len(old) <= len(new) <= prompt.longest * len(old):
        low, high = (round(bound * len(old)) for bound in (prompt.shortest, prompt.longest))
        return f"it has {len(new)} characters, and should have {low} to {high}"
    return "it is the document itself" if new.split() == old.split() else ""


def _listed(what: str, facts: Sequence[str]) -> str:
    return f"{what}: {', '.join(facts[:_SAID])}" if facts else ""


def _denial(old: str, new: str) -> str:
    if denies(old) == denies(new):
        return ""
    return "what is denied must stay denied" if denies(old) else "it denies what was not denied"
