"""Figures per day and product: of a product's own ad group, or by item id where campaigns show products from a feed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from autopilot.platforms.combined import NO_CAMPAIGN
from autopilot.platforms.google_ads.mapping import Mapped
from autopilot.platforms.money import columns_of_micros, minor_digits
from perception.observation import COLUMNS, Signal
from perception.units import Floats, Ints

if TYPE_CHECKING:
    from autopilot.platforms.google_ads.client import AdsClient

_METRICS = ("metrics.impressions", "metrics.clicks", "metrics.cost_micros", "metrics.conversions", "metrics.conversions_value")
SHOWN_DAYS = 30
"""How far back it is looked for which campaign shows a product."""


def read_days(client: AdsClient, mapped: Mapped, days: range, *, now: datetime) -> dict[int, Floats]:
    """{day: (m, 5) ADS columns} of every one of these days, whatever happened on them. Conversions are on the day of the click.

    What a campaign cost beyond its products (other ad groups, ads without a product) is spread over them in proportion to their own cost:
    the budget is the campaign's, and all that is spent of it has to be seen.

    Raises:
        PlatformError
    """
    catalogue = mapped.catalogue
    campaigns = [name for name in catalogue.campaigns if name != NO_CAMPAIGN]
    raw = {day: np.zeros((len(catalogue.skus), len(COLUMNS[Signal.ADS]))) for day in days}
    if not campaigns:
        return raw
    own: dict[tuple[int, str], float] = defaultdict(float)
    for row, place in _rows_of_products(client, mapped, days, campaigns, now):
        day = _day(row)
        if place is not None and day in raw:
            of = row.metrics
            raw[day][place] += (of.impressions, of.clicks, of.cost_micros, of.conversions, of.conversions_value)
            own[day, str(row.campaign.id)] += of.cost_micros
    members = {name: np.flatnonzero(catalogue.campaign_of == place) for place, name in enumerate(catalogue.campaigns)}
    query = _query(("segments.date", "campaign.id", "metrics.cost_micros"), "campaign", _between(days), _in("campaign.id", campaigns))
    for row in client.search(query, now=now):
        day, name = _day(row), str(row.campaign.id)
        if day in raw:
            _spread(raw[day], members[name], row.metrics.cost_micros - own[day, name])
    return {day: _in_minor_units(figures, catalogue.currency) for day, figures in raw.items()}


def _rows_of_products(
    client: AdsClient, mapped: Mapped, days: range, campaigns: list[str], now: datetime
) -> Iterator[tuple[Any, int | None]]:
    """Each row with the place of its product, None for one that is no product's."""
    by_group = mapped.sku_of_ad_group
    if by_group:
        query = _query(
            ("segments.date", "ad_group.id", "campaign.id", *_METRICS), "ad_group", _between(days), _in("campaign.id", campaigns)
        )
        for row in client.search(query, now=now):
            yield row, by_group.get(row.ad_group.id)
    if mapped.by_item:
        fields = ("segments.date", "segments.product_item_id", "campaign.id", *_METRICS)
        for row in client.search(_query(fields, "shopping_performance_view", _between(days)), now=now):
            yield row, mapped.by_item.get(row.segments.product_item_id.strip().lower())


def _spread(figures: Floats, places: Ints, micros: float) -> None:
    """Add a cost to the products at these places, in proportion to what they cost already; in equal parts where none cost anything."""
    if micros <= 0 or places.size == 0:
        return
    cost = figures[places, 2]
    figures[places, 2] += micros * (cost / cost.sum() if cost.sum() > 0 else np.full(places.size, 1.0 / places.size))


def read_shown_in(client: AdsClient, *, today: int, campaigns: Iterable[int], now: datetime) -> dict[str, int]:
    """{item id in small letters: id of the campaign that spent most on it lately}, of these campaigns. Raises: PlatformError."""
    wanted = sorted(str(campaign) for campaign in campaigns)
    if not wanted:
        return {}
    days = range(today - SHOWN_DAYS + 1, today + 1)
    fields = ("segments.product_item_id", "campaign.id", "metrics.cost_micros", "metrics.impressions")
    query = _query(fields, "shopping_performance_view", _between(days), _in("campaign.id", wanted))
    shown: dict[str, dict[int, tuple[int, int]]] = defaultdict(dict)
    for row in client.search(query, now=now):
        of_item = shown[row.segments.product_item_id.strip().lower()]
        cost, impressions = of_item.get(row.campaign.id, (0, 0))
        of_item[row.campaign.id] = (cost + row.metrics.cost_micros, impressions + row.metrics.impressions)
    return {item: max(by_campaign, key=lambda campaign: (by_campaign[campaign], campaign)) for item, by_campaign in shown.items()}


def _day(row: Any) -> int:
    return date.fromisoformat(row.segments.date).toordinal()


def _in_minor_units(raw: Floats, currency: str) -> Floats:
    """Micros of a day and product are first added up, then rounded, and up: what was spent is never understated."""
    figures = raw.copy()
    # a click past midnight is counted on its own day, its impression on the day before
    figures[:, 0] = np.maximum(raw[:, 0], raw[:, 1])
    figures[:, 2] = np.ceil(columns_of_micros(np.round(raw[:, 2]).astype(np.int64), currency))
    figures[:, 4] = np.round(raw[:, 4] * 10 ** minor_digits(currency))
    return figures


def _query(fields: Iterable[str], resource: str, *conditions: str) -> str:
    """In Google's query language, which knows no parameters; nothing in it comes from the merchant but campaign ids, which are digits."""
    return " ".join(("SELECT", ", ".join(fields), "FROM", resource, "WHERE", " AND ".join(conditions)))


def _between(days: range) -> str:
    first, last = (date.fromordinal(day).isoformat() for day in (days[0], days[-1]))
    return f"segments.date BETWEEN '{first}' AND '{last}'"


def _in(field: str, ids: Iterable[str]) -> str:
    return f"{field} IN ({', '.join(ids)})"
