"""What Vendure answers, as far as it is read: checked on the way in, so that nothing unreadable goes further."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from itertools import chain
from typing import Any, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from autopilot.platforms import answers
from autopilot.platforms.answers import all_parsed


class Answer(answers.Answer):
    """Part of an answer, its names as GraphQL writes them."""

    model_config = ConfigDict(alias_generator=to_camel)


class Channel(Answer):
    """One shop of the server, with its currencies and its way of keeping prices."""

    code: str
    token: str
    default_language_code: str
    default_currency_code: str
    available_currency_codes: tuple[str, ...]
    prices_include_tax: bool


class TaxRate(Answer):
    """In per cent."""

    value: Decimal = Field(ge=0, allow_inf_nan=False)

    @property
    def share(self) -> Decimal:
        """0.2 for 20 %."""
        return self.value / 100


class Listed(Answer):
    """A variant at its place in the list of all."""

    id: str
    created_at: AwareDatetime


class Priced(Listed):
    """A variant's price without tax, minor units."""

    price: int
    tax_rate_applied: TaxRate


class Parent(Answer):
    """The product of a variant."""

    enabled: bool


class Sold(Priced):
    """A variant as it stands in the catalogue."""

    sku: str
    product: Parent
    custom_fields: dict[str, Any] | None = None


class StockLevel(Answer):
    """What lies at one place, and what of it belongs to orders already."""

    stock_on_hand: int
    stock_allocated: int


class Stocked(Listed):
    """A variant's stock."""

    track_inventory: str
    use_global_out_of_stock_threshold: bool
    out_of_stock_threshold: int
    stock_levels: tuple[StockLevel, ...]


class StockRules(Answer):
    """What holds for variants that do not say otherwise."""

    track_inventory: bool
    out_of_stock_threshold: int


class Reference(Answer):
    """Something by its id."""

    id: str


class Line(Answer):
    """One product of an order, without tax; ``quantity`` is what is left of ``order_placed_quantity`` after cancellations."""

    id: str
    updated_at: AwareDatetime
    quantity: int = Field(ge=0)
    order_placed_quantity: int = Field(ge=0)
    prorated_unit_price: int
    prorated_line_price: int
    product_variant: Reference


class RefundLine(Answer):
    """Units for which the buyer gets money back."""

    order_line_id: str
    quantity: int


class Refund(Answer):
    """Money back, for units or for anything else."""

    state: str
    updated_at: AwareDatetime
    lines: tuple[RefundLine, ...]


class Payment(Answer):
    """What was paid."""

    refunds: tuple[Refund, ...]


class Placed(Answer):
    """An order that a buyer has placed."""

    id: str
    updated_at: AwareDatetime
    order_placed_at: AwareDatetime
    state: str
    type: str
    currency_code: str
    lines: tuple[Line, ...]
    payments: tuple[Payment, ...] | None

    @property
    def refunds(self) -> tuple[Refund, ...]:
        """Of all its payments."""
        return tuple(refund for payment in self.payments or () for refund in payment.refunds)

    @property
    def modified(self) -> datetime:
        """The newest of all its times: each by itself stands still, or even goes back, while something else of the order changes."""
        parts = (line.updated_at for line in self.lines), (refund.updated_at for refund in self.refunds)
        return max(self.updated_at, self.order_placed_at, *chain(*parts))


M = TypeVar("M", bound=BaseModel)


def items_of(model: type[M], listing: Any, what: str) -> list[M]:
    """The ``items`` of a list. Raises: BadAnswer."""
    return all_parsed(model, listing.get("items") if isinstance(listing, dict) else None, what)
