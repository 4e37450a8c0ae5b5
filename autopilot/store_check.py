"""Can this store be driven? Validated settings are taken for granted; this looks at what they point to."""

from __future__ import annotations

from collections.abc import Iterator

from autopilot.config_files import display
from autopilot.doctor import state_writable
from autopilot.findings import Finding, Level, finding
from autopilot.settings import StoreSettings
from autopilot.settings_sources import Loaded, market_file
from sim.parameters import MarketParameters, load_market


def examine(loaded: Loaded) -> tuple[Finding, ...]:
    """Everything that can be said without writing anything anywhere.

    Raises:
        ConfigError: There is no such market.
        MarketFileError: The market's file cannot be used.
    """
    settings = loaded.settings
    path = market_file(loaded)
    market = load_market(path)
    return (
        Finding(name="config", level=Level.OK, detail=f"{display(loaded.path)} is valid"),
        *(Finding(name="config", level=Level.WARNING, detail=warning) for warning in loaded.warnings),
        Finding(name="platform", level=Level.OK, detail=f"simulated, {len(market.assortment.skus)} products, from {display(path)}"),
        *_agreement(settings, market),
        *_products(settings, market),
        state_writable(settings.store.state_dir),
    )


def _agreement(settings: StoreSettings, market: MarketParameters) -> Iterator[Finding]:
    store, shop = settings.store, market.shop
    yield finding(
        "currency", ok=store.currency == shop.currency, detail=f"the store's is {store.currency}, the market's is {shop.currency}"
    )
    if store.timezone != shop.timezone:
        detail = f"the store's days are those of {store.timezone}, the market's of {shop.timezone}"
        yield Finding(name="timezone", level=Level.WARNING, detail=detail)


def _products(settings: StoreSettings, market: MarketParameters) -> Iterator[Finding]:
    unknown = sorted(set(settings.products) - set(market.assortment.skus))
    if unknown:
        yield finding("products", ok=False, detail=f"the platform does not sell {', '.join(unknown)}; correct or remove these sections")
