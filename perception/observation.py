"""What was seen in one tick, exactly as it was seen: nothing is judged or repaired here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from perception.fields import Field
from perception.units import Floats, Ints


class Signal(StrEnum):
    """A family of figures that one source refreshes together."""

    ADS = "ads"
    SHOP = "shop"
    STOCK = "stock"


COLUMNS: dict[Signal, tuple[str, ...]] = {
    Signal.ADS: ("impressions", "clicks", "cost_cents", "conversions", "conversion_value_cents"),
    Signal.SHOP: ("orders", "units", "revenue_cents"),
    Signal.STOCK: ("on_hand",),
}
"""What the columns of ``MetricRows.values`` mean. ADS conversions belong to the day of the *click*; SHOP to the day of the order,
ad-driven orders included; STOCK is units on hand at ``observed_at_s``."""


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class MetricRows:
    """Figures of one signal: one row per (SKU, store-local day), cumulative for that day as known at ``observed_at_s``.

    A platform restates a day by sending its row again with a higher version; an older version never replaces a newer one.

    Attributes:
        signal: Which figures these are.
        sku: (n,) index into the catalogue.
        day: (n,) store-local day as ordinal: the *event* time.
        observed_at_s: (n,) UTC epoch seconds at which the platform says the row was refreshed.
        version: (n,) rises with each restatement of the same (SKU, day).
        values: (n, k) columns as in ``COLUMNS[signal]``, counts and minor units, >= 0 when sound; may hold anything, NaN included.
    """

    signal: Signal
    sku: Ints
    day: Ints
    observed_at_s: Floats
    version: Ints
    values: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Readback:
    """The set-points that stand on the platform now.

    Attributes:
        at: When they were read.
        values: Per field one amount per entity (``Catalogue.entities``), minor units; NaN where it could not be read.
    """

    at: datetime
    values: dict[Field, Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFailure:
    """A source that could not be read in this tick; the loop goes on with what it has, and its signals age."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Everything the loop saw in one tick.

    Attributes:
        tick: Slot number of the tick, rising, with gaps where ticks were missed.
        at: The instant the tick stands for, aware UTC.
        rows: New or restated metric rows since the last tick, by source order.
        readback: Set-points on the platform, or None when they could not be read.
        failures: Sources that failed.
    """

    tick: int
    at: datetime
    rows: tuple[MetricRows, ...]
    readback: Readback | None
    failures: tuple[SourceFailure, ...]
