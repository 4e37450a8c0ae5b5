"""Ad carry-over: visitors who clicked an ad come back by themselves.

Geometric adstock (Broadbent 1979; as in Robyn), A' = theta · A + clicks, in clicks rather than money, so that dear clicks bring no more
visitors back than cheap ones; and a factor (1 + (1 − theta) · A / reference)^e on organic orders, whose elasticity towards A tends to e.
"""

from __future__ import annotations

import numpy as np

from perception.units import Floats, Ints
from sim.demand import bounded_effect
from sim.parameters.mechanics import CarryOver


def adstock(previous: Floats, clicks: Ints, *, theta: float) -> Floats:
    """Adstock after a day with these clicks, (N, M); steady clicks c end at c / (1 − theta)."""
    return theta * previous + clicks


def carry_over_effect(stock: Floats, usual_orders: Floats, carry_over: CarryOver) -> Floats:
    """Factor on organic orders, (N, M), 1 without adstock, at most ``effect_maximum``.

    Args:
        stock: (N, M) adstock, clicks.
        usual_orders: (N, M) organic orders of the average day, > 0.
        carry_over: The figures.
    """
    level = (1.0 - carry_over.theta) * stock / (carry_over.clicks_per_order * usual_orders)
    return bounded_effect(carry_over.elasticity * np.log1p(level), maximum=carry_over.effect_maximum)
