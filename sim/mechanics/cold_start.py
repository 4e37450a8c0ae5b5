"""Cold start: a launched SKU converts badly until it has reviews, and draws visitors while it is new.

Reviews: Askalidis & Malthouse, "The value of online customer reviews" (RecSys 2016), and Spiegel Research Center (2017): a purchase is 3.7
times as likely with five reviews as with none, and the first ones count most. Between no review and enough of them the factor runs with
log(1 + reviews). Reviews come in as a Poisson count out of a pool of buyers who have not yet had time to write.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from perception.units import Bools, Floats, Ints
from sim.parameters.mechanics import ColdStart
from sim.randomness import Draw, sku_uniforms
from sim.samplers import poisson, whole_numbers

_FIRST_WEEK, _SIXTEEN_WEEKS = 7, 112


@dataclass(frozen=True, slots=True, kw_only=True)
class ColdStartState:
    """What buyers know about each SKU, (N, M) each.

    Attributes:
        enough: Reviews after which more of them change nothing.
        reviews: So far; ``enough`` from the start for an established SKU.
        buyers: Orders whose buyers may still write, >= 0.
        conversion: Factor on orders per visit, [cvr_floor, 1].
        novelty: Factor on organic visits, > 0; 1 for an established SKU.
    """

    enough: Ints
    reviews: Ints
    buyers: Floats
    conversion: Floats
    novelty: Floats


def opened(cold_start: ColdStart, launch_day: Ints, *, skus: int, day: int, seeds: Ints) -> ColdStartState:
    """The first morning: launches have no review, established SKUs enough.

    Args:
        cold_start: The figures.
        launch_day: (M,) or (N, M) date ordinal of a launch, 0 for an established SKU.
        skus: M.
        day: Date ordinal of the first day.
        seeds: (N,) of the stores.
    """
    enough = whole_numbers(cold_start.reviews_low, cold_start.reviews_high, sku_uniforms(seeds, Draw.REVIEWS_NEEDED, 0, skus))
    reviews = np.where(launch_day > 0, 0, enough)
    return ColdStartState(
        enough=enough,
        reviews=reviews,
        buyers=np.zeros(enough.shape),
        conversion=review_effect(reviews, enough, floor=cold_start.cvr_floor),
        novelty=_novelty(cold_start, launch_day, day=day),
    )


def next_day(
    state: ColdStartState, cold_start: ColdStart, launch_day: Ints, *, orders: Ints, day: int, day_index: int, seeds: Ints
) -> ColdStartState:
    """The morning of date ordinal ``day``, after a day with these orders (N, M); ``day_index`` counts from the first day of the market."""
    novelty = _novelty(cold_start, launch_day, day=day)
    if bool((state.reviews >= state.enough).all()):
        return replace(state, novelty=novelty)
    writing = state.buyers / cold_start.review_delay_days
    uniform = sku_uniforms(seeds, Draw.REVIEWS, day_index, state.reviews.shape[1])
    reviews = np.minimum(state.reviews + poisson(cold_start.reviews_per_order * writing, uniform), state.enough)
    return replace(
        state,
        reviews=reviews,
        buyers=state.buyers - writing + orders,
        conversion=review_effect(reviews, state.enough, floor=cold_start.cvr_floor),
        novelty=novelty,
    )


def review_effect(reviews: Ints, enough: Ints, *, floor: float) -> Floats:
    """Factor on orders per visit: ``floor`` without a review, 1 from ``enough`` on, by log(1 + reviews) between."""
    return floor + (1.0 - floor) * np.log1p(np.minimum(reviews, enough)) / np.log1p(enough)


def novelty_effect(age_days: Ints, *, launch_week_ratio: float, decay_days: float) -> Floats:
    """Factor on organic visits by days since the launch, >= 0.

    1 + b · (exp(−age / decay) − its mean over 16 weeks), with b such that the first week is ``launch_week_ratio`` times the mean of the
    first 16, which is 1.
    """
    wearing = np.exp(-np.arange(_SIXTEEN_WEEKS) / decay_days)
    week, whole = float(wearing[:_FIRST_WEEK].mean()), float(wearing.mean())
    return 1.0 + (launch_week_ratio - 1.0) / (week - whole) * (np.exp(-age_days / decay_days) - whole)


def _novelty(cold_start: ColdStart, launch_day: Ints, *, day: int) -> Floats:
    launched: Bools = (launch_day > 0) & (launch_day <= day)
    age = np.where(launched, day - launch_day, 0)
    ratio, decay = cold_start.launch_week_ratio, cold_start.launch_decay_days
    return np.atleast_2d(np.where(launched, novelty_effect(age, launch_week_ratio=ratio, decay_days=decay), 1.0))
