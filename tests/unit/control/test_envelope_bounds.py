"""How far the gate lets a set-point go: each limit probed one inside, at, and one beyond, and each rounding."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from control.command import Outcome, Verdict, Wish
from control.envelope import judge
from control.limits import Limits
from control.mode import Mode
from control.standing import Standing
from perception.fields import Field

BUDGET, BID, PRICE = Field.DAILY_BUDGET, Field.BID, Field.PRICE
TRANSITION = {"mode": Mode.TRANSITION}

LIMITS = Limits(
    currency="GBP",
    max_bid_cents=100,
    first_bid_cents=20,
    max_daily_budget_cents=10_000,
    max_store_daily_cents=100_000,
    max_store_month_cents=10_000_000,
    min_margin_ratio=0.2,
    max_loss_24h_cents=5_000,
    max_loss_7d_cents=20_000,
    max_signal_age_s=7200.0,
    max_readback_age_s=3600.0,
    max_writes_per_hour=50,
)

SOUND = Standing(
    mode=Mode.AUTO,
    last=1000,
    acknowledged=None,
    changed_age_s=math.inf,
    low_24h=1000,
    day_anchor=1000,
    overridden=False,
    unresolved=False,
    suspect=False,
    signal_age_s=0.0,
    readback_age_s=0.0,
    unit_cost_cents=400.0,
    map_cents=0,
    price_low_cents=500,
    price_high_cents=2000,
    committed_cents=0,
    granted_cents=1_000_000,
    store_daily_others_cents=0,
    month_committed_cents=0,
    loss_24h_cents=0,
    loss_7d_cents=0,
    writes_last_hour=0,
    canary_passed=True,
    is_canary=False,
)

Changes = dict[str, Any]


def judged(field: Field, value: float, standing: Changes, limits: Changes | None = None) -> Verdict:
    wish = Wish(entity="e", field=field, value=value, currency="GBP")
    return judge(wish, standing=replace(SOUND, **standing), limits=replace(LIMITS, **(limits or {})))


RISES: list[tuple[str, Field, int, Changes, Changes]] = [
    # rule, field, bound, changes of the standing, changes of the limits
    ("bid_step", BID, 90, {"last": 60}, {}),
    ("bid_step", BID, 91, {"last": 61}, {}),
    ("bid_step", BID, 20, {"last": 0}, {}),
    ("bid_step", BID, 20, {"last": 1}, {}),
    ("bid_step", BID, 60, {"last": 40}, {}),
    ("bid_step", BID, 67, {"last": 60} | TRANSITION, {"max_bid_cents": 1000}),
    ("bid_step", BID, 5, {"last": 0} | TRANSITION, {}),
    ("bid_step", BID, 5, {"last": 0} | TRANSITION, {"first_bid_cents": 23}),
    ("bid_cap", BID, 100, {"last": 90}, {}),
    ("bid_cap", BID, 75, {"last": 70} | TRANSITION, {"max_bid_cents": 301}),
    ("budget_step", BUDGET, 1200, {}, {}),
    ("budget_step", BUDGET, 1210, {"last": 1009}, {}),
    ("budget_step", BUDGET, 1050, TRANSITION, {}),
    ("budget_day", BUDGET, 1170, {"low_24h": 900}, {}),
    ("budget_day", BUDGET, 1001, {"low_24h": 770}, {}),
    ("budget_day", BUDGET, 1032, {"low_24h": 960} | TRANSITION, {}),
    ("budget_cap", BUDGET, 1100, {}, {"max_daily_budget_cents": 1100}),
    ("budget_cap", BUDGET, 1020, TRANSITION, {"max_daily_budget_cents": 4083}),
    ("store_day_cap", BUDGET, 1100, {"store_daily_others_cents": 48_900}, {}),
    ("store_day_cap", BUDGET, 1100, {"store_daily_others_cents": 48_900}, {"max_store_daily_cents": 100_001}),
    ("store_day_cap", BUDGET, 1100, {"store_daily_others_cents": 98_900}, {"overdelivery_day_ratio": 1.0}),
    ("store_day_cap", BUDGET, 1020, {"store_daily_others_cents": 11_480} | TRANSITION, {}),
    ("store_month_cap", BUDGET, 1100, {"month_committed_cents": 9_997_800}, {}),
    ("store_month_cap", BUDGET, 1100, {"month_committed_cents": 9_997_799}, {}),
    ("store_month_cap", BUDGET, 1100, {"month_committed_cents": 9_998_900}, {"overdelivery_day_ratio": 1.0}),
    ("store_month_cap", BUDGET, 1020, {"month_committed_cents": 2_497_960} | TRANSITION, {}),
    ("store_month_standing", BUDGET, 1100, {"store_daily_others_cents": 327_847}, {"max_store_daily_cents": 10_000_000}),
    ("store_month_standing", BUDGET, 1020, {"store_daily_others_cents": 81_216} | TRANSITION, {"max_store_daily_cents": 10_000_000}),
    ("grant", BUDGET, 1100, {"granted_cents": 2200}, {}),
    ("grant", BUDGET, 1100, {"granted_cents": 12_201, "committed_cents": 10_000}, {}),
    ("grant", BUDGET, 1100, {"granted_cents": 1100}, {"overdelivery_day_ratio": 1.0}),
    ("grant", BUDGET, 1020, {"granted_cents": 12_160, "committed_cents": 1000} | TRANSITION, {}),
    ("price_step", PRICE, 1050, {}, {}),
    ("price_step", PRICE, 1069, {"last": 1019}, {}),
    ("price_step", PRICE, 1012, TRANSITION, {}),
    ("price_day", PRICE, 1045, {"day_anchor": 950}, {}),
    ("price_day", PRICE, 1009, {"day_anchor": 985} | TRANSITION, {}),
    ("price_band", PRICE, 1030, {"price_high_cents": 1030}, {}),
    ("price_band", PRICE, 1030, {"price_low_cents": 1030, "price_high_cents": 1030}, {}),
    ("mode_only_reduces", PRICE, 1025, {"mode": Mode.HOLD, "unit_cost_cents": 820.0}, {}),
    ("mode_only_reduces", PRICE, 1025, {"mode": Mode.SAFE, "unit_cost_cents": 819.5}, {}),
    ("mode_only_reduces", PRICE, 1030, {"mode": Mode.HOLD, "map_cents": 1030}, {}),
    ("loss_24h", PRICE, 1025, {"loss_24h_cents": 5000, "unit_cost_cents": 820.0}, {}),
    ("loss_7d", PRICE, 1025, {"loss_7d_cents": 20_000, "unit_cost_cents": 820.0}, {}),
]

CUTS: list[tuple[str, Field, int, Changes, Changes]] = [
    ("price_step", PRICE, 950, {}, {}),
    ("price_step", PRICE, 969, {"last": 1019}, {}),
    ("price_step", PRICE, 988, TRANSITION, {}),
    ("price_day", PRICE, 954, {"day_anchor": 1060}, {}),
    ("price_day", PRICE, 995, {"day_anchor": 1020} | TRANSITION, {}),
    ("price_band", PRICE, 970, {"price_low_cents": 970}, {}),
    ("price_floor", PRICE, 975, {"unit_cost_cents": 780.0}, {}),
    ("price_floor", PRICE, 975, {"unit_cost_cents": 779.5}, {}),
    ("price_floor", PRICE, 980, {"unit_cost_cents": 980.0}, {"min_margin_ratio": 0.0}),
    ("price_floor", PRICE, 980, {"map_cents": 980}, {}),
]

MOVES = [(*row, +1) for row in RISES] + [(*row, -1) for row in CUTS]


@pytest.mark.parametrize(("rule", "field", "bound", "standing", "limits", "way"), MOVES)
@pytest.mark.parametrize("short_of", [0, 1])
def test_a_wish_within_its_bound_is_admitted(
    rule: str, field: Field, bound: int, standing: Changes, limits: Changes, way: int, short_of: int
) -> None:
    wished = bound - way * short_of

    verdict = judged(field, wished, standing, limits)

    stands = wished == standing.get("last", 1000)
    assert verdict == Verdict(outcome=Outcome.NEUTRAL if stands else Outcome.ADMITTED, value=wished, reasons=()), rule


@pytest.mark.parametrize(("rule", "field", "bound", "standing", "limits", "way"), MOVES)
def test_a_wish_one_beyond_its_bound_is_held_to_it(
    rule: str, field: Field, bound: int, standing: Changes, limits: Changes, way: int
) -> None:
    verdict = judged(field, bound + way, standing, limits)

    assert verdict == Verdict(outcome=Outcome.LIMITED, value=bound, reasons=(rule,))


@pytest.mark.parametrize(("rule", "field", "bound", "standing", "limits", "way"), MOVES)
def test_a_wish_far_beyond_its_bound_is_held_to_it(
    rule: str, field: Field, bound: int, standing: Changes, limits: Changes, way: int
) -> None:
    verdict = judged(field, 1e300 if way > 0 else 0.0, standing, limits)

    assert (verdict.outcome, verdict.value) == (Outcome.LIMITED, bound)
    assert rule in verdict.reasons


NO_WAY_UP: list[tuple[str, Field, Changes, Changes]] = [
    ("bid_cap", BID, {"last": 100}, {}),
    ("bid_cap", BID, {"last": 101}, {}),
    ("bid_step", BID, {"last": 1}, {"first_bid_cents": 1}),
    ("bid_step", BID, {"last": 0}, {"first_bid_cents": 0}),
    ("budget_step", BUDGET, {"last": 4, "low_24h": 4}, {}),
    ("budget_day", BUDGET, {"low_24h": 700}, {}),
    ("budget_day", BUDGET, {"low_24h": None}, {}),
    ("budget_day", BUDGET, {"low_24h": -1}, {}),
    ("budget_cap", BUDGET, {}, {"max_daily_budget_cents": 1000}),
    ("budget_cap", BUDGET, {}, {"max_daily_budget_cents": 900}),
    ("store_day_cap", BUDGET, {"store_daily_others_cents": 49_000}, {}),
    ("store_day_cap", BUDGET, {"store_daily_others_cents": 60_000}, {}),
    ("store_month_cap", BUDGET, {"month_committed_cents": 9_998_001}, {}),
    ("store_month_cap", BUDGET, {"month_committed_cents": 20_000_000}, {}),
    ("store_month_standing", BUDGET, {"store_daily_others_cents": 327_947}, {"max_store_daily_cents": 10_000_000}),
    ("grant", BUDGET, {"granted_cents": 2001}, {}),
    ("grant", BUDGET, {"granted_cents": 0}, {}),
    ("price_step", PRICE, {"last": 19, "day_anchor": 19, "unit_cost_cents": 1.0}, {}),
    ("price_day", PRICE, {"day_anchor": 900}, {}),
    ("price_day", PRICE, {"day_anchor": None}, {}),
    ("price_day", PRICE, {"day_anchor": -1}, {}),
    ("price_band", PRICE, {"price_high_cents": 1000}, {}),
    ("price_band", PRICE, {"price_high_cents": 900}, {}),
    ("mode_only_reduces", BID, {"mode": Mode.HOLD, "last": 50}, {}),
    ("mode_only_reduces", BUDGET, {"mode": Mode.HOLD}, {}),
    ("mode_only_reduces", PRICE, {"mode": Mode.HOLD}, {}),
    ("mode_only_reduces", PRICE, {"mode": Mode.SAFE, "unit_cost_cents": 800.0}, {}),
    ("loss_24h", BID, {"loss_24h_cents": 5000, "last": 50}, {}),
    ("loss_24h", BUDGET, {"loss_24h_cents": 5000}, {}),
    ("loss_24h", PRICE, {"loss_24h_cents": 5001}, {}),
    ("loss_7d", BID, {"loss_7d_cents": 20_000, "last": 50}, {}),
    ("loss_7d", BUDGET, {"loss_7d_cents": 20_000}, {}),
    ("loss_7d", PRICE, {"loss_7d_cents": 20_001}, {}),
]

NO_WAY_DOWN: list[tuple[str, Field, Changes, Changes]] = [
    ("price_step", PRICE, {"last": 19, "day_anchor": 19, "unit_cost_cents": 1.0, "price_low_cents": 1}, {}),
    ("price_day", PRICE, {"day_anchor": 1112}, {}),
    ("price_day", PRICE, {"day_anchor": None}, {}),
    ("price_band", PRICE, {"price_low_cents": 1000}, {}),
    ("price_band", PRICE, {"price_low_cents": 1100}, {}),
    ("price_floor", PRICE, {"unit_cost_cents": 800.0}, {}),
    ("price_floor", PRICE, {"unit_cost_cents": 900.0}, {}),
    ("price_floor", PRICE, {"map_cents": 1000}, {}),
    ("mode_only_reduces", PRICE, {"mode": Mode.HOLD}, {}),
    ("loss_24h", PRICE, {"loss_24h_cents": 5000}, {}),
    ("loss_7d", PRICE, {"loss_7d_cents": 20_000}, {}),
]


@pytest.mark.parametrize(
    ("rule", "field", "standing", "limits", "way"), [(*row, +1) for row in NO_WAY_UP] + [(*row, -1) for row in NO_WAY_DOWN]
)
def test_a_bound_at_or_behind_the_value_in_force_denies(rule: str, field: Field, standing: Changes, limits: Changes, way: int) -> None:
    last = standing.get("last", 1000)

    verdict = judged(field, last + way, standing, limits)

    assert verdict == Verdict(outcome=Outcome.DENIED, value=last, reasons=(rule,))


@pytest.mark.parametrize(
    ("field", "standing", "wished"),
    [
        (BUDGET, {"last": 20_000, "store_daily_others_cents": 10**9, "month_committed_cents": 10**9, "granted_cents": 0}, 19_999),
        (BUDGET, {"low_24h": None}, 0),
        (BUDGET, TRANSITION, 1),
        (BID, {"last": 500}, 499),
        (BID, {"last": 500} | TRANSITION, 0),
        (PRICE, {"price_low_cents": 500, "price_high_cents": 900}, 960),
        (PRICE, {"price_low_cents": 1200, "price_high_cents": 1300}, 1040),
        (PRICE, {"unit_cost_cents": 1200.0}, 1001),
        (PRICE, {"day_anchor": 500}, 999),
        (PRICE, {"day_anchor": 1500}, 1001),
        (PRICE, {"loss_24h_cents": 4999, "loss_7d_cents": 19_999}, 1001),
    ],
)
def test_the_way_back_into_the_limits_is_open(field: Field, standing: Changes, wished: int) -> None:
    verdict = judged(field, wished, standing)

    assert verdict == Verdict(outcome=Outcome.ADMITTED, value=wished, reasons=())


def test_every_bound_that_a_wish_broke_is_named_in_the_order_of_the_envelope() -> None:
    short = {"mode": Mode.HOLD, "loss_24h_cents": 5000, "loss_7d_cents": 20_000, "low_24h": 900, "granted_cents": 2050}
    shorter = short | {"month_committed_cents": 9_999_000, "store_daily_others_cents": 328_000}

    budget = judged(BUDGET, 20_000, shorter)
    bid = judged(BID, 200, {"last": 60})
    price = judged(PRICE, 1, {"unit_cost_cents": 700.0})

    exposure = ("budget_cap", "store_day_cap", "store_month_cap", "store_month_standing", "grant")
    assert budget.reasons == ("mode_only_reduces", "loss_24h", "loss_7d", "budget_step", "budget_day", *exposure)
    assert bid == Verdict(outcome=Outcome.LIMITED, value=90, reasons=("bid_step", "bid_cap"))
    assert price == Verdict(outcome=Outcome.LIMITED, value=950, reasons=("price_step", "price_day", "price_band", "price_floor"))


def test_a_low_above_the_value_in_force_grants_no_more_than_that_value() -> None:
    steep = {"budget_up_per_change_ratio": 1.0, "budget_up_per_day_ratio": 1.0}

    verdict = judged(BUDGET, 2001, {"low_24h": 1500}, steep)

    assert verdict == Verdict(outcome=Outcome.LIMITED, value=2000, reasons=("budget_step", "budget_day"))


@pytest.mark.parametrize(
    ("field", "wished", "value"),
    [
        (BUDGET, 1100.99, 1100),
        (BUDGET, 999.99, 999),
        (BID, 990.5, 990),
        (BID, 0.9, 0),
        (PRICE, 1010.4, 1010),
        (PRICE, 1010.6, 1011),
        (PRICE, 1010.5, 1010),
        (PRICE, 1011.5, 1012),
        (PRICE, 989.6, 990),
        (PRICE, 989.4, 989),
    ],
)
def test_a_wish_is_rounded_once_and_spend_to_the_cheap_side(field: Field, wished: float, value: int) -> None:
    verdict = judged(field, wished, {})

    assert verdict == Verdict(outcome=Outcome.ADMITTED, value=value, reasons=())
