"""A proxy in front of a real server that loses answers, refuses and delays, as it is told.

It listens on this machine. What it does to each request is decided by a function of the method and
the path; the server behind has done its work all the same where only the answer is lost.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

import msgspec

type Fault = Literal["", "lose", "refuse", "drop", "bare", "deny", "cut", "slow"]
"""``lose`` the answer, ``refuse`` with 503 before anything is done, ``drop`` the request, ``deny``
with 403 and a key in the body as S3 does, ``cut`` the body in its middle, be ``slow``; ``bare``
tasks lose their predictions, as in a server whose data base was busy and that tried again."""
_DENIED = b"<Error><Code>InvalidAccessKeyId</Code><AWSAccessKeyId>%s</AWSAccessKeyId></Error>"
_OURS = {"connection", "transfer-encoding"}
type Decide = Callable[[str, str], Fault]


@contextmanager
def faulty(port: int, decide: Decide, prefix: str = "") -> Generator[str]:
    """Serve what a server on this machine does, with faults; the address.

    Args:
        port: Of the server behind.
        decide: What happens to a request.
        prefix: A path that it is served below, such as ``/ls``.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(size) if size else None
            fault = decide(self.command, self.path)
            if fault == "drop":
                self.close_connection = True
                return
            if fault == "refuse":
                self._answer(503, b"")
                return
            if fault == "deny":
                self._answer(403, _DENIED % (self.headers.get("Authorization") or "").encode())
                return
            if fault == "slow":
                time.sleep(0.3)
            if fault == "bare" and body:
                tasks = [{**one, "predictions": []} for one in msgspec.json.decode(body)]
                body = msgspec.json.encode(tasks)
            path = self.path.removeprefix(prefix) if prefix else self.path
            if prefix and not self.path.startswith(f"{prefix}/"):
                self._answer(404, b"")
                return
            behind = HTTPConnection("127.0.0.1", port, timeout=120)
            try:
                ours = {"connection", "content-length"}
                told = {k: v for k, v in self.headers.items() if k.lower() not in ours}
                behind.request(self.command, path, body, told)
                answer = behind.getresponse()
                data = answer.read()
            except OSError:
                self.close_connection = True
                return
            finally:
                behind.close()
            if fault == "lose":
                self.close_connection = True
                return
            told = {k: v for k, v in answer.getheaders() if k.lower() not in _OURS}
            if self.command != "HEAD":
                told["Content-Length"] = str(len(data))
            if fault == "cut" and len(data) > 1:
                data = data[: len(data) // 2]
                self.close_connection = True
            self._answer(answer.status, data, told)

        def _answer(
            self, status: int, data: bytes, headers: Mapping[str, str] | None = None
        ) -> None:
            told = {"Content-Type": "text/plain", "Content-Length": str(len(data))}
            try:
                self.send_response_only(status)
                for name, value in (headers or told).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)
            except OSError:  # whoever asked has gone
                self.close_connection = True

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = _pass  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is there
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Whoever asked was killed: that is what this is for."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}{prefix}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
