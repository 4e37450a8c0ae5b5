"""What a drive was really worth, read from the market's truth and never from what a platform reported."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from autopilot.platforms.simulated import SimulatedPlatform
from control.decision import LoopConfig
from perception.fields import Field
from sim.ad_orders import joined
from sim.contribution import contribution_between
from sim.market import MarketState


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Since the drive began; money in minor units.

    Attributes:
        profit_cents: Contribution of all sales minus ad spend; returns as they were where the market has them, else as expected.
        gmv_cents, orders: Of all sales.
        spend_cents: Ad spend.
        ad_revenue_cents: Of orders whose click fell into the drive and that have arrived.
        first_sales: Products that were never sold before.
        lost_units: Wanted but out of stock.
        min_margin_breaches: Prices set by the loop that were below the minimum margin.
    """

    profit_cents: int
    gmv_cents: int
    orders: int
    spend_cents: int
    ad_revenue_cents: int
    first_sales: int
    lost_units: int
    min_margin_breaches: int

    @property
    def roas(self) -> float:
        """Ad revenue per ad spend; 0 where nothing was spent."""
        return self.ad_revenue_cents / self.spend_cents if self.spend_cents else 0.0


def score(before: MarketState, after: MarketState, config: LoopConfig) -> Score:
    """What happened between two states of the same market; breaches are left at 0, see ``scored``."""
    then, now = before.totals, after.totals
    spend = int((now.cost_cents - then.cost_cents).sum())
    arrived = joined(after.arrived, skus=now.units.shape[1])
    clicked = arrived.click_hour >= before.hour
    return Score(
        profit_cents=round(float(contribution_between(before, after, config.economics).sum())) - spend,
        gmv_cents=int((now.revenue_cents - then.revenue_cents).sum()),
        orders=int((now.orders - then.orders).sum()),
        spend_cents=spend,
        ad_revenue_cents=int((arrived.units * arrived.price_cents)[clicked].sum()),
        first_sales=int((now.first_order_hour[0] >= before.hour).sum()),
        lost_units=int((now.lost_units - then.lost_units).sum()),
        min_margin_breaches=0,
    )


def scored(before: MarketState, platform: SimulatedPlatform, *, now: datetime, config: LoopConfig) -> Score:
    """The score of a whole drive, with every price that was ever set checked against the true cost."""
    plain = score(before, platform.truth(now=now), config)
    cost = platform.truth(now=now).world.cost_cents[0]
    breaches = sum(
        effect.value * (1.0 - config.limits.min_margin_ratio) < cost[effect.index]
        for effect in platform.effects()
        if effect.field is Field.PRICE
    )
    return replace(plain, min_margin_breaches=int(breaches))
