"""The loss against the baseline is a lower bound: it never cries where figures are late or thin, and sees what is sure."""

from __future__ import annotations

import numpy as np
import pytest

from perception.economics import Economics
from perception.loss import ad_result_cents, price_result_cents, window_loss_cents
from perception.state import Estimate

TERMS = Economics(fee_ratio=0.0, return_rate=0.0, return_rate_upper=0.0, return_cost_cents=0)
CVR = Estimate(mean=np.array([0.1]), sd=np.array([0.05]))


def ad_result(*, cost: float, clicks: float, conversions: float, maturity: float, margin: float = 400.0) -> float:
    result = ad_result_cents(
        cost_cents=np.array([cost]),
        clicks=np.array([clicks]),
        conversions=np.array([conversions]),
        maturity=maturity,
        order_margin_cents=np.array([margin]),
        cvr=CVR,
    )
    return float(result)


def test_mature_day_without_sales_loses_its_spend_less_one_order() -> None:
    assert ad_result(cost=5000.0, clicks=100.0, conversions=0.0, maturity=1.0) == -4600.0


def test_fresh_day_is_credited_with_what_may_still_come() -> None:
    fresh = ad_result(cost=5000.0, clicks=100.0, conversions=0.0, maturity=0.1)

    assert fresh == pytest.approx(400.0 + 400.0 * 100.0 * 0.9 * 0.15 - 5000.0)
    assert fresh > ad_result(cost=5000.0, clicks=100.0, conversions=0.0, maturity=0.9)


def test_conversions_seen_count_at_their_margin() -> None:
    assert ad_result(cost=5000.0, clicks=100.0, conversions=15.0, maturity=1.0) == pytest.approx(400.0 * 15.0 + 400.0 * 4.0 - 5000.0)


@pytest.mark.parametrize("margin", [np.nan, -300.0])
def test_unknown_or_negative_margin_earns_nothing(margin: float) -> None:
    assert ad_result(cost=5000.0, clicks=100.0, conversions=9.0, maturity=0.5, margin=margin) == -5000.0


def test_no_ads_lose_nothing() -> None:
    assert ad_result(cost=0.0, clicks=0.0, conversions=0.0, maturity=0.3) == 0.0


def price_result(price: float, *, elasticity: float, sd: float = 0.0, cost: float = 600.0, anchor: float = 1000.0) -> float:
    return price_result_cents(
        units=np.array([100.0]),
        price_cents=np.array([price]),
        anchor_cents=np.array([anchor]),
        cost_cents=np.array([cost]),
        elasticity=Estimate(mean=np.array([elasticity]), sd=np.array([sd])),
        terms=TERMS,
    )


def test_anchor_price_is_the_baseline() -> None:
    assert price_result(1000.0, elasticity=2.0) == 0.0


def test_discount_that_brings_nothing_is_margin_given_away() -> None:
    assert price_result(900.0, elasticity=0.0) == pytest.approx(-100.0 * 100.0)


def test_discount_is_credited_with_the_sales_it_brought() -> None:
    at_anchor = 100.0 * 0.9**3.0

    assert price_result(900.0, elasticity=3.0) == pytest.approx(100.0 * 300.0 - at_anchor * 400.0)


@pytest.mark.parametrize("price", [900.0, 1100.0])
def test_doubt_is_always_to_the_benefit_of_the_move(price: float) -> None:
    assert price_result(price, elasticity=2.0, sd=0.5) > price_result(price, elasticity=2.0)


@pytest.mark.parametrize(("price", "cost"), [(900.0, np.nan), (np.nan, 600.0)])
def test_unknown_cost_or_price_counts_as_nothing(price: float, cost: float) -> None:
    assert price_result(price, elasticity=1.0, cost=cost) == 0.0


def test_window_takes_the_rest_of_its_first_day() -> None:
    results = {10: -100.0, 9: -40.0, 8: -1000.0}

    assert window_loss_cents(results, today=10, day_fraction=0.25, days=1) == pytest.approx(100.0 + 0.75 * 40.0)
    assert window_loss_cents(results, today=10, day_fraction=0.0, days=2) == pytest.approx(1140.0)


def test_gains_within_the_window_offset_losses_and_a_gain_is_no_loss() -> None:
    assert window_loss_cents({10: -100.0, 9: 60.0}, today=10, day_fraction=0.0, days=2) == 40.0
    assert window_loss_cents({10: 500.0}, today=10, day_fraction=0.5, days=7) == 0.0
