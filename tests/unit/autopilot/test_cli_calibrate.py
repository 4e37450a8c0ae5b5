"""``autopilot calibrate``: from a user's own order lines to a market that a store can be checked against."""

from __future__ import annotations

import csv
import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from autopilot.cli.shell import run

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
