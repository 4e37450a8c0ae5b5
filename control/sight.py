"""All that a controller may look at, for n stores at once: arrays whose first axis is the store. The daemon's store is n = 1.

One implementation of every law serves the daemon, the replay and the training environments because it is written over these arrays.
"""

from __future__ import annotations

from dataclasses import dataclass

from control.limits import Limits
from control.rows import row_sums
from perception.economics import Economics
from perception.fields import Field
from perception.state import Estimate
from perception.units import Bools, Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The plans of n stores as arrays. All of them stand at the same moment of windows of equal length.

    Attributes:
        ad_budget_cents: (n,) granted for the window.
        target_roas: (n,) attributed revenue per ad spend to keep at least; 0 for no target.
        starts_days, ends_days: Of the window, in days since its first local midnight, ``starts_days < ends_days``.
        daily_shares: (n, d) share of the spend by local day of the window, rows sum to 1.
        hour_shares: (n, 24) share of a day's traffic by local hour, rows sum to 1.
        covered: (n, m) SKUs the plan may touch.
        price_low_cents, price_high_cents: (n, m) price band; 0 where there is none.
        max_bid_cents: (n, m) highest bid worth offering.
        learning_cents: (n, m) ad spend granted for learning.
    """

    ad_budget_cents: Floats
    target_roas: Floats
    starts_days: float
    ends_days: float
    daily_shares: Floats
    hour_shares: Floats
    covered: Bools
    price_low_cents: Floats
    price_high_cents: Floats
    max_bid_cents: Floats
    learning_cents: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """What n stores sell: (n, m) each, but for ``campaign_of``.

    Attributes:
        campaign_of: (m,) index of the campaign of each SKU, the same in every store of a batch.
        cost_cents: What one unit costs the merchant; NaN where unknown.
        anchor_price_cents: The merchant's own price.
        is_new: Launched for this window.
        suspect: Figures were rejected in this tick: hold the SKU.
    """

    campaign_of: Ints
    cost_cents: Floats
    anchor_price_cents: Floats
    is_new: Bools
    suspect: Bools


@dataclass(frozen=True, slots=True, kw_only=True)
class Beliefs:
    """Estimates as in ``StoreState``, (n, m) each; ``on_hand`` is NaN where unknown."""

    cvr: Estimate
    units_per_order: Estimate
    organic_units_per_day: Estimate
    elasticity: Estimate
    value_per_click_cents: Estimate
    on_hand: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What the ad platform has shown so far, not corrected for lag unless said.

    Attributes:
        clicks_7d, cost_7d_cents, revenue_7d_cents: (n, m) of the last seven local days, today included.
        cost_held_cents: (n, m) over all remembered days: what a learning budget has used up.
        spent_cents: (n,) since the window began.
        roas: (n,) revenue per spend, each click day weighed by its maturity; NaN while nothing measurable was spent.
        expected_sales: (n,) lag-corrected conversions expected of the last seven days' clicks.
    """

    clicks_7d: Floats
    cost_7d_cents: Floats
    revenue_7d_cents: Floats
    cost_held_cents: Floats
    spent_cents: Floats
    roas: Floats
    expected_sales: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far set-points may go from where they stand.

    Attributes:
        price_age_s: (n, m) seconds since each price last changed, infinity when never.
        budget_low_24h_cents: (n, c) lowest daily budget in force within the last 24 hours.
        price_anchor_24h_cents: (n, m) price in force 24 hours ago.
        worst_window_cents, worst_month_cents, worst_today_cents: (n, c) worst-case ad spend of the window's days before today, of this
            month's days before today, and of today.
        step_share: Share of every step limit that the mode leaves, (0, 1]: 1 in AUTO.
        limits: The envelope, the same for every store of a batch.
    """

    price_age_s: Floats
    budget_low_24h_cents: Floats
    price_anchor_24h_cents: Floats
    worst_window_cents: Floats
    worst_month_cents: Floats
    worst_today_cents: Floats
    step_share: float
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Everything at once. n stores × m SKUs × c campaigns.

    Attributes:
        now_days: Days since the first local midnight of the window; its fraction is the time of day.
        dt_days: Since the last tick, > 0.
        engaged: Whether proposals are written; where not, laws track what stands so that taking over is bumpless.
        economics: Terms of trade, the same for every store of a batch.
        setpoints: In force: price and bid (n, m), daily budget (n, c), minor units; NaN where never seen.
        course, goods, beliefs, reported, reach: See there.
    """

    now_days: float
    dt_days: float
    engaged: bool
    economics: Economics
    setpoints: dict[Field, Floats]
    course: Course
    goods: Goods
    beliefs: Beliefs
    reported: Reported
    reach: Reach

    @property
    def remaining_cents(self) -> Floats:
        """(n,) ad budget left for today's worst case, after what the days before may have cost."""
        left: Floats = self.course.ad_budget_cents - row_sums(self.reach.worst_window_cents)
        return left
