"""Rule packs: YAML files that become rules, or an error that names the file and the line.

Nothing in a pack is taken on trust: an unknown signal, a bound that can never or always
hold, a rule without examples are errors here; whether the examples do what they claim is shown by
``dataqa.proof``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import msgspec

from dataqa import signals
from dataqa.bounds import check_changed, check_rule
from dataqa.errors import InputError, did_you_mean
from dataqa.packfile import LongText, PackSheet, RuleEntry, read_sheet
from dataqa.rules import Rule, with_bounds
from dataqa.types import Action, Assets
from dataqa.words import file_names, find_file, load_words
from dataqa.yamlfile import YamlFile

_MAX_EXAMPLE = 4 << 20


class Example(NamedTuple):
    """A text that a rule must trip on, or must not."""

    rule: str
    text: str
    trips: bool
    where: str


class Pack(NamedTuple):
    """Rules that belong together, where they come from, and the examples that prove them."""

    name: str
    dialect: str
    title: str
    cite: str
    url: str
    languages: tuple[str, ...]
    rules: tuple[Rule, ...]
    examples: tuple[Example, ...]
    path: Path


def pack_names(assets: Assets) -> tuple[str, ...]:
    """The packs that can be asked for by name, sorted."""
    return file_names("quality", assets)


def load_packs(names: Sequence[str], assets: Assets) -> tuple[Pack, ...]:
    """The packs named, globs such as ``fineweb2-*`` spelled out; one named twice is loaded once.

    Args:
        names: Names, globs over names, or paths of YAML files.
        assets: Where packs and word lists are.

    Raises:
        InputError: an unknown pack, two packs of one name, or a mistake in a file.
    """
    packs: dict[str, Pack] = {}
    for name in dict.fromkeys(_spelled_out(names, assets)):
        pack = load_pack(name, assets)
        if pack.name in packs:
            raise InputError(f"two packs are named {pack.name}", where=name, hint="rename one")
        packs[pack.name] = pack
    return tuple(packs.values())


def load_pack(name: str, assets: Assets, bounds: Mapping[str, float] | None = None) -> Pack:
    """One pack by name or by path of its YAML file.

    Args:
        name: A name or a path; see ``pack_names``.
        assets: Where packs and word lists are.
        bounds: Other bounds than the file's, ``pack.rule.min|max|doubt`` to number.

    Raises:
        InputError: with file and line, for anything that could make a rule silently never fire.
    """
    path = Path(name) if _is_path(name) else find_file("quality", name, assets)
    file, sheet = read_sheet(path)
    rules: list[Rule] = []
    examples: list[Example] = []
    for rule_name in sheet.rules:
        entry = file.struct(RuleEntry, "rules", rule_name)
        rules.append(_rule(file, sheet, rule_name, entry, assets))
        examples += _examples(file, rule_name, entry)
    bounded = with_bounds(rules, bounds or {})
    check_changed(rules, bounded)
    return Pack(
        sheet.pack,
        sheet.dialect,
        sheet.title,
        sheet.cite,
        sheet.url,
        sheet.languages,
        tuple(bounded),
        tuple(examples),
        path,
    )


def pack_digest(pack: Pack, assets: Assets) -> str:
    """What a fingerprint needs of a pack: its rules as they are in force, and their word lists.

    Titles, citations and examples are left out, for no result depends on them.
    """
    lists = sorted({rule.signal.partition(":")[2] for rule in pack.rules} - {""})
    content = (
        [rule._replace(cite="") for rule in pack.rules],
        [(name, sorted(load_words(name, assets))) for name in lists],
    )
    return hashlib.blake2b(msgspec.json.encode(content), digest_size=16).hexdigest()


def _rule(file: YamlFile, sheet: PackSheet, name: str, entry: RuleEntry, assets: Assets) -> Rule:
    def where(key: str = "") -> str:
        return file.where("rules", name, *([key] if key else []))

    signal = _signal(entry, where)
    if entry.words:
        find_file("words", entry.words, assets, where("words"))
    if not (entry.cite or sheet.cite):
        raise InputError(
            f"rule {name} has no citation", where=where(), hint="add `cite` to it or to the pack"
        )
    rule = Rule(
        pack=sheet.pack,
        name=name,
        signal=f"{entry.signal}:{entry.words}" if entry.words else entry.signal,
        min=entry.min,
        max=entry.max,
        one_of=entry.one_of,
        none_of=entry.none_of,
        action=Action[entry.action.upper()],
        doubt=entry.doubt,
        languages=entry.languages or sheet.languages,
        cite=entry.cite or sheet.cite,
        missing=Action[(entry.missing or sheet.missing).upper()],
    )
    check_rule(rule, signal, where)
    return rule


def _signal(entry: RuleEntry, where: Callable[[str], str]) -> signals.Signal:
    known = signals.catalogue()
    if entry.signal not in known:
        base, _, words = entry.signal.partition(":")
        hint = did_you_mean(entry.signal, known)
        if words and base in known:
            hint = f"write `signal: {base}` and `words: {words}`"
        raise InputError(f"no signal is named {entry.signal!r}", where=where("signal"), hint=hint)
    signal = known[entry.signal]
    if signal.needs_words and not entry.words:
        raise InputError(
            f"signal {entry.signal} needs a word list", where=where("signal"), hint="add `words`"
        )
    if entry.words and not signal.needs_words:
        raise InputError(f"signal {entry.signal} takes no word list", where=where("words"))
    return signal


def _examples(file: YamlFile, rule: str, entry: RuleEntry) -> list[Example]:
    found: list[Example] = []
    for key, texts in (("trips", entry.trips), ("passes", entry.passes)):
        if not texts:
            raise InputError(
                f"rule {rule} has no example that {key}",
                where=file.where("rules", rule),
                hint=f'add `{key}: ["..."]`; a rule nobody has seen fire may never do',
            )
        for place, text in enumerate(texts):
            where = file.where("rules", rule, key, place)
            long = LongText(text) if isinstance(text, str) else text
            if len(long.text) * long.times > _MAX_EXAMPLE:
                raise InputError(
                    "an example too long", where=where, hint=f"at most {_MAX_EXAMPLE} characters"
                )
            found.append(Example(rule, long.text * long.times, key == "trips", where))
    return found


def _is_path(name: str) -> bool:
    return name.endswith((".yaml", ".yml")) or "/" in name


def _spelled_out(names: Sequence[str], assets: Assets) -> list[str]:
    found: list[str] = []
    for name in names:
        if _is_path(name) or not set(name) & set("*?["):
            found.append(name)
            continue
        matches = [known for known in pack_names(assets) if fnmatchcase(known, name)]
        if not matches:
            raise InputError(
                f"no pack matches {name!r}", hint=f"known: {', '.join(pack_names(assets))}"
            )
        found += matches
    return found
