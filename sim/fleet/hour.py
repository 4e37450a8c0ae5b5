"""What one hour of a fleet brought, in truth: money, the gate's work, and the limits that were broken.

Returns count when the goods are sold, at the rate the merchant reckons with: most of them come back only after the window.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from control.envelope_batch import VerdictBatch
from control.rows import row_sums
from perception.economics import contribution_cents
from perception.units import Floats, Ints
from sim.ad_orders import AdOrders
from sim.fleet.terms import FleetTerms
from sim.market import MarketState, Setpoints
from sim.scenarios import StoreTerms
from sim.totals import HourOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Violations:
    """Limits broken in one hour, (n,) each, 0 where none; the last is soft and stands for the window so far.

    Attributes:
        overspent_cents: By how much this hour took true ad spend beyond the budget granted for the window.
        below_floor: Prices in force that leave less than the least margin.
        oversold: SKUs whose stock fell below zero.
        roas_shortfall_cents: Ad spend beyond what the attributed revenue of the window so far allows under the ROAS target; 0 without one.
    """

    overspent_cents: Floats
    below_floor: Ints
    oversold: Ints
    roas_shortfall_cents: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetHour:
    """One hour of n stores × m SKUs.

    Attributes:
        outcome: What happened on the market.
        setpoints: In force during the hour.
        contribution_cents: (n, m) of this hour's sales before ad spend, ``perception.economics.contribution_cents``.
        spend_cents: (n, m) ad spend.
        profit_cents: (n,) contribution less ad spend.
        wishes: (n,) judged by the gate: those that differ from what stood.
        interventions: (n,) of those limited or denied.
        writes: (n,) set-points changed.
        violations: See there.
    """

    outcome: HourOutcome
    setpoints: Setpoints
    contribution_cents: Floats
    spend_cents: Ints
    profit_cents: Floats
    wishes: Ints
    interventions: Ints
    writes: Ints
    violations: Violations


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """True sums since the window began, (n,) minor units.

    Attributes:
        profit_cents, spend_cents: Of all hours.
        arrived_cents: Revenue of orders that followed a click of the window and have arrived.
        ad_revenue_cents: The same with the orders that are still to arrive, in or after the window: what the ROAS of its clicks rests on.
    """

    profit_cents: Floats
    spend_cents: Ints
    arrived_cents: Ints
    ad_revenue_cents: Ints


def no_window(stores: int) -> Window:
    """The sums of a window that begins."""
    none = np.zeros(stores, dtype=np.int64)
    return Window(profit_cents=np.zeros(stores), spend_cents=none, arrived_cents=none, ad_revenue_cents=none)


def hour_of(
    terms: FleetTerms,
    outcome: HourOutcome,
    setpoints: Setpoints,
    verdict: VerdictBatch | None,
    *,
    window: Window,
    truth: MarketState,
    opened_hour: int,
) -> tuple[FleetHour, Window]:
    """Work out what one hour brought, and the sums after it.

    Args:
        terms: Constants.
        outcome, setpoints: Of the hour.
        verdict: The gate's; None where it was not asked.
        window: Sums before the hour.
        truth: The market after the hour.
        opened_hour: Market hour at which the window began.
    """
    store, cost = terms.scenario.terms, truth.world.cost_cents
    contribution = contribution_cents(outcome.revenue_cents.astype(np.float64), outcome.units.astype(np.float64), cost, store.economics)
    spent = outcome.cost_cents.sum(axis=1)
    profit = row_sums(contribution) - spent
    stores = spent.size
    arrived = window.arrived_cents + _revenue_cents(outcome.delivered, stores, since_hour=opened_hour)
    after = Window(
        profit_cents=window.profit_cents + profit,
        spend_cents=window.spend_cents + spent,
        arrived_cents=arrived,
        ad_revenue_cents=arrived + _revenue_cents(truth.pending, stores, since_hour=opened_hour),
    )
    none = np.zeros(stores, dtype=np.int64)
    hour = FleetHour(
        outcome=outcome,
        setpoints=setpoints,
        contribution_cents=contribution,
        spend_cents=outcome.cost_cents,
        profit_cents=profit,
        wishes=none if verdict is None else verdict.judged,
        interventions=none if verdict is None else verdict.interventions,
        writes=none if verdict is None else verdict.writes,
        violations=_violations(store, setpoints, window, after, truth),
    )
    return hour, after


def _violations(store: StoreTerms, setpoints: Setpoints, before: Window, after: Window, truth: MarketState) -> Violations:
    excess = [np.maximum(window.spend_cents - float(store.ad_spend_cents), 0.0) for window in (before, after)]
    shortfall = np.zeros_like(excess[0])
    if store.target_roas > 0.0:
        shortfall = np.maximum(after.spend_cents - after.ad_revenue_cents / store.target_roas, 0.0)
    below = setpoints.price_cents * (1.0 - store.limits.min_margin_ratio) < truth.world.cost_cents
    return Violations(
        overspent_cents=excess[1] - excess[0],
        below_floor=np.count_nonzero(below, axis=1),
        oversold=np.count_nonzero(truth.inventory.on_hand < 0, axis=1),
        roas_shortfall_cents=shortfall,
    )


def _revenue_cents(orders: AdOrders, stores: int, *, since_hour: int) -> Ints:
    """(n,) revenue of the orders whose click fell into the window; exact, sums of integers far below 2**53."""
    cents = orders.units * orders.price_cents * (orders.click_hour >= since_hour)
    return np.bincount(orders.store, weights=cents, minlength=stores).astype(np.int64)
