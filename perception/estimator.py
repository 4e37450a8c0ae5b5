"""From what was seen to what is believed: one pure step per tick, vectorised over SKUs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from perception import beliefs, change_round, elasticity, feeds, freshness, history, loss, quality, tally
from perception.catalogue import Catalogue
from perception.change_round import Changes
from perception.economics import Economics
from perception.feeds import Feeds
from perception.fields import Field
from perception.freshness import Stillness
from perception.history import Cells, History
from perception.memo import by_identity
from perception.observation import COLUMNS, Observation, Signal
from perception.renewal import Renewed, Round, renewed
from perception.state import Estimate, Rejection, StoreState
from perception.tuning import EstimatorTuning
from perception.units import SECONDS_PER_DAY, Bools, Floats, day_fraction, day_of

__all__ = ["EstimatorMemory", "EstimatorTuning", "estimate", "start"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimatorMemory:
    """All that the estimator carries from tick to tick.

    Attributes:
        at: Of the last tick, None before the first.
        started_day: Store-local day of the first tick: losses before it are not ours. None before the first.
        history: Recent days.
        setpoints: Last value read back per field, NaN where never.
        readback_at: When set-points were last read back, None when never.
        elasticity: Belief, renewed once a day.
        elasticity_day: Ordinal of the day whose renewal has begun, -1 before the first.
        stillness: How long each signal has stood still.
        elasticity_round: How far the day's renewal has come, where a store has many products.
        changes: Levels that have changed; None before the first tick.
        feeds: The watch over what platforms count; None before the first tick.
    """

    at: datetime | None
    started_day: int | None
    history: History
    setpoints: dict[Field, Floats]
    readback_at: datetime | None
    elasticity: Estimate
    elasticity_day: int
    stillness: dict[Signal, Stillness]
    elasticity_round: Round | None = None
    changes: Changes | None = None
    feeds: Feeds | None = None


def start(catalogue: Catalogue, tuning: EstimatorTuning) -> EstimatorMemory:
    """The memory before the first tick."""
    m = len(catalogue.skus)
    return EstimatorMemory(
        at=None,
        started_day=None,
        history=history.empty(m, window_days=tuning.window_days, today=0),
        setpoints={field: np.full(len(catalogue.entities(field)), np.nan) for field in Field},
        readback_at=None,
        elasticity=elasticity.prior(m, tuning.elasticity),
        elasticity_day=-1,
        stillness={},
    )


def estimate(
    memory: EstimatorMemory,
    seen: Observation,
    *,
    catalogue: Catalogue,
    economics: Economics,
    tuning: EstimatorTuning,
    timezone: ZoneInfo,
) -> tuple[StoreState, EstimatorMemory]:
    """Fold one observation in and say what the store looks like now.

    Args:
        memory: From ``start`` or the last call; not changed.
        seen: What this tick saw; may hold anything.
        catalogue: Products and campaigns, as given to ``start``.
        economics: Terms of trade.
        tuning: Priors and forgetting.
        timezone: Of the store: days are its calendar days.

    Returns:
        The state of the store, and the memory for the next call.
    """
    clock = _clock(memory, seen, tuning, timezone)
    past, rejected, suspect = _take_in(memory.history, seen, clock, tuning)
    setpoints, readback_at = _setpoints(memory, seen)
    price = _price_in_force(setpoints, catalogue)
    on_hand = history.latest_stock(past)
    past = history.watch(past, dt_s=clock.today_s, price_cents=price, in_stock=~(on_hand <= 0.0))
    reported = beliefs.coverage(past, now_s=clock.now_s, tuning=tuning, timezone=timezone)
    watched, coverage = feeds.attend(memory.feeds, past, reported, now_s=clock.now_s, tuning=tuning, timezone=timezone)
    renewal = renewed(
        Renewed(belief=memory.elasticity, round=memory.elasticity_round),
        past,
        is_new_day=clock.day > memory.elasticity_day,
        maturity=coverage.maturity,
        tuning=tuning.elasticity,
        tick_s=tuning.tick_s,
    )
    changes = change_round.looked(
        memory.changes or change_round.nothing(past.sku_count),
        past,
        change_round.Ground(
            log_anchor=_log_anchor(catalogue),
            elasticity=renewal.belief.mean,
            maturity=coverage.maturity,
            orders_counted=coverage.orders_counted,
            shape=tuning.shape,
        ),
        day=clock.day,
        tuning=tuning.change,
        tick_s=tuning.tick_s,
    )
    stillness = _stillness(memory, past, clock, _effort(past, setpoints, catalogue), tuning)
    remembered = EstimatorMemory(
        at=seen.at,
        started_day=clock.day if memory.started_day is None else memory.started_day,
        history=past,
        setpoints=setpoints,
        readback_at=readback_at,
        elasticity=renewal.belief,
        elasticity_day=max(clock.day, memory.elasticity_day),
        stillness=stillness,
        elasticity_round=renewal.round,
        changes=changes,
        feeds=watched,
    )
    sight = _Sight(
        memory=remembered,
        changes=changes,
        clock=clock,
        coverage=coverage,
        price_cents=price,
        on_hand=on_hand,
        rejected=rejected,
        suspect=suspect,
    )
    return _state(sight, catalogue, economics, tuning, timezone), remembered


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clock:
    """The tick in store time. ``today_s``: seconds since the last tick that belong to today."""

    tick: int
    at: datetime
    now_s: float
    dt_s: float
    today_s: float
    day: int
    fraction: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sight:
    """What one tick knows before beliefs are drawn from it."""

    memory: EstimatorMemory
    changes: Changes
    clock: _Clock
    coverage: beliefs.Coverage
    price_cents: Floats
    on_hand: Floats
    rejected: tuple[Rejection, ...]
    suspect: Bools


def _clock(memory: EstimatorMemory, seen: Observation, tuning: EstimatorTuning, timezone: ZoneInfo) -> _Clock:
    """A clock that stands or goes back counts as one tick, so that ``dt_s`` stays positive."""
    dt_s = tuning.tick_s if memory.at is None else (seen.at - memory.at).total_seconds()
    dt_s = dt_s if dt_s > 0.0 else tuning.tick_s
    fraction = day_fraction(seen.at, timezone)
    return _Clock(
        tick=seen.tick,
        at=seen.at,
        now_s=seen.at.timestamp(),
        dt_s=dt_s,
        today_s=min(dt_s, fraction * SECONDS_PER_DAY),
        day=day_of(seen.at, timezone),
        fraction=fraction,
    )


def _take_in(past: History, seen: Observation, clock: _Clock, tuning: EstimatorTuning) -> tuple[History, tuple[Rejection, ...], Bools]:
    """Judge every row, remember the believed ones."""
    past = history.advance(past, clock.day)
    rejected: list[Rejection] = []
    suspect = np.zeros(past.sku_count, dtype=np.bool_)
    for rows in seen.rows:
        verdicts = quality.judge(rows, history=past, now_s=clock.now_s, limits=tuning.quality)
        rejected += quality.rejections(rows, verdicts, limits=tuning.quality)
        suspect |= quality.suspects(rows, verdicts, past.sku_count)
        past = history.remember(past, quality.believed(rows, verdicts), clock.day)
    return past, tuple(rejected), suspect


def _setpoints(memory: EstimatorMemory, seen: Observation) -> tuple[dict[Field, Floats], datetime | None]:
    """What was read back, with the last known value where an entity could not be read."""
    if seen.readback is None:
        return memory.setpoints, memory.readback_at
    merged = {
        field: np.where(np.isfinite(seen.readback.values[field]), seen.readback.values[field], known)
        if field in seen.readback.values
        else known
        for field, known in memory.setpoints.items()
    }
    return merged, seen.readback.at


def _price_in_force(setpoints: dict[Field, Floats], catalogue: Catalogue) -> Floats:
    """(m,) price that stands, the anchor where it was never read, 1 cent at least so that logs are finite."""
    read = setpoints[Field.PRICE]
    price: Floats = np.nan_to_num(np.where(np.isfinite(read), read, catalogue.anchor_price_cents), nan=1.0)
    return np.maximum(price, 1.0)


@by_identity
def _log_anchor(catalogue: Catalogue) -> Floats:
    """(m,) log of the merchant's own prices, 1 cent at least."""
    return np.log(np.maximum(np.nan_to_num(catalogue.anchor_price_cents, nan=1.0), 1.0))


def _stillness(
    memory: EstimatorMemory, past: History, clock: _Clock, effort: dict[Signal, float], tuning: EstimatorTuning
) -> dict[Signal, Stillness]:
    """Count on for each signal what should have happened in this tick."""
    before = clock.fraction - clock.today_s / SECONDS_PER_DAY
    after: dict[Signal, Stillness] = {}
    for signal in Signal:
        events = freshness.expected_events(past, signal, shape=tuning.shape, from_fraction=before, to_fraction=clock.fraction)
        after[signal] = freshness.wait(
            memory.stillness.get(signal),
            changed_at_s=past.last_change_s.get(signal),
            now_s=clock.now_s,
            effort=effort[signal],
            events=events if effort[signal] > 0.0 else 0.0,
        )
    return after


def _effort(past: History, setpoints: dict[Field, Floats], catalogue: Catalogue) -> dict[Signal, float]:
    """What is done for activity. Ads rest, rightly, where nothing is bid or the day's budget is as good as spent."""
    budget = np.nan_to_num(setpoints[Field.DAILY_BUDGET])
    ads = history.cells_of(past, Signal.ADS, past.today)
    spent = 0.0 if ads is None else _spend_cents(ads, catalogue)
    running = (budget > 0.0) & (spent < 0.9 * budget)
    bids = np.nan_to_num(setpoints[Field.BID]) * running[catalogue.campaign_of]
    return {Signal.ADS: float(bids.sum()), Signal.SHOP: 1.0, Signal.STOCK: 1.0}


@by_identity
def _spend_cents(ads: Cells, catalogue: Catalogue) -> Floats:
    """(c,) reported ad cost of one day by campaign."""
    cost = ads.values[COLUMNS[Signal.ADS].index("cost_cents")]
    sums: Floats = np.bincount(catalogue.campaign_of, weights=cost, minlength=len(catalogue.campaigns)).astype(np.float64)
    return sums


def _state(sight: _Sight, catalogue: Catalogue, economics: Economics, tuning: EstimatorTuning, timezone: ZoneInfo) -> StoreState:
    """Draw beliefs from what is remembered and put the message together."""
    memory, clock, past = sight.memory, sight.clock, sight.memory.history
    view = beliefs.View(
        price_cents=sight.price_cents,
        on_hand=sight.on_hand,
        elasticity=memory.elasticity,
        coverage=sight.coverage,
        shifts=sight.changes.shifts,
    )
    believed = beliefs.believe(past, view, catalogue=catalogue, economics=economics, tuning=tuning)
    belief = believed.worth
    ads = {d: cells for d in sorted(past.days) if (cells := history.cells_of(past, Signal.ADS, d)) is not None}
    revenue = COLUMNS[Signal.ADS].index("conversion_value_cents")
    results = _results_by_day(sight, belief, catalogue, economics)
    ads_seen_s = past.last_seen_s.get(Signal.ADS, clock.now_s)
    settled = datetime.fromtimestamp(ads_seen_s - tuning.spend_settles_after_s, tz=UTC)
    return StoreState(
        tick=clock.tick,
        at=clock.at,
        dt_s=clock.dt_s,
        day=clock.day,
        day_fraction=clock.fraction,
        age_s=freshness.ages_s(past, clock.now_s),
        frozen=_frozen(memory, clock, tuning),
        uncounted=() if memory.feeds is None else tuple(str(feed) for feed in memory.feeds.out()),
        readback_age_s=np.inf if memory.readback_at is None else max((clock.at - memory.readback_at).total_seconds(), 0.0),
        setpoints=memory.setpoints,
        on_hand=sight.on_hand,
        ctr=believed.ctr,
        cvr=belief.cvr,
        units_per_order=belief.units_per_order,
        organic_units_per_day=belief.organic_units_per_day,
        elasticity=view.elasticity,
        unit_margin_cents=belief.unit_margin_cents,
        value_per_click_cents=belief.value_per_click_cents,
        ad_clicks_7d=tally.ads_since(past, "clicks", clock.day - 6),
        ad_cost_7d_cents=tally.ads_since(past, "cost_cents", clock.day - 6),
        ad_revenue_7d_cents=tally.ads_since(past, "conversion_value_cents", clock.day - 6),
        ad_cost_held_cents=tally.ads_since(past, "cost_cents", 0),
        spend_by_day_cents={d: _spend_cents(cells, catalogue) for d, cells in ads.items()},
        spend_settled_before_day=day_of(settled, timezone),
        revenue_by_day_cents={d: history.column_totals(cells)[revenue] for d, cells in ads.items()},
        expected_maturity=sight.coverage.maturity,
        units_by_day=tally.column_by_day(past, Signal.SHOP, "units"),
        baseline_loss_24h_cents=float(loss.window_loss_cents(results, today=clock.day, day_fraction=clock.fraction, days=1)),
        baseline_loss_7d_cents=float(loss.window_loss_cents(results, today=clock.day, day_fraction=clock.fraction, days=7)),
        rejected=sight.rejected,
        suspect=sight.suspect,
        changes=change_round.told(sight.changes),
    )


def _frozen(memory: EstimatorMemory, clock: _Clock, tuning: EstimatorTuning) -> tuple[Signal, ...]:
    """Signals that refresh without moving."""
    return tuple(
        signal
        for signal, still in memory.stillness.items()
        if freshness.is_frozen(
            still,
            last_seen_s=memory.history.last_seen_s.get(signal),
            now_s=clock.now_s,
            after_s=tuning.ads_frozen_after_s if signal is Signal.ADS else tuning.frozen_after_s,
            events=tuning.frozen_events,
        )
    )


def _results_by_day(sight: _Sight, belief: beliefs.Worth, catalogue: Catalogue, economics: Economics) -> dict[int, float]:
    """Profit against the baseline of each of the last eight days since the loop runs: ads and prices, no other cause counts."""
    past, today = sight.memory.history, sight.clock.day
    first = max(sight.memory.started_day or today, today - 7)
    order_margin_cents = belief.units_per_order.mean * belief.unit_margin_cents
    results: dict[int, float] = {}
    for ordinal in range(first, today + 1):
        ads = history.cells_of(past, Signal.ADS, ordinal)
        result = 0.0
        if ads is not None:
            _, clicks, cost, conversions, _ = ads.values
            result += float(
                loss.ad_result_cents(
                    cost_cents=cost,
                    clicks=clicks,
                    conversions=conversions,
                    maturity=sight.coverage.maturity[ordinal],
                    order_margin_cents=order_margin_cents,
                    cvr=belief.cvr,
                )
            )
        shop, day = history.cells_of(past, Signal.SHOP, ordinal), past.days.get(ordinal)
        if shop is not None and day is not None and day.exposure is not None:
            result += loss.price_result_cents(
                units=shop.values[1],
                price_cents=history.mean_price_cents(day.exposure),
                anchor_cents=catalogue.anchor_price_cents,
                cost_cents=catalogue.cost_cents,
                elasticity=sight.memory.elasticity,
                terms=economics,
            )
        results[ordinal] = result
    return results
