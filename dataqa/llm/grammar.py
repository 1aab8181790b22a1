"""A JSON Schema as a grammar of llama.cpp (GBNF), for servers that take only that.

What the grammar cannot say (bounds of numbers, patterns) it leaves open: replies are checked by the
schema in any case.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

_COMMON = r"""
string ::= "\"" character* "\""
character ::= [^"\\\x00-\x1F] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F]{4})
integer ::= "-"? ("0" | [1-9] [0-9]*)
number ::= integer ("." [0-9]+)? ([eE] [-+]? [0-9]+)?
boolean ::= "true" | "false"
null ::= "null"
array ::= "[" (value ("," " "? value)*)? "]"
object ::= "{" (string ":" " "? value ("," " "? string ":" " "? value)*)? "}"
value ::= object | array | string | number | boolean | null
"""
_SPACE = '" "?'


def grammar_of(schema: Mapping[str, Any]) -> str:
    r"""The grammar of the objects by a schema; fields stand in the schema's order, all of them.

    >>> grammar_of({"enum": ["a", 1]}).splitlines()[0]
    'root ::= ("\\"a\\"" | "1")'
    """
    return f"root ::= {_rule(schema)}\n{_COMMON.strip()}\n"


def _rule(schema: Any) -> str:
    if not isinstance(schema, Mapping):
        return "value"
    if "const" in schema:
        return _literal(schema["const"])
    if "enum" in schema:
        return _either(_literal(one) for one in schema["enum"])
    some = schema.get("anyOf") or schema.get("oneOf")
    if some:
        return _either(_rule(one) for one in some)
    kind = schema.get("type")
    if isinstance(kind, list):
        return _either(_rule({**schema, "type": one}) for one in kind)
    return _typed(schema, kind)


def _typed(schema: Mapping[str, Any], kind: Any) -> str:
    match kind:
        case "object" if schema.get("properties"):
            rule = _object(schema["properties"])
        case "array":
            rule = _array(schema)
        case "integer" if {"minimum", "maximum"} <= set(schema):
            rule = _integers(int(schema["minimum"]), int(schema["maximum"]))
        case "string" if "maxLength" in schema:
            low, high = schema.get("minLength", 0), schema["maxLength"]
            rule = rf'"\"" character{{{low},{high}}} "\""'
        case "string" | "integer" | "number" | "boolean" | "null" | "object":
            rule = kind
        case _:
            rule = "value"
    return rule


def _either(rules: Iterable[str]) -> str:
    return "(" + " | ".join(rules) + ")"


def _object(properties: Mapping[str, Any]) -> str:
    members = (f'{_literal(name)} ":" {_SPACE} {_rule(one)}' for name, one in properties.items())
    return '"{" ' + f' "," {_SPACE} '.join(members) + ' "}"'


def _array(schema: Mapping[str, Any]) -> str:
    item = _rule(schema.get("items"))
    least, most = schema.get("minItems", 0), schema.get("maxItems")
    if most == 0:
        return '"[]"'
    times = f"{{{max(0, least - 1)},{most - 1 if most else ''}}}"
    some = f'({item}) ("," {_SPACE} ({item})){times}'
    return f'"[" {some} "]"' if least else f'"[" ({some})? "]"'


def _integers(low: int, high: int) -> str:
    if not 0 <= high - low <= 100:
        return "integer"
    return _either(f'"{one}"' for one in range(low, high + 1))


def _literal(value: Any) -> str:
    return json.dumps(json.dumps(value, ensure_ascii=False), ensure_ascii=False)
