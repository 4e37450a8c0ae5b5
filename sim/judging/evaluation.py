"""Judging controllers: the same stores, the same luck, one score per store, robust averages with intervals.

Score: share of the clairvoyant bound's profit, every broken limit charged. A missed ROAS target multiplies it by (actual ÷ target)², as
AuctionNet (NeurIPS 2024) does with CPA; money spent beyond the grant, a price below the floor or stock sold twice leave nothing of it.

A store-week misses its ROAS target when the clicks of these seven days cost more than the revenue of all orders that follow them, ever,
allows: spend > 0 and revenue < target × spend, in truth, as ``sim.judging.weeks`` counts both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np

from control.controller import ControllerMemory
from perception.units import Bools, Floats, Ints
from sim.ad_orders import AdOrders
from sim.fleet.fleet import FleetState, FleetTerms, advance, sight
from sim.judging.contenders import Driver
from sim.judging.statistics import Interval, interval
from sim.judging.weeks import WEEK_H, revenue_by_week_cents, weeks_of

REFERENCE = "do_nothing"
"""Whose profit nobody has to work for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One controller on n stores for one window of w weeks, (n,) each unless said, in truth.

    Attributes:
        profit_cents: Contribution less ad spend.
        spend_cents, ad_revenue_cents: Of the window.
        week_spend_cents, week_revenue_cents: (n, w) the same by the week of the click, ``sim.judging.weeks``.
        broken: Whether a hard limit was ever broken: spend, price floor or stock.
        wishes, interventions, writes: Judged by the gate; limited or denied; set-points changed.
    """

    profit_cents: Floats
    spend_cents: Floats
    ad_revenue_cents: Floats
    week_spend_cents: Ints
    week_revenue_cents: Ints
    broken: Bools
    wishes: Ints
    interventions: Ints
    writes: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyTrials:
    """All controllers on the same n stores of one family.

    Attributes:
        family: Its name.
        target_roas: 0 for none.
        oracle_cents: (n,) the clairvoyant bound.
        trials: By controller; ``REFERENCE`` is among them.
    """

    family: str
    target_roas: float
    oracle_cents: Floats
    trials: dict[str, Trial]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table.

    Attributes:
        controller: Its name.
        family: Or None for all of them.
        stores: How many.
        share: Inter-quartile mean of the share of the bound, charged.
        lift: The same of what the bound wins over doing nothing.
        violations: Stores that broke a hard limit.
        roas_missed: Stores with a target that missed it.
        roas_missed_weeks_share: Of the weeks of stores with a target, those that missed it, [0, 1]; None where no store has one.
        interventions_per_1000: Of the gate, per 1,000 wishes.
        writes: Per store.
    """

    controller: str
    family: str | None
    stores: int
    share: Interval
    lift: Interval
    violations: int
    roas_missed: int
    roas_missed_weeks_share: float | None
    interventions_per_1000: float
    writes: float


def trial(terms: FleetTerms, opened: FleetState, driver: Driver, *, progress: Callable[[float], None]) -> Trial:
    """Drive the fleet through its window.

    Args:
        terms, opened: The stores as their window begins; the state is not changed and can be driven again.
        driver: Who steers all of them.
        progress: Told the share of the window that is done.
    """
    state, memory = opened, ControllerMemory()
    stores, skus = opened.goods.cost_cents.shape
    broken = np.zeros(stores, dtype=np.bool_)
    counts = np.zeros((3, stores), dtype=np.int64)
    delivered: list[AdOrders] = []
    spent = np.zeros((stores, weeks_of(terms.hours)), dtype=np.int64)
    for done in range(terms.hours):
        seen = sight(terms, state)
        proposal, memory = driver.steer(memory, seen, state)
        state, hour = advance(terms, state, seen, proposal)
        limits = hour.violations
        broken |= (limits.overspent_cents > 0.0) | (limits.below_floor > 0) | (limits.oversold > 0)
        counts += np.stack([hour.wishes, hour.interventions, hour.writes])
        delivered.append(hour.outcome.delivered)
        spent[:, done // WEEK_H] += hour.spend_cents.sum(axis=1)
        progress((done + 1) / terms.hours)
    orders = [*delivered, state.market.pending]
    return Trial(
        profit_cents=state.window.profit_cents,
        spend_cents=state.window.spend_cents.astype(np.float64),
        ad_revenue_cents=state.window.ad_revenue_cents.astype(np.float64),
        week_spend_cents=spent,
        week_revenue_cents=revenue_by_week_cents(orders, shape=(stores, skus, spent.shape[1]), opened_hour=opened.opened_hour),
        broken=broken,
        wishes=counts[0],
        interventions=counts[1],
        writes=counts[2],
    )


def all_of(trials: Sequence[Trial]) -> Trial:
    """The stores of several trials of the same controller and family as one trial, in their order; at least one."""
    return Trial(**{each.name: np.concatenate([getattr(one, each.name) for one in trials]) for each in fields(Trial)})


def charge(one: Trial, *, target_roas: float) -> Floats:
    """(n,) what is left of a profit after broken limits, [0, 1]: 0 for a hard one, (ROAS ÷ target)² for a missed target."""
    reached = np.ones(one.profit_cents.shape)
    if target_roas > 0.0:
        wanted = target_roas * one.spend_cents
        reached = np.where(wanted > 0.0, one.ad_revenue_cents / np.where(wanted > 0.0, wanted, 1.0), 1.0)
    return np.where(one.broken, 0.0, np.minimum(reached, 1.0) ** 2)


def charged_cents(one: Trial, *, target_roas: float) -> Floats:
    """(n,) profit less what broken limits take of it; a loss is not made smaller by the charge."""
    return np.where(one.profit_cents > 0.0, one.profit_cents * charge(one, target_roas=target_roas), one.profit_cents)


def shares(one: Trial, bound_cents: Floats, *, target_roas: float) -> Floats:
    """(n,) charged share of the bound."""
    share: Floats = charged_cents(one, target_roas=target_roas) / np.maximum(bound_cents, 1.0)
    return share


def rows(families: Sequence[FamilyTrials], rng: np.random.Generator) -> list[Row]:
    """The table: every controller on every family, then every controller over all of them."""
    names = list(families[0].trials)
    each = [_row(name, family.family, [family], rng) for family in families for name in names]
    return each + [_row(name, None, families, rng) for name in names]


def _row(name: str, label: str | None, families: Sequence[FamilyTrials], rng: np.random.Generator) -> Row:
    trials = [family.trials[name] for family in families]
    wishes = sum(int(one.wishes.sum()) for one in trials)
    return Row(
        controller=name,
        family=label,
        stores=sum(one.profit_cents.size for one in trials),
        share=interval([share_of(family, name) for family in families], rng),
        lift=interval([_lift(family, name) for family in families], rng),
        violations=sum(int(one.broken.sum()) for one in trials),
        roas_missed=sum(_missed(family, name) for family in families),
        roas_missed_weeks_share=_missed_weeks_share(families, name),
        interventions_per_1000=1000.0 * sum(int(one.interventions.sum()) for one in trials) / max(wishes, 1),
        writes=float(np.concatenate([one.writes for one in trials]).mean()),
    )


def share_of(family: FamilyTrials, name: str) -> Floats:
    """(n,) charged share of the bound that a controller earned in each store of a family."""
    return shares(family.trials[name], family.oracle_cents, target_roas=family.target_roas)


def _lift(family: FamilyTrials, name: str) -> Floats:
    """What was won over doing nothing as a share of what there was to win."""
    idle = family.trials[REFERENCE].profit_cents
    won = share_of(family, name) * np.maximum(family.oracle_cents, 1.0) - idle
    lift: Floats = won / np.maximum(family.oracle_cents - idle, 1.0)
    return lift


def _missed(family: FamilyTrials, name: str) -> int:
    one = family.trials[name]
    return int((one.ad_revenue_cents < family.target_roas * one.spend_cents).sum())


def _missed_weeks_share(families: Sequence[FamilyTrials], name: str) -> float | None:
    missed, weeks = 0, 0
    for family in families:
        if family.target_roas > 0.0:
            one = family.trials[name]
            missed += int((one.week_revenue_cents < family.target_roas * one.week_spend_cents).sum())
            weeks += one.week_spend_cents.size
    return missed / weeks if weeks else None
