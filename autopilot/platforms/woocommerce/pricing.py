"""Writes regular prices to a WooCommerce shop, many at once, and checks in each answer what the shop made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from autopilot.platforms.money import LARGEST_CENTS, decimal_text
from autopilot.platforms.woocommerce.api import Api
from autopilot.platforms.woocommerce.shelf import Item
from autopilot.platforms.woocommerce.terms import Terms
from autopilot.platforms.writing import Outcome, confirmed
from control.command import Command
from control.ports import Effect
from perception.ports import BadAnswer

MOST_AT_ONCE = 100
"""Changes in one request (``woocommerce_rest_batch_items_limit``)."""

Items = Mapping[str, Item]
"""{SKU: item} of what is on the shelf."""


def objection_to_item(item: Item | None, net_cents: int, terms: Terms) -> str:
    """Why the regular price of an item must not be written now, or an empty text."""
    if item is None:
        return "entity: it is not on the shelf: not published any more, or in the bin"
    shelf_cents = terms.shelf(net_cents, item.rate)
    if shelf_cents > LARGEST_CENTS:
        return f"value: expected at most {LARGEST_CENTS}, was {net_cents}"
    if item.on_sale:
        return "a sale stands: buyers pay the sale price, which is the merchant's affair"
    if item.sale_cents is not None and shelf_cents <= item.sale_cents:
        price, sale = (decimal_text(cents, terms.currency) for cents in (shelf_cents, item.sale_cents))
        return f"value: expected more than the sale price {sale} that is to come, which WooCommerce would drop, was {price}"
    return ""


def write(api: Api, batch: Sequence[Command], items: Items, terms: Terms, *, now: datetime) -> list[Outcome]:
    """Write the prices of one batch; one outcome per command, in order.

    Raises:
        PlatformError: The batch as a whole was refused, or its outcome is not known.
    """
    about = [items[command.entity] for command in batch]
    parent = about[0].parent
    route = f"/products/{parent}/variations/batch" if parent else "/products/batch"
    texts = [decimal_text(terms.shelf(command.value, item.rate), terms.currency) for command, item in zip(batch, about, strict=True)]
    update = [{"id": item.id, "regular_price": text} for item, text in zip(about, texts, strict=True)]
    body = api.post(route, {"update": update}, now=now)
    answered = body.get("update") if isinstance(body, dict) else None
    if not isinstance(answered, list):
        raise BadAnswer(f"{route}: expected what became of each update, was none")
    found = {answer["id"]: answer for answer in answered if isinstance(answer, dict) and isinstance(answer.get("id"), int)}
    return [_outcome(found.get(item.id), text, terms) for item, text in zip(about, texts, strict=True)]


def _outcome(answer: dict[str, Any] | None, text: str, terms: Terms) -> Outcome:
    if answer is None:
        return Effect.UNKNOWN, "the answer does not name it"
    error = answer.get("error")
    if error is not None:
        said = f"{error.get('code')}: {error.get('message')}" if isinstance(error, dict) else str(error)
        return Effect.REJECTED, said[:200]
    return confirmed("regular_price", asked=text, stands=answer.get("regular_price"), currency=terms.currency)
