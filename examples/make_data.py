# /// script
# requires-python = ">=3.12"
# dependencies = ["lxml==6.0.2", "pyarrow==21.0.0", "pyyaml==6.0.3", "zstandard==0.25.0"]
# ///
"""Make `examples/data` again, from the Debian packages that its texts come from.

For maintainers; neither users nor tests need it. On Debian 12:

    apt-get download postgresql-doc-15 python3.11-doc libreoffice-help-{en-us,zh-cn,zh-tw,...}
    for deb in *.deb; do dpkg -x "$deb" tree; done
    uv run examples/make_data.py tree

Given the same packages it writes the same bytes: no clock, no network, fixed seeds, sorted paths.
"""

import gzip
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml
import zstandard
from lxml import html
from make_data_html import page
from make_data_planted import Row, derived, invented, records

HERE = Path(__file__).parent
OUT = HERE / "data"
FOLDERS = {
    "postgresql": "usr/share/doc/postgresql-doc-15/html",
    "python": "usr/share/doc/python3.11/html",
    "libreoffice": "usr/share/libreoffice/help",
}
LICENCES = {"postgresql": "PostgreSQL", "python": "PSF-2.0", "libreoffice": "MPL-2.0"}
HOSTS = {
    "postgresql": "postgresql.example.org/docs/15",
    "python": "python.example.org/3.11",
    "libreoffice": "help.example.org/7.4",
}
PREFIXES = {"postgresql": "pg", "python": "py", "libreoffice": "lo"}

# languages beside English and Chinese of whose help enough pages are wholly translated
LANGUAGES = tuple("cs de el es fi fr hu id it ja ko nl pl pt ru sv tr vi".split())  # noqa: SIM905
EVERY_NAVIGATION = 9  # each ninth page keeps its menus, as pages of a crawl do
NAVIGATION = "navigation: a real page with its menus, header and footer left in"


def main() -> None:
    """Write the four files and the licences, and print their sizes."""
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} TREE (the folder into which the packages were extracted)")
    tree = Path(sys.argv[1])
    english, spare_english = split(
        [*postgresql(tree), *python(tree), *help_pages(tree, "en-US", 76, 1100)], 9
    )
    chinese, spare_chinese = split(
        [*help_pages(tree, "zh-CN", 126, 330), *help_pages(tree, "zh-TW", 76, 330)], 7
    )
    taken = {row.id for row in [*english, *spare_english]}
    lists = [*rejects(tree, "postgresql"), *rejects(tree, "python")]
    english += [*(row for row in lists if row.id not in taken), *stubs(tree, "en-US", 24)]
    chinese += [*stubs(tree, "zh-CN", 14), *stubs(tree, "zh-TW", 8)]
    many, spare_many = split(
        [row for name in LANGUAGES for row in help_pages(tree, name, 13, 900)], 18
    )
    planted = [
        *invented(yaml.safe_load((HERE / "make_data_pages.yaml").read_text("utf-8"))),
        *records(yaml.safe_load((HERE / "make_data_people.yaml").read_text("utf-8"))),
        *derived(
            english, chinese, many, [*spare_english, *spare_chinese, *spare_many], long_pages(tree)
        ),
    ]
    OUT.mkdir(exist_ok=True)
    (OUT / "docs-en.jsonl.zst").write_bytes(
        zstandard.ZstdCompressor(level=19).compress(lines(english))
    )
    (OUT / "docs-zh.jsonl.gz").write_bytes(gzip.compress(lines(chinese), 9, mtime=0))
    write_parquet(many, OUT / "docs-many.parquet")
    (OUT / "planted.jsonl").write_bytes(lines(planted))
    licences(tree)
    for name, rows in (
        ("docs-en", english),
        ("docs-zh", chinese),
        ("docs-many", many),
        ("planted", planted),
    ):
        size = sum(len((row.text or "").encode()) for row in rows)
        print(f"{name}: {len(rows)} rows, {size:,} bytes of text")


def postgresql(tree: Path) -> list[Row]:
    """Chapters of the PostgreSQL manual in which most of the page is prose."""
    paths = sorted((tree / FOLDERS["postgresql"]).glob("*.html"))
    wanted = [
        p
        for p in paths
        if not p.stem.startswith(
            ("release", "bookindex", "legalnotice", "acronyms", "biblio", "git")
        )
    ]
    return take(
        wanted,
        "postgresql",
        tree,
        "en",
        160,
        lambda text, prose: 1200 <= len(text) <= 9000 and prose >= 0.7,
    )


def python(tree: Path) -> list[Row]:
    """Pages of the Python manual; with more code between the paragraphs than the others have."""
    folders = (
        "tutorial",
        "howto",
        "faq",
        "library",
        "reference",
        "using",
        "extending",
        "installing",
    )
    root = tree / FOLDERS["python"]
    wanted = sorted(
        p for folder in folders for p in (root / folder).glob("*.html") if p.name != "index.html"
    )
    return take(
        wanted,
        "python",
        tree,
        "en",
        74,
        lambda text, prose: 1200 <= len(text) <= 12000 and prose >= 0.5,
    )


def help_pages(tree: Path, name: str, count: int, shortest: int) -> list[Row]:
    """How-to pages of the LibreOffice help in one language, those left in English excepted."""
    root = tree / FOLDERS["libreoffice"]
    wanted = sorted(
        [*(root / name).glob("text/*/guide/*.html"), *(root / name).glob("text/s*/main*.html")]
    )

    def good(path: Path) -> Callable[[str, float], bool]:
        english = page(root / "en-US" / path.relative_to(root / name), "libreoffice")
        foreign = name == "en-US" or english is None
        return lambda text, prose: (
            shortest <= len(text) <= 9000
            and prose >= 0.6
            and (foreign or translated(text, english.text))
        )

    rows = [
        row for path in wanted for row in take([path], "libreoffice", tree, name[:2], 1, good(path))
    ]
    return keep_menus(tree, spread(rows, count))


def translated(text: str, english: str) -> bool:
    """Tell whether hardly a line is the English page's or, beside another script, plain ASCII."""
    same = set(english.split("\n"))
    long_lines = [line for line in text.split("\n") if len(line) >= 12]
    alien = sum(
        len(line)
        for line in long_lines
        if line in same or (not text[:40].isascii() and line.isascii())
    )
    return alien <= 0.02 * sum(map(len, long_lines))


def in_english(path: Path, folder: Path, english: Path) -> bool:
    """Tell whether a page of another language's folder was left in English, wholly or in part."""
    here, there = page(path, "libreoffice"), page(english / path.relative_to(folder), "libreoffice")
    return here is None or there is None or not translated(here.text, there.text)


def rejects(tree: Path, source: str) -> list[Row]:
    """The named pages that are lists and tables; shown as they are, up to a size."""
    root = tree / FOLDERS[source]
    names: dict[str, str] = yaml.safe_load((HERE / "make_data_lists.yaml").read_text("utf-8"))
    found = [p for p in (root / f"{name}.html" for name in names[source].split()) if p.exists()]
    return take(
        found, source, tree, "en", len(found), lambda text, _: 0 < len(text) <= 24000, menus=False
    )


def stubs(tree: Path, name: str, count: int) -> list[Row]:
    """Help pages of a line or three, such as a crawl is full of."""
    root = tree / FOLDERS["libreoffice"]
    wanted = sorted(
        p
        for p in (root / name).glob("text/s*/02/*.html")
        if name == "en-US" or not in_english(p, root / name, root / "en-US")
    )
    return take(
        wanted,
        "libreoffice",
        tree,
        name[:2],
        count,
        lambda text, _: 20 <= len(text) <= 260,
        menus=False,
    )


def long_pages(tree: Path) -> list[str]:
    """Long chapters that are in none of the files, for the page on one line."""
    names = (
        "ddl-partitioning",
        "warm-standby",
        "continuous-archiving",
        "routine-vacuuming",
        "protocol-flow",
    )
    found = (page(tree / FOLDERS["postgresql"] / f"{name}.html", "postgresql") for name in names)
    return [p.text for p in found if p is not None]


def take(
    paths: Sequence[Path],
    source: str,
    tree: Path,
    language: str,
    count: int,
    good: Callable[[str, float], bool],
    *,
    menus: bool = True,
) -> list[Row]:
    """Read the pages, keep the good ones and pick `count` of them at even distances."""
    root = tree / FOLDERS[source]
    rows: list[Row] = []
    for path in paths:
        read = page(path, source)
        if read is not None and good(read.text, read.prose):
            local = path.relative_to(root).as_posix()
            slug = local.removesuffix(".html").replace("/text/", "/").replace("/", "-").lower()
            rows.append(
                Row(
                    f"{PREFIXES[source]}-{slug}",
                    read.text,
                    f"https://{HOSTS[source]}/{local}",
                    source,
                    language,
                    LICENCES[source],
                    None,
                )
            )
    chosen = spread(rows, count)
    return keep_menus(tree, chosen) if menus and count > 1 else chosen


def keep_menus(tree: Path, rows: list[Row]) -> list[Row]:
    """Read each ninth page again with its menus."""
    return [
        with_menus(tree, row) if i % EVERY_NAVIGATION == 4 else row for i, row in enumerate(rows)
    ]


def with_menus(tree: Path, row: Row) -> Row:
    """One row with the whole body of its page for a text."""
    local = row.url.removeprefix(f"https://{HOSTS[row.source]}/")
    read = page(tree / FOLDERS[row.source] / local, row.source, navigation=True)
    return row if read is None else row._replace(text=read.text, planted=NAVIGATION)


def spread(rows: list[Row], count: int) -> list[Row]:
    """Pick `count` rows at even distances."""
    count = min(count, len(rows))
    return [rows[i * len(rows) // count] for i in range(count)]


def split(rows: list[Row], spare: int) -> tuple[list[Row], list[Row]]:
    """Set `spare` unmarked rows aside: what is planted from them has no twin in the files."""
    unmarked = [row for row in rows if row.planted is None]
    aside = spread(unmarked, spare)
    names = {row.id for row in aside}
    return [row for row in rows if row.id not in names], aside


def lines(rows: Sequence[Row]) -> bytes:
    """JSON lines; characters as they are, so that the file can be read by a person."""
    return "".join(json.dumps(row.shown(), ensure_ascii=False) + "\n" for row in rows).encode()


def write_parquet(rows: Sequence[Row], path: Path) -> None:
    """Several row groups, so that a reader which splits a file by them has something to split."""
    columns: dict[str, list[Any]] = {
        name: [row.shown()[name] for row in rows] for name in rows[0].shown()
    }
    table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    pq.write_table(table, path, compression="zstd", compression_level=19, row_group_size=64)


def licences(tree: Path) -> None:
    """Copy the three licences, as the packages give them."""
    folder = OUT / "LICENSES"
    folder.mkdir(exist_ok=True)
    legal = tree / FOLDERS["postgresql"] / "legalnotice.html"
    (folder / "PostgreSQL").write_text(
        "\n\n".join(paragraphs(legal, "//div[@class='legalnotice']")) + "\n", "utf-8"
    )
    terms = list(
        paragraphs(
            tree / FOLDERS["python"] / "license.html",
            "//section[@id='terms-and-conditions-for-accessing-or-otherwise-using-python']",
        )
    )
    note = list(
        paragraphs(tree / FOLDERS["python"] / "copyright.html", "//section[@id='copyright']")
    )
    (folder / "PSF-2.0").write_text("\n\n".join([*note, *terms]) + "\n", "utf-8")
    shutil.copyfile("/usr/share/common-licenses/MPL-2.0", folder / "MPL-2.0")


def paragraphs(path: Path, where: str) -> Iterator[str]:
    """Paragraphs, headings and blocks of one part of a page, word for word."""
    part = html.fromstring(path.read_bytes(), parser=html.HTMLParser(encoding="utf-8")).xpath(
        where
    )[0]
    for block in part.xpath(".//p[not(ancestor::pre)] | .//pre | .//h1 | .//h2 | .//h3"):
        text = block.text_content()
        yield text.strip("\n") if block.tag == "pre" else " ".join(text.replace("¶", "").split())


if __name__ == "__main__":
    main()
