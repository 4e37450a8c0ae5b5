"""Reading: what one source fails to say must not silence the others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from perception.fields import Field
from perception.ingest import SETPOINTS, observe
from perception.observation import MetricRows, Readback, Signal
from perception.ports import NeedsReauthorisation, RateLimited, SourceUnavailable

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)


def rows(signal: Signal) -> MetricRows:
    one = np.ones(1)
    whole = np.ones(1, dtype=np.int64)
    return MetricRows(signal=signal, sku=whole, day=whole, observed_at_s=one, version=whole, values=np.ones((1, 3)))


@dataclass
class Source:
    name: str
    answer: tuple[MetricRows, ...] | Exception
    asked: tuple[datetime | None, datetime] | None = None

    def read(self, *, since: datetime | None, now: datetime) -> tuple[MetricRows, ...]:
        self.asked = (since, now)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@dataclass
class Setpoints:
    answer: Readback | Exception

    def readback(self, *, now: datetime) -> Readback:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


READBACK = Readback(at=NOW, values={Field.PRICE: np.array([100.0])})


def test_rows_keep_the_order_of_their_sources() -> None:
    first, second = rows(Signal.ADS), rows(Signal.SHOP)

    seen = observe(tick=7, now=NOW, since=None, sources=[Source("ads", (first,)), Source("shop", (second,))], setpoints=Setpoints(READBACK))

    assert seen.tick == 7
    assert seen.at == NOW
    assert seen.rows == (first, second)
    assert seen.readback is READBACK
    assert seen.failures == ()


def test_sources_are_asked_for_what_is_new() -> None:
    source, since = Source("ads", ()), NOW - timedelta(hours=1)

    observe(tick=0, now=NOW, since=since, sources=[source], setpoints=Setpoints(READBACK))

    assert source.asked == (since, NOW)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (SourceUnavailable("503"), "SourceUnavailable: 503"),
        (RateLimited("slow down", retry_after_s=9.0), "RateLimited: slow down"),
        (NeedsReauthorisation("401"), "NeedsReauthorisation: 401"),
    ],
)
def test_failing_source_is_named_and_the_others_are_kept(error: Exception, reason: str) -> None:
    good = rows(Signal.SHOP)

    seen = observe(tick=0, now=NOW, since=None, sources=[Source("ads", error), Source("shop", (good,))], setpoints=Setpoints(READBACK))

    assert seen.rows == (good,)
    assert [(failure.source, failure.reason) for failure in seen.failures] == [("ads", reason)]


def test_failed_read_back_leaves_none() -> None:
    seen = observe(tick=0, now=NOW, since=None, sources=[], setpoints=Setpoints(SourceUnavailable("timed out")))

    assert seen.readback is None
    assert seen.failures[0].source == SETPOINTS


def test_a_mistake_of_our_own_is_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError):
        observe(tick=0, now=NOW, since=None, sources=[Source("ads", ZeroDivisionError())], setpoints=Setpoints(READBACK))
