"""Each fault, switched on for certain, does what its name says, and nothing happens outside its hours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

from autopilot import codec, wiring
from autopilot.platforms.effects import MemoryEffects
from autopilot.platforms.faults import STALE_BY, FaultRates, FaultyPlatform
from autopilot.platforms.simulated import SimulatedPlatform, opening_of
from autopilot.settings_platform import FaultsSection
from autopilot.settings_sources import load_store
from control.command import Command
from control.ports import Effect
from perception.fields import Field
from perception.observation import Signal
from perception.ports import PlatformError, RateLimited, SourceUnavailable

LOADED = load_store("gift-shop", environ={})
MARKET = wiring.market_of(LOADED)
OPENS = opening_of(MARKET)
NOON = OPENS + timedelta(hours=36)
SKUS = ("G01", "G02", "G03", "G04", "G05")


def bids(value: int, count: int = len(SKUS)) -> tuple[Command, ...]:
    return tuple(
        Command(intent_id=f"i{index}", entity=sku, index=index, field=Field.BID, value=value, previous=0, currency="GBP")
        for index, sku in enumerate(SKUS[:count])
    )


@cache
def unplayed() -> SimulatedPlatform:
    """To be forked: opening a market takes longer than most tests here."""
    return SimulatedPlatform(MARKET, seed=1, opens=OPENS, effects=MemoryEffects())


@pytest.fixture
def behind() -> Callable[..., Any]:
    """(platform that works, the same one behind faults at these rates)."""

    def opened(*, seed: int = 1, **rates: float) -> tuple[SimulatedPlatform, FaultyPlatform]:
        platform = unplayed().fork(MemoryEffects())
        return platform, FaultyPlatform(platform, rates=FaultRates(**rates), seed=seed, opens=OPENS)  # type: ignore[arg-type]  # hours are whole

    return opened


def bids_of(platform: Any) -> list[float]:
    values: list[float] = platform.readback(now=NOON).values[Field.BID][: len(SKUS)].tolist()
    return values


CALLS: dict[str, Callable[[Any], Any]] = {
    "read": lambda platform: platform.read(since=None, now=NOON),
    "readback": lambda platform: platform.readback(now=NOON),
    "write": lambda platform: platform.write(bids(33), now=NOON),
}


@pytest.mark.parametrize("call", CALLS)
def test_429_refuses_every_call_says_when_to_come_back_and_changes_nothing(behind: Callable[..., Any], call: str) -> None:
    platform, faulty = behind(rate_429=1.0)

    with pytest.raises(RateLimited) as caught:
        CALLS[call](faulty)

    assert caught.value.retry_after_s > 0
    assert platform.effects() == ()


@pytest.mark.parametrize("call", CALLS)
def test_5xx_refuses_every_call_and_changes_nothing(behind: Callable[..., Any], call: str) -> None:
    platform, faulty = behind(rate_5xx=1.0)

    with pytest.raises(SourceUnavailable, match="503") as caught:
        CALLS[call](faulty)

    assert not isinstance(caught.value, RateLimited)
    assert platform.effects() == ()


def test_timeout_before_apply_leaves_the_values(behind: Callable[..., Any]) -> None:
    platform, faulty = behind(timeout_before_apply=1.0)
    before = bids_of(platform)

    with pytest.raises(SourceUnavailable, match="timed out"):
        faulty.write(bids(33), now=NOON)

    assert bids_of(faulty) == before
    assert platform.effects() == ()


def test_timeout_after_apply_changes_the_values_without_saying_so(behind: Callable[..., Any]) -> None:
    platform, faulty = behind(timeout_after_apply=1.0)

    with pytest.raises(SourceUnavailable, match="timed out"):
        faulty.write(bids(33), now=NOON)

    assert bids_of(faulty) == [33.0] * len(SKUS)
    assert len(platform.effects()) == len(SKUS)


def test_both_timeouts_look_the_same_to_the_caller(behind: Callable[..., Any]) -> None:
    said = []
    for fault in ("timeout_before_apply", "timeout_after_apply"):
        _, faulty = behind(**{fault: 1.0})
        with pytest.raises(PlatformError) as caught:
            faulty.write(bids(33), now=NOON)
        said.append((type(caught.value), str(caught.value)))

    assert said[0] == said[1]


@pytest.mark.parametrize(("count", "applied"), [(0, 0), (1, 0), (2, 1), (5, 2)])
def test_partial_batch_applies_half_and_answers_for_each_item(behind: Callable[..., Any], count: int, applied: int) -> None:
    platform, faulty = behind(partial_batch=1.0)
    before = bids_of(platform)

    answers = faulty.write(bids(33, count), now=NOON)

    assert [answer.intent_id for answer in answers] == [command.intent_id for command in bids(33, count)]
    assert [answer.effect for answer in answers] == [Effect.APPLIED] * applied + [Effect.REJECTED] * (count - applied)
    assert bids_of(faulty) == [33.0] * applied + before[applied:]


def test_stale_metrics_are_those_of_half_a_day_ago(behind: Callable[..., Any]) -> None:
    platform, faulty = behind(stale_metrics=1.0)
    then = platform.read(since=None, now=NOON - STALE_BY)
    fresh = platform.read(since=None, now=NOON)

    stale = faulty.read(since=None, now=NOON)

    assert codec.to_bytes(stale) == codec.to_bytes(then)
    assert codec.to_bytes(stale) != codec.to_bytes(fresh)


def test_stale_metrics_are_stale_in_every_signal_and_say_so_in_their_time(behind: Callable[..., Any]) -> None:
    platform, faulty = behind(stale_metrics=1.0)
    fresh = {rows.signal: rows for rows in platform.read(since=None, now=NOON)}

    stale = {rows.signal: rows for rows in faulty.read(since=None, now=NOON)}

    assert stale.keys() == set(Signal)
    assert all((rows.observed_at_s == (NOON - STALE_BY).timestamp()).all() for rows in stale.values())
    assert all(stale[signal].values.sum() != fresh[signal].values.sum() for signal in (Signal.SHOP, Signal.STOCK))


def test_nan_metrics_poison_some_figures_of_every_signal_and_leave_the_others(behind: Callable[..., Any]) -> None:
    platform, faulty = behind(nan_metrics=1.0)
    sound = platform.read(since=None, now=NOON)

    poisoned = faulty.read(since=None, now=NOON)

    for before, after in zip(sound, poisoned, strict=True):
        spoilt = np.isnan(after.values)
        assert 0 < spoilt.sum() < spoilt.size
        assert np.array_equal(after.values[~spoilt], before.values[~spoilt])
        assert not np.isnan(before.values).any()


@pytest.mark.parametrize("fault", ["stale_metrics", "nan_metrics"])
def test_faults_of_figures_touch_neither_readback_nor_writing(behind: Callable[..., Any], fault: str) -> None:
    _, faulty = behind(**{fault: 1.0})

    answers = faulty.write(bids(33), now=NOON)

    assert {answer.effect for answer in answers} == {Effect.APPLIED}
    assert bids_of(faulty) == [33.0] * len(SKUS)


@pytest.mark.parametrize("fault", ["timeout_before_apply", "timeout_after_apply", "partial_batch"])
def test_faults_of_writing_touch_no_reading(behind: Callable[..., Any], fault: str) -> None:
    platform, faulty = behind(**{fault: 1.0})

    assert codec.to_bytes(faulty.read(since=None, now=NOON)) == codec.to_bytes(platform.read(since=None, now=NOON))
    assert bids_of(faulty) == bids_of(platform)


@pytest.mark.parametrize(
    ("minute", "strikes"),
    [(-1, False), (0, False), (119, False), (120, True), (179, True), (180, False), (100_000, False)],
)
def test_faults_strike_within_their_hours_only(minute: int, *, strikes: bool) -> None:
    # in front of something that is always there, since no market need be played for weeks to be asked
    faulty = FaultyPlatform(Mock(), rates=FaultRates(rate_5xx=1.0, from_hour=2, until_hour=3), seed=1, opens=OPENS)

    def refused() -> bool:
        try:
            faulty.readback(now=OPENS + timedelta(minutes=minute))
        except SourceUnavailable:
            return True
        return False

    assert refused() is strikes


def pattern(faulty: FaultyPlatform, count: int = 200) -> list[bool]:
    def refused(now: datetime) -> bool:
        try:
            faulty.write((), now=now)
        except SourceUnavailable:
            return True
        return False

    return [refused(OPENS + timedelta(seconds=n)) for n in range(count)]


def test_same_seed_and_instants_give_the_same_faults_and_another_seed_others(behind: Callable[..., Any]) -> None:
    first, again, other = (pattern(behind(rate_5xx=0.5, seed=seed)[1]) for seed in (7, 7, 8))

    assert first == again
    assert first != other


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_faults_strike_about_as_often_as_asked(behind: Callable[..., Any], rate: float) -> None:
    struck = np.mean(pattern(behind(rate_5xx=rate)[1], 1000))

    # four standard deviations of a binomial of 1,000
    assert abs(struck - rate) < 4 * (rate * (1 - rate) / 1000) ** 0.5


def test_one_fault_does_not_decide_another(behind: Callable[..., Any]) -> None:
    before, after = (pattern(behind(**{fault: 0.5})[1]) for fault in ("timeout_before_apply", "timeout_after_apply"))

    assert before != after


def test_no_rates_change_nothing(behind: Callable[..., Any]) -> None:
    platform, faulty = behind()

    assert codec.to_bytes(faulty.read(since=None, now=NOON)) == codec.to_bytes(platform.read(since=None, now=NOON))
    assert faulty.name == platform.name
    assert faulty.catalogue() is platform.catalogue()


def test_every_fault_can_be_set_and_none_is_on_by_default() -> None:
    assert set(FaultsSection.model_fields) == {field.name for field in fields(FaultRates)}
    assert FaultRates(**FaultsSection().model_dump()) == FaultRates()


def test_wiring_puts_faults_in_front_only_where_there_are_some() -> None:
    platform = SimulatedPlatform(MARKET, seed=1, opens=OPENS, effects=MemoryEffects())
    some = load_store("gift-shop", overrides={"platform.faults.rate_429": 0.1}, environ={})
    only_hours = load_store("gift-shop", overrides={"platform.faults.from_hour": 3}, environ={})

    assert wiring.with_faults(platform, LOADED.settings, MARKET) is platform
    assert wiring.with_faults(platform, only_hours.settings, MARKET) is platform
    assert isinstance(wiring.with_faults(platform, some.settings, MARKET), FaultyPlatform)
