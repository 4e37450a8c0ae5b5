"""Efficiency: the alpha up to which ROAS stays above its target, in doubt on the safe side, and without starving the evidence.

Two alphas, the smaller one wins: min(alpha_budget, alpha_roas) nearly matches the full dual (arXiv 2302.08530), while a loop nested in a
loop can violate both limits.

ROAS falls as alpha rises, because a click costs about its bid: ROAS(alpha) = ROAS(1) ÷ alpha. ROAS(1) is known twice: from what is
believed of the orders and prices behind each click, before the first one is bought, and from what reports have shown, each day weighed by
how much of it can be known yet. The two are blended by evidence, and alpha is set where the blend, less some standard deviations, meets the
target. Both are figures of spend that happened at some mean alpha, and that is taken out of them: a cap that moves does not chase its own
shadow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from control.rows import row_sums
from perception.units import AS_SETTINGS, Bools, Floats

_COST, _ALPHA, _SEEN = "roas_cost_cents", "roas_log_alpha_cents", "roas_seen_cents"
_LEAST_ROAS, _MOST_ROAS = 0.2, 1e3
_FARTHEST = 1.5
"""Reports are believed to be off from what clicks are thought to bring by no more than this, in logs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EfficiencyTuning:
    """How alpha answers to ROAS.

    Attributes:
        prior_sales: Conversions that what is believed of clicks weighs against measured ROAS, > 0.
        caution: Standard deviations by which ROAS is taken to be lower than estimated, >= 0; the deviation is that of as many
            conversions as were seen and believed, 1 ÷ √(seen + ``prior_sales``).
        click_price_ratio: Price of a click over its bid before any was bought, (0, 1].
        prior_clicks: Clicks that this weighs, > 0.
        memory_days: Time constant of the mean alpha behind the figures, days, > 0.
        alpha_high: Highest alpha where there is a target; ``alpha_low``: lowest, whatever ROAS says.
    """

    __pydantic_config__: ClassVar = AS_SETTINGS
    prior_sales: float = 60.0
    caution: float = 3.5
    click_price_ratio: float = 0.7
    prior_clicks: float = 20.0
    memory_days: float = 7.0
    alpha_low: float = 0.05
    alpha_high: float = 0.55


@dataclass(frozen=True, slots=True, kw_only=True)
class Clicks:
    """What clicks are believed to be worth, and what seven days of them have cost, (n, m) each.

    Attributes:
        count, cost_cents: As reported.
        revenue_cents, value_cents: Expected of one more click.
    """

    count: Floats
    cost_cents: Floats
    revenue_cents: Floats
    value_cents: Floats


def corrected_roas(revenue_cents: Floats, maturity: Floats, cost_cents: Floats) -> Floats:
    """(n,) revenue per spend with each click day weighted by how much of it can be known yet.

    Survival weighting: Σ revenue ÷ Σ cost · maturity, so that a day whose conversions are still to come counts little instead of counting
    as bad (Chapelle 2014). NaN while nothing measurable was spent.

    Args:
        revenue_cents, cost_cents: (n, d) by click day, >= 0.
        maturity: (n, d) or (d,) share of a click day's conversions that should have been reported by now, (0, 1].
    """
    exposure = row_sums(cost_cents * maturity)
    spent = exposure > 0.0
    return np.where(spent, row_sums(revenue_cents) / np.where(spent, exposure, 1.0), np.nan)


def began(cost_held_cents: Floats) -> dict[str, Floats]:
    """What to keep of n stores that have so much ad cost on record as they are taken over, (n,)."""
    nothing = np.zeros_like(cost_held_cents)
    return {_COST: nothing, _ALPHA: nothing, _SEEN: cost_held_cents}


def has_begun(kept: dict[str, Floats]) -> bool:
    """Whether anything is kept."""
    return _SEEN in kept


def paid_at(
    kept: dict[str, Floats], *, cost_held_cents: Floats, log_alpha: Floats, dt_days: float, tuning: EfficiencyTuning
) -> dict[str, Floats]:
    """What to keep of the alpha that spend was reported at, (n,) each; days that leave the record are no earnings."""
    stays = float(np.exp(-dt_days / tuning.memory_days))
    newly = np.maximum(cost_held_cents - kept[_SEEN], 0.0)
    return {_COST: kept[_COST] * stays + newly, _ALPHA: kept[_ALPHA] * stays + newly * log_alpha, _SEEN: cost_held_cents}


def log_cap(
    kept: dict[str, Floats], clicks: Clicks, *, roas: Floats, target_roas: Floats, expected_sales: Floats, tuning: EfficiencyTuning
) -> Floats:
    """(n,) log of the highest alpha that keeps the target, NaN where there is none.

    Args:
        kept: From ``began`` and ``paid_at``.
        clicks: What they are believed to bring.
        roas: (n,) as reported, ``corrected_roas``; NaN while nothing measurable was spent.
        target_roas: (n,); 0 for none.
        expected_sales: (n,) conversions expected of the clicks behind ``roas``.
        tuning: How it is weighed.
    """
    aimed = target_roas > 0.0
    paid = kept[_COST] > 0.0
    mean_log_alpha = np.where(paid, kept[_ALPHA] / np.where(paid, kept[_COST], 1.0), 0.0)
    believed = _believed_at_one(clicks, mean_log_alpha, paid, tuning)
    known = np.isfinite(roas) & paid
    measured = np.log(np.minimum(np.maximum(np.where(known, roas, 1.0), _LEAST_ROAS), _MOST_ROAS)) + mean_log_alpha
    measured = np.minimum(np.maximum(measured, believed - _FARTHEST), believed + _FARTHEST)
    sales = np.where(known & np.isfinite(expected_sales), np.maximum(expected_sales, 0.0), 0.0)
    weight = sales / (sales + tuning.prior_sales)
    at_one = weight * measured + (1.0 - weight) * believed - tuning.caution / np.sqrt(sales + tuning.prior_sales)
    cap = at_one - np.log(np.where(aimed, target_roas, 1.0))
    held: Floats = np.minimum(np.maximum(cap, np.log(tuning.alpha_low)), np.log(tuning.alpha_high))
    return np.where(aimed, held, np.nan)


def by_revenue(clicks: Clicks, worth_cents: Floats) -> Floats:
    """(n, m) revenue of a click on the scale of its worth: as much in sum over the clicks as ``worth_cents``, (n, m)."""
    sells = (worth_cents > 0.0) & np.isfinite(clicks.revenue_cents)
    weight = np.where(sells, clicks.count + 0.5, 0.0)
    worth, revenue = (row_sums(weight * np.where(sells, each, 0.0)) for each in (worth_cents, clicks.revenue_cents))
    scaled: Floats = clicks.revenue_cents * np.divide(worth, revenue, out=np.zeros_like(worth), where=revenue > 0.0)[:, None]
    return np.where(sells, scaled, worth_cents)


def _believed_at_one(clicks: Clicks, mean_log_alpha: Floats, paid: Bools, tuning: EfficiencyTuning) -> Floats:
    """(n,) log of the ROAS that clicks are believed to bring at alpha = 1, from what they cost once some were bought."""
    sells = (clicks.value_cents > 0.0) & np.isfinite(clicks.revenue_cents)
    count = np.where(sells, clicks.count, 0.0)
    # half a click of everything, so that there is something to weigh by before the first one
    weight = np.where(sells, count + 0.5, 0.0)
    revenue, value = np.where(sells, clicks.revenue_cents, 0.0), np.where(sells, clicks.value_cents, 1.0)
    before = _log_ratio(row_sums(weight * revenue), row_sums(weight * value) * tuning.click_price_ratio)
    bought = row_sums(count)
    since = _log_ratio(row_sums(count * revenue), row_sums(np.where(sells, clicks.cost_cents, 0.0))) + mean_log_alpha
    share = np.where(paid, bought / (bought + tuning.prior_clicks), 0.0)
    believed: Floats = (1.0 - share) * before + share * since
    return believed


def _log_ratio(upper: Floats, lower: Floats) -> Floats:
    ratio: Floats = np.log(np.maximum(upper, 1.0) / np.maximum(lower, 1.0))
    return ratio
