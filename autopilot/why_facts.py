"""Facts for ``autopilot why``: from what a store's platforms have reported by SKU and day, or from a file of anybody's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from autopilot.errors import ConfigError
from autopilot.metrics_store import MetricsStore, date_of, read_table
from perception.attribution.facts import HOURS_PER_DAY, Facts, facts_of
from perception.catalogue import Catalogue
from perception.observation import Signal
from perception.units import Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A figure that stores report, or the ratio of two.

    Attributes:
        signal, column: What is counted.
        per: (signal, column) of the denominator; None for a plain count or amount.
        note: What it does not hold, in words; "" where it is what its name says.
    """

    signal: Signal
    column: str
    per: tuple[Signal, str] | None = None
    note: str = ""


_ADS_ONLY = "clicks on ads only: the platform reports no other visits"
METRICS: dict[str, Metric] = {
    "visits": Metric(signal=Signal.ADS, column="clicks", note=_ADS_ONLY),
    "clicks": Metric(signal=Signal.ADS, column="clicks"),
    "impressions": Metric(signal=Signal.ADS, column="impressions"),
    "cost": Metric(signal=Signal.ADS, column="cost_cents"),
    "conversions": Metric(signal=Signal.ADS, column="conversions"),
    "orders": Metric(signal=Signal.SHOP, column="orders"),
    "units": Metric(signal=Signal.SHOP, column="units"),
    "revenue": Metric(signal=Signal.SHOP, column="revenue_cents"),
    "ctr": Metric(signal=Signal.ADS, column="clicks", per=(Signal.ADS, "impressions")),
    "cpc": Metric(signal=Signal.ADS, column="cost_cents", per=(Signal.ADS, "clicks")),
    "cvr": Metric(signal=Signal.ADS, column="conversions", per=(Signal.ADS, "clicks")),
    "roas": Metric(signal=Signal.ADS, column="conversion_value_cents", per=(Signal.ADS, "cost_cents")),
    "aov": Metric(signal=Signal.SHOP, column="revenue_cents", per=(Signal.SHOP, "orders")),
}
"""By the name that ``--metric`` takes."""


def facts_of_store(store: MetricsStore, metric: Metric, catalogue: Catalogue, *, since: date, until: date) -> Facts:
    """Facts by SKU and day, with what is known of each SKU: campaign, and whether its price moved or its stock ran out since.

    Raises:
        ConfigError: Nothing was reported.
    """
    found = store.known(metric.signal, last=until)
    if not found["day"].size:
        raise ConfigError(f"--metric: expected figures of {metric.signal} up to {until}, found none")
    sku, hour = np.asarray(found["sku"], dtype=np.str_), _hours(found["day"])
    columns: dict[str, Any] = {"sku": sku}
    place = {name: at for at, name in enumerate(catalogue.skus)}
    columns["campaign"] = [catalogue.campaigns[catalogue.campaign_of[place[name]]] if name in place else "gone" for name in sku]
    empty = _ran_out(store, since=since, until=until)
    if empty is not None:
        columns["stock"] = np.where(np.isin(sku, list(empty)), "ran out", "in stock")
    moved = _price_moves(store, since=since, until=until)
    columns["price"] = [moved.get(name, "unchanged") for name in sku]
    base = None
    if metric.per is not None:
        base = np.asarray(found[metric.per[1]], dtype=np.float64)
    return facts_of(hour, np.asarray(found[metric.column], dtype=np.float64), columns, base=base)


def _hours(day: Ints) -> Ints:
    return np.array([date_of(one).toordinal() for one in day], dtype=np.int64) * HOURS_PER_DAY


def _ran_out(store: MetricsStore, *, since: date, until: date) -> set[str] | None:
    """SKUs of which nothing was left at the end of any day of the window; None where no stock is reported."""
    stock = store.known(Signal.STOCK, first=since, last=until)
    return {str(sku) for sku in stock["sku"][stock["on_hand"] <= 0.0]} if stock["day"].size else None


_MOVED = 0.03
"""Mean paid prices within this are taken as unmoved: quantity breaks and roundings."""


def _price_moves(store: MetricsStore, *, since: date, until: date) -> dict[str, str]:
    """SKUs whose mean paid price in the window differs from the weeks before: "raised" or "lowered"."""
    sold = store.known(Signal.SHOP, last=until)
    if not sold["day"].size:
        return {}
    names, place = np.unique(np.asarray(sold["sku"], dtype=np.str_), return_inverse=True)
    first = since.toordinal()
    now = _hours(sold["day"]) >= first * HOURS_PER_DAY

    def mean(chosen: np.ndarray[Any, np.dtype[np.bool_]]) -> Floats:
        revenue, units = (
            np.bincount(place[chosen], weights=sold[name][chosen], minlength=names.size) for name in ("revenue_cents", "units")
        )
        prices: Floats = np.divide(revenue, units, out=np.full(names.size, np.nan), where=units > 0.0)
        return prices

    ratio = mean(now) / mean(~now)
    words = np.where(ratio > 1.0 + _MOVED, "raised", "lowered")
    return {str(names[at]): str(words[at]) for at in np.flatnonzero(np.abs(ratio - 1.0) > _MOVED)}


TIME_NAMES = ("time", "timestamp", "hour", "date", "day")


NUMBERED = frozenset(
    {
        "sku",
        "product",
        "item",
        "campaign",
        "category",
        "channel",
        "device",
        "store",
        "region",
        "hour",
        "price",
        "stock",
        "stock_out",
        "stockout",
    }
)
"""Columns that are dimensions although their elements may be whole numbers; other numbers are figures."""


def facts_of_file(path: Path, *, value: str, per: str | None, time: str | None, dimensions: Sequence[str] = ()) -> Facts:
    """Facts of a CSV or Parquet file: a time column, the figure, and columns of words as dimensions.

    Args:
        path: The file.
        value: Column of the figure.
        per: Column of its denominator, for a rate; None for a figure that stands for itself.
        time: Column of the store-local time; None for the first that is called like one.
        dimensions: Columns to seek causes in; where empty, those of words, of truth values, and of numbers that are called like one.

    Raises:
        ConfigError: A column is missing or holds something else. MetricsUnavailable: The file cannot be read.
    """
    table = read_table(path)
    time = time or next((name for name in table if name.lower() in TIME_NAMES), None)
    if time is None or time not in table:
        raise ConfigError(f"{path}: expected a time column called one of {', '.join(TIME_NAMES)}, or --time NAME; was {', '.join(table)}")
    for name in (value, *([per] if per else [])):
        if name not in table or table[name].dtype.kind not in "fiub":
            held = ", ".join(f"{other} ({column.dtype})" for other, column in table.items())
            raise ConfigError(f"{path}: expected a column {name!r} of numbers, was {held}")
    strangers = [name for name in dimensions if name not in table]
    if strangers:
        raise ConfigError(f"--dimensions: expected some of {', '.join(table)}, was {strangers[0]!r}")
    others = {name: column for name, column in table.items() if name not in {time, value, per}}
    chosen = dimensions or [name for name, column in others.items() if column.dtype.kind not in "fiu" or name.lower() in NUMBERED]
    columns = {name: _words(table[name]) for name in chosen}
    try:
        return facts_of(
            _local_hours(table[time], path, time),
            table[value].astype(np.float64),
            columns,
            base=None if per is None else table[per].astype(np.float64),
        )
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from None


def _words(column: np.ndarray[Any, Any]) -> Sequence[str]:
    return [("" if held is None else str(held)) for held in column.tolist()]


def _local_hours(column: np.ndarray[Any, Any], path: Path, name: str) -> Ints:
    """Hours since year 1 of a column of instants, dates or words."""
    try:
        instants = (
            column.astype("datetime64[h]")
            if column.dtype.kind == "M"
            else np.array([_instant(held) for held in column.tolist()], dtype="datetime64[h]")
        )
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{path}: column {name}: expected ISO times such as 2026-11-11T08:00, {error}") from None
    return instants.astype(np.int64) + date(1970, 1, 1).toordinal() * HOURS_PER_DAY


def _instant(held: object) -> datetime:
    return held.replace(tzinfo=None) if isinstance(held, datetime) else datetime.fromisoformat(str(held)).replace(tzinfo=None)


def known_metric(name: str, metrics: Mapping[str, Metric] = METRICS) -> Metric:
    """By name. Raises: ConfigError."""
    if name not in metrics:
        raise ConfigError(f"--metric: expected one of {', '.join(metrics)}, or --facts FILE with a column of that name; was {name!r}")
    return metrics[name]
