"""The section ``[rivals]`` is checked field by field."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sim.parameters.market import MarketFileError, parse_market
from sim.parameters.rivals import rival_faults

if TYPE_CHECKING:
    from tests.unit.sim.ads.conftest import AdBench

TEXT = (Path(__file__).parents[1] / "all_mechanics.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("good", "bad", "told"),
    [
        ('kinds = ["fixed", "paced", "dual", "learning"]', 'kinds = ["fixed"]', "rivals.kinds: expected 4 entries, was 1"),
        ('kinds = ["fixed", "paced", "dual", "learning"]', 'kinds = ["sly", "paced", "dual", "learning"]', "rivals.kinds[0]: expected"),
        ("undercut_ratio = 0.02", "undercut_ratio = 1.0", "rivals.undercut_ratio: expected < 1, was 1.0"),
        ("rival_price_low_ratio = 0.8", "rival_price_low_ratio = 1.1", "rivals.rival_price_high_ratio: expected >= rival_price_low_ratio"),
        ("dual_step = 0.05", "dual_pace = 0.05", "rivals.dual_pace: unknown key"),
        ("0.90, 0.88, 0.86", "1.90, 0.88, 0.86", "rivals.hour_bid_index: expected mean 1"),
    ],
)
def test_a_wrong_field_is_named_with_what_was_expected(good: str, bad: str, told: str) -> None:
    assert good in TEXT

    with pytest.raises(MarketFileError) as error:
        parse_market(TEXT.replace(good, bad), origin="market.toml")

    assert told in str(error.value)


def test_a_market_without_the_section_has_nothing_to_check(ads: AdBench) -> None:
    rivals = ads.parameters.rivals
    assert rivals is not None

    assert rival_faults(None, expected=4) == []
    assert rival_faults(rivals, expected=4) == []
    assert rival_faults(replace(rivals, kinds=rivals.kinds[:2]), expected=4) == ["rivals.kinds: expected 4 entries, was 2"]
