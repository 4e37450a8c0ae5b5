"""What prices do to demand within a day, worked out anew only in the stores where a price has moved.

Most prices stand from one hour to the next, and the logarithms and exponentials of all of them are dear. A store's figures are the same
whether they are worked out alone or with others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from perception.units import Floats, Ints
from sim.demand import bounded_effect, log_price_ratio, price_exponent
from sim.mechanics.cross_price import CrossPriceState, cross_price_exponent
from sim.mechanics.feedback_state import MechanicStates, PriceEffect, Today
from sim.parameters.market import MarketParameters
from sim.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Everybody's prices in an hour.

    Attributes:
        ours_cents: (N, M) in force, > 0.
        rival_log_price: (N, M) log of the price that rivals answer ours with over their usual price.
    """

    ours_cents: Ints
    rival_log_price: Floats


def price_effect(
    parameters: MarketParameters, mechanics: MechanicStates, today: Today, world: World, prices: Prices, known: PriceEffect | None
) -> PriceEffect:
    """The effect of the prices in force.

    Args:
        parameters, mechanics, today, world: The market and what holds today.
        prices: In force.
        known: The effect of an earlier hour of the same day; None where there was none. It is handed back where nothing has moved, and so
            is its ``log_price`` where our prices stand.
    """
    if known is None:
        return _worked_out(parameters, mechanics.cross_price, today, world, prices)
    stands, answer_stands = _same(prices.ours_cents, known.price_cents), _same(prices.rival_log_price, known.rival_log_price)
    if stands and answer_stands:
        return known
    moved = ((prices.ours_cents != known.price_cents) | (prices.rival_log_price != known.rival_log_price)).any(axis=1).nonzero()[0]
    if 2 * moved.size > len(prices.ours_cents):
        return _worked_out(parameters, mechanics.cross_price, today, world, prices)
    some = _worked_out(
        parameters,
        None if mechanics.cross_price is None else _cross_price_of(mechanics.cross_price, moved),
        replace(today, organic=_rows(today.organic, moved), order_per_click=_rows(today.order_per_click, moved)),
        replace(world, reference_price_cents=_rows(world.reference_price_cents, moved), elasticity=_rows(world.elasticity, moved)),
        Prices(ours_cents=prices.ours_cents.take(moved, axis=0), rival_log_price=prices.rival_log_price.take(moved, axis=0)),
    )
    return PriceEffect(
        price_cents=prices.ours_cents,
        rival_log_price=prices.rival_log_price,
        log_price=known.log_price if stands else _with_rows(known.log_price, moved, some.log_price),
        organic=_with_rows(known.organic, moved, some.organic),
        order_per_click=_with_rows(known.order_per_click, moved, some.order_per_click),
    )


def _same(now: Ints | Floats, then: Ints | Floats) -> bool:
    return now is then or np.array_equal(now, then)


def _worked_out(parameters: MarketParameters, rivals: CrossPriceState | None, today: Today, world: World, prices: Prices) -> PriceEffect:
    log_price = log_price_ratio(prices.ours_cents, world)
    exponent = price_exponent(log_price, world)
    if rivals is not None and parameters.cross_price is not None:
        exponent += cross_price_exponent(rivals, parameters.cross_price, log_price=log_price, rival_log_price=prices.rival_log_price)
    effect = bounded_effect(exponent, maximum=parameters.demand.price_effect_maximum)
    return PriceEffect(
        price_cents=prices.ours_cents,
        rival_log_price=prices.rival_log_price,
        log_price=log_price,
        organic=effect * today.organic,
        order_per_click=effect * today.order_per_click,
    )


def _cross_price_of(state: CrossPriceState, rows: Ints) -> CrossPriceState:
    return replace(state, elasticity=_rows(state.elasticity, rows), rival_log_price=_rows(state.rival_log_price, rows))


def _rows(values: Floats, rows: Ints) -> Floats:
    """The rows of (N, M); what is the same for all stores, (1, …), stays."""
    return values if len(values) == 1 else values.take(rows, axis=0)


def _with_rows(values: Floats, rows: Ints, some: Floats) -> Floats:
    """A copy with other rows."""
    changed = values.copy()
    changed[rows] = some
    return changed
