"""What the stores of a fleet have surely lost against leaving them alone: the daemon's guard (``perception.loss``) in batch, once a day.

The daemon looks at every tick; here the figures are as of the last midnight, which saves the gate's training copy most of the work and
moves the moment at which a losing store is held by at most a day.
"""

from __future__ import annotations

import numpy as np

from control.sight import Sight
from perception.economics import unit_margin_cents
from perception.fields import Field
from perception.loss import ad_result_cents, has_moved, price_results_cents, window_loss_cents
from perception.units import Floats
from sim.fleet.pages import page_of_age
from sim.fleet.watch import Watch
from sim.reporting import Reports

_DAYS = 7


def losses_cents(watch: Watch, reports: Reports, seen: Sight, *, matured: Floats) -> tuple[Floats, Floats]:
    """Lower bounds of the loss of the last 24 hours and of the last 7 days, (n,) minor units >= 0, at a midnight.

    Args:
        watch: With the days of the window that have ended.
        reports: As of this midnight.
        seen: The beliefs to judge by.
        matured: (k,) or (n, k), see ``sim.fleet.feeds.matured``.
    """
    margin = unit_margin_cents(seen.setpoints[Field.PRICE], seen.goods.cost_cents, seen.economics)
    order_margin = seen.beliefs.units_per_order.mean * margin
    results: dict[int, Floats | float] = {}
    for age in range(1, min(len(watch.days), _DAYS) + 1):
        page, units = page_of_age(reports, age), page_of_age(reports, age).shop[..., 1].astype(np.float64)
        price, anchor, cost = np.exp(watch.days[-age].log_price), seen.goods.anchor_price_cents, seen.goods.cost_cents
        by_ads = ad_result_cents(
            cost_cents=page.traffic[..., 2].astype(np.float64),
            clicks=page.traffic[..., 1].astype(np.float64),
            conversions=page.conversions[..., 0].astype(np.float64),
            maturity=matured[..., age, None],
            order_margin_cents=order_margin,
            cvr=seen.beliefs.cvr,
        )
        moved = has_moved(units=units, price_cents=price, anchor_cents=anchor, cost_cents=cost)
        by_prices = price_results_cents(
            units=units, price_cents=price, anchor_cents=anchor, cost_cents=cost, elasticity=seen.beliefs.elasticity, terms=seen.economics
        )
        results[-age] = by_ads + np.where(moved, by_prices, 0.0).sum(axis=-1)
    none = np.zeros(seen.reported.spent_cents.shape)
    return (
        none + window_loss_cents(results, today=0, day_fraction=0.0, days=1),
        none + window_loss_cents(results, today=0, day_fraction=0.0, days=_DAYS),
    )
