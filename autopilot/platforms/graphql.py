"""GraphQL over HTTP: errors come with status 200, and are named by reaction like any others."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from autopilot.platforms.http import RETRY_AFTER_S, Answer, Courier, Refused
from perception.ports import BadAnswer, NeedsReauthorisation, RateLimited, SourceUnavailable

LOCKED_OUT = frozenset({"FORBIDDEN", "UNAUTHENTICATED", "UNAUTHORIZED", "ACCESS_DENIED"})
THROTTLED = frozenset({"THROTTLED", "RATE_LIMITED", "MAX_COST_EXCEEDED"})
THEIR_FAULT = frozenset({"INTERNAL_SERVER_ERROR", "TIMEOUT", "SHOP_INACTIVE"})
"""Values of ``extensions.code`` as Apollo, Vendure and Shopify give them."""


def query(
    courier: Courier,
    path: str,
    document: str,
    variables: Mapping[str, Any],
    *,
    now: datetime,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The ``data`` of one operation. Raises: PlatformError, by the first error that names a reaction; Refused for any other error."""
    answer = courier.ask("POST", path, now=now, body={"query": document, "variables": variables}, headers=headers)
    return data_of(answer, path)


def data_of(answer: Answer, what: str) -> dict[str, Any]:
    """``data``, or the errors as an exception."""
    body = answer.body
    if not isinstance(body, dict):
        raise BadAnswer(f"{what}: expected an object, was {type(body).__name__}")
    errors = body.get("errors")
    if errors:
        _raise(errors if isinstance(errors, list) else [errors], what)
    data = body.get("data")
    if not isinstance(data, dict):
        raise BadAnswer(f"{what}: expected data, was none")
    return data


def _raise(errors: list[Any], what: str) -> None:
    codes = {_code(error) for error in errors}
    words = f"{what}: " + "; ".join(_message(error) for error in errors[:3])
    if codes & LOCKED_OUT:
        raise NeedsReauthorisation(words)
    if codes & THROTTLED:
        raise RateLimited(words, retry_after_s=RETRY_AFTER_S)
    if codes & THEIR_FAULT:
        raise SourceUnavailable(words)
    raise Refused(words, status=200, body=errors)


def _code(error: Any) -> str:
    extensions = error.get("extensions") if isinstance(error, dict) else None
    code = extensions.get("code") if isinstance(extensions, dict) else None
    return code if isinstance(code, str) else ""


def _message(error: Any) -> str:
    message = error.get("message") if isinstance(error, dict) else error
    return str(message)[:200]
