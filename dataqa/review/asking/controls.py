"""A labelling configuration's controls, and what an answer to them looks like.

An *answer* is what one person or model says of one item: a plain mapping from the names of controls
to values. Its JSON schema and the mapping to and from results (``answers``) follow from the
configuration alone, so that nothing has to be kept in step with it:

    Choices    a word, or a list of words where ``choice="multiple"``
    Rating     a whole number from 1
    Number     a number
    TextArea   a text
    Pairwise   ``left`` or ``right``
    Ranker     a mapping from buckets to lists of ids; without buckets ``{name: ids}``
    Labels     a list of spans: ``start``, ``end`` (characters), ``label``, and the values of the
               controls that are asked for each region

What is shown of a choice may be in any language: its ``alias`` is what is stored.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

from dataqa.errors import InputError

type Answer = dict[str, Any]

CONTROLS = ("Choices", "Labels", "Number", "Pairwise", "Ranker", "Rating", "TextArea")
_LONGEST = 4000
"""Characters of an answer in words."""
_OTHERS = frozenset(
    (
        *("View", "Style", "Header", "Text", "HyperText", "Paragraphs", "Table", "List"),
        *("Choice", "Label", "Bucket", "Collapse", "Panel"),
    )
)
_ATTRIBUTES = frozenset(
    (
        *("name", "toName", "value", "alias", "hotkey", "choice", "required", "requiredMessage"),
        *("showInline", "perRegion", "editable", "maxSubmissions", "rows", "displayMode", "title"),
        *("placeholder", "granularity", "size", "className", "style", "background", "inline"),
        *("visibleWhen", "whenTagName", "whenChoiceValue", "maxRating", "min", "max", "step"),
        *("layout", "nameKey", "textKey", "selectionStyle", "selected", "showSubmitButton", "hint"),
        *("html", "defaultValue", "selectedColor", "transcription"),
    )
)
"""Attributes that pages are known to take; of others one may break the page in the browser."""


class Control(NamedTuple):
    """One control of a configuration.

    Attributes:
        name: What answers call it.
        kind: The tag, one of ``CONTROLS``.
        to: The objects that it is about.
        words: Its choices, labels or buckets as they are stored.
        many: Several choices at once.
        region: Asked for each span, not for the item.
        required: An answer without it is none.
        low: The least number, None for none.
        high: The greatest number or rating, None for none.
    """

    name: str
    kind: str
    to: tuple[str, ...]
    words: tuple[str, ...] = ()
    many: bool = False
    region: bool = False
    required: bool = False
    low: float | None = None
    high: float | None = None


def controls_of(config: str, where: str = "labelling configuration") -> tuple[Control, ...]:
    """The controls of a configuration, in order.

    Raises:
        InputError: It is no XML, has a tag or an attribute that no page is known to take, or
            nothing to answer.
    """
    try:
        root = ET.fromstring(config)  # noqa: S314 - a file of the project's own, and expat bounds it
    except ET.ParseError as error:
        raise InputError(f"no XML: {error}", where=where) from None
    found: list[Control] = []
    for tag in root.iter():
        if tag.tag not in {*CONTROLS, *_OTHERS}:
            raise InputError(f"no page is known to show <{tag.tag}>", where=where)
        odd = sorted(set(tag.attrib) - _ATTRIBUTES)
        if odd:
            hint = f"of <{tag.tag} name={tag.get('name', '')!r}>; it may break the page"
            raise InputError(f"unknown attribute {odd[0]!r}", where=where, hint=hint)
        if tag.tag in CONTROLS:
            found.append(_control(tag, where))
    if not found:
        raise InputError("there is nothing to answer", where=where, hint="such as <Choices>")
    names = [control.name for control in found]
    if len(set(names)) < len(names):
        raise InputError("two controls of one name", where=where)
    return tuple(found)


def variables_of(config: str) -> tuple[str, ...]:
    """The ``$names`` that items must have, sorted.

    >>> variables_of('<View><Text name="t" value="$text"/></View>')
    ('text',)
    """
    return tuple(sorted(set(re.findall(r"\$([A-Za-z_][A-Za-z0-9_]*)", config))))


def digest_of(controls: Sequence[Control]) -> str:
    """What answers depend on: names, kinds and words, not how they are shown."""
    told = "\n".join(repr(tuple(control)) for control in controls)
    return blake2b(told.encode(), digest_size=8).hexdigest()


def schema_of(controls: Sequence[Control]) -> dict[str, Any]:
    """The JSON schema of an answer, as strict endpoints take it: all is required, nothing more.

    >>> schema_of([Control("verdict", "Choices", ("text",), ("keep", "drop"))])["properties"]
    {'verdict': {'enum': ['keep', 'drop']}}
    """
    regions = [one for one in controls if one.region]
    properties: dict[str, Any] = {}
    for control in controls:
        if control.region:
            continue
        properties[control.name] = (
            _spans_schema(control, regions) if control.kind == "Labels" else _schema(control)
        )
    return _object(properties)


def _control(tag: ET.Element, where: str) -> Control:
    name, to = tag.get("name"), tag.get("toName")
    if not name or not to:
        raise InputError(f"<{tag.tag}> without name or toName", where=where)
    words = tuple(
        word
        for child in tag.iter()
        if child.tag in {"Choice", "Label"}
        and (word := child.get("alias") or child.get("value") or "")
    )
    if tag.tag == "Ranker":
        words = tuple(child.get("name", "") for child in tag.iter("Bucket"))
    high = tag.get("maxRating") or tag.get("max") or (5 if tag.tag == "Rating" else None)
    low = 1 if tag.tag == "Rating" else tag.get("min")
    return Control(
        name,
        tag.tag,
        tuple(to.split(",")),
        words,
        tag.get("choice") == "multiple",
        tag.get("perRegion") == "true",
        tag.get("required") == "true",
        None if low is None else float(low),
        None if high is None else float(high),
    )


def _schema(control: Control) -> dict[str, Any]:
    words = {"enum": list(control.words)}
    match control.kind:
        case "Choices":
            unique = {"uniqueItems": True, "maxItems": len(control.words)}
            return {"type": "array", "items": words, **unique} if control.many else words
        case "Rating":
            return {"type": "integer", "minimum": 1, "maximum": int(control.high or 5)}
        case "Number":
            bounds = {"minimum": control.low, "maximum": control.high}
            return {"type": "number", **{k: v for k, v in bounds.items() if v is not None}}
        case "Pairwise":
            return {"enum": ["left", "right"]}
        case "Ranker":
            ids = {"type": "array", "items": {"type": "string"}}
            return _object(dict.fromkeys(control.words or (control.name,), ids))
        case _:
            return {"type": "string", "maxLength": _LONGEST}


def _spans_schema(control: Control, regions: Sequence[Control]) -> dict[str, Any]:
    place = {"type": "integer", "minimum": 0}
    fields = {"start": place, "end": place, "label": {"enum": list(control.words)}}
    fields |= {one.name: _schema(one) for one in regions}
    return {"type": "array", "items": _object(fields)}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
