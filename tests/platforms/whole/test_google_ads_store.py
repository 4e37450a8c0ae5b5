"""A store with its shop in exports and its ads on Google, driven by the daemon: what is decided stands in the account, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import grpc
import numpy as np
import pytest

from autopilot.cli.shell import run
from autopilot.clock import SteppedClock
from autopilot.daemon import Daemon
from autopilot.fold import EngagementOrder
from autopilot.orders import place
from autopilot.service import opened
from autopilot.settings_sources import Loaded, load_store
from control.engagement import Event
from control.mode import Mode
from perception.fields import Field
from perception.units import day_of
from tests.platforms.google_ads.server import FakeGoogle, Fault, serving
from tests.platforms.tables.exports import PRODUCTS, SHANGHAI, SKUS, lines, write
from tests.platforms.whole.tea_house import tea_house

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECRET = "a-token-that-must-not-be-seen"

ADS = """
[ads]
kind = "google-ads"

[ads.options]
customer_id = "123-456-7890"
endpoint = "ENDPOINT"

[secrets]
file = "keys.toml"
"""


def exported(folder: Path, *, until: datetime) -> None:
    """Three weeks of sales."""
    at = until - HOUR / 4
    write(folder / "products.csv", PRODUCTS, at=at)
    orders = []
    for age in range(21):
        day = (until.astimezone(SHANGHAI) - timedelta(days=age)).date()
        orders += [f"{age}-{sku}-{number},{sku},{day} 10:{number:02}:00,1,30.00" for sku in SKUS for number in range(8)]
    write(folder / "orders.csv", lines(*orders, header="order_id,sku,paid_at,qty,total"), at=at)


def advertised(*, until: datetime) -> FakeGoogle:
    """An account with an ad group for each product, which pays."""
    google = FakeGoogle(customer={"currency_code": "CNY", "time_zone": "Asia/Shanghai"})
    google.campaign(11, "Tea", budget=91, pounds=20.0)
    for number, sku in enumerate(SKUS):
        google.ad_group(101 + number, sku, campaign=11, pence=30)
        for age in range(21):
            day = date.fromordinal(day_of(until, SHANGHAI) - age)
            google.figures[day.isoformat(), 101 + number].update(
                impressions=900, clicks=40, cost_micros=6_000_000, conversions=4, conversions_value=120.0
            )
    return google


@pytest.fixture
def google() -> FakeGoogle:
    return advertised(until=NOW + timedelta(days=1))


@pytest.fixture
def loaded(tmp_path: Path, google: FakeGoogle) -> Iterator[Loaded]:
    keys = tmp_path / "keys.toml"
    names = ("developer_token", "client_id", "client_secret", "refresh_token")
    keys.write_text("[ads]\n" + "\n".join(f'{name} = "{SECRET}"' for name in names), encoding="utf-8")
    keys.chmod(0o600)
    with serving(google) as endpoint:
        path = tea_house(tmp_path, ads=ADS.replace("ENDPOINT", endpoint))
        exported(tmp_path / "exports", until=NOW)
        yield load_store(str(path), environ={})


def driven(loaded: Loaded, *, ticks: int, clock: SteppedClock, between: Callable[[datetime], None]) -> Daemon:
    with opened(loaded, clock=clock) as daemon:
        arm = EngagementOrder(event=Event.ARM, at=clock.now(), by="Ann", reason="test")
        place(daemon.loop.ports.journal, arm)
        for _ in range(ticks):
            assert daemon.wake() is not None
            clock.advance(HOUR.total_seconds())
            between(clock.now())
        return daemon


def test_what_is_decided_stands_in_the_account_and_prices_in_files_are_left_alone(
    loaded: Loaded, google: FakeGoogle, tmp_path: Path
) -> None:
    daemon = driven(loaded, ticks=7, clock=SteppedClock(NOW), between=lambda now: exported(tmp_path / "exports", until=now))

    state = daemon.loop.folded.state
    assert state.engagement.mode is Mode.AUTO
    assert google.mutations
    assert not any(request.validate_only for request in google.mutations)
    assert np.isnan(state.ledger.tracks[Field.PRICE].in_force).all()
    groups = [google.ad_groups[101 + place] for place in range(3)]
    # a bid of nothing pauses the group
    standing = [0.0 if group["status"] == "PAUSED" else group["cpc_bid_micros"] / 10_000 for group in groups]
    acknowledged = state.ledger.tracks[Field.BID].acknowledged
    assert [stands for stands, ours in zip(standing, acknowledged, strict=True) if not np.isnan(ours)] == [
        ours for ours in acknowledged if not np.isnan(ours)
    ]


def test_a_write_whose_answer_is_lost_is_settled_by_reading_back_and_not_sent_again(
    loaded: Loaded, google: FakeGoogle, tmp_path: Path
) -> None:
    google.faults["mutate"].append(Fault(code=grpc.StatusCode.UNAVAILABLE, after=True))

    daemon = driven(loaded, ticks=3, clock=SteppedClock(NOW), between=lambda now: exported(tmp_path / "exports", until=now))

    assert not daemon.loop.folded.state.ledger.unresolved
    sent = [str(operation) for request in google.mutations for operation in request.mutate_operations]
    assert len(sent) == len(set(sent)) > 0


def test_a_persons_edit_in_google_is_respected(loaded: Loaded, google: FakeGoogle, tmp_path: Path) -> None:
    def between(now: datetime) -> None:
        exported(tmp_path / "exports", until=now)
        if now == NOW + HOUR:
            google.budgets[91]["amount_micros"] = 7_000_000

    driven(loaded, ticks=6, clock=SteppedClock(NOW), between=between)

    assert google.budgets[91]["amount_micros"] == 7_000_000


def test_check_proves_permission_without_writing_and_shows_no_secret(
    loaded: Loaded, google: FakeGoogle, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(["check", str(loaded.path)])

    captured = capsys.readouterr()
    said = " ".join(captured.out.split())
    assert code == 0
    assert "3 of 3 products are advertised, in Tea" in said
    assert "may write" in said
    assert all(request.validate_only for request in google.mutations)
    assert SECRET not in captured.out + captured.err


def test_no_secret_is_in_anything_that_is_kept(loaded: Loaded, tmp_path: Path) -> None:
    driven(loaded, ticks=2, clock=SteppedClock(NOW), between=lambda now: exported(tmp_path / "exports", until=now))

    kept = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
    assert kept
    assert not any(SECRET.encode() in path.read_bytes() for path in kept)
