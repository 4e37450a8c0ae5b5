"""Promotion dynamics: part of what a low price sells is borrowed from the weeks after it.

A promotion is a price under the regular one, which is what buyers got used to. Of the orders it brings, one third comes from other brands,
one third from other weeks and one third is growth (van Heerde, Leeflang & Wittink, Marketing Science 2004). The borrowed third is a debt
in orders, paid back by a dip that runs out as the debt does: what is missing later never exceeds what was borrowed. A debt is at most what
the largest dip pays back in the time constant; beyond it the bump is growth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perception.units import Floats, Ints
from sim.parameters.mechanics import Promotion

_LEAST_ORDERS = 1e-9
"""Stands for no usual orders at all when a debt is spread over them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionState:
    """Memory of buyers, (N, M) each.

    Attributes:
        regular_log_price: Log of the price they take for regular over the reference price.
        borrowed_orders: Ordered ahead of time and not yet missing, >= 0.
        dip: Part of today's orders that is missing, [0, dip_maximum].
    """

    regular_log_price: Floats
    borrowed_orders: Floats
    dip: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionDay:
    """A day that ended, (N, M) each.

    Attributes:
        orders: Of both kinds.
        organic_orders: Those without a click.
        paid_log_price: Log of the mean price paid over the reference price; anything finite where nothing was sold.
        closing_log_price: The same of the price that stood at its end.
    """

    orders: Ints
    organic_orders: Ints
    paid_log_price: Floats
    closing_log_price: Floats


def opened(stores: int, skus: int) -> PromotionState:
    """Buyers who know the reference prices and hold no stocks."""
    nothing = np.zeros((stores, skus))
    return PromotionState(regular_log_price=nothing, borrowed_orders=nothing, dip=nothing)


def bump_share(paid_exponent: Floats, regular_exponent: Floats, *, maximum: float) -> Floats:
    """Part of a day's orders that came because the price was under the regular one, [0, 1): 1 − effect(regular) / effect(paid).

    Args:
        paid_exponent, regular_exponent: Log of the price effect at the two prices, before its ceiling.
        maximum: Ceiling of the price effect, >= 1.
    """
    ceiling = np.log(maximum)
    gain = np.minimum(paid_exponent, ceiling) - np.minimum(regular_exponent, ceiling)
    share: Floats = -np.expm1(-np.maximum(gain, 0.0))
    return share


def next_day(
    state: PromotionState, promotion: Promotion, day: PromotionDay, *, elasticity: Floats, usual_orders: Floats, price_effect_maximum: float
) -> PromotionState:
    """Close a day: debts grow by the borrowed part of its bump and shrink by what was missing.

    Args:
        state: Of the day that ended.
        promotion: The figures.
        day: What happened on it.
        elasticity: (N, M) own-price, magnitude.
        usual_orders: (N, M) organic orders of the average day at the reference price.
        price_effect_maximum: Ceiling of the price effect.
    """
    regular_exponent = -elasticity * state.regular_log_price
    share = bump_share(-elasticity * day.paid_log_price, regular_exponent, maximum=price_effect_maximum)
    # the day's orders are 1 − dip of what they would have been
    missing = day.organic_orders * (state.dip / (1.0 - state.dip))
    owed = np.maximum(state.borrowed_orders - missing, 0.0) + promotion.borrowed_share * day.orders * share
    # a cupboard is finite: nobody stocks up beyond the largest dip
    borrowed = np.minimum(owed, promotion.dip_maximum * promotion.payback_days * usual_orders)
    remembered = 2.0 ** (-1.0 / promotion.regular_price_half_life_days)
    regular = remembered * state.regular_log_price + (1.0 - remembered) * day.closing_log_price
    at_regular = usual_orders * np.exp(np.minimum(-elasticity * regular, np.log(price_effect_maximum)))
    dip = np.minimum(borrowed / np.maximum(promotion.payback_days * at_regular, _LEAST_ORDERS), promotion.dip_maximum)
    return PromotionState(regular_log_price=regular, borrowed_orders=borrowed, dip=dip)
