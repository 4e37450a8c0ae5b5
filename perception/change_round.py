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
from perception.tally import LEAST_SCALED, price_effect
from perception.units import Floats

_ADS = {name: index for index, name in enumerate(COLUMNS[Signal.ADS])}
_ORDERS = COLUMNS[Signal.SHOP].index("orders")

_SIGNAL = {Rate.CTR: Signal.ADS, Rate.CVR: Signal.ADS, Rate.ORGANIC: Signal.SHOP}

MOST_TOLD = 8
"""SKUs of a rate whose changes are put into words, the plainest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """How far the look of this day has come: rate by rate, and through the SKUs of each.

    Attributes:
        day: Ordinal of the day that looks, -1 before the first.
        done: SKUs looked at, counted through all rates.
        usual: What the look at the rate in hand rests on; None between two rates.
        shifts: By rate, as of this look for what is done, as of the last one for the rest.
    """

    day: int
    done: int
    usual: Usual | None
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
    return Changes(day=-1, done=len(Rate) * sku_count, usual=None, shifts={rate: change.quiet((sku_count,)) for rate in Rate})


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
        before = replace(before, day=day, done=0, usual=None)
    everything = len(Rate) * past.sku_count
    if past.sku_count > AT_ONCE:
        return _a_part_further(before, past, ground, tuning, most=max(AT_ONCE, math.ceil(everything * tick_s / ROUND_S)))
    while before.done < everything:
        before = _a_part_further(before, past, ground, tuning, most=past.sku_count)
    return before


def _a_part_further(before: Changes, past: History, ground: Ground, tuning: ChangeTuning, *, most: int) -> Changes:
    """The look with the next SKUs of the rate in hand, ``most`` of them at most; as before where all is done."""
    place, begin = divmod(before.done, past.sku_count)
    if place >= len(Rate):
        return before
    rate, part = tuple(Rate)[place], slice(begin, min(begin + most, past.sku_count))
    first_day = _first_day(rate, past)
    usual = before.usual
    if usual is None:
        usual = change.of_store(_seen(rate, past, ground, slice(0, past.sku_count)), first_day=first_day, tuning=tuning)
    of_part = replace(usual, rate=usual.rate[part], keep=usual.keep[part])
    seen = _seen(rate, past, ground, part)
    found, keep = change.of_skus(seen, of_part, first_day=first_day, skus=past.sku_count, tuning=tuning)
    shift = _renewed(before.shifts[rate], usual, part, found, keep)
    return Changes(
        day=before.day,
        done=before.done + part.stop - part.start,
        usual=usual if part.stop < past.sku_count else None,
        shifts={**before.shifts, rate: shift},
    )


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


def _renewed(last: Shift, usual: Usual, part: slice, found: Found, keep: Floats) -> Shift:
    """The shift with these SKUs, and the whole store, as found now."""
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
    return Seen(
        events=tuple(events for events, _ in pairs),
        exposure=tuple(exposure for _, exposure in pairs),
        reported=reported[:, None],
        shape=(part.stop - part.start,),
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
    stocked = day.exposure.stocked_s[part] / day.exposure.watched_s
    usual = counted * ground.shape.weekday_factor(ordinal) * stocked * _price_effect(day, ground, part)
    return np.maximum(orders - counted * conversions / max(share, LEAST_SCALED), 0.0), usual


def _price_effect(day: Day | None, ground: Ground, part: slice) -> Floats | float:
    """Demand at that day's price against demand at the merchant's own, (anchor / price)^e; 1 where the price was not watched."""
    if day is None or day.exposure is None:
        return 1.0
    then = day.exposure.log_price_s[part] / day.exposure.watched_s
    return price_effect(ground.log_anchor[part] - then, ground.elasticity[part])
