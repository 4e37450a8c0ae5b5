"""What the mechanics of a market remember, and the day that they are told about."""

from __future__ import annotations

from dataclasses import dataclass

from perception.units import Floats, Ints
from sim.mechanics.baskets import BasketState
from sim.mechanics.cold_start import ColdStartState
from sim.mechanics.cross_price import CrossPriceState
from sim.mechanics.organic_rank import RankState
from sim.mechanics.promotion import PromotionState
from sim.mechanics.returns import PendingReturns
from sim.mechanics.shocks import ShockState


@dataclass(frozen=True, slots=True, kw_only=True)
class DayDone:
    """What happened on the day that ended, (N, M) int64 each: differences of the market's totals.

    Attributes:
        clicks: Ad clicks.
        orders: Served, of both kinds.
        organic_orders: Served, without a click.
        units, revenue_cents: Sold.
        price_cents: In force in the day's last hour, > 0.
    """

    clicks: Ints
    orders: Ints
    organic_orders: Ints
    units: Ints
    revenue_cents: Ints
    price_cents: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """Factors that hold from midnight to midnight, without any price effect; each broadcasts against (N, M).

    Attributes:
        organic: On orders without a click.
        order_per_click: On the chance that a click orders.
        searches: On searches.
        rival_bid: On rivals' bids.
    """

    organic: Floats
    order_per_click: Floats
    searches: Floats
    rival_bid: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceEffect:
    """What the prices of an hour do to demand until midnight, (N, M) each.

    Attributes:
        price_cents: Ours.
        rival_log_price: Log of the price that rivals answered with over their usual price.
        log_price: Log of ours over the reference prices.
        organic, order_per_click: Those of today, times the effect of these prices.
    """

    price_cents: Ints
    rival_log_price: Floats
    log_price: Floats
    organic: Floats
    order_per_click: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class MechanicStates:
    """What the mechanics remember of N stores; ``None`` where one is off.

    Attributes:
        cross_price, promotion, cold_start, organic_rank, baskets, shocks: See the modules of these names.
        adstock: (N, M) clicks that still work.
        pending_returns: Units on their way back.
    """

    cross_price: CrossPriceState | None
    promotion: PromotionState | None
    adstock: Floats | None
    cold_start: ColdStartState | None
    organic_rank: RankState | None
    pending_returns: PendingReturns | None
    baskets: BasketState | None
    shocks: ShockState | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackState:
    """What a market carries from hour to hour for its mechanics.

    Attributes:
        mechanics: What each remembers.
        today: What follows from it for the current day.
        prices: The effect of the prices of the last hour; None at midnight.
        companion_orders: Order lines without a click, (N, M) or (1, 1), that the ad orders of the last hour bring in the next.
    """

    mechanics: MechanicStates
    today: Today
    prices: PriceEffect | None
    companion_orders: Floats
