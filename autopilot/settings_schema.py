"""Walking the JSON Schema of the settings: which keys a table knows and what a key expects, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Json = Mapping[str, Any]

TYPE_NAMES = {"integer": "an integer", "number": "a number", "string": "text", "boolean": "true or false", "object": "a table"}


def resolve(node: Json, root: Json) -> Json:
    """The node itself, with references followed and ``| null`` dropped: TOML has no null."""
    if "$ref" in node:
        return resolve(root["$defs"][str(node["$ref"]).rsplit("/", 1)[-1]], root)
    for option in node.get("anyOf", ()):
        if option.get("type") != "null":
            return resolve(option, root)
    return node


def node_at(path: Iterable[str], root: Json) -> Json | None:
    """The resolved schema node at a path of keys, or None where a key is unknown."""
    node = resolve(root, root)
    for part in path:
        child = child_of(node, part)
        if child is None:
            return None
        node = resolve(child, root)
    return node


def child_of(node: Json, key: str) -> Json | None:
    """The unresolved schema of one key of a table; any key will do where the table is keyed by the user (``products``)."""
    known: Json | None = node.get("properties", {}).get(key)
    by_user = node.get("additionalProperties")
    return known if known is not None else by_user if isinstance(by_user, dict) else {} if by_user is True else None


def expectation(node: Json) -> str:
    """What a value must be, as in "an integer from 60 to 86400" or "one of 'laws', 'do_nothing'"."""
    if "const" in node:
        return repr(node["const"])
    if "enum" in node:
        return "one of " + ", ".join(repr(choice) for choice in node["enum"])
    words = TYPE_NAMES.get(node.get("type", ""), "another value") + _bounds(node)
    if "pattern" in node:
        words += f" matching {node['pattern']}"
    if "examples" in node:
        words += f" such as {node['examples'][0]!r}"
    return words


def _bounds(node: Json) -> str:
    if "minimum" in node and "maximum" in node:
        return f" from {node['minimum']} to {node['maximum']}"
    signs = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    parts = [f"{sign} {node[key]}" for key, sign in signs.items() if key in node]
    return " " + " and ".join(parts) if parts else ""
