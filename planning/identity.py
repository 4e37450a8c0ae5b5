"""The name of a plan follows from its content, so equal plans have equal names on every machine."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, replace
from datetime import datetime

from planning.plan import Plan


def identified(plan: Plan) -> Plan:
    """The same plan with ``id`` set to ``plan-`` and the first 12 hex digits of the SHA-256 of everything else in it."""
    content = json.dumps(_plain(replace(plan, id="")), separators=(",", ":"), ensure_ascii=True)
    return replace(plan, id=f"plan-{hashlib.sha256(content.encode()).hexdigest()[:12]}")


def _plain(value: object) -> object:
    """Messages become lists in the order of their fields, times ISO 8601; floats keep every digit (``repr``)."""
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if hasattr(value, "__dataclass_fields__"):
        return [_plain(getattr(value, name)) for name in _names(type(value))]
    return value


def _names(message: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(message))
