"""Demand without ads: when people order, how prices move it, how it scatters, and how many units an order holds."""

from __future__ import annotations

from datetime import date

import numpy as np

from perception.units import Bools, Floats, Ints
from sim.gamma_quantiles import gamma_factors
from sim.parameters.market import Demand, Traffic
from sim.randomness import Draw, sku_uniforms, store_keys, uniforms
from sim.world import World


def day_index(demand: Demand, day: int) -> float:
    """How busy a day is by its weekday and month, 1 = average; ``day`` is a date ordinal."""
    on = date.fromordinal(day)
    return demand.weekday_index[on.weekday()] * demand.month_index[on.month - 1]


def hour_index(demand: Demand, day: int, hour_of_day: int) -> float:
    """Orders expected in one hour as a share of an average day."""
    return day_index(demand, day) * demand.hour_shares[hour_of_day]


def search_index(demand: Demand, traffic: Traffic, day: int, hour_of_day: int) -> float:
    """Searches expected in one hour as a share of an average day: partly as orders fall, partly even."""
    month = demand.month_index[date.fromordinal(day).month - 1]
    return (1.0 - traffic.uniform_share) * hour_index(demand, day, hour_of_day) + traffic.uniform_share * month / 24.0


def traffic_share(demand: Demand, traffic: Traffic, day: int, hour_of_day: int) -> float:
    """Share of its own day's searches that falls in one hour; the 24 of a day sum to 1."""
    whole_day = (1.0 - traffic.uniform_share) * day_index(demand, day) * sum(demand.hour_shares)
    whole_day += traffic.uniform_share * demand.month_index[date.fromordinal(day).month - 1]
    return search_index(demand, traffic, day, hour_of_day) / whole_day if whole_day > 0.0 else 1.0 / 24.0


def on_sale(world: World, day: int) -> Bools:
    """Which SKUs are sold and searched for on a day, (M,)."""
    launched: Bools = world.launch_day <= day
    return launched


def log_price_ratio(price_cents: Ints, world: World) -> Floats:
    """Log of a price over the reference price, (N, M)."""
    ratio: Floats = price_cents / world.reference_price_cents
    return np.log(ratio, out=ratio)


def price_exponent(log_price: Floats, world: World) -> Floats:
    """Log of orders at a price over those at the reference price, (N, M), by (price / reference)^−elasticity."""
    return -(world.elasticity * log_price)


def bounded_effect(exponent: Floats, *, maximum: float) -> Floats:
    """exp(exponent), at most ``maximum``: capped before the exponential, as a price of one cent must not overflow."""
    return np.exp(np.minimum(exponent, np.log(maximum)))


def store_day_factor(demand: Demand, *, seeds: Ints, day: int) -> Floats:
    """Today's factor on the orders of all SKUs of a store and on their searches, (N, 1): gamma, mean 1, variance ``day_dispersion``."""
    return gamma_factors(np.array([demand.day_dispersion]), uniforms(store_keys(seeds, Draw.STORE_DAY, day))[:, None])


def own_dispersion(dispersion: Floats, day_dispersion: float) -> Floats:
    """What is left of the dispersion of each SKU beside the day that all share, (M,) >= 0.

    The product of two independent factors with mean 1 and variances a and b has variance (1 + a) (1 + b) − 1.
    """
    own: Floats = np.maximum(dispersion - day_dispersion, 0.0) / (1.0 + day_dispersion)
    return own


def day_factor(demand: Demand, world: World, *, seeds: Ints, day: int) -> Floats:
    """Today's factor on the orders of each SKU, (N, M), beside the one that all share: gamma, mean 1, variance ``own_dispersion``.

    A Poisson count whose rate carries a gamma factor is negative binomial: variance = mean + dispersion · mean².
    """
    own = own_dispersion(world.dispersion, demand.day_dispersion)
    return gamma_factors(own, sku_uniforms(seeds, Draw.DAY_DEMAND, day, own.size))


def usual_units_per_day(demand: Demand, day: int) -> Floats:
    """Units of each SKU that a merchant reckons with on an average day of the coming week, (M,): the fitted figures, not a seed's."""
    units: Floats = np.array(demand.units_deciles).mean(axis=1) * np.array(demand.orders_per_day)
    return units * float(np.mean([day_index(demand, day + ahead) for ahead in range(7)]))
