"""Flows: what people are asked about, each a folder with a page, words, a prompt and examples.

The page's controls say what an answer is (``controls``); ``flow.yaml`` says what an answer means.
A folder of the user's own is a flow like those that ship.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal, NamedTuple
from xml.sax.saxutils import quoteattr

import msgspec

from dataqa.errors import InputError, did_you_mean
from dataqa.registry import shipped
from dataqa.review.asking.answers import answer_of, faults, results_of
from dataqa.review.asking.controls import Answer, Control, controls_of, digest_of, variables_of
from dataqa.yamlfile import YamlFile, read_yaml

SHEET, PAGE, PROMPT, EXAMPLES = "flow.yaml", "label.xml", "prompt.md", "examples.jsonl"
type Kind = Literal["documents", "spans", "pairs", "records"]
_WORD = re.compile(r"\{([a-z_]+)\}")
_GIVEN: dict[str, frozenset[str]] = {
    "documents": frozenset({"text", "why"}),
    "spans": frozenset({"text", "after", "why"}),
    "pairs": frozenset({"html_a", "html_b", "similarity", "why"}),
}
"""The variables that items of a kind have; records have what their file has."""


class Sheet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``flow.yaml``.

    Attributes:
        title: What projects are called, by language.
        items: What is asked about: ``documents`` of a run, ``spans`` that may be private,
            ``pairs`` that may be duplicates, or ``records`` of a file.
        verdict: The control that decides.
        words: By language: what stands in the page for ``{word}``, and ``instruction``.
        actions: What a choice of ``verdict`` does to the document: ``keep`` or ``drop``; of other
            choices nothing.
        why: The control that says why.
        spans: The control that marks what is private.
        stand_in: The control of a span that says what stands in its place.
        keep: The control that says which of a pair stays.
        export: The training file that it is for.
    """

    title: dict[str, str]
    items: Kind
    verdict: str
    words: dict[str, dict[str, str]]
    actions: dict[str, Literal["keep", "drop"]] = {}
    why: str = ""
    spans: str = ""
    stand_in: str = ""
    keep: str = ""
    export: Literal["", "sft", "dpo", "kto", "ranking"] = ""


class Example(NamedTuple):
    """An item with an answer to it, which page, schema and mapping are tested by."""

    data: dict[str, Any]
    answer: Answer


class Flow(NamedTuple):
    """A flow in one language.

    Attributes:
        name: Its folder's name.
        language: ``en`` or ``zh``, or what its words are in.
        sheet: What is asked, and what answers mean.
        config: Label Studio's configuration in that language.
        controls: What there is to answer.
        prompt: What a language model is told, empty for none.
        examples: Items with answers.
    """

    name: str
    language: str
    sheet: Sheet
    config: str
    controls: tuple[Control, ...]
    prompt: str
    examples: tuple[Example, ...]

    @property
    def digest(self) -> str:
        """What answers depend on; how things are worded is not in it."""
        return digest_of(self.controls)

    @property
    def instruction(self) -> str:
        """What annotators read first."""
        return self.sheet.words[self.language].get("instruction", "")

    def control(self, name: str) -> Control:
        """A control by name."""
        return next(one for one in self.controls if one.name == name)

    def text_of(self, data: dict[str, Any]) -> str:
        """What spans of an item are in."""
        return str(data.get("text", ""))


def flow_names() -> tuple[str, ...]:
    """The flows that ship.

    >>> "quality" in flow_names()
    True
    """
    return tuple(sorted(path.parent.name for path in shipped("flows").glob(f"*/{SHEET}")))


def load_flow(name: str | Path, language: str = "en") -> Flow:
    """A flow by name or folder, in a language.

    Raises:
        InputError: There is none, it has a mistake, or it has no words in that language.
    """
    folder = Path(name)
    if not (folder / SHEET).is_file():
        if str(name) not in flow_names():
            hint = did_you_mean(str(name), flow_names())
            raise InputError(f"there is no flow {str(name)!r}", hint=hint)
        folder = shipped("flows") / str(name)
    file = read_yaml(folder / SHEET)
    sheet = file.struct(Sheet)
    if language not in sheet.words:
        hint = f"it has {', '.join(sorted(sheet.words))}"
        raise InputError(f"the flow has no words in {language!r}", where=str(folder), hint=hint)
    page = folder / PAGE
    config = _worded(_text(page), sheet.words[language], page)
    flow = Flow(
        folder.name,
        language,
        sheet,
        config,
        controls_of(config, str(page)),
        _text(folder / PROMPT) if (folder / PROMPT).is_file() else "",
        _examples(folder / EXAMPLES),
    )
    _check(flow, file)
    return flow


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError("the flow lacks this file", where=str(path)) from None
    except UnicodeDecodeError:
        raise InputError("not UTF-8", where=str(path)) from None


def _worded(page: str, words: dict[str, str], path: Path) -> str:
    def word(match: re.Match[str]) -> str:
        if match[1] not in words:
            hint = did_you_mean(match[1], words)
            raise InputError(f"no word {match[1]!r} in {SHEET}", where=str(path), hint=hint)
        return quoteattr(words[match[1]], {'"': "&quot;"})[1:-1]

    return _WORD.sub(word, page)


def _examples(path: Path) -> tuple[Example, ...]:
    if not path.is_file():
        return ()
    found: list[Example] = []
    for at, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            told = msgspec.json.decode(line, type=dict[str, dict[str, Any]])
            found.append(Example(told["data"], told["answer"]))
        except (msgspec.MsgspecError, KeyError):
            hint = 'a line is {"data": {…}, "answer": {…}}'
            raise InputError("not an example", where=f"{path}:{at}", hint=hint) from None
    return tuple(found)


def _check(flow: Flow, file: YamlFile) -> None:
    """See that what ``flow.yaml`` names is on the page, and that examples come back as they are."""
    sheet = flow.sheet
    top = {one.name: one for one in flow.controls if not one.region}
    for field in ("verdict", "spans", "keep"):
        name = getattr(sheet, field)
        if name and name not in top:
            where, hint = file.where(field), did_you_mean(name, top)
            raise InputError(f"the page has no control {name!r}", where=where, hint=hint)
    for choice in sheet.actions:
        words = top[sheet.verdict].words
        if choice not in words:
            where, hint = file.where("actions", choice), did_you_mean(choice, words)
            raise InputError(f"{sheet.verdict} has no choice {choice!r}", where=where, hint=hint)
    given = _GIVEN.get(sheet.items)
    for name in variables_of(flow.config):
        if given is not None and name not in given:
            hint = did_you_mean(name, given)
            raise InputError(f"items have no ${name}", where=str(file.path), hint=hint)
    for at, example in enumerate(flow.examples, 1):
        told = _example_faults(flow, example)
        if told:
            where = f"{file.path.parent / EXAMPLES}:{at}"
            raise InputError(f"the example's answer: {told[0]}", where=where)


def _example_faults(flow: Flow, example: Example) -> list[str]:
    text = flow.text_of(example.data)
    told = faults(example.answer, flow.controls, text)
    lacking = [f"no ${name}" for name in variables_of(flow.config) if name not in example.data]
    if told or lacking:
        return told + lacking
    back = answer_of(results_of(example.answer, flow.controls, text), flow.controls)
    empty = {name: value for name, value in back.items() if value != []}
    same = empty == {name: value for name, value in example.answer.items() if value != []}
    return [] if same else ["does not come back as it is"]
