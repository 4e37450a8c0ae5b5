"""Faults to switch on in front of any platform: refusals, time-outs before and after the effect, half-done batches, bad figures."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from autopilot.platforms.kinds import Adapter
from control.command import Command
from control.ports import Acknowledgement, Effect
from perception.catalogue import Catalogue
from perception.fields import Field
from perception.observation import MetricRows, Readback, Signal
from perception.ports import RateLimited, SourceUnavailable

STALE_BY = timedelta(hours=12)
"""How old the figures of a stale read are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRates:
    """Probability per call of each fault, [0, 1], and the hours since opening within which they happen."""

    rate_429: float = 0.0
    rate_5xx: float = 0.0
    timeout_before_apply: float = 0.0
    timeout_after_apply: float = 0.0
    partial_batch: float = 0.0
    stale_metrics: float = 0.0
    nan_metrics: float = 0.0
    from_hour: int = 0
    until_hour: int = 2**31


class FaultyPlatform:
    """A platform that misbehaves at the given rates. The same seed and the same instants give the same faults."""

    def __init__(self, platform: Adapter, *, rates: FaultRates, seed: int, opens: datetime) -> None:
        """Faults in front of ``platform``, whose hours are counted from ``opens``."""
        self._platform, self._rates, self._seed, self._opens = platform, rates, seed, opens

    @property
    def name(self) -> str:
        """As the platform's."""
        return self._platform.name

    @property
    def signals(self) -> frozenset[Signal]:
        """As the platform's."""
        return self._platform.signals

    @property
    def fields(self) -> frozenset[Field]:
        """As the platform's."""
        return self._platform.fields

    def catalogue(self) -> Catalogue:
        """As the platform's: asked for once, before there is an hour to count."""
        return self._platform.catalogue()

    def read(self, *, since: datetime | None, now: datetime) -> tuple[MetricRows, ...]:
        """Read, or fail, or answer with old or unreadable figures."""
        self._refuse("read", now)
        if self._strikes("stale_metrics", "read", now):
            return self._platform.read(since=None if since is None else since - STALE_BY, now=now - STALE_BY)
        rows = self._platform.read(since=since, now=now)
        return tuple(_with_nan(row) for row in rows) if self._strikes("nan_metrics", "read", now) else rows

    def readback(self, *, now: datetime) -> Readback:
        """Read back, or fail."""
        self._refuse("readback", now)
        return self._platform.readback(now=now)

    def write(self, commands: tuple[Command, ...], *, now: datetime) -> tuple[Acknowledgement, ...]:
        """Write, or fail before, after or halfway."""
        self._refuse("write", now)
        if self._strikes("timeout_before_apply", "write", now):
            raise SourceUnavailable("timed out")
        if self._strikes("partial_batch", "write", now):
            half = len(commands) // 2
            refused = (Acknowledgement(intent_id=c.intent_id, effect=Effect.REJECTED, detail="item failed") for c in commands[half:])
            return (*self._platform.write(commands[:half], now=now), *refused)
        answers = self._platform.write(commands, now=now)
        if self._strikes("timeout_after_apply", "write", now):
            raise SourceUnavailable("timed out")
        return answers

    def _refuse(self, call: str, now: datetime) -> None:
        if self._strikes("rate_429", call, now):
            raise RateLimited("429 too many requests", retry_after_s=60.0)
        if self._strikes("rate_5xx", call, now):
            raise SourceUnavailable("503 service unavailable")

    def _strikes(self, fault: str, call: str, now: datetime) -> bool:
        hour = (now - self._opens).total_seconds() / 3600.0
        if not self._rates.from_hour <= hour < self._rates.until_hour:
            return False
        word = f"{self._seed}|{fault}|{call}|{now.isoformat()}".encode()
        chance = int.from_bytes(hashlib.sha256(word).digest()[:8]) / 2.0**64
        rate: float = getattr(self._rates, fault)
        return chance < rate


def _with_nan(rows: MetricRows) -> MetricRows:
    """The rows with the first figure of every third one missing."""
    values = rows.values.copy()
    values[::3, 0] = np.nan
    return replace(rows, values=values)
