"""Which stage of its life each product is in, and what follows from that for goal, audience and price freedom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perception.catalogue import Catalogue
from perception.state import StoreState
from perception.units import Bools, Floats
from planning.forecast import daily_scatter
from planning.plan import Audience, Goal, Stage

RISE_Z = 2.0
"""Standard deviations by which last week must exceed the week before to count as taking off."""

RISE_RATIO = 1.3
"""... and the factor."""

CORE_SHARE = 0.8
"""Mature are the best sellers that together make this share of units; a tenth of the SKUs makes 60 % of revenue (fit, Online Retail II)."""

COVER_DAYS = 120.0
"""Stock for longer than this is to be cleared: a season, several lead times of 14-21 days. Assumed."""

LAUNCH_UNITS = 5.0
"""A new product with fewer sales than this is still waiting for its first reviews (5-10 reviews lift conversion to its
normal level: Spiegel/Askalidis 2016)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a stage calls for.

    Attributes:
        goal: None for the goal of the plan as a whole.
        audience: Whom its ads address.
        deepest_discount, highest_rise: Freedom of the price, shares of the anchor, >= 0, within the merchant's own band.
        bid_sd: Standard deviations above the expected value per click that may be bid.
    """

    goal: Goal | None
    audience: Audience
    deepest_discount: float
    highest_rise: float
    bid_sd: float


POLICIES: dict[Stage, Policy] = {
    Stage.NEW: Policy(goal=Goal.FIRST_SALE, audience=Audience.BROAD, deepest_discount=0.10, highest_rise=0.0, bid_sd=2.0),
    Stage.TAKING_OFF: Policy(goal=Goal.TAKE_OFF, audience=Audience.IN_MARKET, deepest_discount=0.05, highest_rise=0.05, bid_sd=1.5),
    Stage.MATURE: Policy(goal=None, audience=Audience.IN_MARKET, deepest_discount=1.0, highest_rise=1.0, bid_sd=1.0),
    Stage.LONG_TAIL: Policy(goal=Goal.PROFIT, audience=Audience.RETURNING, deepest_discount=0.05, highest_rise=1.0, bid_sd=1.0),
    Stage.CLEARANCE: Policy(goal=Goal.CLEAR_STOCK, audience=Audience.BROAD, deepest_discount=1.0, highest_rise=0.0, bid_sd=1.0),
}
"""A launch must not grow dearer while it is unknown, a rising product is disturbed least, clearance only goes down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Stages, and the figures they follow from.

    Attributes:
        stages: One per SKU.
        units_per_day: (m,) over the whole days on record.
        units_7d, units_before_7d: (m,) sold in the last seven whole days, and in the seven before.
        cover_days: (m,) days the stock lasts at that rate; infinite without sales, NaN where stock is unknown.
    """

    stages: tuple[Stage, ...]
    units_per_day: Floats
    units_7d: Floats
    units_before_7d: Floats
    cover_days: Floats


def select(state: StoreState, catalogue: Catalogue, record: Floats) -> Selection:
    """Put each product into a stage; the first that fits, in the order new, clearance, taking off, mature, long tail.

    Args:
        state: Beliefs.
        catalogue: Products.
        record: (d, m) units sold on each whole day on record, oldest first.
    """
    sold = record.sum(axis=0)
    per_day = sold / max(record.shape[0], 1)
    week, before = record[-7:].sum(axis=0), record[-14:-7].sum(axis=0)
    noise = np.sqrt(daily_scatter(record) * (week + before))
    rising = (week > RISE_RATIO * before) & (week - before > RISE_Z * noise) & (record.shape[0] >= 2 * 7)
    rate = np.maximum(per_day, state.organic_units_per_day.mean)
    cover = np.divide(state.on_hand, rate, out=np.full_like(rate, np.inf), where=rate > 0.0)
    launching = catalogue.is_new & (sold < LAUNCH_UNITS)
    conditions = [launching, ~catalogue.is_new & (cover > COVER_DAYS), rising | catalogue.is_new, _core(sold)]
    choices = np.select(conditions, [0, 1, 2, 3], default=4)
    order = (Stage.NEW, Stage.CLEARANCE, Stage.TAKING_OFF, Stage.MATURE, Stage.LONG_TAIL)
    return Selection(
        stages=tuple(order[choice] for choice in choices.tolist()),
        units_per_day=per_day,
        units_7d=week,
        units_before_7d=before,
        cover_days=np.where(np.isnan(state.on_hand), np.nan, cover),
    )


def _core(sold: Floats) -> Bools:
    """(m,) the best sellers that together make ``CORE_SHARE`` of all units."""
    order = np.argsort(-sold, kind="stable")
    before = np.cumsum(sold[order]) - sold[order]
    core = np.zeros(sold.size, dtype=np.bool_)
    core[order] = (before < CORE_SHARE * sold.sum()) & (sold[order] > 0.0)
    return core
