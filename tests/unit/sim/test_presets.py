"""Presets fill what a market file leaves out."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.parameters.market import MarketFileError, parse_market
from sim.parameters.presets import Range, filled, range_orders


@pytest.fixture(scope="module")
def text() -> str:
    return (Path(__file__).parent / "all_mechanics.toml").read_text(encoding="utf-8")


def _without(text: str, *fields: str) -> str:
    for field in fields:
        # the first of that name: other sections may have one too
        text = re.sub(rf"^{field} = (?:\[[^\]]*\]|[^\n]*)\n", "", text, count=1, flags=re.MULTILINE)
    return text


def test_a_season_fills_hours_weekdays_and_months(text: str) -> None:
    bare = _without(text, "hour_shares", "weekday_index", "month_index")

    shop = parse_market(bare + '\n[presets]\nseason = "business"\n', origin="m.toml").demand
    marketplace = parse_market(bare + '\n[presets]\nseason = "marketplace"\n', origin="m.toml").demand

    assert sum(shop.hour_shares[10:16]) == pytest.approx(0.78, abs=0.01)
    assert shop.weekday_index[5] / 7 == pytest.approx(0.002, abs=0.001)
    assert np.argmax(shop.month_index) == 10
    assert sum(marketplace.hour_shares) == pytest.approx(1.0)
    assert np.mean(marketplace.weekday_index) == pytest.approx(1.0, abs=0.002)


@pytest.mark.parametrize(
    ("channel", "ctr", "cvr", "bid"),
    [("marketplace_search", 0.005, 0.10, 90), ("web_search", 0.06, 0.05, 250), ("social", 0.00018, 0.028, 154)],
)
def test_a_channel_fills_click_and_order_rates_and_the_level_of_bids(text: str, channel: str, ctr: float, cvr: float, bid: float) -> None:
    bare = _without(text, "ctr", "ctr_log_sd", "cvr", "cvr_log_sd", "median_bid_cents")

    market = parse_market(f'{bare}\n[presets]\nchannel = "{channel}"\n', origin="m.toml")

    assert (market.conversion.ctr, market.conversion.cvr, market.auction.median_bid_cents) == (ctr, cvr, bid)


def test_a_range_fills_order_levels_dispersion_and_elasticity(text: str) -> None:
    bare = _without(text, "orders_per_day", "dispersion", "elasticity", "elasticity_log_sd")
    bare += "\n[presets]\nrange = { orders_per_day = 50.0, top_tenth_share = 0.6 }\n"

    demand = parse_market(bare, origin="m.toml").demand

    assert sum(demand.orders_per_day) == pytest.approx(50.0)
    assert demand.orders_per_day[0] == pytest.approx(30.0)
    assert np.median(demand.dispersion) == pytest.approx(0.03, rel=0.2)
    assert demand.elasticity[0] * np.exp(np.array([-1.2816, 1.2816]) * demand.elasticity_log_sd[0]) == pytest.approx([0.86, 3.77], rel=0.01)


def test_what_the_file_says_stands(text: str) -> None:
    plain = parse_market(text, origin="m.toml")

    market = parse_market(text + '\n[presets]\nseason = "business"\nchannel = "web_search"\n', origin="m.toml")

    assert market == plain


def test_a_file_without_presets_is_left_alone() -> None:
    assert filled({"demand": {"dispersion": [0.1]}}) == {"demand": {"dispersion": [0.1]}}


def test_an_unknown_preset_is_refused_with_its_choices(text: str) -> None:
    with pytest.raises(MarketFileError, match=r"m\.toml: presets\.season: expected 'marketplace' or 'business', was 'lunar'"):
        parse_market(text + '\n[presets]\nseason = "lunar"\n', origin="m.toml")


@given(st.integers(1, 300), st.floats(0.01, 0.99))
def test_order_levels_fall_and_give_the_best_tenth_its_share(skus: int, share: float) -> None:
    orders = range_orders(Range(orders_per_day=40.0, top_tenth_share=share), skus)

    best = max(round(skus / 10), 1)
    assert orders.sum() == pytest.approx(40.0)
    assert (np.diff(orders) <= 0.0).all()
    assert orders[:best].sum() / 40.0 == pytest.approx(max(share, best / skus), abs=1e-6)
