"""Writes prices to a Shopify shop, all variants of a product at once, and checks in each answer what the shop made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import Field

from autopilot.platforms.answers import Answer, parsed
from autopilot.platforms.money import decimal_text
from autopilot.platforms.shopify.documents import SET_PRICES
from autopilot.platforms.shopify.session import Session
from autopilot.platforms.shopify.terms import Terms
from autopilot.platforms.shopify.variants import Text, Variant
from autopilot.platforms.writing import Outcome, confirmed
from control.command import Command
from control.ports import Effect

MOST_AT_ONCE = 250
"""Variants in one mutation."""

Variants = Mapping[str, Variant]
"""{SKU: variant}."""


class UserError(Answer):
    """Why something was not done; ``field`` as in ["variants", "0", "price"]."""

    field: tuple[str, ...] | None = None
    code: Text = ""
    message: Text = ""

    def place(self) -> int | None:
        """Which of the variants it is about; None for all of them."""
        match self.field:
            case ("variants", index, *_) if index.isdecimal():
                return int(index)
        return None


class Written(Answer):
    """A variant as it stands after the mutation."""

    id: str
    price: Text


class Payload(Answer):
    """What became of the mutation."""

    variants: tuple[Written, ...] | None = Field(default=None, alias="productVariants")
    errors: tuple[UserError, ...] = Field(alias="userErrors")


def write(session: Session, batch: Sequence[Command], variants: Variants, terms: Terms, *, now: datetime) -> list[Outcome]:
    """Write the prices of one batch; one outcome per command, in order.

    Raises:
        PlatformError: The batch as a whole was refused, or its outcome is not known.
    """
    about = [variants[command.entity] for command in batch]
    shelf = [terms.shelf(command.value, taxable=variant.taxable) for command, variant in zip(batch, about, strict=True)]
    texts = [decimal_text(cents, terms.currency) for cents in shelf]
    inputs = [{"id": variant.id, "price": text} for variant, text in zip(about, texts, strict=True)]
    data = session.ask(SET_PRICES, {"product": about[0].product.id, "variants": inputs}, now=now)
    payload = parsed(Payload, data.get("productVariantsBulkUpdate"), "productVariantsBulkUpdate")
    errors = {error.place(): f"{error.code}: {error.message}"[:200] for error in reversed(payload.errors)}
    stands = {written.id: written.price for written in payload.variants or ()}
    return [
        _outcome(errors.get(place, errors.get(None)), stands.get(variant.id), text, terms)
        for place, (variant, text) in enumerate(zip(about, texts, strict=True))
    ]


def _outcome(error: str | None, stands: str | None, text: str, terms: Terms) -> Outcome:
    if error is not None:
        return Effect.REJECTED, error
    if stands is None:
        return Effect.UNKNOWN, "the answer does not name it"
    return confirmed("price", asked=text, stands=stands, currency=terms.currency)
