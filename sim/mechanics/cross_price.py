"""Cross-price elasticity: orders follow the prices of rivals, and of the store's own neighbouring SKUs.

orders ∝ (rivals' price / their usual price)^c · (mean price of the other SKUs of the campaign / their reference prices)^g, with c and g
the cross-price elasticities (constant-elasticity form; Auer & Papies, Journal of the Academy of Marketing Science 2019).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from perception.units import Floats, Ints
from sim.parameters.mechanics import CrossPrice
from sim.randomness import Draw, sku_normals


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """Which SKUs are neighbours: those of the same campaign.

    Attributes:
        by_group: (M,) SKUs sorted by group; None where they already are.
        starts: (G,) where each group starts in that order.
        group_of: (M,) group of each SKU.
        weight: (M,) 1 / number of neighbours; 0 for a SKU without any.
    """

    by_group: Ints | None
    starts: Ints
    group_of: Ints
    weight: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossPriceState:
    """Prices of others.

    Attributes:
        elasticity: (N, M) towards rivals, >= 0; the seed's truth.
        rival_log_price: (N, M) log of rivals' price over their usual price, as it wanders by itself; today's.
        neighbours: Of each SKU.
    """

    elasticity: Floats
    rival_log_price: Floats
    neighbours: Neighbours


def neighbours(campaign_of: tuple[int, ...]) -> Neighbours:
    """Group SKUs by campaign."""
    groups, group_of, counts = np.unique(np.array(campaign_of), return_inverse=True, return_counts=True)
    order = np.argsort(group_of, kind="stable")
    others = counts[group_of] - 1
    return Neighbours(
        by_group=None if (np.diff(group_of) >= 0).all() else order,
        starts=np.concatenate([[0], np.cumsum(counts)[: groups.size - 1]]),
        group_of=group_of,
        weight=np.where(others > 0, 1.0 / np.maximum(others, 1), 0.0),
    )


def opened(cross_price: CrossPrice, campaign_of: tuple[int, ...], *, seeds: Ints) -> CrossPriceState:
    """The first morning: elasticities drawn, rivals' prices somewhere in their usual spread."""
    skus = len(campaign_of)
    drawn = cross_price.elasticity_median * np.exp(cross_price.elasticity_log_sd * sku_normals(seeds, Draw.CROSS_ELASTICITY, 0, skus))
    return CrossPriceState(
        elasticity=np.clip(drawn, cross_price.elasticity_low, cross_price.elasticity_high),
        rival_log_price=_log_sd(cross_price) * sku_normals(seeds, Draw.RIVAL_PRICE, 0, skus),
        neighbours=neighbours(campaign_of),
    )


def next_day(state: CrossPriceState, cross_price: CrossPrice, *, seeds: Ints, day_index: int) -> CrossPriceState:
    """Rivals' prices wander on: a stationary AR(1) of their log. ``day_index`` > 0 counts from the first day of the market."""
    ar1 = cross_price.rival_price_ar1
    step = _log_sd(cross_price) * np.sqrt(1.0 - ar1**2)
    deviates = sku_normals(seeds, Draw.RIVAL_PRICE, day_index, state.elasticity.shape[1])
    return replace(state, rival_log_price=ar1 * state.rival_log_price + step * deviates)


def cross_price_exponent(
    state: CrossPriceState, cross_price: CrossPrice, *, log_price: Floats, rival_log_price: Floats | float = 0.0
) -> Floats:
    """Log of the factor on orders, (N, M); 0 while everyone stands at the usual prices.

    Args:
        state: Today's.
        cross_price: The figures.
        log_price: (N, M) log of our prices over the reference prices.
        rival_log_price: (N, M) log of what rivals' answer to our prices makes of theirs; 0 when they do not answer.
    """
    exponent: Floats = state.elasticity * (state.rival_log_price + rival_log_price)
    if cross_price.range_elasticity > 0.0:
        exponent += cross_price.range_elasticity * neighbours_log_price(log_price, state.neighbours)
    return exponent


def neighbours_log_price(log_price: Floats, of: Neighbours) -> Floats:
    """(N, M) mean log price ratio of each SKU's neighbours; 0 for a SKU without any."""
    grouped = log_price if of.by_group is None else log_price.take(of.by_group, axis=1)
    others: Floats = np.add.reduceat(grouped, of.starts, axis=1).take(of.group_of, axis=1)
    others -= log_price
    others *= of.weight
    return others


def _log_sd(cross_price: CrossPrice) -> float:
    return float(np.sqrt(np.log1p(cross_price.rival_price_cv**2)))
