"""What is planted in the example corpus: invented pages and people, and harm done to real pages.

Part of `make_data.py`. Every row says in `planted` what it is, and of which row it was made.
"""

import base64
import random
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

SEED = 20
PEOPLE = "people: an invented record, values from reserved ranges"
LONG_LINE = 50_000


class Row(NamedTuple):
    """One document of the corpus."""

    id: str
    text: str | None
    url: str
    source: str
    lang_truth: str | None
    licence: str
    planted: str | None

    def shown(self) -> dict[str, str | None]:
        """The row under its column names, in their order."""
        return self._asdict()


def invented(pages: Sequence[dict[str, Any]]) -> Iterator[Row]:
    """Rows of the invented pages; `times` and `random_*` make a long text of a short entry."""
    chance = random.Random(SEED)  # noqa: S311
    for entry in pages:
        # what stands between two repetitions: nothing on one line, a blank line between paragraphs
        border = "" if entry["text"].endswith(", ") else "\n\n" if "\n\n" in entry["text"] else "\n"
        text = (entry["text"] + border) * entry.get("times", 1)
        if "random_han" in entry:
            text = "".join(
                chr(chance.randrange(0x4E00, 0x9FA6)) for _ in range(entry["random_han"])
            )
        if "random_base64" in entry:
            text = base64.b64encode(chance.randbytes(entry["random_base64"])).decode()
        yield _own(entry, text.strip(), entry["planted"])


def records(people: Sequence[dict[str, Any]]) -> Iterator[Row]:
    """Rows of the invented people."""
    for entry in people:
        yield _own(entry, entry["text"], PEOPLE)


def derived(
    english: list[Row], chinese: list[Row], many: list[Row], spare: list[Row], long_pages: list[str]
) -> Iterator[Row]:
    """Rows made from real ones: the first three lists are in the files, `spare` is nowhere else."""
    clean = [
        [row for row in rows if row.planted is None and len(row.text or "") > 500]
        for rows in (english, chinese, many)
    ]
    shuffled = (random.Random(SEED + i).sample(rows, len(rows)) for i, rows in enumerate(clean))  # noqa: S311
    en, zh, other = shuffled
    yield from _twins(
        "exact", [*en[:6], *zh[:4], *other[:3]], lambda text: text, "exact duplicate of {}"
    )
    yield from _twins(
        "space", [*en[6:10], *zh[4:7], *other[3:4]], respace, "same but for white space: {}"
    )
    yield from _near(
        "near",
        [*en[10:18], *zh[7:12], *other[4:7]],
        0.05,
        0.10,
        "near duplicate of {}: {:.1%} of words edited",
    )
    yield from _near(
        "far", [*en[18:20], *zh[12:13]], 0.50, 0.55, "not a duplicate of {}: {:.1%} of words edited"
    )
    pool = {
        language: [r for r in spare if r.lang_truth == language]
        for language in {r.lang_truth for r in spare}
    }
    yield from _harmed(pool, _first(other[8:]))
    joined = " ".join(" ".join(text.split()) for text in long_pages)[:LONG_LINE]
    yield Row(
        "planted-long-line",
        joined[: joined.rindex(". ") + 1],
        _url("long-line"),
        "planted",
        "en",
        "PostgreSQL",
        "one line of 50 KB",
    )
    yield Row("planted-empty", "", _url("empty"), "planted", "en", "Apache-2.0", "empty text")
    yield Row(
        "planted-blank",
        " \n\t\n   \n",
        _url("blank"),
        "planted",
        "en",
        "Apache-2.0",
        "white space only",
    )
    yield Row("planted-null", None, _url("null"), "planted", "en", "Apache-2.0", "null text")
    yield _made(
        "repeated-id",
        pool["en"][3],
        str(pool["en"][3].text),
        "duplicate id: the id of a page in docs-en, another text",
    )._replace(id=en[20].id)
    yield _made(
        "repeated-id",
        pool["zh"][3],
        str(pool["zh"][3].text),
        "duplicate id: the id of planted-empty, another text",
    )._replace(id="planted-empty")


def respace(text: str) -> str:
    """Put other white space between the same characters."""
    lines = text.replace("\n\n", "\n \n\n").split("\n")
    return (
        "\n"
        + "\n".join(
            line.replace("  ", "\t") + ("  " if i % 3 == 0 else "") for i, line in enumerate(lines)
        )
        + "\n\n"
    )


def edit(text: str, share: float, seed: int) -> tuple[str, float]:
    """Drop, replace or repeat a share of the words; of a script without spaces, the characters."""
    chance = random.Random(seed)  # noqa: S311
    words = _pieces(text)
    places = [i for i, word in enumerate(words) if word[:1].isalnum()]
    chosen = sorted(chance.sample(places, round(share * len(places))))
    for i in chosen:
        kind = chance.randrange(3)
        words[i] = (
            ""
            if kind == 0
            else (
                words[chance.choice(places)] if kind == 1 else words[i] + _glue(words[i]) + words[i]
            )
        )
    return "".join(words), len(chosen) / len(places)


def _pieces(text: str) -> list[str]:
    """Cut a text into words and what stands between them; joined, they are the text."""
    pieces: list[str] = []
    for character in text:
        wide = ord(character) >= 0x3040
        same = (
            bool(pieces)
            and not wide
            and ord(pieces[-1][-1]) < 0x3040
            and pieces[-1][-1].isalnum() == character.isalnum()
        )
        if same:
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def _glue(word: str) -> str:
    return " " if ord(word[0]) < 0x3040 else ""


def _twins(
    kind: str, rows: Sequence[Row], change: Callable[[str], str], says: str
) -> Iterator[Row]:
    for i, row in enumerate(rows, 1):
        yield _made(f"{kind}-{i:02}", row, change(str(row.text)), says.format(row.id))


def _near(kind: str, rows: Sequence[Row], low: float, high: float, says: str) -> Iterator[Row]:
    for i, row in enumerate(rows, 1):
        wanted = low + (high - low) * i / (len(rows) + 1)
        text, share = edit(str(row.text), wanted, SEED + i)
        yield _made(f"{kind}-{i:02}", row, text, says.format(row.id, share))


def _first(rows: Sequence[Row]) -> dict[str | None, Row]:
    """The first row of each language."""
    found: dict[str | None, Row] = {}
    for row in rows:
        found.setdefault(row.lang_truth, row)
    return found


def _harmed(pool: dict[str | None, list[Row]], shown: dict[str | None, Row]) -> Iterator[Row]:
    """Texts as broken tools leave them; those made of `shown` are duplicates once mended."""

    def nfd(text: str) -> str:
        return unicodedata.normalize("NFD", text)

    for language in ("fr", "vi", "ko"):
        yield _made(
            f"nfd-{language}",
            shown[language],
            nfd(str(shown[language].text)),
            f"NFD form of {shown[language].id}",
        )
    yield from (
        _made(name, row, change(str(row.text)), says)
        for name, row, change, says in (
            ("nfd-el", pool["el"][0], nfd, "NFD text with no twin"),
            ("crlf-en", pool["en"][0], lambda t: t.replace("\n", "\r\n"), "CRLF line ends"),
            ("crlf-zh", pool["zh"][0], lambda t: t.replace("\n", "\r\n"), "CRLF line ends"),
            ("cr-de", pool["de"][0], lambda t: t.replace("\n", "\r"), "CR line ends"),
            (
                "bom-en",
                pool["en"][1],
                lambda t: "\ufeff" + t.replace("\n\n", "\u2028\n"),
                "byte order mark and line separators",
            ),
            (
                "zero-width-en",
                pool["en"][2],
                lambda t: t.replace("ti", "t\u00adi").replace(" the ", " \u200bthe\u200d "),
                "zero-width characters and soft hyphens",
            ),
            (
                "zero-width-zh",
                pool["zh"][1],
                lambda t: t.replace("，", "，\u200b").replace("的", "的\u2060"),
                "zero-width characters",
            ),
            (
                "control-en",
                pool["en"][4],
                lambda t: (
                    t.replace(". ", ".\x0b ")
                    .replace(" a ", " \x07a\x1b[0m ")
                    .replace("\n\n", "\n\x0c\n")
                ),
                "control characters",
            ),
            (
                "control-ja",
                pool["ja"][0],
                lambda t: t.replace("。", "。\x7f\x85"),
                "control characters",
            ),
            ("nul-en", pool["en"][5], lambda t: t.replace("\n\n", "\n\x00\n"), "NUL characters"),
            (
                "mojibake-fr",
                pool["fr"][0],
                lambda t: t.encode().decode("latin-1"),
                "mojibake: UTF-8 read as Latin-1",
            ),
            (
                "mojibake-es",
                pool["es"][0],
                lambda t: t.encode().decode("cp1252", "replace"),
                "mojibake: UTF-8 read as Windows-1252",
            ),
            (
                "mojibake-zh",
                pool["zh"][2],
                lambda t: t.encode().decode("latin-1"),
                "mojibake: UTF-8 read as Latin-1",
            ),
            (
                "mojibake-gbk",
                pool["zh"][4],
                lambda t: t.encode("gbk", "ignore").decode("latin-1"),
                "mojibake: GBK read as Latin-1",
            ),
            (
                "mojibake-ru",
                pool["ru"][0],
                lambda t: t.encode("cp1251", "ignore").decode("latin-1"),
                "mojibake: Windows-1251 read as Latin-1",
            ),
            (
                "fullwidth-en",
                pool["en"][6],
                lambda t: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in t),
                "full-width Latin letters",
            ),
            (
                "one-case-tr",
                pool["tr"][0],
                str.upper,
                "upper case throughout, without Turkish casing",
            ),
        )
    )


def _made(name: str, row: Row, text: str, says: str) -> Row:
    """A row made from a real one keeps its licence and language."""
    return Row(f"planted-{name}", text, _url(name), "planted", row.lang_truth, row.licence, says)


def _own(entry: dict[str, Any], text: str, says: str) -> Row:
    name = entry["id"]
    return Row(
        f"planted-{name}",
        text,
        f"https://{entry['host']}/{name}.html",
        "planted",
        entry["language"],
        "Apache-2.0",
        says,
    )


def _url(name: str) -> str:
    return f"https://mirror.example.org/{name}.html"
