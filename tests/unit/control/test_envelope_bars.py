"""When the gate lets nothing pass: wishes unfit to be judged, circumstances that forbid a change, and what is open all the same."""

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

LIMITS = Limits(
    currency="GBP",
    max_bid_cents=10_000,
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
    acknowledged=1000,
    changed_age_s=14_400.0,
    low_24h=1000,
    day_anchor=1000,
    overridden=False,
    unresolved=False,
    suspect=False,
    signal_age_s=7200.0,
    readback_age_s=3600.0,
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
    writes_last_hour=49,
    canary_passed=True,
    is_canary=False,
)

Move = tuple[Field, int]
BID_DOWN, BID_UP = (Field.BID, 999), (Field.BID, 1001)
BUDGET_DOWN, BUDGET_UP = (Field.DAILY_BUDGET, 999), (Field.DAILY_BUDGET, 1001)
PRICE_DOWN, PRICE_UP = (Field.PRICE, 999), (Field.PRICE, 1001)
PRICES = {PRICE_DOWN, PRICE_UP}
SPEND_FALLS = {BID_DOWN, BUDGET_DOWN}
ALL = SPEND_FALLS | PRICES | {BID_UP, BUDGET_UP}
IN_ORDER = [BID_DOWN, BID_UP, BUDGET_DOWN, BUDGET_UP, PRICE_DOWN, PRICE_UP]


def judged(move: Move, **changes: Any) -> Verdict:
    field, value = move
    return judge(Wish(entity="e", field=field, value=value, currency="GBP"), standing=replace(SOUND, **changes), limits=LIMITS)


@pytest.mark.parametrize("move", IN_ORDER)
def test_a_sound_standing_at_the_edge_of_every_limit_admits(move: Move) -> None:
    verdict = judged(move)

    assert verdict == Verdict(outcome=Outcome.ADMITTED, value=move[1], reasons=())


BARS = [
    ("mode_forbids_writes", ALL, {"mode": Mode.OFF}),
    ("mode_forbids_writes", ALL, {"mode": Mode.OBSERVE}),
    ("mode_forbids_writes", ALL, {"mode": Mode.SHADOW}),
    ("mode_forbids_writes", ALL, {"mode": Mode.ADVISE}),
    ("mode_forbids_writes", ALL, {"mode": Mode.STOPPED}),
    ("mode_forbids_writes", ALL, {"mode": "no such mode"}),
    ("override", ALL, {"overridden": True}),
    ("override", ALL, {"overridden": True, "acknowledged": None}),
    ("override", ALL, {"acknowledged": 998}),
    ("override", ALL, {"acknowledged": 1002}),
    ("override", ALL, {"acknowledged": 0}),
    ("unresolved", ALL, {"unresolved": True}),
    ("readback_stale", ALL, {"readback_age_s": math.nextafter(3600.0, math.inf)}),
    ("readback_stale", ALL, {"readback_age_s": math.inf}),
    ("readback_stale", ALL, {"readback_age_s": math.nan}),
    ("readback_stale", ALL, {"readback_age_s": -math.ulp(0.0)}),
    ("signal_stale", ALL - SPEND_FALLS, {"signal_age_s": math.nextafter(7200.0, math.inf)}),
    ("signal_stale", ALL - SPEND_FALLS, {"signal_age_s": math.inf}),
    ("signal_stale", ALL - SPEND_FALLS, {"signal_age_s": math.nan}),
    ("signal_stale", ALL - SPEND_FALLS, {"signal_age_s": -math.ulp(0.0)}),
    ("suspect", ALL - SPEND_FALLS, {"suspect": True}),
    ("write_budget", ALL - SPEND_FALLS, {"writes_last_hour": 50}),
    ("write_budget", ALL - SPEND_FALLS, {"writes_last_hour": 51}),
    ("canary_pending", ALL - SPEND_FALLS, {"canary_passed": False}),
    ("price_interval", PRICES, {"changed_age_s": math.nextafter(14_400.0, 0.0)}),
    ("price_interval", PRICES, {"changed_age_s": 0.0}),
    ("price_interval", PRICES, {"changed_age_s": math.nan}),
    ("cost_unknown", PRICES, {"unit_cost_cents": math.nan}),
    ("cost_unknown", PRICES, {"unit_cost_cents": math.inf}),
    ("cost_unknown", PRICES, {"unit_cost_cents": 0.0}),
    ("cost_unknown", PRICES, {"unit_cost_cents": -1.0}),
    ("band_missing", PRICES, {"price_low_cents": 0, "price_high_cents": 0}),
    ("band_missing", PRICES, {"price_low_cents": 0, "price_high_cents": 2000}),
    ("band_missing", PRICES, {"price_low_cents": 1001, "price_high_cents": 1000}),
    ("mode_only_reduces", ALL - SPEND_FALLS, {"mode": Mode.HOLD}),
    ("mode_only_reduces", ALL - SPEND_FALLS, {"mode": Mode.SAFE}),
    ("loss_24h", ALL - SPEND_FALLS, {"loss_24h_cents": 5000}),
    ("loss_7d", ALL - SPEND_FALLS, {"loss_7d_cents": 20_000}),
]


@pytest.mark.parametrize(("reason", "barred", "changes"), BARS)
@pytest.mark.parametrize("move", IN_ORDER)
def test_a_circumstance_bars_the_moves_it_should_and_no_other(reason: str, barred: set[Move], changes: dict[str, Any], move: Move) -> None:
    verdict = judged(move, **changes)

    denied = Verdict(outcome=Outcome.DENIED, value=1000, reasons=(reason,))
    admitted = Verdict(outcome=Outcome.ADMITTED, value=move[1], reasons=())
    assert verdict == (denied if move in barred else admitted)


@pytest.mark.parametrize(
    "changes",
    [
        {"acknowledged": None},
        {"signal_age_s": 0.0, "readback_age_s": 0.0},
        {"writes_last_hour": 0},
        {"canary_passed": False, "is_canary": True},
        {"is_canary": True},
        {"changed_age_s": math.inf},
        {"unit_cost_cents": math.ulp(0.0)},
        {"price_low_cents": 1, "price_high_cents": 2000},
        {"loss_24h_cents": 4999, "loss_7d_cents": 19_999},
        {"mode": Mode.TRANSITION},
    ],
)
@pytest.mark.parametrize("move", IN_ORDER)
def test_a_circumstance_within_its_limit_bars_nothing(changes: dict[str, Any], move: Move) -> None:
    verdict = judged(move, **changes)

    assert verdict.outcome is Outcome.ADMITTED


def test_every_circumstance_that_bars_is_named_in_the_order_of_the_envelope() -> None:
    worst: dict[str, Any] = {
        "mode": Mode.STOPPED,
        "overridden": True,
        "unresolved": True,
        "readback_age_s": math.nan,
        "map_cents": -1,
        "signal_age_s": math.nan,
        "suspect": True,
        "writes_last_hour": 50,
        "canary_passed": False,
        "changed_age_s": 0.0,
        "unit_cost_cents": math.nan,
        "price_low_cents": 0,
    }

    price, bid = judged(PRICE_UP, **worst), judged(BID_DOWN, **worst)

    always = ("mode_forbids_writes", "override", "unresolved", "readback_stale")
    unless_spend_falls = ("figures_invalid", "signal_stale", "suspect", "write_budget", "canary_pending")
    assert price.reasons == (*always, *unless_spend_falls, "price_interval", "cost_unknown", "band_missing")
    assert bid.reasons == always


@pytest.mark.parametrize(
    "figure",
    [
        "map_cents",
        "price_low_cents",
        "price_high_cents",
        "committed_cents",
        "granted_cents",
        "store_daily_others_cents",
        "month_committed_cents",
        "loss_24h_cents",
        "loss_7d_cents",
        "writes_last_hour",
    ],
)
@pytest.mark.parametrize("value", [-1, 1.0, True, math.nan])
@pytest.mark.parametrize("move", [BID_UP, BUDGET_UP, PRICE_UP, PRICE_DOWN])
def test_a_figure_that_is_no_amount_bars_all_but_spending_less(figure: str, value: float, move: Move) -> None:
    verdict = judged(move, **{figure: value})

    assert verdict.outcome is Outcome.DENIED
    assert verdict.value == 1000
    assert verdict.reasons[0] == "figures_invalid"
    assert judged(BID_DOWN, **{figure: value}).outcome is Outcome.ADMITTED


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("unknown_field", {"field": "price"}),
        ("unknown_field", {"field": None}),
        ("not_a_number", {"value": True}),
        ("not_a_number", {"value": "999"}),
        ("not_a_number", {"value": None}),
        ("non_finite", {"value": math.nan}),
        ("non_finite", {"value": math.inf}),
        ("non_finite", {"value": -math.inf}),
        ("negative", {"value": -math.ulp(0.0)}),
        ("negative", {"value": -1}),
        ("foreign_currency", {"currency": "EUR"}),
        ("foreign_currency", {"currency": ""}),
        ("foreign_currency", {"currency": "gbp"}),
    ],
)
@pytest.mark.parametrize("field", list(Field))
def test_a_wish_unfit_to_be_judged_is_denied(reason: str, changes: dict[str, Any], field: Field) -> None:
    wish = replace(Wish(entity="e", field=field, value=999.0, currency="GBP"), **changes)

    verdict = judge(wish, standing=SOUND, limits=LIMITS)

    assert verdict == Verdict(outcome=Outcome.DENIED, value=1000, reasons=(reason,))


@pytest.mark.parametrize("value", [0, 0.0, -0.0])
def test_spend_may_fall_to_nothing(value: float) -> None:
    verdict = judged((Field.DAILY_BUDGET, 0), last=1000)
    bid = judge(Wish(entity="e", field=Field.BID, value=value, currency="GBP"), standing=SOUND, limits=LIMITS)

    assert verdict == bid == Verdict(outcome=Outcome.ADMITTED, value=0, reasons=())


def test_a_number_too_large_for_a_float_is_held_to_the_limits() -> None:
    verdict = judged((Field.DAILY_BUDGET, 10**400))

    assert (verdict.outcome, verdict.value) == (Outcome.LIMITED, 1200)


@pytest.mark.parametrize("last", [None, -1, True, 1000.0, math.nan])
@pytest.mark.parametrize("move", IN_ORDER)
def test_nothing_passes_while_the_value_in_force_is_unknown(last: Any, move: Move) -> None:
    verdict = judged(move, last=last)

    assert verdict == Verdict(outcome=Outcome.DENIED, value=-1, reasons=("last_unknown",))


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("field", list(Field))
@pytest.mark.parametrize("last", [0, 1000])
def test_the_value_in_force_always_stands(mode: Mode, field: Field, last: int) -> None:
    worst: dict[str, Any] = {"overridden": True, "unresolved": True, "readback_age_s": math.inf, "unit_cost_cents": math.nan}

    verdict = judged((field, last), mode=mode, last=last, **worst)

    assert verdict == Verdict(outcome=Outcome.NEUTRAL, value=last, reasons=())


@pytest.mark.parametrize(
    ("field", "value"), [(Field.BID, 1000.9), (Field.DAILY_BUDGET, 1000.9), (Field.PRICE, 999.6), (Field.PRICE, 1000.4)]
)
def test_a_wish_that_rounds_to_the_value_in_force_asks_for_nothing(field: Field, value: float) -> None:
    verdict = judge(Wish(entity="e", field=field, value=value, currency="GBP"), standing=SOUND, limits=LIMITS)

    assert verdict == Verdict(outcome=Outcome.NEUTRAL, value=1000, reasons=())
