"""HTTP to platforms: one request, one JSON answer, and every way to fail named by the reaction it calls for (``perception.ports``)."""

from __future__ import annotations

import logging
import math
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import orjson

from autopilot.errors import ConfigError
from autopilot.platforms.breaker import Breaker
from perception.ports import BadAnswer, NeedsReauthorisation, PlatformError, RateLimited, SourceUnavailable

TIMEOUT_S = 20.0
"""For connecting, and for each silence while reading: a tick has minutes, a hung platform must not eat them."""

LARGEST_ANSWER_BYTES = 32 * 1024 * 1024

RETRY_AFTER_S = 60.0
"""Where a platform says 429 without saying when to come back."""

LONGEST_RETRY_AFTER_S = 86_400.0

LOCKED_OUT = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})

QUOTED_CHARS = 200
"""Of the platform's own words in a message."""


# it would log whole URLs, and keys may be part of them
logging.getLogger("httpx").setLevel(logging.WARNING)


class Refused(BadAnswer):
    """4xx: the platform understood the request and says no; nothing changed. For a write of one set-point: rejected."""

    def __init__(self, message: str, *, status: int, body: Any) -> None:
        """Keeps the answer for who can make more of it."""
        super().__init__(message)
        self.status, self.body = status, body


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A 2xx answer: the JSON in it, and headers by lower-case name."""

    body: Any
    headers: Mapping[str, str]


class Courier:
    """Carries requests to one platform, and leaves it alone when it should be."""

    def __init__(self, client: httpx.Client, *, breaker: Breaker | None = None) -> None:
        """Takes a client made by ``client``, or one with a transport of a test's own."""
        self._client, self._breaker = client, breaker or Breaker()

    def ask(
        self,
        method: str,
        path: str,
        *,
        now: datetime,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request.

        Args:
            method, path: As in HTTP; the path is appended to the client's base URL, and named in messages without its query.
            now: The instant of the tick, aware UTC.
            params: Of the query.
            body: Sent as JSON, unless None.
            headers: Besides the client's own.

        Raises:
            SourceUnavailable, RateLimited, NeedsReauthorisation, BadAnswer, Refused.
        """
        self._breaker.check(now)
        try:
            answer = self._exchange(f"{method} {path}", self._request(method, path, params, body, headers), now)
        except Refused:
            self._breaker.note(None, now)
            raise
        except PlatformError as error:
            self._breaker.note(error, now)
            raise
        self._breaker.note(None, now)
        return answer

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _request(
        self, method: str, path: str, params: Mapping[str, Any] | None, body: Any, headers: Mapping[str, str] | None
    ) -> httpx.Request:
        if body is None:
            return self._client.build_request(method, path, params=params, headers=headers)
        headers = {"content-type": "application/json", **(headers or {})}
        return self._client.build_request(method, path, params=params, content=orjson.dumps(body), headers=headers)

    def _exchange(self, what: str, request: httpx.Request, now: datetime) -> Answer:
        try:
            response = self._client.send(request, stream=True)
            try:
                content = _content(what, response)
            finally:
                response.close()
        except httpx.TimeoutException:
            raise SourceUnavailable(f"{what}: timed out") from None
        except httpx.HTTPError as error:
            # only its class: the text of some holds the URL, and URLs may hold keys
            raise SourceUnavailable(f"{what}: {type(error).__name__}") from None
        _check_status(what, response, content, now)
        return Answer(body=_json(what, content), headers=dict(response.headers))


def client(
    base_url: str,
    *,
    headers: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
    timeout_s: float = TIMEOUT_S,
    ca_file: Path | None = None,
) -> httpx.Client:
    """A client as adapters use it: time limits, one further try to connect, no redirects that could carry keys elsewhere.

    ``ca_file`` holds the certificates (PEM) to trust instead of the usual ones, as of a server that signs its own.

    Raises:
        ConfigError: ``ca_file`` cannot be read, or holds no certificates.
    """
    try:
        verify = True if ca_file is None else ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise ConfigError(f"{ca_file}: expected certificates in PEM form, was {error.strerror or error}") from None
    transport = httpx.HTTPTransport(retries=1, verify=verify)
    return httpx.Client(base_url=base_url, headers=headers, auth=auth, timeout=timeout_s, transport=transport, trust_env=False)


def retry_after_s(value: str | None, now: datetime) -> float:
    """Seconds that a ``Retry-After`` header asks for, as a number or as a date (RFC 9110, 10.2.3); a minute where it cannot be read."""
    if value is None:
        return RETRY_AFTER_S
    try:
        seconds = float(value) if not value.strip().endswith("GMT") else (parsedate_to_datetime(value) - now).total_seconds()
    except (ValueError, TypeError):
        return RETRY_AFTER_S
    return min(max(seconds, 1.0), LONGEST_RETRY_AFTER_S) if math.isfinite(seconds) else RETRY_AFTER_S


def _content(what: str, response: httpx.Response) -> bytes:
    parts, size = [], 0
    for part in response.iter_bytes():
        size += len(part)
        if size > LARGEST_ANSWER_BYTES:
            raise BadAnswer(f"{what}: expected an answer of at most {LARGEST_ANSWER_BYTES} bytes, was more")
        parts.append(part)
    return b"".join(parts)


def _check_status(what: str, response: httpx.Response, content: bytes, now: datetime) -> None:
    if response.is_success:
        return
    status = response.status_code
    said = f"{what}: {status} {response.reason_phrase}".rstrip()
    if status in LOCKED_OUT:
        raise NeedsReauthorisation(f"{said}: {quoted(content)}")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise RateLimited(said, retry_after_s=retry_after_s(response.headers.get("retry-after"), now))
    if response.is_server_error or status == HTTPStatus.REQUEST_TIMEOUT:
        raise SourceUnavailable(said)
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        body = None
    raise Refused(f"{said}: {quoted(content)}", status=status, body=body)


def _json(what: str, content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        raise BadAnswer(f"{what}: expected JSON, was {quoted(content)!r}") from None


def quoted(content: bytes) -> str:
    """The beginning of what a platform said, on one line."""
    return " ".join(content[: 4 * QUOTED_CHARS].decode(errors="replace").split())[:QUOTED_CHARS]
