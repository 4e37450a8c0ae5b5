"""The daemon of one store: woken by the scheduler, it takes orders, drives the tick that is due, and ends or reloads when asked."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

import structlog

from autopilot import orders, ticking
from autopilot.errors import ConfigError
from autopilot.journal import Entry, JournalUnavailable, Topic
from autopilot.loop import Loop, PlanKeeper, Ticked
from autopilot.metrics_feed import MetricsFeed
from autopilot.reload import loosened, loosened_products, needs_restart
from autopilot.scheduler import Scheduler
from control.decision import LoopConfig
from control.mode import AUTHORITY, Authority, Mode

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reloaded:
    """A configuration that was read again and is valid.

    Attributes:
        config: The loop's part.
        keeper: Drafts plans on the merchant's terms; the plan in force stays until it ends.
        document: What is journaled.
        policy_problem: Why the policy that is named steers without weights, so that the laws do; "" where it does not.
    """

    config: LoopConfig
    keeper: PlanKeeper
    document: object
    policy_problem: str = ""


Reload = Callable[[], Reloaded]
"""Reads the configuration again. Raises: ConfigError."""


class Daemon:
    """Runs a loop until it is told to end."""

    def __init__(
        self, loop: Loop, *, state_dir: Path, reload: Reload, ticks: int | None = None, metrics: MetricsFeed | None = None
    ) -> None:
        """Ready to run.

        Args:
            loop: Recovered and reconciled.
            state_dir: Where the stop file would be.
            reload: What SIGHUP does.
            ticks: End by itself after so many ticks; None to run until told.
            metrics: Fed after every tick; None where no metrics are kept.
        """
        self.loop, self._state_dir, self._reload_config, self._ticks_left = loop, state_dir, reload, ticks
        self._ending, self._reloading = threading.Event(), threading.Event()
        self._failure: BaseException | None = None
        self._metrics = metrics
        self.missed = 0

    def run(self, *, wake_every_s: float) -> None:
        """Run until SIGTERM, SIGINT or the last tick; then write a snapshot and leave. Raises: whatever a tick died of."""
        self._listen()
        scheduler = Scheduler(self._guarded_wake, every_s=wake_every_s)
        scheduler.start()
        self._ending.wait()
        scheduler.stop()
        if self._failure is not None:
            raise self._failure
        self.loop.ports.journal.append([Entry(topic=Topic.STOP, key="clean", val={"missed": self.missed})])
        self.loop.snapshot()
        log.info("daemon_ended", tick=self.loop.folded.state.tick, missed=self.missed)

    def end(self) -> None:
        """Finish the tick that is running, then end."""
        self._ending.set()

    def wake(self) -> Ticked | None:
        """Take orders, reload if asked, and drive the tick that is due; None when none is."""
        if self._ending.is_set():
            return None
        loop = self.loop
        try:
            self._reload_if_asked()
            self.take_orders()
            due = ticking.due(loop.ports.clock.now(), last=self._last_slot(), tick_s=loop.config.tick_s)
            if due is None:
                return None
            before = loop.folded.state.engagement.mode
            ticked = loop.tick(due.tick)
        except JournalUnavailable as error:
            # what cannot be journaled must not be done: nothing was sent and the slot is tried again,
            # or answers were lost and read-back will settle what was sent
            log.error("journal_unavailable", error=str(error))  # noqa: TRY400 - an event, and the cause is in it
            return None
        self._report(before, ticked, missed=due.missed)
        self._keep()
        return ticked

    def ask_to_reload(self) -> None:
        """Reload at the next wake-up."""
        self._reloading.set()

    def _reload_if_asked(self) -> None:
        if not self._reloading.is_set():
            return
        # before the file is read: who asks while it is being read has changed it since
        self._reloading.clear()
        try:
            self.reload()
        except JournalUnavailable:
            self._reloading.set()
            raise

    def reload(self) -> None:
        """Validate, then swap; a bad or loosened configuration leaves everything as it is. Raises: JournalUnavailable, before the swap."""
        loop = self.loop
        try:
            found = self._reload_config()
        except ConfigError as error:
            log.error("reload_refused", reason=str(error))  # noqa: TRY400 - an event, and the cause is in it
            return
        fixed = needs_restart(loop.config, found.config)
        if fixed:
            log.error("reload_refused", reason=f"needs a restart: {', '.join(fixed)}")
            return
        loose = loosened(loop.config.limits, found.config.limits) + loosened_products(loop.config, found.config)
        if loose and AUTHORITY[loop.folded.state.engagement.mode] is not Authority.NONE:
            log.error("reload_refused", reason="limits may only be loosened while disengaged", loosened=loose)
            return
        loop.ports.journal.append([Entry(topic=Topic.CONFIG, key=found.config.store, val=found.document)])
        loop.config, loop.keeper = found.config, found.keeper
        if found.policy_problem:
            log.error("policy_unusable", reason=found.policy_problem, steering="laws")
        log.info("config_reloaded", controller=found.config.controller.name)

    def take_orders(self) -> None:
        """Take what persons asked for since; the stop file last, so that it wins. Raises: JournalUnavailable."""
        loop = self.loop
        for record, order in orders.waiting(loop.ports.journal):
            # counted from when it is taken, on the loop's own clock: that of whoever asked may be another
            loop.engage(replace(order, at=loop.ports.clock.now()), cause=record.seq)
            log.info("order_taken", order=order.event.value, by=order.by, reason=order.reason)
        stop = orders.stop_asked(self._state_dir, now=loop.ports.clock.now())
        if stop is not None and loop.folded.state.engagement.mode is not Mode.STOPPED:
            loop.engage(stop)
            log.warning("stopped", by=stop.by, reason=stop.reason)

    def _last_slot(self) -> int:
        """Slot of the last tick, counted in ticks of today's length: a restart may have changed it. -1 before the first."""
        seen_at = self.loop.folded.state.estimator.at
        return -1 if seen_at is None else ticking.slot_of(seen_at, self.loop.config.tick_s)

    def _report(self, before: Mode, ticked: Ticked, *, missed: int) -> None:
        decision = ticked.decision
        if missed:
            self.missed += missed
            log.warning("ticks_missed", missed=missed, total=self.missed)
        for failure in ticked.failures:
            log.warning("not_read", source=failure.source, reason=failure.reason)
        if decision.mode_after is not before:
            log.warning("mode_changed", was=before.value, now=decision.mode_after.value, reason=decision.mode_reason)
        if ticked.refused is not None:
            log.error("plan_refused", plan=ticked.refused.plan.id, reasons=ticked.refused.reasons)
        if decision.commands:
            log.info("commands_sent", tick=decision.tick, count=len(decision.commands))
        if self._ticks_left is not None:
            self._ticks_left -= 1
            if self._ticks_left <= 0:
                self.end()

    def _keep(self) -> None:
        """The loop's housekeeping, which no tick depends on: what fails is tried again after the next one."""
        try:
            self.loop.keep()
        except JournalUnavailable as error:
            log.warning("journal_not_kept", error=str(error))
        if self._metrics is not None:
            self._metrics.follow(self.loop.ports.journal)

    def _guarded_wake(self) -> None:
        """A tick that dies ends the daemon: the next start recovers, which is safer than going on with half a state."""
        try:
            self.wake()
        except BaseException as error:  # noqa: BLE001 - carried to the main thread, which raises it
            log.critical("tick_died", error=f"{type(error).__name__}: {error}")
            self._failure = error
            self.end()

    def _listen(self) -> None:
        """SIGTERM and SIGINT end cleanly, SIGHUP reloads; only the main thread may listen."""

        def ended(number: int, _frame: FrameType | None) -> None:
            log.info("ending", signal=signal.Signals(number).name)
            self.end()

        def reloading(_number: int, _frame: FrameType | None) -> None:
            self.ask_to_reload()

        signal.signal(signal.SIGTERM, ended)
        signal.signal(signal.SIGINT, ended)
        signal.signal(signal.SIGHUP, reloading)
