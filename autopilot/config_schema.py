"""The JSON Schema of a store's file, as published in ``configs/schema``: editors complete and check with it."""

from __future__ import annotations

import json
from typing import Any

from autopilot.settings import StoreSettings

PUBLISHED = "schema/store.schema.json"
"""Path below ``configs``."""


def document() -> str:
    """The published text; the same settings always give the same bytes."""
    schema: dict[str, Any] = {"$schema": "https://json-schema.org/draft/2020-12/schema", **StoreSettings.model_json_schema()}
    # a store's file may leave the envelope to configs/envelope.toml, wholly or in part
    schema["required"] = [name for name in schema["required"] if name != "envelope"]
    del schema["$defs"]["EnvelopeSection"]["required"]
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Prints the document, for ``make schema``."""
    print(document(), end="")  # noqa: T201 - this is a program


if __name__ == "__main__":
    main()
