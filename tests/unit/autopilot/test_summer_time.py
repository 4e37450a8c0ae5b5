"""The simulated platform keeps the shop's calendar over changes of summer time."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from autopilot.platforms.effects import MemoryEffects
from autopilot.platforms.simulated import SimulatedPlatform
from perception.observation import Signal
from perception.units import day_of, day_start
from sim.parameters.market import load_market

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize("change", [datetime(2010, 10, 31, tzinfo=LONDON), datetime(2011, 3, 27, tzinfo=LONDON)])
def test_rows_never_speak_of_another_day_than_the_shops(change: datetime, repository: Path) -> None:
    market = load_market(repository / "configs" / "markets" / "gift_shop.toml")
    opens = day_start(change.toordinal() - 1, LONDON)
    platform = SimulatedPlatform(market, seed=1, opens=opens, effects=MemoryEffects())

    for hours in range(1, 60):
        now = opens + timedelta(hours=hours)
        for rows in platform.read(since=now - timedelta(hours=1), now=now):
            assert int(rows.day.max()) == day_of(now, LONDON)
            assert rows.signal in Signal


@pytest.mark.parametrize("change", [datetime(2010, 10, 31, tzinfo=LONDON), datetime(2011, 3, 27, tzinfo=LONDON)])
def test_day_of_the_change_has_its_24_hours_of_sales(change: datetime, repository: Path) -> None:
    market = load_market(repository / "configs" / "markets" / "gift_shop.toml")
    opens = day_start(change.toordinal(), LONDON)
    platform = SimulatedPlatform(market, seed=1, opens=opens, effects=MemoryEffects())

    assert platform.truth(now=day_start(change.toordinal() + 1, LONDON)).hour == 24
