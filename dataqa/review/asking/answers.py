"""Answers to and from Label Studio's results, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from dataqa.review.asking.controls import Answer, Control

type Result = dict[str, Any]

_KINDS = {"Choices": "choices", "Labels": "labels", "TextArea": "textarea"}
"""What results call a control, where it is not its name in small letters."""


def results_of(
    answer: Answer, controls: Sequence[Control], text: str = "", key: str = ""
) -> list[Result]:
    """Label Studio's results of an answer.

    Args:
        answer: Values by control; what is None or missing is left out.
        controls: Of the configuration.
        text: What spans are in.
        key: Of the item; ids of results are drawn from it.
    """
    regions = [one for one in controls if one.region]
    results: list[Result] = []
    for control in controls:
        value = answer.get(control.name)
        if control.region or value is None or value in ("", []):
            continue
        if control.kind == "Labels":
            results += _spans(control, regions, value, text, key)
            continue
        told = _value(control, value)
        results.append(_result(control, told, _id(key, control.name)))
    return results


def answer_of(results: Sequence[Mapping[str, Any]], controls: Sequence[Control]) -> Answer:
    """The answer that results stand for; what no control knows is left out."""
    known = {control.name: control for control in controls}
    labels = next((one for one in controls if one.kind == "Labels"), None)
    answer: Answer = {} if labels is None else {labels.name: []}
    spans: dict[str, Answer] = {}
    for result in results:
        control = known.get(result.get("from_name", ""))
        value = result.get("value", {})
        if control is None:
            continue
        if control.kind == "Labels":
            told = {"label": (value.get("labels") or [""])[0]}
            place = {"start": value.get("start"), "end": value.get("end")}
            spans.setdefault(result["id"], {}).update(place | told)
        elif control.region:
            spans.setdefault(result["id"], {})[control.name] = _plain(control, value)
        else:
            answer[control.name] = _plain(control, value)
    if labels is not None:
        whole = [span for span in spans.values() if "label" in span]
        answer[labels.name] = sorted(whole, key=lambda span: (span["start"], span["end"]))
    return answer


def word_of(value: Any) -> str:
    """A value in one word, by which answers are compared; empty for none.

    >>> word_of(["b", "a"]), word_of(None), word_of(4.0), word_of({"good": ["x"]})
    ('a, b', '', '4', '{"good":["x"]}')
    """
    if isinstance(value, dict):
        return msgspec.json.encode(value, order="sorted").decode()
    if isinstance(value, list):
        return ", ".join(sorted(map(str, value)))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value).strip()


def faults(
    answer: Answer, controls: Sequence[Control], text: str = "", *, partly: bool = False
) -> list[str]:
    """What is wrong with an answer, without its words; empty if nothing.

    Args:
        answer: Values by control.
        controls: Of the configuration.
        text: What spans are in.
        partly: What is required may be missing: a proposal that a person completes.
    """
    told: list[str] = []
    regions = [one for one in controls if one.region]
    names = {one.name for one in controls if not one.region}
    told += [f"no control {name!r}" for name in sorted(set(answer) - names)]
    for control in controls:
        value = answer.get(control.name)
        if control.region:
            continue
        if value is None or value in ("", []):
            told += [f"{control.name}: none"] if control.required and not partly else []
        elif control.kind == "Labels":
            for span in value:
                told += _span_faults(span, control, regions, text)
        else:
            told += _faults(control, value)
    return told


def _id(key: str, *parts: object) -> str:
    told = "\0".join([key, *map(str, parts)])
    return blake2b(told.encode(), digest_size=5).hexdigest()


def _result(control: Control, value: dict[str, Any], number: str) -> Result:
    return {
        "id": number,
        "from_name": control.name,
        "to_name": control.to[0],
        "type": _KINDS.get(control.kind, control.kind.lower()),
        "value": value,
    }


def _value(control: Control, value: Any) -> dict[str, Any]:
    match control.kind:
        case "Choices":
            return {"choices": list(value) if control.many else [value]}
        case "Rating":
            return {"rating": int(value)}
        case "Number":
            return {"number": value}
        case "Pairwise":
            return {"selected": value}
        case "Ranker":
            return {"ranker": value}
        case _:
            return {"text": [value]}


def _spans(
    control: Control, regions: Sequence[Control], spans: Sequence[Answer], text: str, key: str
) -> list[Result]:
    results: list[Result] = []
    for at, span in enumerate(spans):
        start, end = int(span["start"]), int(span["end"])
        number = _id(key, control.name, at, start, end)
        place = {"start": start, "end": end, "text": text[start:end]}
        labelled = {**place, "labels": [span["label"]]}
        result = _result(control, labelled, number)
        if span.get("score") is not None:
            result["score"] = float(span["score"])
        results.append(result)
        for one in regions:
            said = span.get(one.name)
            if said not in (None, "", []):
                results.append(_result(one, {**place, **_value(one, said)}, number))
    return results


def _plain(control: Control, value: Mapping[str, Any]) -> Any:
    match control.kind:
        case "Choices":
            words = list(value.get("choices") or [])
            return words if control.many else (words[0] if words else None)
        case "Rating":
            return value.get("rating")
        case "Number":
            return value.get("number")
        case "Pairwise":
            return value.get("selected")
        case "Ranker":
            return value.get("ranker")
        case _:
            told = value.get("text")
            return told if isinstance(told, str) else "\n".join(told or [])


def _faults(control: Control, value: Any) -> list[str]:
    name = control.name
    match control.kind:
        case "Choices":
            words = value if control.many else [value]
            known = isinstance(words, list) and all(word in control.words for word in words)
            return [] if known else [f"{name}: not among the choices"]
        case "Rating" | "Number":
            if isinstance(value, bool) or not isinstance(value, int | float):
                return [f"{name}: no number"]
            low, high = control.low, control.high
            inside = (low is None or value >= low) and (high is None or value <= high)
            return [] if inside else [f"{name}: out of its range"]
        case "Pairwise":
            return [] if value in ("left", "right") else [f"{name}: neither left nor right"]
        case "Ranker":
            buckets = set(control.words or (name,))
            known = isinstance(value, dict) and set(value) <= buckets
            return [] if known else [f"{name}: unknown buckets"]
        case _:
            return [] if isinstance(value, str) else [f"{name}: no text"]


def _span_faults(
    span: Answer, control: Control, regions: Sequence[Control], text: str
) -> list[str]:
    start, end = span.get("start"), span.get("end")
    if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end <= len(text):
        return [f"{control.name}: a span that is not in the text"]
    told = [] if span.get("label") in control.words else [f"{control.name}: unknown label"]
    for one in regions:
        value = span.get(one.name)
        told += _faults(one, value) if value not in (None, "", []) else []
    return told
