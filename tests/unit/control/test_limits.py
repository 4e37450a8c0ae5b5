"""Limits that cannot be meant are refused with one message that names the field."""

from __future__ import annotations

import math
import re
from dataclasses import asdict, replace
from typing import Any

import pytest

from control.limits import Limits

LIMITS = Limits(
    currency="GBP",
    max_bid_cents=100,
    first_bid_cents=20,
    max_daily_budget_cents=10_000,
    max_store_daily_cents=100_000,
    max_store_month_cents=1_000_000,
    min_margin_ratio=0.2,
    max_loss_24h_cents=5_000,
    max_loss_7d_cents=20_000,
    max_signal_age_s=7200.0,
    max_readback_age_s=3600.0,
    max_writes_per_hour=50,
)

COUNTS = [
    "max_bid_cents",
    "first_bid_cents",
    "max_daily_budget_cents",
    "max_store_daily_cents",
    "max_store_month_cents",
    "max_loss_24h_cents",
    "max_loss_7d_cents",
    "max_writes_per_hour",
]
DURATIONS = ["max_signal_age_s", "max_readback_age_s", "price_min_interval_s"]
MULTIPLES = ["overdelivery_day_ratio", "overdelivery_month_days"]
RATIOS = [
    "budget_up_per_change_ratio",
    "budget_up_per_day_ratio",
    "bid_up_per_change_ratio",
    "price_step_ratio",
    "price_day_ratio",
    "transition_share",
]
NO_NUMBERS: list[Any] = [math.nan, True, False, "1", None]
NO_FINITE_NUMBERS = [*NO_NUMBERS, math.inf, -math.inf]
JUST_BELOW_0, JUST_BELOW_1, JUST_ABOVE_1 = -math.ulp(0.0), math.nextafter(1.0, 0.0), math.nextafter(1.0, 2.0)

KINDS: list[tuple[str, list[str], list[Any], list[Any]]] = [
    # what is expected, of which limits, what they take, what they refuse
    ("three capital letters", ["currency"], ["GBP", "JPY"], ["", "GB", "gbp", "GBPP", "GB1", "GBP\n", "xxGBPxx", None, 826]),
    ("an integer >= 0", COUNTS, [], [-1, 1.0, *NO_FINITE_NUMBERS]),
    ("a finite number >= 0", DURATIONS, [0, 0.0, 1e9], [JUST_BELOW_0, -1, *NO_FINITE_NUMBERS]),
    ("a finite number >= 1", MULTIPLES, [1, 1.0, 1e9], [JUST_BELOW_1, 0, *NO_FINITE_NUMBERS]),
    ("a number >= 0 and < 1", ["min_margin_ratio"], [0, 0.0, JUST_BELOW_1], [JUST_BELOW_0, 1, 1.0, *NO_FINITE_NUMBERS]),
    ("a number >= 0 and <= 1", RATIOS, [], [JUST_BELOW_0, JUST_ABOVE_1, *NO_FINITE_NUMBERS]),
]
LOOSE: dict[str, Any] = dict.fromkeys(COUNTS, 10**9) | dict.fromkeys(RATIOS, 1.0)
TIGHT: dict[str, Any] = dict.fromkeys(COUNTS, 0) | dict.fromkeys(RATIOS, 0.0)


def test_every_limit_has_a_kind() -> None:
    known = {name for _, names, _, _ in KINDS for name in names}

    assert known == set(asdict(LIMITS))


def test_numbers_with_a_source_are_the_defaults() -> None:
    defaults = {name: value for name, value in asdict(LIMITS).items() if name not in {*COUNTS, "currency", "min_margin_ratio"}}

    assert defaults == {
        "max_signal_age_s": 7200.0,
        "max_readback_age_s": 3600.0,
        "overdelivery_day_ratio": 2.0,
        "overdelivery_month_days": 30.4,
        "budget_up_per_change_ratio": 0.20,
        "budget_up_per_day_ratio": 0.30,
        "bid_up_per_change_ratio": 0.50,
        "price_step_ratio": 0.05,
        "price_day_ratio": 0.10,
        "price_min_interval_s": 4 * 3600.0,
        "transition_share": 0.25,
    }


@pytest.mark.parametrize(("name", "value"), [(name, value) for _, names, taken, _ in KINDS for name in names for value in taken])
def test_a_limit_within_its_range_is_taken(name: str, value: Any) -> None:
    limits = replace(LIMITS, **{name: value})

    assert getattr(limits, name) == value


@pytest.mark.parametrize("extreme", [LOOSE, TIGHT])
def test_the_ends_of_every_range_are_taken_together(extreme: dict[str, Any]) -> None:
    limits = replace(LIMITS, **extreme)

    assert asdict(limits) | extreme == asdict(limits)


@pytest.mark.parametrize(
    ("name", "value", "expected"), [(name, value, expected) for expected, names, _, refused in KINDS for name in names for value in refused]
)
def test_a_limit_outside_its_range_is_refused_by_name(name: str, value: Any, expected: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(f'{name}: expected {expected}, was {value!r}')}$"):
        replace(LIMITS, **{name: value})


@pytest.mark.parametrize(
    ("lower", "upper", "equal", "above"),
    [
        ("first_bid_cents", "max_bid_cents", 100, 101),
        ("max_daily_budget_cents", "max_store_daily_cents", 100_000, 100_001),
        ("max_store_daily_cents", "max_store_month_cents", 1_000_000, 1_000_001),
        ("max_loss_24h_cents", "max_loss_7d_cents", 20_000, 20_001),
        ("budget_up_per_change_ratio", "budget_up_per_day_ratio", 0.30, 0.31),
        ("price_step_ratio", "price_day_ratio", 0.10, 0.11),
    ],
)
def test_limits_that_contradict_each_other_are_refused(lower: str, upper: str, equal: Any, above: Any) -> None:
    agreed = replace(LIMITS, **{lower: equal})

    assert getattr(agreed, lower) == getattr(agreed, upper)
    with pytest.raises(ValueError, match=f"^{re.escape(f'{lower}: expected at most {upper} ({equal!r}), was {above!r}')}$"):
        replace(LIMITS, **{lower: above})
