"""A batch of stores on one market, driven hour by hour: what a controller sees, what the gate lets through, and what came of it.

    terms = fleet_terms(load_scenario("steady"))
    state = open_fleet(terms, seeds=np.arange(200_000, 200_100))
    while state.hours_left(terms) > 0:
        seen = sight(terms, state)
        proposal, memory = controller.propose(memory, seen)
        state, hour = advance(terms, state, seen, proposal)

Every function is pure: a state can be kept and advanced again in another way, on the same luck. The training environments, the evaluation
and the oracle all stand on these functions. A store's course does not depend on which other stores are in its batch.

What a fleet leaves out of the daemon: a simulated platform is believed, so no figure is rejected and no SKU suspect; nobody edits its
set-points; every write arrives at once; and the plan is ``sim.fleet.plan``'s, without stages.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from control.controller import Proposal
from control.envelope_batch import VerdictBatch, judge_batch, standing_of
from control.rows import row_sums
from control.sight import Beliefs, Course, Goods, Reported, Sight
from perception.beliefs import Shelf, worth_of
from perception.fields import Field
from perception.units import Floats, Ints
from sim import market, reporting
from sim.fleet.book import Book, entered, open_book, reach
from sim.fleet.feeds import FleetFeeds, attend, matured, open_feeds
from sim.fleet.hour import FleetHour, Window, hour_of, no_window
from sim.fleet.loss import losses_cents
from sim.fleet.plan import course_for
from sim.fleet.tally import Settled, Tally, settle, tally
from sim.fleet.terms import FleetTerms, fleet_terms
from sim.fleet.watch import Watch, next_day, open_watch, watched
from sim.market import MarketState, Setpoints
from sim.moment import HOURS_PER_DAY
from sim.reporting import Reports

__all__ = ["FleetHour", "FleetState", "FleetTerms", "advance", "fleet_terms", "open_fleet", "play", "sight"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetState:
    """N stores of one scenario at the same hour of their windows.

    Attributes:
        market: The truth.
        reports: What the platforms show of it.
        setpoints: In force.
        book: What was set when, as the gate must know it.
        watch: What perception remembers of prices, stock and elasticity.
        feeds: What it remembers of how conversions were counted.
        settled: The reported days before today, added up.
        window: True sums since the window began.
        course: The plan of each store, fixed when the window began.
        goods: What each store sells.
        losses_cents: (n,) loss against the baseline as of the last midnight: of 24 hours, and of 7 days.
        opened_hour: Market hour at which the window began.
    """

    market: MarketState
    reports: Reports
    setpoints: Setpoints
    book: Book
    watch: Watch
    feeds: FleetFeeds
    settled: Settled
    window: Window
    course: Course
    goods: Goods
    losses_cents: tuple[Floats, Floats]
    opened_hour: int

    @property
    def hours_done(self) -> int:
        """Hours since the window began, >= 0."""
        return self.market.hour - self.opened_hour

    def hours_left(self, terms: FleetTerms) -> int:
        """Hours until the window ends."""
        return terms.hours - self.hours_done


def open_fleet(terms: FleetTerms, *, seeds: Ints) -> FleetState:
    """Open N stores, (N,) one per seed, let their history pass with the merchant's own set-points, and begin the window."""
    parameters = terms.market
    truth = market.start(parameters, seeds=seeds, first_day=terms.first_day)
    reports = reporting.open_reports(truth)
    setpoints = market.initial_setpoints(parameters, seeds=seeds)
    for _ in range(terms.scenario.history_days * HOURS_PER_DAY):
        truth, outcome = market.step(parameters, truth, setpoints)
        reports = reporting.advance(parameters, reports, outcome)
    goods = _goods(terms, truth, setpoints)
    feeds = open_feeds(terms, reports, stores=seeds.size)
    shares = matured(terms, feeds.conversions, reports)
    watch = open_watch(terms, goods.anchor_price_cents, reports, matured=shares)
    settled = settle(terms, watch, reports, matured=shares, opened_hour=truth.hour)
    tallied = tally(terms, settled, watch, reports, matured=shares, opened_hour=truth.hour)
    none = np.zeros(seeds.size)
    return FleetState(
        market=truth,
        reports=reports,
        setpoints=setpoints,
        book=open_book(setpoints, hour=truth.hour),
        watch=watch,
        feeds=feeds,
        settled=settled,
        window=no_window(seeds.size),
        course=course_for(terms, goods, _beliefs(terms, tallied, watch, goods, setpoints, on_hand=reporting.on_hand(truth))),
        goods=goods,
        losses_cents=(none, none),
        opened_hour=truth.hour,
    )


def sight(terms: FleetTerms, state: FleetState, *, engaged: bool = True, dt_hours: int = 1) -> Sight:
    """What a controller may look at now: reports as late and wrong as the platform shows them, beliefs drawn from them, the plan.

    Args:
        terms: Constants.
        state: Now.
        engaged: Whether proposals are written.
        dt_hours: Hours between two decisions.
    """
    setpoints, shares = state.setpoints, matured(terms, state.feeds.conversions, state.reports)
    tallied = tally(terms, state.settled, state.watch, state.reports, matured=shares, opened_hour=state.opened_hour)
    beliefs = _beliefs(terms, tallied, state.watch, state.goods, setpoints, on_hand=reporting.on_hand(state.market))
    return Sight(
        now_days=state.hours_done / HOURS_PER_DAY,
        dt_days=dt_hours / HOURS_PER_DAY,
        engaged=engaged,
        economics=terms.scenario.terms.economics,
        setpoints={
            Field.PRICE: setpoints.price_cents.astype(np.float64),
            Field.BID: setpoints.bid_cents.astype(np.float64),
            Field.DAILY_BUDGET: setpoints.daily_budget_cents.astype(np.float64),
        },
        course=state.course,
        goods=state.goods,
        beliefs=beliefs,
        reported=Reported(
            clicks_7d=tallied.clicks_7d,
            cost_7d_cents=tallied.cost_7d_cents,
            revenue_7d_cents=tallied.revenue_7d_cents,
            cost_held_cents=tallied.cost_held_cents,
            spent_cents=tallied.spent_cents,
            roas=tallied.roas,
            expected_sales=row_sums(tallied.clicks_7d * beliefs.cvr.mean),
        ),
        reach=reach(terms, state.book, setpoints, state.settled, tallied, hours=(state.opened_hour, state.market.hour)),
    )


def advance(terms: FleetTerms, state: FleetState, seen: Sight, proposal: Proposal) -> tuple[FleetState, FleetHour]:
    """Pass the proposal through the gate and play one hour with what it admits. ``seen`` is the sight the proposal was made under."""
    if state.market.hour % HOURS_PER_DAY == 0:
        shares = matured(terms, state.feeds.conversions, state.reports)
        state = replace(state, losses_cents=losses_cents(state.watch, state.reports, seen, matured=shares))
    at_once = np.zeros(state.market.seeds.size)
    standing = standing_of(
        seen,
        loss_24h_cents=state.losses_cents[0],
        loss_7d_cents=state.losses_cents[1],
        # what was written with the last decision has left the rolling hour by now
        writes_last_hour=at_once.astype(np.int64),
        signal_age_s=dict.fromkeys(Field, at_once),
    )
    verdict = judge_batch(proposal.setpoints, standing=standing, limits=seen.reach.limits)
    return _played(terms, state, _admitted(state.setpoints, verdict), verdict)


def play(terms: FleetTerms, state: FleetState, setpoints: Setpoints) -> tuple[FleetState, FleetHour]:
    """Play one hour with these set-points, asking no gate: for warming up, for hours between decisions, and for the oracle."""
    return _played(terms, state, setpoints, None)


def _played(terms: FleetTerms, state: FleetState, setpoints: Setpoints, verdict: VerdictBatch | None) -> tuple[FleetState, FleetHour]:
    before = state.market
    truth, outcome = market.step(terms.market, before, setpoints)
    reports = reporting.advance(terms.market, state.reports, outcome)
    moved = setpoints.price_cents is not state.setpoints.price_cents
    price = setpoints.price_cents if moved else None
    watch = watched(state.watch, price_cents=price, on_hand=reporting.on_hand(truth), hour=truth.hour)
    feeds, settled = attend(terms, state.feeds, reports), state.settled
    if truth.hour % HOURS_PER_DAY == 0:
        shares = matured(terms, feeds.conversions, reports)
        watch = next_day(terms, watch, reports, matured=shares)
        settled = settle(terms, watch, reports, matured=shares, opened_hour=state.opened_hour)
    hour, window = hour_of(terms, outcome, setpoints, verdict, window=state.window, truth=truth, opened_hour=state.opened_hour)
    after = replace(
        state,
        market=truth,
        reports=reports,
        setpoints=setpoints,
        book=entered(terms, state.book, state.setpoints, setpoints, hour=before.hour),
        watch=watch,
        feeds=feeds,
        settled=settled,
        window=window,
    )
    return after, hour


def _admitted(setpoints: Setpoints, verdict: VerdictBatch) -> Setpoints:
    """What stands after the gate; arrays in which nothing changed stay the same objects, which saves those who only ask whether."""

    def after(field: Field, standing: Ints) -> Ints:
        admitted = verdict.setpoints.get(field, standing)
        return standing if np.array_equal(admitted, standing) else admitted

    return Setpoints(
        bid_cents=after(Field.BID, setpoints.bid_cents),
        price_cents=after(Field.PRICE, setpoints.price_cents),
        daily_budget_cents=after(Field.DAILY_BUDGET, setpoints.daily_budget_cents),
    )


def _goods(terms: FleetTerms, truth: MarketState, setpoints: Setpoints) -> Goods:
    shape = setpoints.price_cents.shape
    return Goods(
        campaign_of=terms.campaign_of,
        cost_cents=truth.world.cost_cents,
        anchor_price_cents=setpoints.price_cents.astype(np.float64),
        is_new=np.tile(terms.is_new, (shape[0], 1)),
        suspect=np.zeros(shape, dtype=np.bool_),
    )


def _beliefs(terms: FleetTerms, tallied: Tally, watch: Watch, goods: Goods, setpoints: Setpoints, *, on_hand: Ints) -> Beliefs:
    shelf = Shelf(
        price_cents=setpoints.price_cents.astype(np.float64),
        on_hand=on_hand.astype(np.float64),
        cost_cents=goods.cost_cents,
        is_new=goods.is_new,
    )
    worth = worth_of(tallied.ads, tallied.shop, shelf, economics=terms.scenario.terms.economics, tuning=terms.tuning)
    return Beliefs(
        cvr=worth.cvr,
        units_per_order=worth.units_per_order,
        organic_units_per_day=worth.organic_units_per_day,
        elasticity=watch.elasticity,
        value_per_click_cents=worth.value_per_click_cents,
        on_hand=shelf.on_hand,
    )
