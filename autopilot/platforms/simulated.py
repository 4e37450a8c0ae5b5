"""The simulated platform: a market that stands where a shop and its ad platform would, behind the very same ports.

Its state is a function of the seed and of what was set on it when, so it is brought up to ``now`` whenever somebody asks, and a restart
plays the log of effects again. The market's days have 24 hours by the shop's wall clock: the hour that a change of summer time adds passes
without sales, and the one it takes away is caught up with at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import numpy as np

from autopilot.platforms.effects import Effect, EffectLog
from autopilot.platforms.writing import objection_to
from control import ports
from control.command import Command
from control.ledger import entity_index
from control.ports import Acknowledgement
from perception.catalogue import Catalogue
from perception.fields import Field
from perception.observation import MetricRows, Readback, Signal
from perception.units import SECONDS_PER_HOUR, Bools, Floats, Ints, day_of, day_start
from sim import market, reporting
from sim.market import MarketState, Setpoints
from sim.parameters.market import MarketParameters
from sim.reporting import Reports

HOURS_PER_DAY = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """What can be seen at the end of one hour: the reports, and (m,) units on hand."""

    reports: Reports
    on_hand: Ints

    def figures(self, signal: Signal, days: range) -> Floats:
        """(D, m, k) figures of these days; of stock there is only one."""
        if signal is Signal.STOCK:
            stock: Floats = self.on_hand.astype(np.float64)[None, :, None]
            return stock
        of_signal = reporting.ad_figures if signal is Signal.ADS else reporting.shop_figures
        figures: Floats = of_signal(self.reports, days)[0]
        return figures

    def changed(self, signal: Signal, days: range, *, since: int) -> Bools:
        """(D, m) whose figures changed after ``since`` hours had passed."""
        pages = [self.reports.pages[day - self.reports.days.start] for day in days]
        stamps = [page.ads_changed[0] if signal is Signal.ADS else page.shop_changed[0] for page in pages]
        return np.array(stamps).reshape(len(days), self.on_hand.size) > since


class SimulatedPlatform:
    """One store on a simulated market, as catalogue, metrics, set-points and actuator."""

    name = "simulated"
    signals = frozenset(Signal)
    fields = frozenset(Field)

    def __init__(self, parameters: MarketParameters, *, seed: int, opens: datetime, effects: EffectLog) -> None:
        """Open the store.

        Args:
            parameters: The market.
            seed: Its chance.
            opens: Local midnight of the first day, aware UTC.
            effects: What was set so far; later writes are added.
        """
        self._parameters, self._effects, self._opens = parameters, effects, opens
        self._timezone = ZoneInfo(parameters.shop.timezone)
        self._first_day = day_of(opens, self._timezone)
        seeds = np.array([seed], dtype=np.int64)
        self._state = market.start(parameters, seeds=seeds, first_day=self._first_day)
        self._catalogue = market.catalogue(parameters, seed=seed)
        self._setpoints = market.initial_setpoints(parameters, seeds=seeds)
        self._played = 0
        self._shown: tuple[_Shown, ...] = (_Shown(reports=reporting.open_reports(self._state), on_hand=reporting.on_hand(self._state)[0]),)
        """What could be seen at the end of each of the last hours, at most a day back: who asks for an earlier hour gets that hour's."""
        conversion, late = parameters.conversion, parameters.reporting
        self._changing_days = min(
            late.kept_days, conversion.window_days + math.ceil((late.restated_for_h + late.lag_high_h) / HOURS_PER_DAY) + 2
        )
        """Days back that a report may still change: conversions come, are seen late, and are restated."""

    def fork(self, effects: EffectLog) -> SimulatedPlatform:
        """Another platform that stands where this one does and goes its own way from here: the same luck, other set-points."""
        forked = copy(self)
        forked.follow(effects)
        return forked

    def follow(self, effects: EffectLog) -> None:
        """From here on, what is set is kept in, and read from, another log."""
        self._effects, self._played = effects, 0

    def catalogue(self) -> Catalogue:
        """What the market sells."""
        return self._catalogue

    def read(self, *, since: datetime | None, now: datetime) -> tuple[MetricRows, ...]:
        """Figures as the platform shows them at ``now``: rows that changed since ``since``, and today's."""
        self._play(now)
        hour = max(self._hour(now), 0)
        before = None if since is None else min(max(self._hour(since), 0), hour)
        if before == hour:
            return ()
        return tuple(self._rows(signal, hour, before, now) for signal in Signal)

    def readback(self, *, now: datetime) -> Readback:
        """The set-points in force."""
        self._play(now)
        current = _with(self._setpoints, [effect for effect in self._effects.all()[self._played :] if effect.at <= now])
        return Readback(
            at=now,
            values={
                Field.PRICE: current.price_cents[0].astype(np.float64),
                Field.BID: current.bid_cents[0].astype(np.float64),
                Field.DAILY_BUDGET: current.daily_budget_cents[0].astype(np.float64),
            },
        )

    def write(self, commands: tuple[Command, ...], *, now: datetime) -> tuple[Acknowledgement, ...]:
        """Apply each command, or say why not."""
        self._play(now)
        answers, applied = [], []
        for command in commands:
            problem = objection_to(command, catalogue=self._catalogue, fields=self.fields)
            if problem:
                answers.append(Acknowledgement(intent_id=command.intent_id, effect=ports.Effect.REJECTED, detail=problem))
                continue
            applied.append(self._effect(command.field, command.entity, command.value, by=command.intent_id, now=now))
            answers.append(Acknowledgement(intent_id=command.intent_id, effect=ports.Effect.APPLIED, detail="applied"))
        self._effects.append(applied)
        return tuple(answers)

    def edit(self, field: Field, entity: str, value: int, *, by: str, now: datetime) -> None:
        """Set one set-point, as the loop or a person does."""
        self._effects.append((self._effect(field, entity, value, by=by, now=now),))

    def _effect(self, field: Field, entity: str, value: int, *, by: str, now: datetime) -> Effect:
        """Raises: KeyError for an entity that the store does not have."""
        return Effect(at=now, field=field, entity=entity, index=entity_index(self._catalogue)[field, entity], value=value, by=by)

    def truth(self, *, now: datetime) -> MarketState:
        """The market as it really is at ``now``: for scoring, never for steering."""
        self._play(now)
        return self._state

    def effects(self) -> tuple[Effect, ...]:
        """Everything that was ever set."""
        return self._effects.all()

    def _hour(self, at: datetime) -> int:
        """Hours of the market done by ``at``. It keeps the shop's wall clock: at a change of summer time it skips or repeats one."""
        opened, now = (instant.astimezone(self._timezone).replace(tzinfo=None) for instant in (self._opens, at))
        return int((now - opened).total_seconds() // SECONDS_PER_HOUR)

    def _instant(self, hour: int) -> datetime:
        """When an hour of the market begins."""
        opened = self._opens.astimezone(self._timezone).replace(tzinfo=None)
        return (opened + timedelta(hours=hour)).replace(tzinfo=self._timezone).astimezone(UTC)

    def _play(self, now: datetime) -> None:
        """Bring the market up to the last full hour before ``now``; an hour is played with what was set when it began, not since."""
        while self._state.hour < self._hour(now):
            self._take_effects(until=self._instant(self._state.hour))
            self._state, outcome = market.step(self._parameters, self._state, self._setpoints)
            reports = reporting.advance(self._parameters, self._shown[-1].reports, outcome)
            self._shown = (*self._shown[-HOURS_PER_DAY:], _Shown(reports=reports, on_hand=reporting.on_hand(self._state)[0]))

    def _take_effects(self, *, until: datetime) -> None:
        due = list(takewhile(lambda effect: effect.at <= until, self._effects.all()[self._played :]))
        self._setpoints, self._played = _with(self._setpoints, due), self._played + len(due)

    def _rows(self, signal: Signal, hour: int, before: int | None, now: datetime) -> MetricRows:
        shown = self._shown[-1 - min(self._state.hour - hour, len(self._shown) - 1)]
        today = self._first_day + hour // HOURS_PER_DAY
        kept = self._parameters.reporting.kept_days if before is None else self._changing_days
        days = range(today if signal is Signal.STOCK else max(self._first_day, today - kept + 1), today + 1)
        figures = shown.figures(signal, days)
        changed = np.ones(figures.shape[:2], dtype=np.bool_)
        if before is not None and signal is not Signal.STOCK:
            # today's rows come even when nothing happened: silence must not look like a dead feed
            changed[:-1] = shown.changed(signal, days[:-1], since=before)
        at, sku = np.nonzero(changed)
        return MetricRows(
            signal=signal,
            sku=sku.astype(np.int64),
            day=days.start + at.astype(np.int64),
            observed_at_s=np.full(at.size, now.timestamp()),
            version=hour - (days.start + at.astype(np.int64) - self._first_day) * HOURS_PER_DAY,
            values=figures[at, sku],
        )


def _with(setpoints: Setpoints, effects: Sequence[Effect]) -> Setpoints:
    """The set-points with these effects applied, in their order."""
    if not effects:
        return setpoints
    arrays = {
        Field.BID: setpoints.bid_cents.copy(),
        Field.PRICE: setpoints.price_cents.copy(),
        Field.DAILY_BUDGET: setpoints.daily_budget_cents.copy(),
    }
    for effect in effects:
        arrays[effect.field][0, effect.index] = effect.value
    return Setpoints(bid_cents=arrays[Field.BID], price_cents=arrays[Field.PRICE], daily_budget_cents=arrays[Field.DAILY_BUDGET])


def opening_of(parameters: MarketParameters) -> datetime:
    """When the market of this file opens: local midnight of its first day, aware UTC."""
    return day_start(parameters.shop.first_day.toordinal(), ZoneInfo(parameters.shop.timezone))
