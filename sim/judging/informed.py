"""The informed reference: knows every true parameter and the state of the market, but no luck to come. It is no clairvoyant and no rival.

Every tick it solves the expected-value (fluid) problem of the rest of the window anew (``sim.judging.appraisal``) and goes through the
same gate as everyone (re-solving heuristics: Gallego & van Ryzin 1994 for prices and stock; Jasin & Kumar 2012). What a controller loses
to it is what estimation and learning can win; what it loses to the oracle is luck.

Expected sales at a price are (price / reference)^-elasticity of those at the reference; the price maximises
margin · min(demand left in the window, stock).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from control.clipping import bid_ceiling, clipped_budgets, price_reach, within_grant
from control.controller import ControllerMemory, Proposal
from control.pricing import PricingTuning, moved_price_cents
from control.sight import Sight
from perception.economics import unit_margin_cents
from perception.fields import Field
from perception.units import SECONDS_PER_HOUR, Bools, Floats
from sim.fleet.fleet import FleetState, FleetTerms
from sim.judging.appraisal import Appraisal, appraise, taken

PRICE_LEVELS = np.linspace(0.0, 1.0, 17)
HEADROOM = 1.3
_PRICING = PricingTuning(step_ratio=0.05, interval_s=4.0 * SECONDS_PER_HOUR, deadband_ratio=0.01)


@dataclass(frozen=True, slots=True, kw_only=True)
class Informed:
    """Steers with the truth before its eyes; the same memory-less rule every tick."""

    terms: FleetTerms
    name: str = "informed"

    def steer(self, memory: ControllerMemory, seen: Sight, state: FleetState) -> tuple[Proposal, ControllerMemory]:
        """The fluid optimum of the rest of the window, as far as one step reaches."""
        found = appraise(self.terms, state, seen)
        budgets, paused = _budgets(found.cost_cents, state, seen)
        reached = np.minimum(np.minimum(found.bid_cents, seen.course.max_bid_cents), bid_ceiling(seen))
        wished = np.where(paused[:, None], 0.0, reached)
        setpoints = {
            Field.DAILY_BUDGET: budgets,
            Field.BID: np.where(seen.course.covered, wished, np.nan),
            Field.PRICE: _prices(seen, found, state),
        }
        return Proposal(setpoints=setpoints, terms={}, sku_terms={}), memory


def _budgets(cost_per_day: Floats, state: FleetState, seen: Sight) -> tuple[Floats, Bools]:
    """(n, c) daily budgets as a fence around the expected spend, and (n,) whether the grant is used up.

    What stands is not lowered without need: budgets rise slowly, and an hour in which rivals are out of money says nothing about tomorrow.
    """
    by_campaign = cost_per_day @ state.market.world.campaign_members.T
    wished = np.maximum(HEADROOM * by_campaign, seen.setpoints[Field.DAILY_BUDGET])
    total = np.maximum(wished.sum(axis=1), 1.0)
    kept, paused = within_grant(total, seen)
    return clipped_budgets(kept[:, None] * wished / total[:, None], seen), paused


def _prices(seen: Sight, found: Appraisal, state: FleetState) -> Floats:
    """(n, m) one step towards the price with the highest margin · min(demand left, stock)."""
    current = seen.setpoints[Field.PRICE]
    low, high = seen.course.price_low_cents, seen.course.price_high_cents
    priced = seen.course.covered & (low > 0.0) & (high > low)
    safe_low, safe_high = np.where(priced, low, 1.0), np.where(priced, high, 2.0)
    tried = safe_low[..., None] + (safe_high - safe_low)[..., None] * PRICE_LEVELS
    target = taken(tried, np.argmax(earned_cents(tried, seen, found, state), axis=-1))
    rested = seen.reach.price_age_s >= max(_PRICING.interval_s, seen.reach.limits.price_min_interval_s)
    reach = price_reach(seen, step_ratio=_PRICING.step_ratio)
    return moved_price_cents(current, target, reach=reach, may_move=priced & rested & ~seen.goods.suspect, tuning=_PRICING)


def earned_cents(price_cents: Floats, seen: Sight, found: Appraisal, state: FleetState) -> Floats:
    """(n, m, K) margin on what would sell at (n, m, K) prices in the rest of the window, as far as the stock goes."""
    outlook, current = found.outlook, seen.setpoints[Field.PRICE]
    now = outlook.organic_units * outlook.demand_days + found.clicks * outlook.units_per_click * outlook.traffic_days
    demand = now[..., None] * (price_cents / current[..., None]) ** -outlook.elasticity[..., None]
    margin = unit_margin_cents(price_cents, seen.goods.cost_cents[..., None], seen.economics)
    earned: Floats = np.nan_to_num(margin) * np.minimum(demand, state.market.inventory.on_hand[..., None])
    return earned
