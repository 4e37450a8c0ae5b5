"""What a whole store does under the laws: modes, overrides, faults, and the promises about money."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autopilot import codec
from autopilot.fold import EngagementOrder
from control.command import Outcome
from control.engagement import Event
from control.mode import Mode
from perception.fields import Field


def decisions(ticked: list[Any]) -> list[Any]:
    return [one.decision for one in ticked]


def test_store_is_engaged_by_way_of_transition_and_canaries(harness: Callable[..., Any]) -> None:
    store = harness()

    done = decisions(store.ticks(12))

    assert [d.mode for d in done[:5]] == [Mode.TRANSITION] * 4 + [Mode.AUTO]
    first_by_field = {field: [c for c in done[0].commands if c.field is field] for field in Field}
    assert all(len(commands) <= 1 for commands in first_by_field.values())
    assert sum(len(d.commands) for d in done) > 20


@pytest.mark.parametrize("event", [Event.STOP, Event.OFF, Event.OBSERVE, Event.SHADOW, Event.ADVISE])
def test_modes_without_authority_write_nothing(harness: Callable[..., Any], event: Event) -> None:
    store = harness()
    store.ticks(6)
    before = len(store.platform.effects())

    store.loop.engage(EngagementOrder(event=event, at=store.clock.now(), by="Ann", reason="test"))
    done = decisions(store.ticks(6))

    assert len(store.platform.effects()) == before
    assert all(d.commands == () for d in done)


def test_shadow_decides_what_auto_would_and_sends_none_of_it(harness: Callable[..., Any]) -> None:
    store = harness()
    store.ticks(6)
    store.loop.engage(EngagementOrder(event=Event.SHADOW, at=store.clock.now(), by="Ann", reason="test"))

    done = decisions(store.ticks(6))

    assert any(item.verdict.outcome is Outcome.ADMITTED for d in done for item in d.judged)
    assert all(d.commands == () for d in done)


def test_price_edited_by_a_person_is_left_alone_for_a_day(harness: Callable[..., Any]) -> None:
    store = harness()
    store.ticks(30)
    store.platform.edit(Field.PRICE, "G05", 333, by="a person", now=store.clock.now())

    done = decisions(store.ticks(23))

    touched = [c for d in done for c in d.commands if (c.entity, c.field) == ("G05", Field.PRICE)]
    assert touched == []
    assert store.platform.readback(now=store.clock.now()).values[Field.PRICE][4] == 333.0


def test_several_edits_at_once_hold_the_store(harness: Callable[..., Any]) -> None:
    store = harness()
    store.ticks(10)
    for sku in ("G01", "G02", "G03"):
        store.platform.edit(Field.PRICE, sku, 999, by="a person", now=store.clock.now())

    done = decisions(store.ticks(2))

    assert done[-1].mode is Mode.HOLD
    assert "edited outside" in done[0].mode_reason


def test_spend_never_passes_the_grant_and_prices_keep_their_floor(harness: Callable[..., Any]) -> None:
    store = harness({"budget.window_days": 4, "budget.ad_spend_cents": 20_000, "envelope.min_margin_ratio": 0.3})
    config = store.loop.config

    store.ticks(4 * 24)

    state = store.platform.truth(now=store.clock.now())
    floor = np.ceil(config.catalogue.cost_cents / (1.0 - config.limits.min_margin_ratio))
    prices = [(e.index, e.value) for e in store.platform.effects() if e.field is Field.PRICE]
    assert int(state.totals.cost_cents.sum()) <= 20_000
    assert prices
    assert all(value >= floor[index] for index, value in prices)


def test_unknown_outcomes_are_settled_by_read_back_and_nothing_is_written_twice(harness: Callable[..., Any]) -> None:
    store = harness({"platform.faults.timeout_after_apply": 0.4, "platform.faults.timeout_before_apply": 0.3})

    done = store.ticks(36)

    writers = [effect.by for effect in store.platform.effects()]
    assert len(writers) == len(set(writers))
    settled = [answer.effect for one in done for answer in one.decision.settled]
    assert {"applied", "rejected"} <= {effect.value for effect in settled}


def test_outage_holds_and_comes_back_by_itself(harness: Callable[..., Any]) -> None:
    store = harness({"platform.faults.rate_5xx": 1.0, "platform.faults.from_hour": 10, "platform.faults.until_hour": 20})

    modes = [d.mode for d in decisions(store.ticks(36))]

    assert modes[9] is Mode.AUTO
    assert Mode.HOLD in modes[10:24]
    assert modes[-1] is Mode.AUTO


def test_poisoned_figures_are_refused_and_their_products_held(harness: Callable[..., Any]) -> None:
    store = harness({"platform.faults.nan_metrics": 1.0, "platform.faults.from_hour": 6})

    done = decisions(store.ticks(12))

    assert any(r.reason == "non_finite" for d in done[6:] for r in d.rejected)
    assert all(np.isfinite(c.value) for d in done for c in d.commands)


def test_same_inputs_give_the_same_decision_object_for_object(harness: Callable[..., Any]) -> None:
    first, second = harness(), harness()

    # as bytes, since evidence may hold NaN, which equals nothing
    assert codec.to_bytes(decisions(first.ticks(10))) == codec.to_bytes(decisions(second.ticks(10)))


def test_engaging_in_the_middle_starts_from_the_bids_that_stand(harness: Callable[..., Any]) -> None:
    store = harness()
    store.ticks(30)
    store.loop.engage(EngagementOrder(event=Event.OBSERVE, at=store.clock.now(), by="Ann", reason="look"))
    store.ticks(3)
    before = store.platform.readback(now=store.clock.now()).values[Field.BID]
    store.loop.engage(EngagementOrder(event=Event.ARM, at=store.clock.now(), by="Ann", reason="go on"))

    store.ticks(2)

    after = store.platform.readback(now=store.clock.now()).values[Field.BID]
    moved = np.abs(after - before) / np.maximum(before, 1.0)
    assert np.median(moved[before > 5]) < 0.35


def test_plan_that_is_refused_leaves_the_store_alone(harness: Callable[..., Any]) -> None:
    store = harness()
    keeper = store.loop.keeper

    class Spendthrift:
        def draft(self, request: Any) -> Any:
            plan = keeper.planner.draft(request)
            return replace(plan, ad_budget_cents=plan.ad_budget_cents * 10)

    store.loop.keeper = replace(keeper, planner=Spendthrift())

    done = store.ticks(6)

    assert all(one.refused is not None for one in done)
    assert store.platform.effects() == ()


def test_window_that_ends_does_not_leave_the_next_one_without_ads(harness: Callable[..., Any]) -> None:
    store = harness({"budget.window_days": 2, "budget.ad_spend_cents": 8_000, "planning.learning_budget_cents": 0})
    spent = [0]
    for _ in range(4):
        store.ticks(2 * 24)
        spent.append(int(store.platform.truth(now=store.clock.now()).totals.cost_cents.sum()))

    by_window = np.diff(spent)

    assert (by_window <= 8_000).all()
    assert (by_window > 2_000).all()
