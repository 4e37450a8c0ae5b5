"""When beliefs about elasticity are renewed: at the first tick of a day, or, where a store has many products, part by part from then on.

To weigh the evidence of ten thousand products takes as long as the rest of a tick, and whatever rests on an elasticity, such as the best
price, is worked out anew when it changes. A round through the products starts every day and takes a thousand of them a tick, so that all
are done by noon. What one product is told of the others is then what the round of the day before has found.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from perception import elasticity, tally
from perception.elasticity import ElasticityTuning
from perception.history import History
from perception.state import Estimate
from perception.tally import PriceRecord
from perception.units import SECONDS_PER_DAY, Floats, Ints

AT_ONCE = 1024
"""Products of a store up to which all are renewed in one tick, and how many at least where there are more."""

ROUND_S = SECONDS_PER_DAY / 2.0
"""Within which all products of such a store are renewed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """How far the renewal of a store with many products has come.

    Attributes:
        done: Products renewed today.
        log_store: Log chances of the store's typical magnitude, as the last whole round left them.
        gathered: The same, as far as this round has come.
    """

    done: int
    log_store: Floats
    gathered: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """A belief, and the round it comes from: None in a store of few products."""

    belief: Estimate
    round: Round | None


def renewed(
    before: Renewed, past: History, *, is_new_day: bool, maturity: dict[int, float], tuning: ElasticityTuning, tick_s: float
) -> Renewed:
    """The belief with what this tick renews of it; as before while no price has moved.

    Args:
        before: Of the last tick.
        past: What is remembered.
        is_new_day: The first tick of a store-local day.
        maturity: See ``tally.price_record``.
        tuning: Of the beliefs.
        tick_s: Length of a tick.
    """
    if past.sku_count <= AT_ONCE:
        return Renewed(belief=_at_once(before.belief, past, maturity, tuning), round=None) if is_new_day else before
    round_ = before.round
    if is_new_day:
        nothing = elasticity.before_data(tuning)
        round_ = Round(done=0, log_store=nothing if round_ is None else round_.log_store, gathered=nothing)
    if round_ is None or round_.done >= past.sku_count:
        return before
    step = max(AT_ONCE, math.ceil(past.sku_count * tick_s / ROUND_S))
    part = np.arange(round_.done, min(round_.done + step, past.sku_count))
    record = tally.price_record_of(part, past, maturity=maturity)
    if record is None:
        return replace(before, round=replace(round_, done=past.sku_count))
    return _one_part(before.belief, round_, part, record, tuning)


def _at_once(before: Estimate, past: History, maturity: dict[int, float], tuning: ElasticityTuning) -> Estimate:
    record = tally.price_record(past, maturity=maturity)
    picked = np.flatnonzero(record.moved) if record is not None else np.zeros(0, dtype=np.int64)
    if record is None or picked.size == 0:
        return before
    return elasticity.spread_over(elasticity.pool(_evidence(record, picked, tuning), tuning), picked, past.sku_count)


def _one_part(before: Estimate, round_: Round, part: Ints, record: PriceRecord, tuning: ElasticityTuning) -> Renewed:
    """The next products of the round: those that tell something by their own evidence, the others as the store's typical one."""
    # of many products most hardly ever sell; what did not sell says nothing
    telling = np.flatnonzero(record.moved & (record.orders.sum(axis=0) > 0.0))
    found = _evidence(record, telling, tuning)
    pooled = elasticity.pool_under(round_.log_store, found, tuning)
    mean, sd = before.mean.copy(), before.sd.copy()
    mean[part], sd[part] = pooled.other.mean[0], pooled.other.sd[0]
    mean[part[telling]], sd[part[telling]] = pooled.own.mean, pooled.own.sd
    gathered = elasticity.gathered(round_.gathered, found, tuning)
    done = round_.done + part.size
    log_store = gathered if done == before.mean.size else round_.log_store
    return Renewed(belief=Estimate(mean=mean, sd=sd), round=Round(done=done, log_store=log_store, gathered=gathered))


def _evidence(record: PriceRecord, picked: Ints, tuning: ElasticityTuning) -> elasticity.Evidence:
    return elasticity.evidence(record.orders[:, picked], record.log_price[:, picked], record.opportunity[:, picked], tuning)
