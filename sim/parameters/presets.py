"""Ready figures of typical stores, for the table ``[presets]`` of a market file: seasons, ad channels, and the spread of a range.

A preset fills the fields that the file leaves out; what the file says itself stands. The presets are::

    [presets]
    season = "marketplace"                                    # fills demand: hour_shares, weekday_index, month_index
    channel = "marketplace_search"                            # fills conversion: ctr, cvr and their spreads; auction: median_bid_cents
    range = { orders_per_day = 50.0, top_tenth_share = 0.6 }  # fills demand: orders_per_day, dispersion, elasticity and its spread
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np
from pydantic import ConfigDict, TypeAdapter
from scipy.special import ndtri

from perception.units import Floats
from sim.parameters.types import STRICT, OpenShare, Positive

Sections: TypeAlias = dict[str, dict[str, Any]]

ELASTICITY_MEDIAN, ELASTICITY_LOG_SD = 1.8, 0.576
"""Own-price elasticity over SKUs: lognormal, 80 % in 0.8–3.5 (fits −0.9 … −2.7; Bijmolt, van Heerde & Pieters 2005: mean −2.62)."""

DISPERSION_MEDIAN, DISPERSION_LOG_SD = 0.03, 1.353
"""1/r of the negative binomial over SKUs: lognormal, median 0.03 and 90 % below 0.17 (fits to weekly sales, UCI and Online Retail II)."""

_SEASONS: dict[str, dict[str, tuple[float, ...]]] = {
    # Avito (BAT data set): orders of consumers by local hour, 1 = mean, and by weekday from Monday; months are left flat
    "marketplace": {
        "hour_shares": (
            *(0.33, 0.18, 0.11, 0.08, 0.08, 0.12, 0.23, 0.45, 0.89, 1.43, 1.70, 1.76),
            *(1.76, 1.74, 1.69, 1.62, 1.54, 1.45, 1.35, 1.24, 1.11, 0.96, 0.80, 0.56),
        ),
        "weekday_index": (1.08, 1.23, 1.03, 1.01, 0.96, 0.86, 0.84),
        "month_index": (1.0,) * 12,
    },
    # a business-to-business shop: 78 % of orders from 10 to 15 h, next to none on Saturday, a peak in November (fit, Online Retail II)
    "business": {
        "hour_shares": (
            *(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.002, 0.022, 0.063, 0.113, 0.125),
            *(0.160, 0.147, 0.129, 0.110, 0.067, 0.036, 0.014, 0.009, 0.002, 0.0, 0.0, 0.0),
        ),
        "weekday_index": (1.19, 1.23, 1.19, 1.40, 1.04, 0.01, 0.94),
        "month_index": (0.72, 0.69, 0.92, 0.93, 0.94, 0.93, 0.87, 0.82, 1.03, 1.32, 1.83, 1.00),
    },
}

_CHANNELS: dict[str, dict[str, dict[str, float]]] = {
    # clicks per impression 0.3–0.7 %, orders per click 8–12 %, 0.5–1.5 a click (AdBadger, edata4you)
    "marketplace_search": {
        "conversion": {"ctr": 0.005, "ctr_log_sd": 0.3, "cvr": 0.10, "cvr_log_sd": 0.3},
        "auction": {"median_bid_cents": 90.0},
    },
    # 4–8 %, 3–8 %, 1–5 (WordStream 2025)
    "web_search": {
        "conversion": {"ctr": 0.06, "ctr_log_sd": 0.3, "cvr": 0.05, "cvr_log_sd": 0.4},
        "auction": {"median_bid_cents": 250.0},
    },
    # 0.018 % with cv 0.26, 2.8 % with cv 0.86, 1.54 a click (fit to 1,143 ads); log sd = sqrt(log(1 + cv²))
    "social": {
        "conversion": {"ctr": 0.00018, "ctr_log_sd": 0.256, "cvr": 0.028, "cvr_log_sd": 0.744},
        "auction": {"median_bid_cents": 154.0},
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """How the orders of a store spread over its SKUs.

    Attributes:
        orders_per_day: Of all SKUs together.
        top_tenth_share: Share of the best tenth: 0.6 (fit, Online Retail II); at least the tenth itself.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    orders_per_day: Positive
    top_tenth_share: OpenShare


@dataclass(frozen=True, slots=True, kw_only=True)
class Presets:
    """The table ``[presets]``; see the module."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    season: Literal["marketplace", "business"] | None = None
    channel: Literal["marketplace_search", "web_search", "social"] | None = None
    range: Range | None = None


_ADAPTER: TypeAdapter[dict[str, Presets]] = TypeAdapter(dict[str, Presets])


def filled(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The tables of a market file with its presets filled in, and without ``[presets]``.

    Raises:
        pydantic.ValidationError: The table ``[presets]`` is wrong.
    """
    sections = {name: table for name, table in raw.items() if name != "presets"}
    if "presets" not in raw:
        return sections
    # under its own name, so that messages say which table is wrong
    presets = _ADAPTER.validate_python({"presets": raw["presets"]})["presets"]
    skus = len(sections.get("assortment", {}).get("skus", ()))
    for name, figures in _figures(presets, skus).items():
        sections[name] = {**figures, **sections.get(name, {})}
    return sections


def _figures(presets: Presets, skus: int) -> Sections:
    demand: dict[str, Any] = {}
    if presets.season is not None:
        demand |= _SEASONS[presets.season]
        demand["hour_shares"] = tuple((np.array(demand["hour_shares"]) / sum(demand["hour_shares"])).tolist())
    if presets.range is not None and skus:
        demand |= {
            "orders_per_day": tuple(range_orders(presets.range, skus).tolist()),
            "dispersion": tuple(_quantiles(skus, DISPERSION_MEDIAN, DISPERSION_LOG_SD).tolist()),
            "elasticity": (ELASTICITY_MEDIAN,) * skus,
            "elasticity_log_sd": (ELASTICITY_LOG_SD,) * skus,
        }
    channel: Sections = {} if presets.channel is None else {name: dict(table) for name, table in _CHANNELS[presets.channel].items()}
    return {**channel, **({"demand": demand} if demand else {})}


def range_orders(spread: Range, skus: int) -> Floats:
    """Orders a day of each SKU, (M,), falling: the quantiles of a lognormal whose best tenth of SKUs has the wanted share.

    A lognormal with log standard deviation s gives its top share q the part Phi(s − z(1 − q)) of the whole; with few SKUs the share is
    met exactly by a slightly different s, found by bisection.
    """
    best = max(round(skus / 10), 1)
    normal = -ndtri((np.arange(skus) + 0.5) / skus)

    def levels(log_sd: float) -> Floats:
        # the largest exponent is 0: nothing overflows
        weight = np.exp(log_sd * (normal - normal[0]))
        return np.asarray(weight / weight.sum())

    if spread.top_tenth_share <= best / skus:
        return np.full(skus, spread.orders_per_day / skus)
    # scipy.optimize takes half a second to load, which every start of the program would pay for a preset that few markets name
    from scipy.optimize import brentq

    log_sd = brentq(lambda s: levels(s)[:best].sum() - spread.top_tenth_share, 0.0, 1e4)
    return spread.orders_per_day * levels(float(log_sd))


def _quantiles(skus: int, median: float, log_sd: float) -> Floats:
    """The quantiles of a lognormal in the middles of M equal parts, (M,), rising: slow sellers scatter more (assumed)."""
    return np.asarray(median * np.exp(log_sd * ndtri((np.arange(skus) + 0.5) / skus)))
