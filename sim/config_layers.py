"""How one configuration is laid over another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def merged(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> dict[str, Any]:
    """Nested tables with those of ``upper`` laid over them: tables merge, everything else replaces."""
    both = {
        key: merged(lower[key], value) for key, value in upper.items() if isinstance(value, Mapping) and isinstance(lower.get(key), Mapping)
    }
    return {**lower, **upper, **both}
