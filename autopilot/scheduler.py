"""The one door to APScheduler: it wakes the loop; which tick that amounts to is ``autopilot.ticking``'s affair."""

from __future__ import annotations

import logging
from collections.abc import Callable

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger


class Scheduler:
    """Calls a function every so many seconds in a thread of its own; never two calls at once, a backlog collapses into one.

    APScheduler's defaults drop a wake-up that is a second late; a grace without end, coalescing and one instance do not.
    """

    def __init__(self, wake: Callable[[], None], *, every_s: float) -> None:
        """Nothing runs before ``start``."""
        # a wake-up that finds the last one still at work is nothing to warn of: the next one takes the newest slot
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._scheduler = BackgroundScheduler(timezone="UTC")
        self._scheduler.add_job(
            wake, IntervalTrigger(seconds=every_s, timezone="UTC"), id="tick", misfire_grace_time=None, coalesce=True, max_instances=1
        )

    def start(self) -> None:
        """Begin to wake the function."""
        self._scheduler.start()

    def stop(self) -> None:
        """Wait for the call that is running, then stop."""
        self._scheduler.shutdown(wait=True)
