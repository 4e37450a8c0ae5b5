"""The life of plans in the daemon's loop: journaled from draft to end, stopped by their own rules, renewed within what is left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autopilot import codec
from autopilot.clock import SteppedClock
from autopilot.journal import Journal, SqlJournal, Topic, sqlite_url
from autopilot.recovery import folded_journal
from control.pricing import PricingTuning
from perception.fields import Field
from planning.life import FOLLOWS, RETREAT, Phase, PlanEvent
from planning.plan import Plan

DAY = 24


@pytest.fixture
def opened(harness: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """Opens a store with a journal in a file."""

    def opening(overrides: dict[str, Any] | None = None) -> Any:
        def journal(clock: SteppedClock) -> Journal:
            return SqlJournal(sqlite_url(tmp_path / "journal.sqlite"), clock=clock, durable=False)

        return harness(overrides, journal=journal)

    return opening


def lives(store: Any) -> dict[str, list[PlanEvent]]:
    found: dict[str, list[PlanEvent]] = {}
    for record in store.journal.records(topics=[Topic.PLAN_LIFE]):
        event = codec.from_jsonable(record.val, PlanEvent)
        found.setdefault(event.plan_id, []).append(event)
    return found


def plans(store: Any) -> list[Plan]:
    return [codec.from_jsonable(record.val, Plan) for record in store.journal.records(topics=[Topic.PLAN])]


def test_a_plan_is_journaled_from_draft_to_running(opened: Callable[..., Any]) -> None:
    store = opened()
    store.ticks(2)

    (life,) = lives(store).values()
    assert [event.phase for event in life] == [Phase.DRAFT, Phase.APPROVED, Phase.RUNNING]
    assert life[1].by == "budget guard"


def test_a_window_that_is_over_ends_its_plan_and_begins_the_next(opened: Callable[..., Any]) -> None:
    store = opened({"budget.window_days": 1})
    store.ticks(DAY + 2)

    first, second = lives(store).values()
    assert [event.phase for event in first] == [Phase.DRAFT, Phase.APPROVED, Phase.RUNNING, Phase.ENDED]
    assert second[-1].phase is Phase.RUNNING


def test_a_window_that_passed_while_nobody_drove_has_expired(opened: Callable[..., Any]) -> None:
    store = opened({"budget.window_days": 2})
    store.ticks(2)
    store.clock.advance(3 * DAY * 3600.0)
    store.ticks(1)

    assert next(iter(lives(store).values()))[-1].phase is Phase.EXPIRED


def test_every_life_goes_only_where_it_may(opened: Callable[..., Any]) -> None:
    store = opened({"budget.window_days": 2, "planning.renewal": "live", "planning.planner": "milp"})
    store.ticks(3 * DAY)

    assert len(plans(store)) >= 3
    for life in lives(store).values():
        for earlier, later in pairwise(life):
            assert later.phase in FOLLOWS[earlier.phase]


def test_a_broken_loss_rule_takes_prices_back_to_the_merchants_own_and_pauses_ads(
    opened: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened()
    store.ticks(3 * DAY)
    moved = store.platform.readback(now=store.clock.now()).values
    own = store.loop.config.catalogue.anchor_price_cents
    assert (moved[Field.PRICE] != own).sum() > 5
    _believe_loss(monkeypatch, 1e9)

    store.ticks(6 * DAY)

    stopped = plans(store)[-1]
    after = store.platform.readback(now=store.clock.now()).values
    assert stopped.planner == RETREAT
    assert len(plans(store)) == 2
    # the last two percent are within the law's deadband
    assert (np.abs(after[Field.PRICE] - own) < PricingTuning().deadband_ratio * after[Field.PRICE]).all()
    assert after[Field.DAILY_BUDGET].sum() <= 0.05 * moved[Field.DAILY_BUDGET].sum() or (after[Field.BID] == 0.0).all()
    withdrawn = next(iter(lives(store).values()))[-1]
    assert withdrawn.phase is Phase.WITHDRAWN
    assert "baseline_loss_7d_cents" in withdrawn.reason


def _believe_loss(monkeypatch: pytest.MonkeyPatch, cents: float) -> None:
    """Whoever keeps plans believes in this loss from now on; control is left as it is."""
    from autopilot import plan_keeper, plan_request

    real = plan_request.plan_request

    def losing(*args: Any) -> Any:
        request = real(*args)
        return replace(request, state=replace(request.state, baseline_loss_7d_cents=cents))

    monkeypatch.setattr(plan_keeper, "plan_request", losing)


def test_a_stopped_plan_stays_stopped_after_a_restart(opened: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    store = opened()
    store.ticks(7)
    _believe_loss(monkeypatch, 1e9)
    store.ticks(8)

    folded = folded_journal(store.journal, store.loop.config, now=store.clock.now())

    assert folded.plan is not None
    assert folded.plan.planner == RETREAT


def test_renewed_plans_of_one_window_are_granted_less_and_less(opened: Callable[..., Any]) -> None:
    store = opened({"planning.renewal": "live", "planning.planner": "milp", "budget.window_days": 5})
    store.ticks(3 * DAY)

    drafted = plans(store)
    assert len(drafted) >= 3
    assert len({plan.ends_at for plan in drafted}) == 1
    granted = [plan.granted_cents for plan in drafted]
    assert all(later < earlier for earlier, later in pairwise(granted))
    assert all(plan.worst_case_cents <= plan.granted_cents for plan in drafted)
    ads = [plan.ad_budget_cents for plan in drafted]
    assert all(later <= earlier for earlier, later in pairwise(ads))


def test_without_the_setting_a_plan_is_left_alone_until_it_ends(opened: Callable[..., Any]) -> None:
    store = opened({"budget.window_days": 3})
    store.ticks(2 * DAY)

    assert len(plans(store)) == 1


def test_a_changed_goal_makes_a_new_plan_within_the_window(opened: Callable[..., Any]) -> None:
    store = opened({"planning.renewal": "live"})
    store.ticks(2)
    keeper = store.loop.keeper
    store.loop.keeper = replace(keeper, terms=replace(keeper.terms, goal=keeper.terms.goal.GMV))
    store.ticks(7)

    assert [plan.goal.value for plan in plans(store)] == ["profit", "gmv"]


def test_ends_of_windows_are_local_midnights(opened: Callable[..., Any]) -> None:
    store = opened({"planning.renewal": "live", "budget.window_days": 3})
    store.ticks(2 * DAY)

    ends = {plan.ends_at.astimezone(store.loop.config.timezone) for plan in plans(store)}
    assert all(end.hour == 0 for end in ends)
    assert np.ptp([end.timestamp() for end in ends]) == timedelta(0).total_seconds()
