"""While engaged a limit may be tightened, never loosened: walked over every limit there is."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autopilot.reload import TIGHTER_WHEN_LARGER, loosened
from autopilot.settings_sources import load_store
from control.limits import Limits

LIMITS = load_store("gift-shop", environ={}).settings.envelope.limits("GBP")
NUMBERS = tuple(spec.name for spec in fields(Limits) if spec.name != "currency")

LOOSER: dict[str, float] = {
    "max_bid_cents": LIMITS.max_bid_cents + 1,
    "first_bid_cents": LIMITS.first_bid_cents + 1,
    "max_daily_budget_cents": LIMITS.max_daily_budget_cents + 1,
    "max_store_daily_cents": LIMITS.max_store_daily_cents + 1,
    "max_store_month_cents": LIMITS.max_store_month_cents + 1,
    "min_margin_ratio": LIMITS.min_margin_ratio - 0.01,
    "max_loss_24h_cents": LIMITS.max_loss_24h_cents + 1,
    "max_loss_7d_cents": LIMITS.max_loss_7d_cents + 1,
    "max_signal_age_s": LIMITS.max_signal_age_s + 1.0,
    "max_readback_age_s": LIMITS.max_readback_age_s + 1.0,
    "max_writes_per_hour": LIMITS.max_writes_per_hour + 1,
    "overdelivery_day_ratio": LIMITS.overdelivery_day_ratio - 0.1,
    "overdelivery_month_days": LIMITS.overdelivery_month_days - 1.0,
    "budget_up_per_change_ratio": LIMITS.budget_up_per_change_ratio + 0.01,
    "budget_up_per_day_ratio": LIMITS.budget_up_per_day_ratio + 0.01,
    "bid_up_per_change_ratio": LIMITS.bid_up_per_change_ratio + 0.01,
    "price_step_ratio": LIMITS.price_step_ratio + 0.01,
    "price_day_ratio": LIMITS.price_day_ratio + 0.01,
    "price_min_interval_s": LIMITS.price_min_interval_s - 1.0,
    "transition_share": LIMITS.transition_share + 0.01,
}
"""Every limit as it would let more pass: written out, so that a new limit must be thought about here."""


def test_every_limit_is_walked() -> None:
    assert set(LOOSER) == set(NUMBERS)
    assert set(NUMBERS) >= TIGHTER_WHEN_LARGER


@pytest.mark.parametrize("name", NUMBERS)
def test_loosening_a_limit_is_named_with_both_values(name: str) -> None:
    new = replace(LIMITS, **{name: LOOSER[name]})  # type: ignore[arg-type]  # a number for a number

    assert loosened(LIMITS, new) == (f"{name}: {getattr(LIMITS, name)} -> {LOOSER[name]}",)


@pytest.mark.parametrize("name", NUMBERS)
def test_tightening_a_limit_is_allowed(name: str) -> None:
    old = replace(LIMITS, **{name: LOOSER[name]})  # type: ignore[arg-type]  # a number for a number

    assert loosened(old, LIMITS) == ()


def test_nothing_changed_is_nothing_loosened() -> None:
    assert loosened(LIMITS, LIMITS) == ()


def test_another_currency_counts_as_loosened() -> None:
    assert loosened(LIMITS, replace(LIMITS, currency="JPY")) == ("currency: GBP -> JPY",)


def test_one_tightened_limit_does_not_buy_another() -> None:
    new = replace(LIMITS, max_bid_cents=LIMITS.max_bid_cents - 1, max_loss_24h_cents=0, max_writes_per_hour=LIMITS.max_writes_per_hour + 1)

    assert [name.partition(":")[0] for name in loosened(LIMITS, new)] == ["max_writes_per_hour"]


@given(picked=st.sets(st.sampled_from(NUMBERS)))
def test_all_that_is_loosened_is_named_and_nothing_else(picked: set[str]) -> None:
    new = replace(LIMITS, **{name: LOOSER[name] for name in picked})  # type: ignore[arg-type]  # numbers for numbers

    assert {line.partition(":")[0] for line in loosened(LIMITS, new)} == picked
