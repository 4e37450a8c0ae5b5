"""A store that is known from exports alone, from its settings to its journal: it is watched and advised, and cannot be armed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from autopilot import codec
from autopilot.cli.shell import run
from autopilot.clock import SteppedClock
from autopilot.daemon import Daemon
from autopilot.fold import EngagementOrder
from autopilot.journal import SqlJournal, Topic, sqlite_url
from autopilot.orders import place
from autopilot.service import opened
from autopilot.settings_sources import Loaded, load_store
from autopilot.store_journal import journal_path
from control.command import Outcome
from control.decision import Decision
from control.engagement import Event
from control.mode import Mode
from perception.fields import Field
from tests.platforms.tables.exports import AD_HEADER, PRODUCTS, SHANGHAI, SKUS, lines, write
from tests.platforms.whole.tea_house import tea_house

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

ADS = """
[ads]
kind = "files-ads"

[ads.options]
folder = "{exports}"

[ads.options.report]
path = "ads.csv"

[ads.options.report.columns]
day = "date"
sku = "sku"
campaign = "campaign"
impressions = "impressions"
clicks = "clicks"
cost = "cost"
conversions = "orders"
conversion_value = "sales"
bid = "bid"
daily_budget = "budget"
"""


def exported(folder: Path, *, until: datetime = NOW) -> None:
    """Three weeks of a small shop, exported an hour's quarter ago."""
    at = until - HOUR / 4
    write(folder / "products.csv", PRODUCTS, at=at)
    orders, ads = [], []
    for age in range(21):
        day = (until.astimezone(SHANGHAI) - timedelta(days=age)).date()
        for index, sku in enumerate(SKUS):
            orders += [f"{age}-{index}-{number},{sku},{day} 10:{number:02}:00,1,30.00" for number in range(4 + (age + index) % 3)]
        ads += [f"{day},{sku},spring,{400 + 10 * age},{20 + age % 4},12.50,2,60.00,0.80,50.00" for sku in SKUS[:2]]
    write(folder / "orders.csv", lines(*orders, header="order_id,sku,paid_at,qty,total"), at=at)
    write(folder / "ads.csv", lines(*ads, header=AD_HEADER), at=at)


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    """The store's settings, its exports written."""
    path = tea_house(tmp_path, ads=ADS)
    exported(tmp_path / "exports")
    return load_store(str(path), environ={})


def driven(loaded: Loaded, *, order: Event, ticks: int, between: Callable[[datetime], None] = lambda _now: None) -> Daemon:
    """The daemon after so many hourly ticks under an order."""
    clock = SteppedClock(NOW)
    with opened(loaded, clock=clock) as daemon:
        place(daemon.loop.ports.journal, EngagementOrder(event=order, at=NOW, by="Ann", reason="test"))
        for _ in range(ticks):
            assert daemon.wake() is not None
            clock.advance(HOUR.total_seconds())
            between(clock.now())
        return daemon


def decisions(loaded: Loaded) -> list[Decision]:
    path = journal_path(loaded)
    with closing(SqlJournal(sqlite_url(path), clock=SteppedClock(NOW))) as journal:
        return [codec.from_jsonable(record.val, Decision) for record in journal.records(topics=[Topic.DECISION])]


def test_in_shadow_it_is_said_what_would_be_done_to_prices_bids_and_budgets(loaded: Loaded, tmp_path: Path) -> None:
    daemon = driven(loaded, order=Event.SHADOW, ticks=6, between=lambda now: exported(tmp_path / "exports", until=now))

    state = daemon.loop.folded.state
    assert state.engagement.mode is Mode.SHADOW
    assert not state.ledger.unresolved
    made = decisions(loaded)
    assert len(made) == 6
    assert all(not decision.commands for decision in made)
    assert {field for field, track in state.ledger.tracks.items() if (track.in_force >= 0).any()} == set(state.ledger.tracks)
    wished = [judged for decision in made for judged in decision.judged.items()]
    assert any(judged.verdict.outcome is Outcome.ADMITTED and judged.wish.field is Field.PRICE for judged in wished)
    assert any(judged.verdict.outcome is Outcome.ADMITTED and judged.wish.field is Field.DAILY_BUDGET for judged in wished)


def test_check_says_what_was_read_and_that_nothing_can_be_written(loaded: Loaded, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["check", str(loaded.path)])

    said = " ".join(capsys.readouterr().out.split())
    assert code == 0
    assert "3 products" in said
    assert "nothing can be written to these platforms" in said


def test_arming_it_is_refused_with_what_to_do_instead(loaded: Loaded, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["arm", str(loaded.path), "--by", "Ann", "--reason", "go"])

    said = capsys.readouterr().err
    assert code == 2
    assert "expected a platform that can be written to, was 'files' and 'files-ads'" in said
    assert "autopilot mode" in said
    assert not journal_path(loaded).exists()
