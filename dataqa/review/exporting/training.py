"""From what people said of an item to rows of training files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from dataqa.review.asking.answers import word_of
from dataqa.review.asking.controls import Answer
from dataqa.review.asking.flows import Flow
from dataqa.review.deciding.verdicts import decided
from dataqa.review.exporting.cases import Case
from dataqa.review.exporting.preferences import pairwise, ranked_pairs, ranking_of
from dataqa.review.exporting.rows import NO_AGREEMENT, How, Row, asked, assistant, by_of, pair_of

type Format = Literal["sft", "dpo", "kto", "ranking", "gold"]

_UNFIT = ("unclear", "unsafe", "private", "bad")
"""What may be said of a prompt by which an answer to it is no example."""
_DELETE = "delete"
_FEEDS: dict[Format, tuple[str, ...]] = {
    "sft": ("sft", "kto"),
    "dpo": ("dpo", "ranking", "kto"),
    "kto": ("kto",),
    "ranking": ("ranking",),
}


def feeds(flow: Flow, form: Format) -> bool:
    """Whether a format can be made of what a flow asks."""
    return form == "gold" or flow.sheet.export in _FEEDS[form]


def rows_of(case: Case, form: Format, how: How) -> list[Row] | str:
    """The rows of an item; if there is none, why."""
    if case.out:
        return case.out
    if any(_DELETE in words for answer in case.answers for words in _lists(answer)):
        return "said to be deleted"
    if len(case.answers) < how.least:
        return f"answered by fewer than {how.least}"
    assert case.data is not None, "such a case is out"
    if form == "gold":
        return _gold(case, case.data, how)
    makers: dict[Format, Callable[[Case, dict[str, Any], How], list[Row] | str]]
    makers = {"sft": _demonstrations, "kto": _thumb, "ranking": ranking_of, "dpo": _preferences}
    return makers[form](case, case.data, how)


def _lists(answer: Answer) -> list[list[Any]]:
    return [value for value in answer.values() if isinstance(value, list)]


def _demonstrations(case: Case, data: dict[str, Any], how: How) -> list[Row] | str:
    """Each different answer that people wrote; of feedback each edit."""
    name = "edit" if case.flow.sheet.export == "kto" else case.flow.sheet.verdict
    prompt, _ = asked(data)
    if not prompt:
        return "no prompt"
    written: dict[str, None] = {}
    unfit = ""
    for answer in case.answers:
        said = next((word for word in _UNFIT if word in answer.values()), "")
        text = str(answer.get(name) or "").strip()
        if said:
            unfit = f"its prompt is said to be {said}"
        elif text:
            written[text] = None
    if not written:
        return unfit or "nobody wrote an answer"
    return [
        {"messages": [*prompt, assistant(text)], "decided": by_of(case, how)} for text in written
    ]


def _thumb(case: Case, data: dict[str, Any], how: How) -> list[Row] | str:
    prompt, answer = asked(data)
    if not prompt or answer is None:
        return "no prompt and answer"
    words = [word_of(one.get(case.flow.sheet.verdict)) for one in case.answers]
    told = decided([word for word in words if word in ("up", "down")], how.rule)
    if told.word is None:
        return NO_AGREEMENT if told.people else "no thumb"
    flags = sorted({str(flag) for one in case.answers for some in _lists(one) for flag in some})
    row = {"prompt": prompt, "completion": answer, "label": told.word == "up", "flags": flags}
    return [{**row, "decided": by_of(case, how, told)}]


def _preferences(case: Case, data: dict[str, Any], how: How) -> list[Row] | str:
    if case.flow.sheet.export == "kto":
        return _edits(case, data, how)
    for control in case.flow.controls:
        if control.kind == "Pairwise":
            return pairwise(case, data, control, how)
        if control.kind == "Ranker":
            return ranked_pairs(case, data, control, how)
    return "nothing is compared"


def _edits(case: Case, data: dict[str, Any], how: How) -> list[Row] | str:
    prompt, answer = asked(data)
    if not prompt or answer is None:
        return "no prompt and answer"
    edits = dict.fromkeys(str(one.get("edit") or "").strip() for one in case.answers)
    rows = [
        pair_of(prompt, edit, answer, None, None, by_of(case, how))
        for edit in edits
        if edit and edit != answer.strip()
    ]
    return rows or "no edit"


def _gold(case: Case, data: dict[str, Any], how: How) -> list[Row] | str:
    words = [word_of(one.get(case.flow.sheet.verdict)) for one in case.answers]
    told = decided([word for word in words if word], how.rule)
    if told.word is None:
        return NO_AGREEMENT if told.people else "what decides is not answered"
    answer = next(
        one for one, word in zip(case.answers[::-1], words[::-1], strict=True) if word == told.word
    )
    return [{"data": data, "answer": answer, "decided": by_of(case, how, told)}]
