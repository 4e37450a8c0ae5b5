"""When changes are looked for: at the first tick of a day, or, where a store has many products, part by part from then on.

Everything is worked out anew from the remembered days, so a restated day is judged by what it says now, and nothing has to be unlearned.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from perception import change
from perception.change import ChangeTuning, Found, Rate, Seen, Shift, Usual
from perception.history import Day, History, cells_of, days_of
from perception.observation import COLUMNS, Signal
from perception.renewal import AT_ONCE, ROUND_S
from perception.shape import ActivityShape
from perception.state import Change
from perception.tally import LEAST_SCALED
from perception.units import Floats

_ADS = {name: index for index, name in enumerate(COLUMNS[Signal.ADS])}
_ORDERS = COLUMNS[Signal.SHOP].index("orders")

_SIGNAL = {Rate.CTR: Signal.ADS, Rate.CVR: Signal.ADS, Rate.ORGANIC: Signal.SHOP}

MOST_TOLD = 8
"""SKUs of a rate whose changes are put into words, the plainest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """How far the look of this day has come.

    Attributes:
        day: Ordinal of the day that looks, -1 before the first.
        done: SKUs looked at.
        usual: What that rests on, by rate; empty where no SKU is left.
        shifts: By rate, as of this look for the SKUs that are done, as of the last one for the others.
    """

    day: int
    done: int
    usual: dict[Rate, Usual]
    shifts: dict[Rate, Shift]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What days are brought to before they are compared.

    Attributes:
        log_anchor: (m,) log of the merchant's own prices.
        elasticity: (m,) magnitudes.
        maturity: Share of a click day's conversions that should have been reported.
        orders_counted: Share of a day's orders that the shop counted; a day that is absent was counted in full.
        shape: Activity of a day of the week.
    """

    log_anchor: Floats
    elasticity: Floats
    maturity: dict[int, float]
    orders_counted: dict[int, float]
    shape: ActivityShape


def nothing(sku_count: int) -> Changes:
    """Before the first look."""
    return Changes(day=-1, done=sku_count, usual={}, shifts={rate: change.quiet((sku_count,)) for rate in Rate})


def looked(before: Changes, past: History, ground: Ground, *, day: int, tuning: ChangeTuning, tick_s: float) -> Changes:
    """The changes with what this tick finds of them.

    Args:
        before: Of the last tick.
        past: What is remembered.
        ground: What is known about its days.
        day: Store-local day ordinal of the tick.
        tuning: When a change is believed.
        tick_s: Length of a tick.
    """
    if day > before.day:
        everything = slice(0, past.sku_count)
        usual = {
            rate: change.of_store(_seen(rate, past, ground, everything), first_day=_first_day(rate, past), tuning=tuning) for rate in Rate
        }
        before = replace(before, day=day, done=0, usual=usual)
    if before.done >= past.sku_count:
        return before
    step = past.sku_count if past.sku_count <= AT_ONCE else max(AT_ONCE, math.ceil(past.sku_count * tick_s / ROUND_S))
    part = slice(before.done, min(before.done + step, past.sku_count))
    shifts = {rate: _shift(rate, before, past, ground, part, tuning) for rate in Rate}
    return replace(before, done=part.stop, shifts=shifts, usual=before.usual if part.stop < past.sku_count else {})


def told(changes: Changes) -> tuple[Change, ...]:
    """What has changed, as messages: of the whole store, and of the SKUs that tell it most plainly."""
    found = []
    for rate, shift in changes.shifts.items():
        if shift.is_quiet:
            continue
        found += [_told(rate, shift.store, 0, sku=-1)] if shift.store.since[0] != change.NEVER else []
        skus = np.flatnonzero(shift.skus.since != change.NEVER)
        plainest = skus[np.argsort(-shift.skus.evidence[skus], kind="stable")][:MOST_TOLD]
        found += [_told(rate, shift.skus, int(sku), sku=int(sku)) for sku in plainest]
    return tuple(found)


def _told(rate: Rate, found: Found, place: int, *, sku: int) -> Change:
    until = int(found.until[place])
    return Change(
        rate=rate.value,
        sku=sku,
        since_day=int(found.since[place]),
        until_day=None if until == change.LASTING else until,
        ratio=float(found.ratio[place]),
        evidence=float(found.evidence[place]),
    )


def _shift(rate: Rate, before: Changes, past: History, ground: Ground, part: slice, tuning: ChangeTuning) -> Shift:
    usual, last = before.usual[rate], before.shifts[rate]
    of_part = replace(usual, rate=usual.rate[part], keep=usual.keep[part])
    found, keep = change.of_skus(
        _seen(rate, past, ground, part), of_part, first_day=_first_day(rate, past), skus=past.sku_count, tuning=tuning
    )
    skus = Found(
        since=_with(last.skus.since, part, found.since),
        until=_with(last.skus.until, part, found.until),
        ratio=_with(last.skus.ratio, part, found.ratio),
        evidence=_with(last.skus.evidence, part, found.evidence),
    )
    return change.shift_of(usual, skus, _with(last.sku_keep, part, keep))


def _with(whole: change.Array, part: slice, values: change.Array) -> change.Array:
    """A copy with some of the SKUs renewed."""
    renewed = whole.copy()
    renewed[part] = values
    return renewed


def _days(rate: Rate, past: History) -> list[int]:
    """Days that have ended."""
    return days_of(past, _SIGNAL[rate])[:-1]


def _first_day(rate: Rate, past: History) -> int:
    return next(iter(_days(rate, past)), past.today)


def _seen(rate: Rate, past: History, ground: Ground, part: slice) -> Seen:
    """What was seen of a rate, of some SKUs."""
    days = _days(rate, past)
    reported = np.array([ground.maturity.get(day, 1.0) if rate is not Rate.CTR else 1.0 for day in days])
    pairs = [_day_of(rate, past, ground, part, day) for day in days]
    shape = (len(days), part.stop - part.start)
    return Seen(
        events=np.array([events for events, _ in pairs]).reshape(shape),
        exposure=np.array([exposure for _, exposure in pairs]).reshape(shape),
        reported=reported[:, None],
    )


def _day_of(rate: Rate, past: History, ground: Ground, part: slice, ordinal: int) -> tuple[Floats, Floats]:
    """Events and exposure of one day."""
    day = past.days.get(ordinal)
    ads, shop = cells_of(past, Signal.ADS, ordinal), cells_of(past, Signal.SHOP, ordinal)
    nothing = np.zeros(part.stop - part.start)
    share = ground.maturity.get(ordinal, 1.0)
    impressions, clicks, conversions = (
        (nothing,) * 3 if ads is None else (ads.values[_ADS[name]][part] for name in ("impressions", "clicks", "conversions"))
    )
    if rate is Rate.CTR:
        return clicks, impressions
    if rate is Rate.CVR:
        trials = clicks * share * _price_effect(day, ground, part)
        return (conversions, trials) if share >= LEAST_SCALED else (nothing, nothing)
    if day is None or day.exposure is None:
        # nobody knows what could be bought on a day that was not watched
        return nothing, nothing
    orders = nothing if shop is None else shop.values[_ORDERS][part]
    counted = ground.orders_counted.get(ordinal, 1.0)
    usual = counted * ground.shape.weekday_factor(ordinal) * day.exposure.stocked_share()[part] * _price_effect(day, ground, part)
    return np.maximum(orders - counted * conversions / max(share, LEAST_SCALED), 0.0), usual


def _price_effect(day: Day | None, ground: Ground, part: slice) -> Floats | float:
    """Demand at that day's price against demand at the merchant's own, (anchor / price)^e; 1 where the price was not watched."""
    if day is None or day.exposure is None:
        return 1.0
    effect: Floats = np.exp(ground.elasticity[part] * (ground.log_anchor[part] - day.exposure.mean_log_price()[part]))
    return effect
