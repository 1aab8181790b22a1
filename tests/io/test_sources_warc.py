"""Web archives: WET text as it is, HTML turned into its main text, the page's URL kept."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal
from read_sources import read_all

from dataqa.errors import InputError
from dataqa.io.sources import Unreadable

HTML = (
    "<html><head><title>t</title></head><body><nav><a href=/>menu</a></nav><main><h1>Grüße</h1>"
    "<p>A paragraph of the page that is long enough to be taken for its text.</p>"
    "</main></body></html>"
)


def _record(kind: str, body: bytes, number: int, content_type: str = "text/plain") -> bytes:
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: https://example.org/{number}\r\n"
        f"WARC-Date: 2024-05-0{number}T00:00:00Z\r\nWARC-Record-ID: <urn:uuid:{number}>\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body + b"\r\n\r\n"


def _reply(body: bytes, fields: str = "", status: str = "200 OK", kind: str = "text/html") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{fields}\r\n".encode() + body


def _absent(name: str) -> None:
    """No extra is installed."""


def _wet() -> list[bytes]:
    return [
        _record("warcinfo", b"software: none", 0, "application/warc-fields"),
        *(_record("conversion", f"page {i} größer\n".encode() * 20, i) for i in range(1, 9)),
    ]


def _members(records: list[bytes]) -> bytes:
    return b"".join(map(gzip.compress, records))


def test_wet_is_read_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("dataqa.io.sources.pages.find_spec", _absent)
    path = tmp_path / "a.warc.wet.gz"
    path.write_bytes(_members(_wet()))
    outcome = read_all(path)
    assert outcome.ids == [f"a.warc.wet.gz#{i}" for i in range(1, 9)]
    assert outcome.docs.drop("_doc", "doc_id").row(0, named=True) == {
        "text": "page 1 größer\n" * 20,
        "url": "https://example.org/1",
        "date": "2024-05-01T00:00:00Z",
        "content_type": "text/plain",
        "warc_record_id": "<urn:uuid:1>",
    }


@pytest.mark.parametrize("pack", [b"".join, _members])
def test_spooled_and_small_chunks_are_the_same(
    pack: Callable[[list[bytes]], bytes], tmp_path: Path
):
    path = tmp_path / ("a.warc.gz" if pack is _members else "a.warc")
    path.write_bytes(pack(_wet()))
    whole = read_all(path)
    assert_frame_equal(read_all(path, batch_bytes=10).docs, whole.docs)
    cut = read_all(path, shard_bytes=500, spool=tmp_path / "spool")
    assert len(cut.shards) > 1
    assert_frame_equal(cut.docs.drop("_doc"), whole.docs.drop("_doc"))
    assert read_all(path, limit=3).docs.height == 3


def test_html_gives_its_main_text(tmp_path: Path):
    pytest.importorskip("resiliparse")
    page = HTML.encode()
    chunked = (
        b"5\r\n"
        + page[:5]
        + b"\r\n"
        + f"{len(page) - 5:x}\r\n".encode()
        + page[5:]
        + b"\r\n0\r\n\r\n"
    )
    replies = [
        _reply(page),
        _reply(HTML.encode("latin-1"), kind="text/html; charset=ISO-8859-1"),
        _reply(chunked, "Transfer-Encoding: chunked\r\n"),
        _reply(gzip.compress(page), "Content-Encoding: gzip\r\n"),
        _reply(zlib.compress(page), "Content-Encoding: deflate\r\n"),
        _reply(page, "Content-Encoding: gzip\r\n"),  # unpacked by the crawler
        _reply(b"\x89PNG", kind="image/png"),
        _reply(page, status="404 Not Found"),
        _reply(b"plain words", kind="text/plain"),
        _reply(b"broken", "Content-Encoding: deflate\r\n"),
        _reply(page, "Content-Encoding: secret\r\n"),
    ]
    http = "application/http; msgtype=response"
    records = [_record("response", reply, i, http) for i, reply in enumerate(replies)]
    records.insert(
        0, _record("request", b"GET / HTTP/1.1\r\n\r\n", 9, "application/http; msgtype=request")
    )
    path = tmp_path / "a.warc.gz"
    path.write_bytes(_members(records))
    outcome = read_all(path)
    assert outcome.docs.height == 7
    for text in outcome.docs["text"][:6]:
        assert "Grüße" in text
        assert "A paragraph of the page" in text
        assert "menu" not in text
    assert outcome.docs["text"][6] == "plain words"
    assert outcome.docs["url"][0] == "https://example.org/0"
    assert outcome.docs["content_type"].unique().sort().to_list() == ["text/html", "text/plain"]
    assert outcome.errors == {
        "a.warc.gz#8": "the page is packed, and what it is packed in is damaged",
        "a.warc.gz#9": "the page is packed in a way that is not known here",
    }


def test_html_without_the_extra_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("dataqa.io.sources.pages.find_spec", _absent)
    path = tmp_path / "a.warc"
    path.write_bytes(_record("response", _reply(HTML.encode()), 1, "application/http"))
    with pytest.raises(
        InputError, match=r"a\.warc: holds HTML .*\nHint: pip install 'dataqa\[web\]'"
    ):
        read_all(path)


def test_a_truncated_archive_gives_the_records_before(tmp_path: Path):
    path = tmp_path / "a.warc"
    path.write_bytes(b"".join(_wet())[:-40])
    with pytest.raises(Unreadable, match=r"a\.warc: breaks off in a record after decoded byte"):
        read_all(path)
    outcome = read_all(path, on_error="quarantine")
    assert outcome.docs.height == 7
    assert list(outcome.errors) == ["a.warc#8"]
    assert outcome.damaged["raw"][0].startswith(b"page 8")
    cut = read_all(path, on_error="quarantine", shard_bytes=500, spool=tmp_path / "spool")
    assert list(cut.errors) == ["a.warc#8"]


def test_a_page_above_the_bound_or_not_utf_8_is_damaged(tmp_path: Path):
    path = tmp_path / "a.warc"
    bodies = [b"x" * 3000, b"\xff\xfe", b"fine"]
    path.write_bytes(b"".join(_record("conversion", body, i) for i, body in enumerate(bodies)))
    outcome = read_all(path, max_document=1000)
    assert outcome.ids == ["a.warc#3"]
    assert "--max-document" in outcome.errors["a.warc#1"]
    assert outcome.errors["a.warc#2"] == "invalid UTF-8 at byte 0 of the text"
