"""The store as the loop believes it to be after one tick, each estimate with its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from perception.fields import Field
from perception.observation import Signal
from perception.units import Bools, Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A figure that was not believed.

    Attributes:
        signal: Where it came from.
        sku: Index into the catalogue, or -1 for the whole signal.
        day: Store-local day ordinal it claims to describe.
        version: Version it came with.
        reason: Name of the check that failed, such as ``non_finite``.
        count: Rows it stands for, >= 1.
    """

    signal: Signal
    sku: int
    day: int
    version: int
    reason: str
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A level that has changed, so that days before it, or an episode within them, count for less.

    Attributes:
        rate: Which, see ``perception.change.Rate``.
        sku: Index into the catalogue, or -1 for the whole store.
        since_day: Store-local day ordinal from which the level was another.
        until_day: First day at which it was over; None while it lasts.
        ratio: That level over the one of all other days, > 0.
        evidence: Log Bayes factor of the change against none.
    """

    rate: str
    sku: int
    since_day: int
    until_day: int | None
    ratio: float
    evidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A belief about one figure per SKU: (m,) mean and (m,) standard deviation, in the figure's own unit."""

    mean: Floats
    sd: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreState:
    """What control and planning may know. m SKUs, c campaigns; arrays follow the catalogue's order.

    Attributes:
        tick, at: As in the observation.
        dt_s: Seconds since the last tick, > 0; the configured tick length at the first.
        day: Store-local day ordinal. ``day_fraction``: how much of it has passed, [0, 1).
        age_s: Seconds since each signal was last refreshed with a believed figure, >= 0; infinity when never.
        frozen: Signals whose figures have not moved for longer than a live feed could stand still: treated as stale.
        uncounted: What a platform stopped counting although the store goes on, "conversions" or "orders": their silence is not believed.
        readback_age_s: Seconds since set-points were last read back; infinity when never.
        setpoints: Last values read back, (m,) or (c,) minor units, NaN where never seen.
        on_hand: (m,) units in stock; NaN where not known.
        ctr, cvr: Click per impression; order per click at today's price, corrected for conversions still to come.
        units_per_order: Units of the SKU in an order that contains it.
        organic_units_per_day: Units a day that come without ads.
        elasticity: Own-price elasticity, magnitude (> 0): units fall by this many percent per percent of price.
        unit_margin_cents: (m,) price − fees − expected returns − unit cost at the price in force; NaN where the cost is unknown.
        value_per_click_cents: What one more click is worth: cvr × units_per_order × unit_margin_cents; 0 where nothing can be sold.
        ad_clicks_7d, ad_cost_7d_cents, ad_revenue_7d_cents: (m,) as last reported for the last seven store-local days, today included,
            not corrected for lag: what a rule book looks at.
        ad_cost_held_cents: (m,) reported ad spend over all days still held in the history: what a learning budget has used up.
        spend_by_day_cents: Reported ad spend per campaign for recent store-local days: {day: (c,)}.
        spend_settled_before_day: Days before this ordinal will see no further spend reported.
        revenue_by_day_cents: {day: attributed ad revenue of the store}, as last restated and not corrected for lag.
        expected_maturity: {day: share of that click day's conversions that should have been reported by now, (0, 1]}.
        units_by_day: {day: (m,) units sold} of recent days.
        baseline_loss_24h_cents, baseline_loss_7d_cents: Lag-corrected lower bound of profit lost against the baseline, >= 0.
        rejected: Figures not believed in this tick.
        suspect: (m,) SKUs whose figures were rejected in this tick: hold them.
        changes: Levels that have changed within the remembered days; already allowed for in the beliefs above.
    """

    tick: int
    at: datetime
    dt_s: float
    day: int
    day_fraction: float
    age_s: dict[Signal, float]
    frozen: tuple[Signal, ...]
    uncounted: tuple[str, ...] = ()
    readback_age_s: float
    setpoints: dict[Field, Floats]
    on_hand: Floats
    ctr: Estimate
    cvr: Estimate
    units_per_order: Estimate
    organic_units_per_day: Estimate
    elasticity: Estimate
    unit_margin_cents: Floats
    value_per_click_cents: Estimate
    ad_clicks_7d: Floats
    ad_cost_7d_cents: Floats
    ad_revenue_7d_cents: Floats
    ad_cost_held_cents: Floats
    spend_by_day_cents: dict[int, Floats]
    spend_settled_before_day: int
    revenue_by_day_cents: dict[int, float]
    expected_maturity: dict[int, float]
    units_by_day: dict[int, Floats]
    baseline_loss_24h_cents: float
    baseline_loss_7d_cents: float
    rejected: tuple[Rejection, ...]
    suspect: Bools
    changes: tuple[Change, ...] = ()
