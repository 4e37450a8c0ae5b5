"""The settings of a small tea house: its shop in exports, its ads wherever a test has them."""

from __future__ import annotations

from pathlib import Path

STORE = """
[store]
name = "tea-house"
currency = "CNY"
timezone = "Asia/Shanghai"
state_dir = "{state}"

[platform]
kind = "files"

[platform.options]
folder = "{exports}"
orders = {{ path = "orders*.csv", columns = {{ order = "order_id", sku = "sku", time = "paid_at", quantity = "qty", amount = "total" }} }}
products = {{ path = "products.csv", columns = {{ sku = "code", price = "price", cost = "cost", stock = "stock" }} }}

{ads}

[budget]
currency = "CNY"
ad_spend_cents = 500_000
max_loss_cents = 1_000_000

[economics]
fee_ratio = 0.03
return_rate = 0.03
return_rate_upper = 0.06
return_cost_cents = 100
"""


def tea_house(folder: Path, *, ads: str) -> Path:
    """Its file in ``folder``; exports and state are in folders of these names. ``ads`` is its table of ads, with ``{exports}`` in it."""
    exports, path = folder / "exports", folder / "tea-house.toml"
    exports.mkdir()
    path.write_text(STORE.format(exports=exports, state=folder / "state", ads=ads.format(exports=exports)), encoding="utf-8")
    return path
