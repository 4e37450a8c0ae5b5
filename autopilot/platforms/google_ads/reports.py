"""Figures per day and product: of a product's own ad group, or by item id where campaigns show products from a feed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from autopilot.platforms.google_ads.mapping import Mapped
from autopilot.platforms.money import columns_of_micros, minor_digits
from perception.units import Floats

if TYPE_CHECKING:
    from autopilot.platforms.google_ads.client import AdsClient

_METRICS = ("metrics.impressions", "metrics.clicks", "metrics.cost_micros", "metrics.conversions", "metrics.conversions_value")
SHOWN_DAYS = 30
"""How far back it is looked for which campaign shows a product."""


def read_days(client: AdsClient, mapped: Mapped, days: range, *, now: datetime) -> dict[int, Floats]:
    """{day: (m, 5) ADS columns} of every one of these days, whatever happened on them. Conversions are on the day of the click.

    Raises:
        PlatformError
    """
    m, currency = len(mapped.catalogue.skus), mapped.catalogue.currency
    raw = {day: np.zeros((m, 5)) for day in days}
    by_group = mapped.sku_of_ad_group
    if by_group:
        campaigns = sorted({mapped.catalogue.campaigns[mapped.catalogue.campaign_of[place]] for place in by_group.values()})
        query = _query(("segments.date", "ad_group.id", *_METRICS), "ad_group", _between(days), _in("campaign.id", campaigns))
        for row in client.search(query, now=now):
            _add(raw, row, by_group.get(row.ad_group.id))
    if mapped.by_item:
        query = _query(("segments.date", "segments.product_item_id", *_METRICS), "shopping_performance_view", _between(days))
        for row in client.search(query, now=now):
            _add(raw, row, mapped.by_item.get(row.segments.product_item_id.strip().lower()))
    return {day: _in_minor_units(figures, currency) for day, figures in raw.items()}


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


def _add(raw: dict[int, Floats], row: Any, place: int | None) -> None:
    day = date.fromisoformat(row.segments.date).toordinal()
    if place is None or day not in raw:
        return
    of = row.metrics
    raw[day][place] += (of.impressions, of.clicks, of.cost_micros, of.conversions, of.conversions_value)


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
