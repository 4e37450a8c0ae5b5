"""The gate over arrays, for training and evaluation: the rules of ``control.envelope`` for many simulated stores at once.

The daemon's gate stays the scalar one; a property test holds the two equal, element by element. A simulated store has its set-points
known and acknowledged, no person who edits it, its canary passed, and full authority (AUTO), so the bars of those circumstances are not
here. Everything else is: what makes a wish unfit, stale signals, suspect figures, the writes of the hour, every step, cap, band, floor,
grant and loss limit. Fields are judged in the order of ``control.presenting``: budgets in the campaigns' order, each seeing what was
admitted before it, then bids, then prices.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from control.command import Outcome
from control.limits import Limits
from control.sight import Sight
from perception.fields import Field
from perception.units import Bools, Floats, Ints

OUTCOMES = (Outcome.NEUTRAL, Outcome.ADMITTED, Outcome.LIMITED, Outcome.DENIED)
"""The outcome of each code in ``VerdictBatch.outcomes``. A wish that is not presented (NaN, or held as suspect) is neutral, 0."""

_ADMITTED, _LIMITED, _DENIED = (OUTCOMES.index(outcome) for outcome in (Outcome.ADMITTED, Outcome.LIMITED, Outcome.DENIED))

Codes: TypeAlias = NDArray[np.int8]


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingBatch:
    """All that the gate must know of n stores with m SKUs and c campaigns. Amounts are minor units, whole and below 2**53.

    Attributes:
        in_force: Set-points: price and bid (n, m), daily budget (n, c), >= 0 and all of them known.
        price_age_s: (n, m) seconds since each price changed; infinity when never.
        price_anchor_24h_cents: (n, m) price in force 24 hours ago; NaN when unknown.
        budget_low_24h_cents: (n, c) lowest daily budget of the last 24 hours; NaN when unknown.
        cost_cents: (n, m) unit cost; NaN when unknown.
        map_cents: (n, m) minimum advertised price; 0 for none.
        price_low_cents, price_high_cents: (n, m) band; 0 for none.
        suspect: (n, m) SKUs whose figures were rejected.
        worst_window_cents, worst_month_cents, worst_today_cents: (n, c) worst-case ad spend of the window's and of the month's days before
            today, and of today.
        granted_cents: (n,) worst-case ad spend granted for the window.
        loss_24h_cents, loss_7d_cents: (n,) loss against the baseline, lower bounds; a fraction of a minor unit does not count.
        signal_age_s: {field: (n,) age of the oldest signal the field rests on}; infinity when one was never seen.
        writes_last_hour: (n,) writes of the rolling last hour.
    """

    in_force: dict[Field, Floats]
    price_age_s: Floats
    price_anchor_24h_cents: Floats
    budget_low_24h_cents: Floats
    cost_cents: Floats
    map_cents: Floats
    price_low_cents: Floats
    price_high_cents: Floats
    suspect: Bools
    worst_window_cents: Floats
    worst_month_cents: Floats
    worst_today_cents: Floats
    granted_cents: Floats
    loss_24h_cents: Floats
    loss_7d_cents: Floats
    signal_age_s: dict[Field, Floats]
    writes_last_hour: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictBatch:
    """The gate's answers.

    Attributes:
        setpoints: {field: (n, m) or (n, c) whole minor units that may stand} for the fields that were wished for.
        outcomes: {field: the same shape, index into ``OUTCOMES``}.
        judged: (n,) wishes that asked for a change.
        interventions: (n,) of them limited or denied.
        writes: (n,) of them admitted or limited: what is written.
    """

    setpoints: dict[Field, Ints]
    outcomes: dict[Field, Codes]
    judged: Ints
    interventions: Ints
    writes: Ints


def standing_of(
    sight: Sight,
    *,
    loss_24h_cents: Floats,
    loss_7d_cents: Floats,
    writes_last_hour: Ints,
    signal_age_s: dict[Field, Floats],
) -> StandingBatch:
    """What a sight says to the gate, with the few figures that controllers do not look at; no SKU has a minimum advertised price."""
    reach, goods, course = sight.reach, sight.goods, sight.course
    return StandingBatch(
        in_force=sight.setpoints,
        price_age_s=reach.price_age_s,
        price_anchor_24h_cents=reach.price_anchor_24h_cents,
        budget_low_24h_cents=reach.budget_low_24h_cents,
        cost_cents=goods.cost_cents,
        map_cents=np.broadcast_to(0.0, goods.cost_cents.shape),
        price_low_cents=course.price_low_cents,
        price_high_cents=course.price_high_cents,
        suspect=goods.suspect,
        worst_window_cents=reach.worst_window_cents,
        worst_month_cents=reach.worst_month_cents,
        worst_today_cents=reach.worst_today_cents,
        granted_cents=course.ad_budget_cents,
        loss_24h_cents=loss_24h_cents,
        loss_7d_cents=loss_7d_cents,
        signal_age_s=signal_age_s,
        writes_last_hour=writes_last_hour,
    )


def judge_batch(wishes: dict[Field, Floats], *, standing: StandingBatch, limits: Limits) -> VerdictBatch:
    """Judge every wish of every store. Pure; a store's verdicts do not depend on the batch it stands in.

    Args:
        wishes: {field: (n, m) or (n, c)}; NaN, or an absent field, leaves what stands. May hold anything a faulty law can produce.
        standing: The circumstances.
        limits: The envelope, the same for every store.
    """
    loss_24h, loss_7d = np.floor(standing.loss_24h_cents), np.floor(standing.loss_7d_cents)
    lossy = (loss_24h >= limits.max_loss_24h_cents) | (loss_7d >= limits.max_loss_7d_cents)
    judges = [(field, judge_field) for field, judge_field in _JUDGES.items() if field in wishes]
    # the writes of earlier fields matter to later ones only where the hour's writes might run out at all
    most = sum(wishes[field].shape[1] for field, _ in judges) + int(standing.writes_last_hour.max(initial=0))
    writes = standing.writes_last_hour
    setpoints: dict[Field, Ints] = {}
    outcomes: dict[Field, Codes] = {}
    for field, judge_field in judges:
        age = standing.signal_age_s[field]
        scene = _Scene(standing, limits, lossy, (age >= 0.0) & (age <= limits.max_signal_age_s), writes)
        values, codes = judge_field(wishes[field], scene)
        setpoints[field], outcomes[field] = values.astype(np.int64), codes
        if most > limits.max_writes_per_hour:
            writes = writes + _count(codes != 0) - _count(codes == _DENIED)
    every = np.concatenate([np.empty((*lossy.shape, 0), dtype=np.int8), *outcomes.values()], axis=1)
    judged = _count(every != 0)
    return VerdictBatch(
        setpoints=setpoints,
        outcomes=outcomes,
        judged=judged,
        interventions=judged - _count(every == _ADMITTED),
        writes=judged - _count(every == _DENIED),
    )


@dataclass(frozen=True, slots=True)
class _Scene:
    """What the judges of the fields share; (n,) each, but for the first two."""

    standing: StandingBatch
    limits: Limits
    lossy: Bools
    fresh: Bools
    writes: Ints


def _bids(wish: Floats, s: _Scene) -> tuple[Floats, Codes]:
    last, limits = s.standing.in_force[Field.BID], s.limits
    target = np.floor(wish)
    step = np.maximum(last + np.floor(last * limits.bid_up_per_change_ratio), float(limits.first_bid_cents))
    bound = np.maximum(np.minimum(step, float(limits.max_bid_cents)), last)
    value = np.minimum(target, bound)
    falls = target < last
    rises = (target > last) & ~s.standing.suspect
    raised = rises & (s.fresh & ~s.lossy)[:, None] & (value > last) & (wish < np.inf)
    lowered = falls & (wish >= 0.0)
    passes = lowered | (raised & _before_writes_end(raised | lowered, s))
    return np.where(passes, value, last), _codes(rises | falls, passes, value == target)


def _prices(wish: Floats, s: _Scene) -> tuple[Floats, Codes]:
    standing, limits, last = s.standing, s.limits, s.standing.in_force[Field.PRICE]
    low, high = _price_bounds(s)
    target = np.rint(wish)
    value = np.minimum(np.maximum(target, low), high)
    priced = (standing.cost_cents > 0.0) & (standing.cost_cents < np.inf)
    banded = (standing.price_low_cents > 0.0) & (standing.price_low_cents <= standing.price_high_cents)
    rested = standing.price_age_s >= limits.price_min_interval_s
    sound = (wish >= 0.0) & (wish < np.inf)
    # NaN is neither, and a suspect SKU is held; below zero is no price even where it rounds to the one in force
    asked = ((target < last) | (target > last) | (wish < 0.0)) & ~standing.suspect
    passes = asked & sound & priced & banded & rested & s.fresh[:, None] & (value != last)
    passes &= _before_writes_end(passes, s)
    return np.where(passes, value, last), _codes(asked, passes, value == target)


def _price_bounds(s: _Scene) -> tuple[Floats, Floats]:
    """(n, m) lowest and highest price that steps, band, floor and losses leave; what stands is always between, and both where unknown."""
    standing, limits, last = s.standing, s.limits, s.standing.in_force[Field.PRICE]
    anchor = standing.price_anchor_24h_cents
    step, day = np.floor(last * limits.price_step_ratio), np.floor(anchor * limits.price_day_ratio)
    floor = np.maximum(np.ceil(standing.cost_cents / (1.0 - limits.min_margin_ratio)), standing.map_cents)
    low = np.maximum(np.maximum(last - step, anchor - day), np.maximum(standing.price_low_cents, floor))
    high = np.minimum(np.minimum(last + step, anchor + day), standing.price_high_cents)
    if s.lossy.any():
        lossy = s.lossy[:, None]
        low, high = np.where(lossy, last, low), np.where(lossy, np.minimum(high, np.maximum(last, floor)), high)
    return np.fmin(low, last), np.fmax(high, last)


def _budgets(wish: Floats, s: _Scene) -> tuple[Floats, Codes]:
    # campaigns first: each is judged by what was admitted to those before it
    wished, target = np.ascontiguousarray(wish.T), np.floor(wish.T)
    in_force, today = s.standing.in_force[Field.DAILY_BUDGET].T.copy(), s.standing.worst_today_cents.T.copy()
    codes = np.empty(in_force.shape, dtype=np.int8)
    settled = _Settled(
        low_24h=np.ascontiguousarray(s.standing.budget_low_24h_cents.T),
        window=np.ascontiguousarray(s.standing.worst_window_cents.T).sum(axis=0),
        month=np.ascontiguousarray(s.standing.worst_month_cents.T).sum(axis=0),
    )
    calm, writes = s.fresh & ~s.lossy, s.writes
    for campaign, (aim, last) in enumerate(zip(target, in_force.copy(), strict=True)):
        rises, falls = aim > last, aim < last
        bound = _budget_bound(campaign, in_force, today, settled, s) if rises.any() else last
        # fmax: where the day's lowest is unknown the bound is NaN, and what stands is all there is
        value = np.minimum(aim, np.fmax(bound, last))
        may_rise = calm & (writes < s.limits.max_writes_per_hour)
        passes = (rises & may_rise & (value > last) & (wished[campaign] < np.inf)) | (falls & (wished[campaign] >= 0.0))
        codes[campaign] = _codes(rises | falls, passes, value == aim)
        in_force[campaign] = np.where(passes, value, last)
        spendable = s.limits.overdelivery_day_ratio * in_force[campaign]
        today[campaign] = np.where(passes, np.maximum(today[campaign], spendable), today[campaign])
        writes = writes + passes
    return np.ascontiguousarray(in_force.T), np.ascontiguousarray(codes.T)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settled:
    """What no budget of this tick changes: (c, n) lowest budgets of 24 hours, (n,) worst case of the window's and month's days before."""

    low_24h: Floats
    window: Floats
    month: Floats


def _budget_bound(campaign: int, in_force: Floats, today: Floats, settled: _Settled, s: _Scene) -> Floats:
    """(n,) highest daily budget of ``campaign`` beside the budgets (c, n) in force and what today (c, n) may cost already."""
    limits, last = s.limits, in_force[campaign]
    low = np.minimum(settled.low_24h[campaign], last)
    others, others_today = _sum_but(in_force, campaign), _sum_but(today, campaign)
    store_day = math.floor(limits.max_store_daily_cents / limits.overdelivery_day_ratio)
    store_standing = math.floor(limits.max_store_month_cents / limits.overdelivery_month_days)
    month_left = limits.max_store_month_cents - np.ceil(settled.month + others_today)
    grant_left = s.standing.granted_cents - np.ceil(settled.window + others_today)
    bound = np.minimum(last + np.floor(last * limits.budget_up_per_change_ratio), low + np.floor(low * limits.budget_up_per_day_ratio))
    bound = np.minimum(np.minimum(bound, float(limits.max_daily_budget_cents)), min(store_day, store_standing) - others)
    left = np.floor(np.minimum(month_left, grant_left) / limits.overdelivery_day_ratio)
    held: Floats = np.minimum(bound, left)
    return held


def _sum_but(rows: Floats, skipped: int) -> Floats:
    """(n,) sum of all rows but one, from the first to the last."""
    total = np.zeros(rows.shape[1])
    for index, row in enumerate(rows):
        if index != skipped:
            total += row
    return total


def _before_writes_end(passes: Bools, s: _Scene) -> Bools:
    """Where along the entities the writes of the hour still allow a rise, if everything in ``passes`` is written in its order.

    The count never falls, so a rise is barred from where the count without any barring reaches the limit; what only lowers spend goes on.
    """
    limit = s.limits.max_writes_per_hour
    if int(s.writes.max(initial=0)) + passes.shape[1] <= limit:
        return np.ones((1, 1), dtype=np.bool_)
    within: Bools = s.writes[:, None] + np.cumsum(passes, axis=1) - passes < limit
    return within


def _codes(asked: Bools, passes: Bools, whole: Bools) -> Codes:
    """0 where nothing was asked, 1 passed whole, 2 passed in part, 3 not passed: three less one for passing and one for passing whole."""
    codes: Codes = asked.view(np.int8) * np.int8(_DENIED) - passes.view(np.int8) - (passes & whole).view(np.int8)
    return codes


def _count(flags: Bools) -> Ints:
    """(n,) true entries of each row; exact, and faster than ``count_nonzero`` for short rows."""
    total: Ints = (flags.astype(np.float32) @ np.ones(flags.shape[1], dtype=np.float32)).astype(np.int64)
    return total


_JUDGES: dict[Field, Callable[[Floats, _Scene], tuple[Floats, Codes]]] = {
    Field.DAILY_BUDGET: _budgets,
    Field.BID: _bids,
    Field.PRICE: _prices,
}
"""In the order in which fields are judged and written, as ``control.presenting``: the fence before what it fences."""
