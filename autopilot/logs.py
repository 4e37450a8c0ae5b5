"""Log events with keys and values, on standard error: drawn on a terminal, one JSON object a line anywhere else."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import orjson
import structlog

MASK = "***"
SECRET_KEY = re.compile(r"(^|_)(secret|token|password|passwd|credential|api_key|authorization)s?(_|$)", re.IGNORECASE)
SECRET_IN_TEXT = re.compile(r"(?i)\b(bearer\s+|basic\s+|(?:token|password|secret|api_key)=)[^\s&,;\"']+|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)")


def configure(*, level: str = "info", stream: TextIO | None = None) -> None:
    """Sets up structlog for the whole process; may be called again.

    Args:
        level: Least important events to show: "debug", "info", "warning" or "error".
        stream: Where to write; standard error when left out.
    """
    is_terminal = (sys.stderr if stream is None else stream).isatty()
    terminal, machine = [structlog.dev.ConsoleRenderer()], [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer(_json)]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            mask_secrets,
            *(terminal if is_terminal else machine),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        # asked for at each event: who replaces standard error, as a test does, gets the events from then on
        logger_factory=lambda *_names: structlog.WriteLogger(sys.stderr if stream is None else stream),
        cache_logger_on_first_use=False,
    )


def mask_secrets(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replaces values that look like secrets, by their key at any depth and by their shape within text."""
    for key, value in event.items():
        event[key] = _masked(key, value)
    return event


def _masked(key: str, value: object) -> object:
    if SECRET_KEY.search(key):
        return MASK
    if isinstance(value, Mapping):
        return {inner: _masked(str(inner), item) for inner, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked("", item) for item in value]
    return SECRET_IN_TEXT.sub(lambda found: (found[1] or "") + MASK, value) if isinstance(value, str) else value


def _json(event: object, **_options: object) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS).decode()
