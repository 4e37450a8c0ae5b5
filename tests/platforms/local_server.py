"""A server on this very machine that stands for a platform, and misbehaves when it is told to."""

from __future__ import annotations

import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import orjson

from autopilot.platforms.http import Courier

PATIENCE_S, PATIENT_S = 0.25, 60.0
"""Of clients in tests: a server that holds its answer back is given up after the first, one that is only slow never."""

LONGEST_HOLD_S = 20.0


@dataclass(frozen=True, kw_only=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, kw_only=True)
class Reply:
    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else orjson.dumps(self.body)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong with one request: another answer than its own, before or after it took effect, or none in time."""

    applies: bool = False
    reply: Reply | None = None
    only: str = ""
    """Method that is struck; any if empty."""


def refusal(status: int, **headers: str) -> Fault:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault(reply=Reply(status=status, body={"message": "no"}, headers=named))


HTML = Fault(reply=Reply(body=b"<!DOCTYPE html><html><body>Maintenance</body></html>"))
LOST_BEFORE, LOST_AFTER = Fault(applies=False), Fault(applies=True)


@contextmanager
def patience(courier: Courier, fault: Fault) -> Iterator[None]:
    """Short where the fault is that no answer comes."""
    client = courier._client
    client.timeout = PATIENCE_S if fault.reply is None else PATIENT_S
    try:
        yield
    finally:
        client.timeout = PATIENT_S


App = Callable[[Request], Reply]


class LocalServer:
    """Serves ``app`` until it is closed; ``faults`` strike the next requests, one each."""

    def __init__(self, app: App, *, certificate: tuple[str, str] | None = None) -> None:
        """``certificate``: paths of certificate and key, for HTTPS."""
        self.requests: list[Request] = []
        self.faults: deque[Fault] = deque()
        self.always: Fault | None = None
        self._app, self._lock, self._done = app, threading.Lock(), threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # or every answer would wait 40 ms for an acknowledgement

            def do_GET(self) -> None:
                server._serve(self)

            do_POST = do_GET  # noqa: N815 - http.server's name

            def log_message(self, *args: object) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *args: object) -> None:
                """Clients that lost patience close their connection; that is no news."""

        self._http = Quiet(("127.0.0.1", 0), Handler)
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        self.url = f"{'http' if certificate is None else 'https'}://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        content = handler.rfile.read(int(handler.headers.get("content-length") or 0))
        request = Request(
            method=handler.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in handler.headers.items()},
            body=orjson.loads(content) if content else None,
        )
        with self._lock:
            self.requests.append(request)
            fault = self._fault(request)
            reply = self._app(request) if fault is None or fault.applies else None
            if fault is not None:
                reply = fault.reply
            content = b"" if reply is None else reply.content
        if reply is None:
            self._done.wait(LONGEST_HOLD_S)
            handler.close_connection = True
            return
        handler.send_response(reply.status)
        headers = {"content-type": "application/json", **reply.headers, "content-length": str(len(content))}
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)

    def _fault(self, request: Request) -> Fault | None:
        if self.faults and self.faults[0].only in ("", request.method):
            return self.faults.popleft()
        return self.always
