"""``autopilot calibrate``: from a user's own order lines to a market that a store can be checked against."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from autopilot.cli.shell import run
from sim.calibration import check
from sim.calibration.check import Check
from sim.calibration.market_fit import CalibrationOptions
from sim.calibration.orders import OrderLines
from sim.parameters.market import load_market

MAP = "order=No,sku=Article,time=When,quantity=Pieces,unit_price=Each,customer="


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hundred days of a small shop, in columns of the user's own naming."""
    path = tmp_path_factory.mktemp("orders") / "orders.csv"
    chance = np.random.default_rng(5)
    start = datetime(2025, 1, 6)  # noqa: DTZ001 - order files hold local times
    with path.open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["No", "Article", "When", "Pieces", "Each"])
        for number in range(2400):
            at = start + timedelta(days=int(number // 12), hours=int(chance.integers(8, 20)))
            for sku in chance.choice(12, size=2, replace=False):
                lines.writerow(
                    [f"N{number}", f"{20_000 + sku}A", f"{at:%Y-%m-%d %H:%M:%S}", int(chance.integers(1, 6)), 2.5 + 0.5 * int(sku)]
                )
    return path


def test_a_fitted_market_is_one_that_check_accepts(
    orders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    market, daily = tmp_path / "new" / "mine.toml", tmp_path / "new" / "mine.csv"
    code = run(
        ["calibrate", "--orders", str(orders), "--map", MAP, "-o", str(market), "--daily", str(daily), "--established", "6", "--json"]
    )
    report = json.loads(capsys.readouterr().out)
    monkeypatch.setenv("AUTOPILOT__PLATFORM__MARKET", str(market))
    checked = run(["check", "gift-shop", "--json"])

    assert (code, checked) == (0, 0)
    assert set(report) == {"market", "daily", "fitted", "could_not_fit", "dropped", "skus"}
    assert report["fitted"]["orders"]["value"] == 2400
    assert report["could_not_fit"]
    assert all(original.endswith("A") for original in report["skus"].values())
    assert not any(original in market.read_text() + daily.read_text() for original in report["skus"].values())


def test_people_are_told_what_was_fitted_and_what_was_not(orders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["calibrate", "--orders", str(orders), "--map", MAP, "-o", str(tmp_path / "m.toml")])

    said = capsys.readouterr().out
    assert code == 0
    for words in ("Fitted", "2,400", "Could not be fitted", "unit_cost", "Left out: nothing"):
        assert words in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--map", "orde=No"], "expected FIELD=COLUMN with one of order, sku, "),
        (["--map", "order"], "was 'order'"),
        (["--map", "sku="], "was 'sku='"),
        (["--map", MAP.replace("Pieces", "Units")], "expected columns Units, was not among those found: No, Article, When, Pieces, Each"),
        (["--map", MAP, "--product-pattern", "X.*"], "expected at least one sound order line, was none"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(
    orders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    code = run(["calibrate", "--orders", str(orders), "-o", str(tmp_path / "m.toml"), *arguments])

    assert code == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "m.toml").exists()


def test_a_market_is_not_overwritten_unasked(orders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    market = tmp_path / "m.toml"
    market.write_text("mine")

    code = run(["calibrate", "--orders", str(orders), "--map", MAP, "-o", str(market)])

    assert (code, market.read_text()) == (2, "mine")
    assert "exists" in capsys.readouterr().err


@pytest.fixture(scope="module")
def made() -> list[Check]:
    """The check of these orders, once it was made."""
    return []


@pytest.fixture
def made_once(made: list[Check], monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests that differ in what is done with the check share the one that the first of them makes."""
    making = check.check_calibration

    def checked(lines: OrderLines, options: CalibrationOptions, *, progress: Callable[[float], None]) -> Check:
        if not made:
            made.append(making(lines, options, stores=1, progress=progress))
        return made[0]

    monkeypatch.setattr(check, "check_calibration", checked)


@pytest.mark.usefixtures("made_once")
@pytest.mark.parametrize(("tolerance", "code"), [(10.0, 0), (0.0, 1)])
def test_the_check_tells_how_far_the_market_is_and_whether_that_will_do(
    orders: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tolerance: float,
    code: int,
) -> None:
    monkeypatch.setattr(check, "TOLERANCE", tolerance)

    answered = run(["calibrate", "--orders", str(orders), "--map", MAP, "-o", str(tmp_path / "m.toml"), "--check", "--json"])

    report = json.loads(capsys.readouterr().out)
    distances = {distance["name"]: distance for distance in report["check"]["distances"]}
    assert answered == code
    assert (tmp_path / "m.check.png").read_bytes().startswith(b"\x89PNG")
    assert report["check"]["picture"] == str(tmp_path / "m.check.png")
    assert set(distances["orders_per_day"]) == {"name", "simulated", "observed", "relative", "low", "high", "within", "required"}
    assert len(distances["weekday_shares"]["simulated"]) == 7
    assert distances["orders_per_day"]["simulated"] == pytest.approx(24, rel=0.1)
    assert (tmp_path / "m.toml").exists()


@pytest.mark.usefixtures("made_once")
def test_people_see_the_check_as_a_table(
    orders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "TOLERANCE", 0.0)

    code = run(["calibrate", "--orders", str(orders), "--map", MAP, "-o", str(tmp_path / "m.toml"), "--check"])

    said = capsys.readouterr().out
    assert code == 1
    for words in ("Simulated beside the store", "hour_shares", "24 shares", "NO, required", "The check FAILS", "m.check.png"):
        assert words in said


ADS_MAP = "day=On,entity=Article,impressions=Shown,clicks=Clicked,cost=Spent,conversions=Sold"


def _ads(folder: Path, *, clicks: int) -> Path:
    path = folder / "ads.csv"
    first = datetime(2025, 3, 3)  # noqa: DTZ001 - report files hold local dates
    rows = [
        f"{first + timedelta(days=day):%Y-%m-%d},{20_000 + sku}A,{40 * clicks},{clicks},{0.4 * clicks:.2f},{(day + sku) % 2}"
        for day in range(40)
        for sku in range(4)
    ]
    path.write_text("\n".join(["On,Article,Shown,Clicked,Spent,Sold", *rows]), encoding="utf-8")
    return path


def test_ad_reports_take_the_place_of_what_is_assumed(orders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ads = ["--ads", str(_ads(tmp_path, clicks=12)), "--ads-map", ADS_MAP]

    code = run(["calibrate", "--orders", str(orders), "--map", MAP, "-o", str(tmp_path / "m.toml"), *ads, "--json"])

    report = json.loads(capsys.readouterr().out)
    assert code == 0
    assert report["fitted"]["cpc"]["value"] == pytest.approx(0.4)
    assert report["fitted"]["ctr"]["low"] < 1 / 40 < report["fitted"]["ctr"]["high"]
    assert report["fitted"]["cvr"]["low"] < 0.5 / 12 < report["fitted"]["cvr"]["high"]
    assert not {"ctr", "cvr", "cpc_level"} & set(report["could_not_fit"])
    assert "conversion_delay" in report["could_not_fit"]


@pytest.mark.parametrize(
    ("clicks", "mapping", "message"),
    [
        (12, ADS_MAP.replace("Clicked", "Klicks"), "ads.csv: expected columns Klicks, was not among those found: On, Article, Shown"),
        (12, ADS_MAP.replace("cost=Spent", "price=Spent"), "expected FIELD=COLUMN with one of day, entity, impressions, "),
        (12, ADS_MAP.replace("clicks=Clicked", "clicks=Article"), "ads.csv: Article: expected a whole number, was '20000A' in row 1"),
        (0, ADS_MAP, "clicks: expected at least 30 in the ad reports, was 0"),
    ],
)
def test_ad_reports_that_cannot_be_used_are_refused_in_one_line(
    orders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], clicks: int, mapping: str, message: str
) -> None:
    ads = ["--ads", str(_ads(tmp_path, clicks=clicks)), "--ads-map", mapping]

    code = run(["calibrate", "--orders", str(orders), "--map", MAP, "-o", str(tmp_path / "m.toml"), *ads])

    said = capsys.readouterr().err
    assert code == 2
    assert message in said
    assert not (tmp_path / "m.toml").exists()


def test_fitted_returns_become_a_mechanic_when_asked_for(orders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain, more = tmp_path / "plain.toml", tmp_path / "more.toml"

    codes = [run(["calibrate", "--orders", str(orders), "--map", MAP, "-o", str(plain)])]
    codes.append(run(["calibrate", "--orders", str(orders), "--map", MAP, "-o", str(more), "--mechanics"]))

    capsys.readouterr()
    assert codes == [0, 0]
    assert load_market(plain).returns is None
    returns = load_market(more).returns
    assert returns is not None
    assert returns.return_rate == (0.0,) * 12
