"""The main text of a web page, by resiliparse (the extra ``web``)."""

from __future__ import annotations

import zlib
from importlib.util import find_spec
from typing import NamedTuple

import pyarrow as pa

from dataqa.errors import InputError

_HTML = ("text/html", "application/xhtml+xml")
_TEXT = ("text/plain",)
_CODINGS = {"gzip": "gzip", "x-gzip": "gzip", "br": "brotli", "zstd": "zstd"}


class NotText(Exception):  # noqa: N818 - it is a finding about a page, caught one call above
    """A page whose text cannot be had; the message says why."""


class Page(NamedTuple):
    """A page's type without parameters, and its text."""

    content_type: str
    text: str


class _Reply(NamedTuple):
    status: int
    fields: dict[str, str]
    body: bytes


def require_extra(where: str) -> None:
    """Raise if HTML cannot be read here."""
    if find_spec("resiliparse") is None:
        raise InputError(
            "holds HTML pages, and what reads them is not installed",
            where=where,
            hint="pip install 'dataqa[web]'",
        )


def is_page(content: bytes, declared: str, http: bool) -> bool:
    """Whether a record's content is a text or HTML page, given with a 2xx status if by HTTP."""
    if not http:
        return _kind(declared) in (*_HTML, *_TEXT)
    reply = _reply(content)
    return 200 <= reply.status < 300 and _kind(reply.fields.get("content-type", "")) in (
        *_HTML,
        *_TEXT,
    )


def page_of(content: bytes, declared: str, http: bool, most: int) -> Page:
    """The text of a page.

    Args:
        content: An HTTP reply, or the page itself.
        declared: The record's own content type, which counts when there is no HTTP reply.
        http: Which of both ``content`` is.
        most: The largest page in bytes, unpacked.

    Raises:
        NotText: If it is packed in an unknown or broken way, or too large.
        InputError: If it is HTML and the extra ``web`` is not installed.
    """
    reply = _reply(content) if http else _Reply(200, {"content-type": declared}, content)
    declared = reply.fields.get("content-type", "")
    body = _unpacked(reply, most)
    kind = _kind(declared)
    require_extra("web pages")
    from resiliparse.extract.html2text import extract_plain_text  # noqa: PLC0415 - an extra
    from resiliparse.parse.encoding import bytes_to_str, detect_encoding  # noqa: PLC0415

    encoding = _charset(declared) or detect_encoding(body) or "utf-8"
    try:
        text = bytes_to_str(body, encoding)
    except LookupError:
        text = bytes_to_str(body, detect_encoding(body) or "utf-8")
    if kind in _HTML:
        text = extract_plain_text(text, main_content=True)
    return Page(kind, text.encode("utf-8", "ignore").decode())


def _kind(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _charset(content_type: str) -> str:
    for field in content_type.split(";")[1:]:
        name, _, value = field.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip("\"'")
    return ""


def _reply(content: bytes) -> _Reply:
    head, _, body = content.partition(b"\r\n\r\n")
    first, *found = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in found if ":" in line)
    fields = {name.strip().lower(): value.strip() for name, _, value in pairs}
    status = first.split()[1:2]
    return _Reply(int(status[0]) if status and status[0].isdecimal() else 0, fields, body)


def _unpacked(reply: _Reply, most: int) -> bytes:
    body = reply.body
    if "chunked" in reply.fields.get("transfer-encoding", "").lower():
        body = _joined(body)
    coding = reply.fields.get("content-encoding", "identity").strip().lower() or "identity"
    try:
        if coding in _CODINGS and not (coding.endswith("gzip") and body[:2] != b"\x1f\x8b"):
            body = pa.CompressedInputStream(pa.BufferReader(body), _CODINGS[coding]).read(most + 1)
        elif coding == "deflate":
            body = _inflated(body, most + 1)
        elif coding not in ("identity", "gzip", "x-gzip"):  # crawlers unpack and keep the header
            raise NotText("the page is packed in a way that is not known here")
    except (OSError, zlib.error):
        raise NotText("the page is packed, and what it is packed in is damaged") from None
    if len(body) > most:
        raise NotText(f"the page is larger than {most:,} bytes unpacked")
    return body


def _inflated(body: bytes, most: int) -> bytes:
    bits = zlib.MAX_WBITS if body[:1] == b"\x78" else -zlib.MAX_WBITS  # many leave the frame out
    packed = zlib.decompressobj(bits)
    found = packed.decompress(body, most)
    if not packed.eof and len(found) < most:
        raise zlib.error("truncated")
    return found


def _joined(body: bytes) -> bytes:
    """The chunks of a chunked body put together; a body that is not chunked as it is."""
    found: list[bytes] = []
    rest = body
    while rest:
        line, mark, rest = rest.partition(b"\r\n")
        try:
            size = int(line.partition(b";")[0], 16)
        except ValueError:
            return b"".join(found) or body
        if not mark or not size:
            break
        found.append(rest[:size])
        rest = rest[size + 2 :]
    return b"".join(found)
