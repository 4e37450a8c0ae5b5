"""Makes ``contract.json`` again: of a recorded WooCommerce 11.0.1, what the tests of the adapter need.

    python tests/platforms/woocommerce/make_contract.py FOLDER

FOLDER holds ``woo_wc_v3_index.json`` (the answer of ``/wp-json/wc/v3``, with the schema of every argument) and ``woo_samples.json``
(answers of the same server). Both were recorded on 2026-11-22 from an installation of our own; they are facts about an interface.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROUTES = {
    "GET": (
        "/wc/v3/orders",
        "/wc/v3/orders/(?P<order_id>[\\d]+)/refunds",
        "/wc/v3/products",
        "/wc/v3/variations",
        "/wc/v3/products/(?P<product_id>[\\d]+)/variations",
        "/wc/v3/taxes",
        "/wc/v3/settings/(?P<group_id>[\\w-]+)",
    ),
    "POST": ("/wc/v3/products/batch", "/wc/v3/products/(?P<product_id>[\\d]+)/variations/batch"),
}
SAMPLES = ("products", "orders", "refunds", "settings/general")
KEYWORDS = frozenset({"type", "enum", "minimum", "maximum", "format", "items", "default", "required", "properties"})


def pruned(schema: Any) -> Any:
    """Only what validates."""
    kept = {key: value for key, value in schema.items() if key in KEYWORDS}
    if "items" in kept:
        kept["items"] = pruned(kept["items"])
    if "properties" in kept:
        kept["properties"] = {name: pruned(value) for name, value in kept["properties"].items()}
    return kept


def main(folder: Path) -> None:
    """Write it beside this file."""
    routes = json.loads((folder / "woo_wc_v3_index.json").read_text())["routes"]
    samples = json.loads((folder / "woo_samples.json").read_text())
    arguments = {
        f"{method} {route}": {
            name: pruned(schema) for e in routes[route]["endpoints"] if method in e["methods"] for name, schema in e["args"].items()
        }
        for method, named in ROUTES.items()
        for route in named
    }
    contract = {"woocommerce": "11.0.1", "arguments": arguments, "samples": {name: samples[name] for name in SAMPLES}}
    text = (
        json.dumps(contract, indent=None, separators=(",", ":"), ensure_ascii=False)
        .replace('"GET /', '\n"GET /')
        .replace('"POST /', '\n"POST /')
    )
    Path(__file__).with_name("contract.json").write_text(text + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
