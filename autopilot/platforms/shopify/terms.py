"""In which money a Shopify shop keeps its prices, and whether tax is in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pydantic import Field

from autopilot.errors import ConfigError
from autopilot.platforms.answers import Answer, parsed
from autopilot.platforms.shopify.documents import SHOP
from autopilot.platforms.shopify.session import Session
from autopilot.platforms.tax import with_tax, without_tax

NO_TAX = Decimal(0)


class Shop(Answer):
    """The shop's own settings."""

    currency: str = Field(alias="currencyCode")
    taxes_included: bool = Field(alias="taxesIncluded")
    timezone: str = Field(alias="ianaTimezone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a price means in this shop.

    Attributes:
        currency: ISO 4217.
        timezone: In which the shop's own reports have their days.
        rate: Of the tax that is in the prices of taxable variants, 0.19 for 19 %; 0 where prices are kept without.
    """

    currency: str
    timezone: str
    rate: Decimal

    def net(self, shelf_cents: int, *, taxable: bool) -> int:
        """A price as the shop keeps it, without tax."""
        return without_tax(shelf_cents, self.rate if taxable else NO_TAX)

    def shelf(self, net_cents: int, *, taxable: bool) -> int:
        """A price without tax, as the shop keeps it."""
        return with_tax(net_cents, self.rate if taxable else NO_TAX)


def terms_of(session: Session, *, tax_percent: float | None, now: datetime) -> Terms:
    """Read from the shop's settings.

    Raises:
        PlatformError.
        ConfigError: Tax is in the prices, and nobody says how much.
    """
    shop = parsed(Shop, session.ask(SHOP, {}, now=now).get("shop"), "shop")
    if not shop.taxes_included:
        return Terms(currency=shop.currency, timezone=shop.timezone, rate=NO_TAX)
    if tax_percent is None:
        expected = "the per cent of tax that are in the shop's prices, as Shopify is set to include it"
        raise ConfigError(f"platform.options.tax_percent: expected {expected}, was nothing")
    return Terms(currency=shop.currency, timezone=shop.timezone, rate=Decimal(str(tax_percent)) / 100)
