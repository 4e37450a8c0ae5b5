"""What to tell a person whose settings do not fit: where, which field, what was expected, what it was, the nearest known key."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from autopilot.settings_schema import Json, expectation, node_at

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails


UNKNOWN_KEY = {"extra_forbidden", "unexpected_keyword_argument"}
"""What pydantic calls a key that a model, or a dataclass, does not know."""


class FieldProblem(ValueError):
    """A value that only a validator of ours can refuse.

    Attributes:
        field: Relative to the model that raised it; "" for the validated value itself.
    """

    def __init__(self, field: str, *, expected: str, was: object) -> None:
        """Words for a message: "expected …, was …"."""
        super().__init__(f"expected {expected}, was {was!r}")
        self.field = field


def describe(error: ValidationError, *, schema: Json, origins: Mapping[str, str], default_origin: str) -> tuple[str, ...]:
    """One sentence per problem, unknown keys first: a misspelt key is often why another one is missing.

    Args:
        error: What pydantic found.
        schema: JSON Schema of the settings.
        origins: Where the value of each dotted key came from.
        default_origin: Where a missing key should be written.
    """
    real = (item for item in error.errors() if item["type"] != "default_factory_not_called")
    found = sorted(real, key=lambda item: item["type"] not in UNKNOWN_KEY)
    return tuple(_sentence(item, schema, origins, default_origin) for item in found)


def unknown_key(path: Sequence[str], schema: Json) -> str:
    """What to say about a key that the settings do not know."""
    depth = next(depth for depth in range(1, len(path) + 1) if depth == len(path) or node_at(path[:depth], schema) is None)
    known = sorted((node_at(path[: depth - 1], schema) or {}).get("properties", {}))
    nearest = difflib.get_close_matches(path[depth - 1], known, n=1)
    hint = f"did you mean {nearest[0]!r}?" if nearest else f"known keys are {', '.join(known)}" if known else "no key fits here"
    return f"{'.'.join(path[:depth])}: unknown key; {hint}"


def _sentence(item: ErrorDetails, schema: Json, origins: Mapping[str, str], default_origin: str) -> str:
    path = [str(part) for part in item["loc"]]
    cause = item.get("ctx", {}).get("error")
    if isinstance(cause, FieldProblem):
        path += cause.field.split(".") if cause.field else []
    dotted = ".".join(path)
    origin = origins.get(dotted) or next((where for key, where in origins.items() if key.startswith(dotted + ".")), default_origin)
    if item["type"] in UNKNOWN_KEY:
        return f"{origin}: {unknown_key(path, schema)}"
    if isinstance(cause, FieldProblem):
        return f"{origin}: {dotted}: {cause}"
    expected = expectation(node_at(path, schema) or {})
    if item["type"] == "missing":
        return f"{origin}: {dotted}: expected {expected}, was missing"
    return f"{origin}: {dotted}: expected {expected}, was {_shown(path, item['input'])}"


def _shown(path: Sequence[str], value: object) -> str:
    if path[0] == "secrets" and path[1:] != ["file"]:
        return "a value of another kind (not shown)"
    return "a table" if isinstance(value, Mapping) else repr(value)
