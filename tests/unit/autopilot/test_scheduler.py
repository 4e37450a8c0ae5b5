"""The scheduler wakes, never twice at once, and stops when told; what it wakes decides what is due."""

from __future__ import annotations

import threading

from autopilot.scheduler import Scheduler

PATIENCE_S = 10.0


def test_it_wakes_again_and_again_until_it_is_stopped() -> None:
    woken, thrice = [], threading.Event()

    def wake() -> None:
        woken.append(threading.get_ident())
        if len(woken) >= 3:
            thrice.set()

    scheduler = Scheduler(wake, every_s=0.01)
    scheduler.start()
    reached = thrice.wait(PATIENCE_S)
    scheduler.stop()
    count = len(woken)

    assert reached
    assert threading.get_ident() not in woken
    assert not threading.Event().wait(0.05)
    assert len(woken) == count


def test_a_wake_up_that_takes_long_is_never_joined_by_another() -> None:
    inside, most, release, again = [], [], threading.Event(), threading.Event()

    def wake() -> None:
        inside.append(1)
        most.append(len(inside))
        if len(most) == 1:
            release.wait(PATIENCE_S)
        else:
            again.set()
        inside.pop()

    scheduler = Scheduler(wake, every_s=0.01)
    scheduler.start()
    joined = again.wait(0.1)
    release.set()
    went_on = again.wait(PATIENCE_S)
    scheduler.stop()

    assert not joined
    assert went_on
    assert set(most) == {1}


def test_stopping_waits_for_the_call_that_is_running() -> None:
    started, release, finished = threading.Event(), threading.Event(), []

    def wake() -> None:
        started.set()
        release.wait(PATIENCE_S)
        finished.append(True)

    scheduler = Scheduler(wake, every_s=0.01)
    scheduler.start()
    begun = started.wait(PATIENCE_S)
    threading.Timer(0.05, release.set).start()
    scheduler.stop()

    assert begun
    assert len(finished) == 1


def test_a_wake_up_that_is_very_late_is_not_dropped() -> None:
    scheduler = Scheduler(lambda: None, every_s=0.01)

    (job,) = scheduler._scheduler.get_jobs()

    assert job.misfire_grace_time is None
    assert job.coalesce is True
    assert job.max_instances == 1


def test_nothing_runs_before_it_is_started() -> None:
    woken = threading.Event()

    Scheduler(woken.set, every_s=0.01)

    assert not woken.wait(0.05)
