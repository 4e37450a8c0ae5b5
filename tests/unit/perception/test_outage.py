"""A feed that falls silent while the store goes on is out; one that rests, or dwindles, or has no witness, is not."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from perception.maturity import MaturityCurve, mean_lag_s
from perception.outage import Heard, OutageTuning, Vigil, listen, open_vigil
from perception.units import SECONDS_PER_DAY, SECONDS_PER_HOUR, Floats

TUNING, LAG = OutageTuning(), MaturityCurve()
STORES = 200


@dataclass(slots=True)
class Watched:
    """The course of a watch, hour by hour, (h, n)."""

    out: list[np.ndarray[tuple[int], np.dtype[np.bool_]]]
    vigil: Vigil


def watched(seen_per_h: Floats, *, expected_per_h: float = 1.0, witness_ratio: float = 1.0, stores: int = STORES) -> Watched:
    """Poisson events at these rates, hour by hour, against a constant expectation; the witness at a share of its usual rate."""
    draw, vigil, out = np.random.default_rng(11), open_vigil(stores), []
    expected = np.full(stores, expected_per_h)
    for hour, rate in enumerate(seen_per_h):
        heard = Heard(
            seen=draw.poisson(rate, stores).astype(np.float64),
            expected=expected,
            witnessed=draw.poisson(4.0 * witness_ratio, stores).astype(np.float64),
            witness_expected=np.full(stores, 4.0),
        )
        now_s = (hour + 1) * SECONDS_PER_HOUR
        vigil = listen(vigil, heard, now_s=now_s, last_s=now_s - SECONDS_PER_HOUR, lag=LAG, tuning=TUNING)
        out.append(vigil.out)
    return Watched(out=out, vigil=vigil)


def hours(*stretches: tuple[int, float]) -> Floats:
    return np.concatenate([np.full(count, rate) for count, rate in stretches])


def test_silence_is_recognised_within_a_bounded_time_in_nearly_every_store() -> None:
    course = watched(hours((240, 1.0), (48, 0.0)))

    assert np.mean(course.out[239]) <= 0.01
    # the longest lag, and a night's rest
    assert np.mean(course.out[239 + 22]) >= 0.9
    assert np.mean(course.out[-1]) == 1.0


def test_quiet_feeds_raise_hardly_an_alarm() -> None:
    # 200 stores for four weeks each
    course = np.array(watched(hours((28 * 24, 1.0))).out)

    begun = np.count_nonzero(np.diff(course.astype(np.int8), axis=0) > 0)

    assert begun <= 2


def test_half_the_events_is_bad_business_and_not_an_outage() -> None:
    course = np.array(watched(hours((100, 1.0), (240, 0.55))).out)

    assert np.mean(course[-1]) <= 0.02


def test_silence_of_everything_is_no_outage() -> None:
    assert not np.array(watched(hours((100, 1.0), (72, 0.0)), witness_ratio=0.1).out).any()


def test_a_feed_of_few_events_may_be_silent_for_long() -> None:
    course = watched(hours((240, 0.02)), expected_per_h=0.02)

    assert not np.array(course.out).any()


def test_a_feed_that_comes_back_is_believed_again_and_the_stretch_is_remembered() -> None:
    course = watched(hours((200, 1.0), (60, 0.0), (40, 1.0)))
    from_h, to_h = (np.median(ends[:, 0]) / SECONDS_PER_HOUR for ends in (course.vigil.blind.from_s, course.vigil.blind.to_s))

    assert np.mean(course.out[259]) == 1.0
    assert np.mean(course.out[-1]) == 0.0
    # what is reported happened a lag earlier
    assert from_h == pytest.approx(200 - mean_lag_s(LAG) / SECONDS_PER_HOUR, abs=2.0)
    assert to_h == pytest.approx(260 - mean_lag_s(LAG) / SECONDS_PER_HOUR, abs=2.0)


def test_what_never_comes_back_is_believed_after_all() -> None:
    days = TUNING.longest_s / SECONDS_PER_DAY
    course = watched(hours((200, 1.0), (int(24 * (days + 3)), 0.0)))

    assert course.vigil.given_up.all()
    assert not course.out[-1].any()
    assert not course.vigil.blind.any()
    # the reports can hold what they hold until events are counted again
    assert watched(hours((200, 1.0), (int(24 * (days + 3)), 0.0), (30, 1.0))).vigil.given_up.mean() == 0.0


def test_stretches_beyond_those_remembered_push_out_the_oldest() -> None:
    course = watched(np.tile(hours((80, 1.0), (40, 0.0)), 6), stores=20)
    stretches = course.vigil.blind.from_s

    assert np.isfinite(stretches).mean() > 0.9
    assert (np.diff(stretches[np.isfinite(stretches).all(axis=1)], axis=1) < 0.0).all()


def test_a_store_s_watch_does_not_depend_on_its_batch() -> None:
    alone = watched(hours((50, 1.0), (40, 0.0)), stores=1)
    heard = Heard(seen=np.zeros(1), expected=np.ones(1), witnessed=np.ones(1), witness_expected=np.ones(1))
    both = replace(
        alone.vigil,
        **{
            name: np.repeat(getattr(alone.vigil, name), 2)
            for name in ("evidence", "since_s", "witnessed", "witness_expected", "returning", "back_since_s", "out", "given_up")
        },
        blind=alone.vigil.blind.of(np.array([0, 0])),
    )
    twice = Heard(**{name: np.repeat(getattr(heard, name), 2) for name in ("seen", "expected", "witnessed", "witness_expected")})

    one = listen(alone.vigil, heard, now_s=1e6, last_s=1e6 - 3600.0, lag=LAG, tuning=TUNING)
    two = listen(both, twice, now_s=1e6, last_s=1e6 - 3600.0, lag=LAG, tuning=TUNING)

    assert two.evidence.tolist() == [*one.evidence, *one.evidence]
    assert two.out.tolist() == [*one.out, *one.out]
