"""A store's last day, drawn or as text: bids, prices, spend, orders and stock hour by hour. The only module below autopilot that draws."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception.units import Floats, Ints
from sim.fleet.hour import FleetHour
from sim.moment import HOURS_PER_DAY

_PANELS = (
    ("bid", "bid, minor units"),
    ("price", "price, share of the first"),
    ("spend", "ad spend, minor units"),
    ("orders", "orders"),
    ("stock", "units in stock"),
)
_INCHES, _DPI = (6.4, 8.0), 100


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLog:
    """The last hours of a fleet, at most a day.

    Attributes:
        hours: What happened.
        stock: (n, m) units on hand after each hour.
        first_price_cents: (n, m) of the first hour that was logged; None before it.
    """

    hours: tuple[FleetHour, ...] = ()
    stock: tuple[Ints, ...] = ()
    first_price_cents: Ints | None = None

    def followed_by(self, hours: tuple[FleetHour, ...], on_hand: Ints) -> DayLog:
        """The log after one more decision; ``on_hand`` is the stock after its last hour."""
        first = hours[0].setpoints.price_cents if self.first_price_cents is None else self.first_price_cents
        return DayLog(
            hours=(*self.hours, *hours)[-HOURS_PER_DAY:],
            stock=(*self.stock, *[on_hand] * len(hours))[-HOURS_PER_DAY:],
            first_price_cents=first,
        )

    def series(self, row: int) -> dict[str, Floats]:
        """{panel: (hours, m)} of one store."""
        if self.first_price_cents is None:
            return {name: np.zeros((0, 0)) for name, _ in _PANELS}
        first = self.first_price_cents[row].astype(np.float64)
        return {
            "bid": np.array([hour.setpoints.bid_cents[row] for hour in self.hours], dtype=np.float64),
            "price": np.array([hour.setpoints.price_cents[row] for hour in self.hours]) / first,
            "spend": np.array([hour.spend_cents[row] for hour in self.hours], dtype=np.float64),
            "orders": np.array([hour.outcome.ad_orders[row] + hour.outcome.organic_orders[row] for hour in self.hours], dtype=np.float64),
            "stock": np.array([on_hand[row] for on_hand in self.stock], dtype=np.float64),
        }


def frame(log: DayLog, *, row: int) -> NDArray[np.uint8]:
    """The day of store ``row`` as a picture, (800, 640, 3) uint8; a line per SKU."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=_INCHES, dpi=_DPI, layout="constrained")
    axes: Any = figure.subplots(len(_PANELS), 1, sharex=True)
    series = log.series(row)
    for panel, (name, label) in zip(axes, _PANELS, strict=True):
        if series[name].size:
            panel.step(np.arange(series[name].shape[0]), series[name], where="mid", linewidth=1.0)
        panel.set_ylabel(label, fontsize=7)
        panel.tick_params(labelsize=7)
    axes[-1].set_xlabel("hour of the last day", fontsize=7)
    drawn = BytesIO()
    figure.savefig(drawn, format="raw", dpi=_DPI)
    width, height = (round(inches * _DPI) for inches in _INCHES)
    return np.frombuffer(drawn.getvalue(), dtype=np.uint8).reshape(height, width, 4)[..., :3].copy()


def text(log: DayLog, *, row: int) -> str:
    """The day of store ``row`` as a table, one line per hour; amounts in minor units, means over SKUs for bid and price."""
    head = f"{'hour':>4} {'bid':>8} {'price':>7} {'spend':>8} {'orders':>7} {'stock':>8}"
    series = log.series(row)
    lines = [
        f"{hour:>4} {bid.mean():>8.1f} {price.mean():>7.3f} {spend.sum():>8.0f} {orders.sum():>7.0f} {stock.sum():>8.0f}"
        for hour, (bid, price, spend, orders, stock) in enumerate(zip(*(series[name] for name, _ in _PANELS), strict=True))
    ]
    return "\n".join([head, *lines])
