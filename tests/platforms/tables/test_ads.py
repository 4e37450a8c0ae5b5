"""Ads in a daily report: added up, restated, and never taken for more than the report says."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from autopilot.platforms.combined import NO_CAMPAIGN
from autopilot.platforms.tables.ads import TableAds
from perception.fields import Field
from tests.platforms.tables.exports import AD_COLUMNS, AD_HEADER, NOW, ads_of_files, lines, sold, write

HOUR = timedelta(hours=1)
YESTERDAY = date(2026, 11, 19).toordinal()
ROWS = (
    "2026-11-18,TEA-1,spring,100,9,7.20,1,30.00,0.80,50.00",
    "2026-11-19,TEA-1,spring,120,10,8.00,0,0,0.90,55.00",
    "2026-11-19,TEA-1,autumn,10,1,0.80,0,0,0.70,20.00",
    "2026-11-19,TEA-2,autumn,50,5,4.00,1,45.50,0.70,20.00",
)


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    folder = tmp_path / "exports"
    folder.mkdir()
    write(folder / "ads.csv", lines(*ROWS, header=AD_HEADER))
    return folder


@pytest.fixture
def ads(exports: Path, tmp_path: Path) -> TableAds:
    return ads_of_files(exports, tmp_path / "state", sold())


def test_each_product_is_in_the_campaign_that_spent_most_on_it_lately(ads: TableAds) -> None:
    catalogue = ads.catalogue()

    assert catalogue.campaigns == ("autumn", "spring", NO_CAMPAIGN)
    assert [catalogue.campaigns[place] for place in catalogue.campaign_of] == ["spring", "autumn", NO_CAMPAIGN]


def test_figures_are_added_up_over_campaigns_and_end_with_the_last_day_of_the_report(ads: TableAds) -> None:
    (rows,) = ads.read(since=None, now=NOW)

    assert rows.day.max() == YESTERDAY
    assert rows.values[(rows.sku == 0) & (rows.day == YESTERDAY)].tolist() == [[130, 11, 880, 0, 0]]
    assert rows.values[(rows.sku == 2) & (rows.day == YESTERDAY)].tolist() == [[0] * 5]
    midnight = datetime(2026, 11, 19, 16, tzinfo=UTC)
    assert set(rows.observed_at_s) == {midnight.timestamp() - 1}


def test_a_newer_report_restates_its_own_days_and_leaves_the_others(exports: Path, ads: TableAds) -> None:
    (before,) = ads.read(since=None, now=NOW)
    write(exports / "ads-2.csv", lines(ROWS[1].replace(",0,0,", ",2,60.00,"), header=AD_HEADER), at=NOW + HOUR / 2)

    (after,) = ads.read(since=NOW, now=NOW + HOUR)

    at = (after.sku == 0) & (after.day == YESTERDAY)
    assert after.values[at].tolist() == [[130, 11, 880, 2, 6_000]]
    assert after.version[at] > before.version[(before.sku == 0) & (before.day == YESTERDAY)]
    assert set(after.day) == {YESTERDAY}


def test_nothing_is_said_again_while_the_report_is_the_same(ads: TableAds) -> None:
    ads.read(since=None, now=NOW)

    assert ads.read(since=NOW, now=NOW + HOUR) == ()


def test_what_was_set_is_what_the_newest_day_says(ads: TableAds) -> None:
    values = ads.readback(now=NOW).values

    assert values[Field.BID][:2].tolist() == [90, 70]
    assert np.isnan(values[Field.BID][2])
    assert values[Field.DAILY_BUDGET][:2].tolist() == [2_000, 5_500]
    assert np.isnan(values[Field.DAILY_BUDGET][2])


def test_a_report_read_back_before_it_was_read_is_still_given(ads: TableAds) -> None:
    ads.readback(now=NOW)

    (rows,) = ads.read(since=NOW - HOUR, now=NOW)

    assert rows.values.any()


def test_a_report_without_campaigns_or_setpoints_is_one_campaign(exports: Path, tmp_path: Path) -> None:
    columns = {name: column for name, column in AD_COLUMNS.items() if name not in {"campaign", "bid", "daily_budget"}}
    ads = ads_of_files(exports, tmp_path / "state", sold(), report={"path": "ads.csv", "columns": columns})

    assert ads.catalogue().campaigns == ("ads", NO_CAMPAIGN)
    assert np.isnan(ads.readback(now=NOW).values[Field.BID]).all()


def test_rows_that_cannot_be_are_left_out_and_named(exports: Path, tmp_path: Path) -> None:
    rows = ("2026-11-19,TEA-1,spring,-1,0,0,0,0,,", "2026-11-19,OTHER,spring,1,0,0,0,0,,", "soon,TEA-1,spring,1,0,0,0,0,,")
    write(exports / "ads.csv", lines(*ROWS, *rows, header=AD_HEADER))
    ads = ads_of_files(exports, tmp_path / "state", sold())
    ads.read(since=None, now=NOW)

    said = "\n".join(finding.detail for finding in ads.examine(now=NOW))

    assert "expected figures of at least 0" in said
    assert "not among the products (first: OTHER)" in said
    assert "date: expected a time written year first" in said
