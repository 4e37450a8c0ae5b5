"""What the gate is told and how it answers: the circumstances of one wish, and the names of its reasons. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from control.mode import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Everything the gate must know about the entity and its store to judge one wish. Plain Python types; cents are ``int`` >= 0.

    Wishes are judged one at a time: whoever admits one counts it in the exposure and the writes of the next one's standing.

    Attributes:
        mode: Mode of engagement of the store.
        last: Set-point in force as last read back; None when unknown.
        acknowledged: Set-point that the platform last acknowledged to us; None when we never wrote it.
        changed_age_s: Seconds since this set-point last changed, by whoever's hand; infinity when never. Prices only.
        low_24h: Lowest set-point in force within the rolling last 24 hours; None when unknown. Budgets only.
        day_anchor: Set-point in force 24 hours ago; None when unknown. Prices only.
        overridden: A person's edit or lock is being respected.
        unresolved: An earlier write of this set-point has an unknown outcome.
        suspect: The entity's figures were rejected in this tick.
        signal_age_s: Age of the oldest signal this field depends on, seconds; infinity when one was never seen.
        readback_age_s: Seconds since set-points were last read back; infinity when never.
        unit_cost_cents: What one unit costs the merchant, > 0; NaN when unknown. Prices only.
        map_cents: Minimum advertised price; 0 for none. Prices only.
        price_low_cents, price_high_cents: Band granted for this SKU; 0 and 0 for none. Prices only.
        committed_cents: Worst-case ad spend already committed in the granted window, without today's budget of this campaign.
        granted_cents: Worst-case ad spend granted for the window.
        store_daily_others_cents: Sum of the daily budgets of all other campaigns.
        month_committed_cents: Worst-case ad spend already committed this month, without today's budget of this campaign.
        loss_24h_cents, loss_7d_cents: Loss against the baseline, lag-corrected lower bounds.
        writes_last_hour: Writes of the store in the rolling last hour.
        canary_passed: The first entity's change has come through well.
        is_canary: This is the entity that goes first.
    """

    mode: Mode
    last: int | None
    acknowledged: int | None
    changed_age_s: float
    low_24h: int | None
    day_anchor: int | None
    overridden: bool
    unresolved: bool
    suspect: bool
    signal_age_s: float
    readback_age_s: float
    unit_cost_cents: float
    map_cents: int
    price_low_cents: int
    price_high_cents: int
    committed_cents: int
    granted_cents: int
    store_daily_others_cents: int
    month_committed_cents: int
    loss_24h_cents: int
    loss_7d_cents: int
    writes_last_hour: int
    canary_passed: bool
    is_canary: bool


class Reason(StrEnum):
    """Why a wish was limited or denied: the stable names that verdicts, journal and counters carry."""

    LAST_UNKNOWN = "last_unknown"
    """What stands on the platform is not known, so no change of it can be judged."""
    UNKNOWN_FIELD = "unknown_field"
    """Not a set-point of ours."""
    NOT_A_NUMBER = "not_a_number"
    """The value is of another type."""
    NON_FINITE = "non_finite"
    """The value is NaN or infinite."""
    NEGATIVE = "negative"
    """The value is below zero."""
    FOREIGN_CURRENCY = "foreign_currency"
    """The amount is not in the currency of the limits."""

    MODE_FORBIDS_WRITES = "mode_forbids_writes"
    """The mode has no authority over the platform."""
    OVERRIDE = "override"
    """A person has changed or locked this set-point; it is theirs."""
    UNRESOLVED = "unresolved"
    """What became of an earlier write is not known yet."""
    READBACK_STALE = "readback_stale"
    """The set-points were last read back too long ago."""
    FIGURES_INVALID = "figures_invalid"
    """A figure of the standing is not a whole amount >= 0."""
    SIGNAL_STALE = "signal_stale"
    """A signal that this field depends on is too old, or was never seen."""
    SUSPECT = "suspect"
    """The entity's figures were rejected in this tick."""
    WRITE_BUDGET = "write_budget"
    """The writes of this hour are used up."""
    CANARY_PENDING = "canary_pending"
    """Another entity goes first, and has not come through yet."""
    PRICE_INTERVAL = "price_interval"
    """The price changed too recently."""
    COST_UNKNOWN = "cost_unknown"
    """Without a unit cost there is no floor, and without a floor no change."""
    BAND_MISSING = "band_missing"
    """Nobody has granted a price band for this SKU."""

    MODE_ONLY_REDUCES = "mode_only_reduces"
    """The mode admits only what lowers risk."""
    LOSS_24H = "loss_24h"
    """The loss of 24 hours has reached its limit: only what lowers risk."""
    LOSS_7D = "loss_7d"
    """The loss of 7 days has reached its limit: only what lowers risk."""
    BID_CAP = "bid_cap"
    """Highest cost per click."""
    BID_STEP = "bid_step"
    """Rise of a bid per change."""
    BUDGET_STEP = "budget_step"
    """Rise of a budget per change."""
    BUDGET_DAY = "budget_day"
    """Rise of a budget per 24 hours, from the lowest it was; none where that is unknown."""
    BUDGET_CAP = "budget_cap"
    """Highest daily budget of a campaign."""
    STORE_DAY_CAP = "store_day_cap"
    """The store's worst day of ad spend."""
    STORE_MONTH_CAP = "store_month_cap"
    """The store's worst month of ad spend, counting what it is already committed to."""
    STORE_MONTH_STANDING = "store_month_standing"
    """The same if nobody touches the budgets again: ads go on spending after a daemon dies."""
    GRANT = "grant"
    """The ad spend granted for the plan's window, worst case."""
    PRICE_STEP = "price_step"
    """Change of a price at once."""
    PRICE_DAY = "price_day"
    """Distance of a price from where it stood a day ago; none where that is unknown."""
    PRICE_BAND = "price_band"
    """The band granted for this SKU."""
    PRICE_FLOOR = "price_floor"
    """The price that still earns the minimum margin, or the minimum advertised price."""
