"""Feeds that lose events while the store goes on: conversions of ads that are no longer recorded, or orders that are no longer told.

A CUSUM of the Poisson log likelihood ratio (Page 1954; Lucas, "Counted Data CUSUMs", 1985) of "only a small share still comes" against
"all is as expected" counts what should have been reported and was not. It speaks up only where a second feed, the witness, shows that the
store itself goes on, so that a shop that sleeps or a day without demand is no outage. While a feed is out its silence is no evidence:
nothing that should have happened then counts as not having happened. The first axis is the store.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from perception.maturity import MaturityCurve, mean_lag_s
from perception.units import AS_SETTINGS, SECONDS_PER_DAY, SECONDS_PER_HOUR, Bools, Floats

KEPT = 4
"""Stretches remembered per store, newest first: as many as fit into the days that beliefs rest on, with room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageTuning:
    """When silence is an outage.

    Attributes:
        missed_events: Evidence needed, in events of the feed that should have been reported and were not, > 0.
        left_share: Share of its events that a feed in an outage may still report, (0, 1).
        rests_s: A feed that has been silent for no longer than its longest lag and this is resting, not out: a night, >= 0.
        back_events: Evidence that a feed is back, in log likelihood: one event that came as expected is worth -log(left_share), > 0.
        cautious_sd: Standard deviations by which what is to be expected is taken lower than the mean, >= 0.
        witness_share: Share of its own usual events that the witness must show meanwhile, [0, 1].
        witness_events: Least number of them that must have been expected, > 0.
        longest_s: An outage that lasts longer is no outage: what is reported is believed again, > 0.
        recovered_share: Share of the lost conversions that platforms add once tracking is back, [0, 1]. Assumed; modelled conversions.
    """

    __pydantic_config__: ClassVar = AS_SETTINGS
    missed_events: float = 6.0
    left_share: float = 0.05
    rests_s: float = 8.0 * SECONDS_PER_HOUR
    back_events: float = 2.0
    cautious_sd: float = 1.0
    witness_share: float = 0.5
    witness_events: float = 3.0
    longest_s: float = 7.0 * SECONDS_PER_DAY
    recovered_share: float = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Blind:
    """Stretches of event time of which a feed told nothing, (n, ``KEPT``), newest first; NaN where there was none.

    Attributes:
        from_s, to_s: Seconds on the clock of ``now_s``; ``to_s`` is infinity while it lasts.
    """

    from_s: Floats
    to_s: Floats

    def any(self) -> bool:
        """Whether there is any stretch in any store."""
        return not bool(np.isnan(self.from_s).all())

    def of(self, chosen: Bools) -> Blind:
        """The stretches of some of the stores, (n,)."""
        return Blind(from_s=self.from_s[chosen], to_s=self.to_s[chosen])


@dataclass(frozen=True, slots=True, kw_only=True)
class Vigil:
    """The watch over one feed, (n,) each but for ``blind``.

    Attributes:
        evidence: Of an outage, log likelihood ratio >= 0.
        since_s: When it began to gather.
        witnessed, witness_expected: Events of the witness since then, and those that were to be expected.
        returning: Evidence that a feed that is out is back, >= 0. ``back_since_s``: When that began to gather.
        out: Whether the feed is out.
        given_up: Whether it was out for longer than an outage lasts: it is believed, and not watched until it comes back.
        blind: What it told nothing of.
    """

    evidence: Floats
    since_s: Floats
    witnessed: Floats
    witness_expected: Floats
    returning: Floats
    back_since_s: Floats
    out: Bools
    given_up: Bools
    blind: Blind


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a feed and its witness told since the last look, (n,) each: events seen, and those to be expected if all is well."""

    seen: Floats
    expected: Floats
    witnessed: Floats
    witness_expected: Floats


def open_vigil(stores: int) -> Vigil:
    """Nothing heard yet."""
    none, never = np.zeros(stores), np.full((stores, KEPT), np.nan)
    no = np.zeros(stores, dtype=np.bool_)
    return Vigil(
        evidence=none,
        since_s=none,
        witnessed=none,
        witness_expected=none,
        returning=none,
        back_since_s=none,
        out=no,
        given_up=no,
        blind=Blind(from_s=never, to_s=never),
    )


def listen(before: Vigil, heard: Heard, *, now_s: float, last_s: float, lag: MaturityCurve, tuning: OutageTuning) -> Vigil:
    """Take in one look.

    Args:
        before: As of the last look.
        heard: What was told since then.
        now_s: Now, seconds on any clock that does not go back.
        last_s: The last look, <= ``now_s``: silence that begins now began then.
        lag: How late events are reported.
        tuning: When silence is an outage.
    """
    ratio = (1.0 - tuning.left_share) * heard.expected + np.log(tuning.left_share) * heard.seen
    watched = ~(before.out | before.given_up)
    evidence = np.where(watched, np.maximum(before.evidence + ratio, 0.0), 0.0)
    gathering = evidence > 0.0
    since_s = np.where(gathering & (before.evidence > 0.0), before.since_s, last_s)
    since_s = np.where(before.out | before.given_up, before.since_s, since_s)
    witnessed = np.where(gathering, before.witnessed + heard.witnessed, 0.0)
    witness_expected = np.where(gathering, before.witness_expected + heard.witness_expected, 0.0)
    alarm = (
        (evidence > tuning.missed_events)
        & (now_s - since_s >= lag.lag_high_s + tuning.rests_s)
        & (witnessed >= tuning.witness_share * witness_expected)
        & (witness_expected >= tuning.witness_events)
    )
    returning = np.where(watched, 0.0, np.maximum(before.returning - ratio, 0.0))
    back_since_s = np.where((returning > 0.0) & (before.returning > 0.0), before.back_since_s, now_s)
    back = returning > tuning.back_events
    too_long = before.out & ~back & (now_s - since_s > tuning.longest_s)
    after = Vigil(
        evidence=np.where(alarm, 0.0, evidence),
        since_s=since_s,
        witnessed=witnessed,
        witness_expected=witness_expected,
        returning=np.where(back, 0.0, returning),
        back_since_s=back_since_s,
        out=(before.out | alarm) & ~back & ~too_long,
        given_up=(before.given_up | too_long) & ~back,
        blind=before.blind,
    )
    if not (alarm.any() or (back & before.out).any() or too_long.any()):
        return after
    return replace(after, blind=_stretches(before, after, alarm=alarm, ended=back & before.out, dropped=too_long, lag_s=mean_lag_s(lag)))


def _stretches(before: Vigil, after: Vigil, *, alarm: Bools, ended: Bools, dropped: Bools, lag_s: float) -> Blind:
    """The stretches with those that began, ended, or turned out to be none. What is reported happened a lag earlier."""
    from_s, to_s = before.blind.from_s.copy(), before.blind.to_s.copy()
    from_s[alarm, 1:], to_s[alarm, 1:] = from_s[alarm, :-1].copy(), to_s[alarm, :-1].copy()
    from_s[alarm, 0], to_s[alarm, 0] = after.since_s[alarm] - lag_s, np.inf
    to_s[ended, 0] = np.maximum(after.back_since_s[ended] - lag_s, from_s[ended, 0])
    from_s[dropped, :-1], to_s[dropped, :-1] = from_s[dropped, 1:].copy(), to_s[dropped, 1:].copy()
    from_s[dropped, -1], to_s[dropped, -1] = np.nan, np.nan
    return Blind(from_s=from_s, to_s=to_s)
