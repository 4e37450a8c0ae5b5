"""In which money a shop keeps its prices, and how much tax is in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Annotated

from pydantic import BeforeValidator, Field

from autopilot.platforms.answers import Answer, all_parsed
from autopilot.platforms.tax import with_tax, without_tax
from autopilot.platforms.woocommerce.api import Api
from perception.ports import BadAnswer

TAXED = "taxable"
NO_TAX = Decimal(0)
PERCENT = Decimal(100)

Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]


class Setting(Answer):
    """One setting of a group; only texts matter here."""

    id: str
    value: object = ""


class TaxRate(Answer):
    """One row of the shop's tax table."""

    country: Text = ""
    state: Text = ""
    postcodes: tuple[str, ...] = ()
    cities: tuple[str, ...] = ()
    postcode: Text = ""
    city: Text = ""
    rate: Decimal = Field(ge=0)
    priority: int = 1
    compound: bool = False
    order: int = 0
    tax_class: Text = Field(default="standard", alias="class")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a price means in this shop.

    Attributes:
        currency: ISO 4217.
        rates: The shop's own tax rate of each tax class, where prices are kept with tax; empty where they are kept without.
    """

    currency: str
    rates: dict[str, Decimal]

    def rate(self, *, tax_status: str, tax_class: str) -> Decimal:
        """The tax that is in a product's price, 0.19 for 19 %."""
        return self.rates.get(tax_class or "standard", NO_TAX) if tax_status == TAXED else NO_TAX

    def net(self, shelf_cents: int, rate: Decimal) -> int:
        """A price as the shop keeps it, without tax."""
        return without_tax(shelf_cents, rate)

    def shelf(self, net_cents: int, rate: Decimal) -> int:
        """A price without tax, as the shop keeps it."""
        return with_tax(net_cents, rate)


def terms_of(api: Api, *, now: datetime) -> Terms:
    """Read from the shop's settings and, where prices are kept with tax, its tax table. Raises: PlatformError."""
    general = _settings(api, "general", now)
    currency = general.get("woocommerce_currency")
    if not isinstance(currency, str) or not currency:
        raise BadAnswer("settings/general: expected woocommerce_currency, was none")
    if general.get("woocommerce_calc_taxes") != "yes" or _settings(api, "tax", now).get("woocommerce_prices_include_tax") != "yes":
        return Terms(currency=currency, rates={})
    country, _, state = str(general.get("woocommerce_default_country") or "").partition(":")
    table = all_parsed(TaxRate, api.everything("/taxes", {"orderby": "id", "order": "asc"}, now=now), "taxes")
    return Terms(currency=currency, rates=base_rates(table, country=country, state=state))


def base_rates(table: Sequence[TaxRate], *, country: str, state: str) -> dict[str, Decimal]:
    """{tax class: rate} where the shop is: what WooCommerce takes to be in prices that are kept with tax, wherever the buyer is.

    Of each priority the most specific row holds; rows of several priorities add up, and compound ones come on top of the others
    (``WC_Tax::get_base_tax_rates``). Rows for single postcodes or cities are left out: the API does not tell the shop's own.
    """
    here = [row for row in table if row.country in ("", country) and row.state in ("", state) and not _is_local(row)]
    here.sort(key=lambda row: (row.tax_class, row.priority, not row.country, not row.state, row.order))
    rates: dict[str, Decimal] = {}
    for tax_class, rows in groupby(here, key=lambda row: row.tax_class):
        holding = [next(iter(same)) for _, same in groupby(rows, key=lambda row: row.priority)]
        simple = sum((row.rate for row in holding if not row.compound), NO_TAX) / PERCENT
        factor = 1 + simple
        for row in holding:
            factor *= 1 + row.rate / PERCENT if row.compound else 1
        rates[tax_class] = factor - 1
    return rates


def _settings(api: Api, group: str, now: datetime) -> dict[str, object]:
    return {setting.id: setting.value for setting in all_parsed(Setting, api.get(f"/settings/{group}", now=now).body, f"settings/{group}")}


def _is_local(row: TaxRate) -> bool:
    return any(place not in ("", "*") for place in (*row.postcodes, *row.cities, row.postcode, row.city))
