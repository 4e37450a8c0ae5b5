"""Optional sections of a market file: absent is off, and a wrong figure gets its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sim.parameters.market import MarketFileError, parse_market

SECTIONS = ("cross_price", "promotion", "carry_over", "cold_start", "organic_rank", "returns", "baskets", "shocks")


@pytest.fixture(scope="module")
def text() -> str:
    return (Path(__file__).parent / "all_mechanics.toml").read_text(encoding="utf-8")


def test_every_mechanic_is_on_in_the_full_example(text: str) -> None:
    parameters = parse_market(text, origin="m.toml")

    assert all(getattr(parameters, name) is not None for name in (*SECTIONS, "rivals"))


@pytest.mark.parametrize("name", SECTIONS)
def test_an_absent_section_is_off_and_the_others_stay_on(text: str, name: str) -> None:
    without = re.sub(rf"\[{name}\]\n(?:(?!\[).*\n?)*", "", text)

    parameters = parse_market(without, origin="m.toml")

    assert [other for other in SECTIONS if getattr(parameters, other) is None] == [name]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("elasticity_high = 0.40", "elasticity_high = 0.01", "m.toml: cross_price.elasticity_high: expected >= elasticity_low"),
        ("dip_maximum = 0.25", "dip_maximum = 1.0", "m.toml: promotion.dip_maximum: expected < 1, was 1.0"),
        ("theta = 0.2", "theta = nan", "m.toml: carry_over.theta: expected a finite number, was nan"),
        ("reviews_high = 10", "reviews_high = 4", "m.toml: cold_start.reviews_high: expected >= reviews_low"),
        ("velocity_weight = 0.3", "velocity_weight = 1.0", "m.toml: organic_rank.velocity_weight: expected < 1, was 1.0"),
        (
            "usual_position_low = 2.0",
            "usual_position_low = 20.0",
            "m.toml: organic_rank.usual_position_high: expected >= usual_position_low",
        ),
        ("last_position = 48.0", "last_position = 8.0", "m.toml: organic_rank.last_position: expected >= usual_position_high"),
        ("return_rate = [0.17, ", "return_rate = [", "m.toml: returns.return_rate: expected 10 entries, was 9"),
        (
            "return_delay_low_days = 7",
            "return_delay_low_days = 30",
            "m.toml: returns.return_delay_high_days: expected >= return_delay_low_days",
        ),
        ("repeat_share = 0.25", "repeat_share = 0.66", "m.toml: baskets.repeat_share: expected <= 0.8 − organic_rank.velocity_weight"),
        ("2025-10-07, ", "2025-10-08, ", "m.toml: shocks.event_days: expected distinct dates"),
        ("platform_outage_high_h = 6", "platform_outage_high_h = 0", "m.toml: shocks.platform_outage_high_h: expected >= 1, was 0"),
        (
            "tracking_outage_low_h = 6",
            "tracking_outage_low_h = 60",
            "m.toml: shocks.tracking_outage_high_h: expected >= tracking_outage_low_h",
        ),
        ("[shocks]\n", "[shocks]\nmeteors_per_year = 1\n", "m.toml: shocks.meteors_per_year: unknown key"),
    ],
)
def test_refusal_names_the_field(text: str, old: str, new: str, message: str) -> None:
    assert old in text
    with pytest.raises(MarketFileError) as refused:
        parse_market(text.replace(old, new), origin="m.toml")

    assert message in str(refused.value)
