"""Changes of level: found where there are some, hardly ever where there are none, and what follows for the days before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import nbinom

from perception import change
from perception.change import LASTING, NEVER, ChangeTuning, Found, Seen, Usual, of_skus, of_store, quiet, shift_of
from perception.units import Floats

FIRST = 740_000
DAYS = 27
TUNING = ChangeTuning()


def seen(events: Floats, exposure: Floats | float = 1.0, reported: float = 1.0) -> Seen:
    return Seen(
        events=tuple(np.asarray(events, dtype=np.float64)),
        exposure=tuple(np.broadcast_to(np.asarray(exposure, dtype=np.float64), events.shape).copy()),
        reported=np.full((*events.shape[:-1], 1), reported),
        shape=events.shape[1:],
    )


def drawn(level: Floats, *, stores: int = 200, skus: int = 10, per_day: float = 100.0, cv: float = 0.2, seed: int = 1) -> Seen:
    """Poisson counts of stores whose days have a luck of their own, at (d,) levels."""
    draw = np.random.default_rng(seed)
    usual = draw.gamma(2.0, 1.0, (stores, skus))
    usual *= per_day / usual.sum(axis=1, keepdims=True)
    luck = draw.gamma(1.0 / cv**2, cv**2, (level.size, stores, 1))
    return seen(draw.poisson(usual * luck * level[:, None, None]).astype(np.float64))


def stepped(ratio: float, *, days_ago: int, days: int = DAYS) -> Floats:
    return np.where(np.arange(days) >= days - days_ago, ratio, 1.0)


def store_of(what: Seen, tuning: ChangeTuning = TUNING) -> Usual:
    return of_store(what, first_day=FIRST, tuning=tuning)


def skus_of(what: Seen, tuning: ChangeTuning = TUNING) -> tuple[Found, Floats]:
    return of_skus(what, store_of(what, tuning), first_day=FIRST, skus=what.shape[-1], tuning=tuning)


@pytest.mark.parametrize("per_day", [5.0, 50.0, 1000.0])
@pytest.mark.parametrize("cv", [0.02, 0.2])
def test_a_store_in_which_nothing_changes_raises_an_alarm_in_fewer_than_one_of_a_thousand_looks(per_day: float, cv: float) -> None:
    calm = drawn(np.ones(DAYS), stores=4000, per_day=per_day, cv=cv)

    found, _ = skus_of(calm)

    assert (store_of(calm).found.since != NEVER).mean() <= 0.001
    assert (found.since != NEVER).any(axis=1).mean() <= 0.001


def test_days_luckier_than_allowed_for_keep_false_alarms_below_one_in_a_hundred() -> None:
    wild = drawn(np.ones(DAYS), stores=4000, cv=0.4)

    assert (store_of(wild).found.since != NEVER).mean() <= 0.01


@pytest.mark.parametrize(("ratio", "days_ago"), [(0.5, 8), (2.0, 5)])
def test_a_level_that_halves_is_found_in_eight_days_and_one_that_doubles_in_five(ratio: float, days_ago: int) -> None:
    found = store_of(drawn(stepped(ratio, days_ago=days_ago))).found

    lasting = found.until == LASTING
    assert lasting.mean() > 0.9
    assert np.median(np.abs(found.since[lasting] - (FIRST + DAYS - days_ago))) <= 1.0
    assert np.median(found.ratio[lasting]) == pytest.approx(ratio, rel=0.15)


def test_what_may_still_be_an_episode_is_not_believed_to_last() -> None:
    found = store_of(drawn(stepped(3.0, days_ago=TUNING.longest_episode_days))).found

    assert (found.until == LASTING).mean() <= 0.02


def test_two_days_of_an_event_are_an_episode_once_they_are_over() -> None:
    level = np.ones(DAYS)
    level[18:20] = 3.0
    found = store_of(drawn(level, cv=0.1)).found

    over = (found.since == FIRST + 18) & (found.until == FIRST + 20)
    assert over.mean() > 0.9
    assert np.median(found.ratio[over]) == pytest.approx(3.0, rel=0.15)


def test_the_evidence_is_the_bayes_factor_of_sequential_predictions() -> None:
    events = np.repeat([6.0, 12.0], 10)[:, None]
    usual = store_of(seen(events), replace(TUNING, store_day_cv=0.0))
    alternatives = 2 * (events.size - 1)

    expected = np.full(20, 9.0)
    split = log_predicted(events[:10, 0], expected[:10]) + log_predicted(events[10:, 0], expected[10:])
    assert usual.found.since[0] == FIRST + 10
    assert usual.found.evidence[0] == pytest.approx(split - log_predicted(events[:, 0], expected) - np.log(alternatives), abs=1e-3)


def log_predicted(events: Floats, expected: Floats) -> float:
    """Log chance of the counts one after the other, each under what those before it say of a level that is Gamma(a, a)."""
    a = TUNING.level_shape
    before, meant = a + np.cumsum(events) - events, a + np.cumsum(expected) - expected
    return float(np.sum(nbinom.logpmf(events, before, meant / (meant + expected))))


def test_one_product_that_changes_is_told_from_a_store_that_does() -> None:
    draw = np.random.default_rng(4)
    mean = np.full((DAYS, 1, 10), 10.0)
    mean[-9:, :, 3] *= 3.0
    what = seen(draw.poisson(mean).astype(np.float64))

    found, keep = skus_of(what)

    assert store_of(what).found.since[0, 0] == NEVER
    assert np.flatnonzero(found.since[0] != NEVER).tolist() == [3]
    assert found.until[0, 3] == LASTING
    assert found.ratio[0, 3] == pytest.approx(3.0, rel=0.2)
    assert keep[0, 3] < 0.02
    assert (np.delete(keep[0], 3) == 1.0).all()


def test_a_product_that_moves_with_its_store_has_not_changed_of_its_own() -> None:
    what = drawn(stepped(0.4, days_ago=9), per_day=300.0, cv=0.05)

    found, _ = skus_of(what)

    assert (store_of(what).found.until == LASTING).all()
    assert (found.since != NEVER).mean() < 0.001


def test_a_busier_mix_of_products_is_no_change() -> None:
    exposure = np.full((DAYS, 1, 2), 1000.0)
    exposure[-8:, :, 1] = 10_000.0
    what = seen(np.random.default_rng(2).poisson(exposure * [0.01, 0.05]).astype(np.float64), exposure)

    assert store_of(what).found.since[0, 0] == NEVER


def test_conversions_that_vanish_from_a_whole_store_are_no_change() -> None:
    what = drawn(stepped(0.02, days_ago=6))
    usual = store_of(what)
    shift = shift_of(usual, *skus_of(what))

    silent = usual.silent_since != LASTING
    assert silent.mean() > 0.9
    assert (usual.found.since[silent] == NEVER).all()
    assert shift.skus.since[silent[:, 0]].max() == NEVER
    assert (np.broadcast_to(shift.exposure(FIRST), what.shape)[silent[:, 0]] == 1.0).all()


def test_reports_that_hold_a_tenth_less_than_expected_of_young_days_are_no_change() -> None:
    reported = np.ones(DAYS)
    reported[-6:] = [0.85, 0.8, 0.75, 0.65, 0.5, 0.3]
    what = drawn(np.where(reported < 1.0, 0.9, 1.0) * reported, per_day=2000.0, cv=0.1)
    late = replace(
        what, exposure=tuple(day * share for day, share in zip(what.exposure, reported, strict=True)), reported=reported[:, None, None]
    )

    assert (store_of(late).found.since != NEVER).mean() < 0.005


def test_days_at_another_level_of_the_store_are_brought_to_todays_and_count_less() -> None:
    what = drawn(stepped(0.5, days_ago=12), per_day=300.0, cv=0.05)
    usual = store_of(what)
    shift = shift_of(usual, *skus_of(what))

    before, after = FIRST, FIRST + DAYS - 1
    weight, exposure = np.asarray(shift.weight(before)), np.asarray(shift.exposure(before))
    # twice as many trials as it takes today to bring as many events
    assert np.median(exposure / weight) == pytest.approx(2.0, rel=0.1)
    assert (weight < 1.0).all()
    assert (weight > 0.0).all()
    assert (np.asarray(shift.weight(after)) == 1.0).all()
    brought = np.sum(what.events[:15], axis=0) * weight / (np.sum(what.exposure[:15], axis=0) * exposure)
    assert brought.sum(axis=1) == pytest.approx(np.mean(what.events[15:], axis=0).sum(axis=1), rel=0.25)


def test_where_nothing_has_changed_days_are_left_exactly_as_they_are() -> None:
    shift = quiet((4,))

    assert shift.is_quiet
    assert (shift.weight(FIRST), shift.exposure(FIRST)) == (1.0, 1.0)


def test_a_store_says_the_same_in_any_batch() -> None:
    what = drawn(stepped(0.5, days_ago=8), stores=5, skus=7)
    alone = seen(np.array(what.events)[:, 3:4], np.array(what.exposure)[:, 3:4])

    whole, single = store_of(what), store_of(alone)

    assert np.array_equal(whole.found.evidence[3:4], single.found.evidence)
    assert np.array_equal(whole.keep[3:4], single.keep)
    assert np.array_equal(skus_of(what)[0].evidence[3:4], skus_of(alone)[0].evidence)


@pytest.mark.parametrize("days", [0, 1, 3, 5])
def test_few_days_tell_of_nothing(days: int) -> None:
    what = seen(np.full((days, 3), 20.0))

    found, keep = skus_of(what)

    assert (store_of(what).found.since == NEVER).all()
    assert (found.since == NEVER).all()
    assert (keep == 1.0).all()


def test_a_store_that_never_sold_anything_has_not_changed() -> None:
    nothing = seen(np.zeros((DAYS, 3)))

    assert shift_of(store_of(nothing), *skus_of(nothing)).is_quiet
    assert shift_of(store_of(replace(nothing, exposure=nothing.events)), *skus_of(replace(nothing, exposure=nothing.events))).is_quiet


def test_series_passed_over_in_haste_would_not_have_been_believed_either(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(8)
    level = np.where(
        np.arange(DAYS)[:, None, None] >= draw.integers(4, DAYS, (300, 10)), draw.choice([0.2, 0.6, 1.0, 2.0, 8.0], (300, 10)), 1.0
    )
    what = seen(draw.poisson(draw.gamma(0.5, 10.0, (300, 10)) * level).astype(np.float64))
    quick, kept = skus_of(what)

    monkeypatch.setattr(change, "_may_have_changed", lambda events, *_, **__: np.ones(events.shape[1:], dtype=np.bool_))
    thorough, kept_then = skus_of(what)

    assert (thorough.since != NEVER).sum() > 100
    assert np.array_equal(quick.since, thorough.since)
    assert np.array_equal(quick.evidence, thorough.evidence)
    assert np.array_equal(kept, kept_then)
