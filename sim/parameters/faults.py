"""What is wrong with a field of a market file, in one line."""

from __future__ import annotations

from typing import Any


def fault_line(item: dict[str, Any]) -> str:
    """One pydantic error as "demand.price_cents[3]: expected > 0, was -2"."""
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in item["loc"]).lstrip(".")
    if item["type"] in {"missing", "missing_argument"}:
        return f"{field}: expected a value, was missing"
    if item["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        return f"{field}: unknown key"
    return f"{field}: expected {_expectation(item)}, was {item['input']!r}"


def _expectation(item: dict[str, Any]) -> str:
    context = item.get("ctx", {})
    signs = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
    bounds = [f"{sign} {context[name]:g}" for name, sign in signs.items() if name in context]
    if bounds:
        return " and ".join(bounds)
    return str(item["msg"]).removeprefix("Input should be ")
