"""What is read of an account: figures per day and product, restated without end, and what stands."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from autopilot.errors import ConfigError
from autopilot.platforms.combined import NO_CAMPAIGN
from autopilot.platforms.google_ads.adapter import GoogleAds
from perception.fields import Field
from perception.observation import COLUMNS, MetricRows, Signal
from tests.platforms.google_ads.opened import CLOCK, LAMP, LONDON, MUG, NOW, SCARF, SKUS, TODAY, adapter_on, client_on, opened, play
from tests.platforms.google_ads.server import FakeGoogle, serving

HOUR = timedelta(hours=1)
IMPRESSIONS, CLICKS, COST, CONVERSIONS, VALUE = range(5)


def figures(rows: MetricRows, place: int, day: int) -> list[float]:
    (at,) = np.flatnonzero((rows.sku == place) & (rows.day == day))
    return [float(figure) for figure in rows.values[at]]


def test_products_are_found_by_the_name_of_their_ad_group_or_by_item_id_in_any_case(ads: GoogleAds) -> None:
    catalogue = ads.catalogue()

    assert catalogue.skus == SKUS
    assert catalogue.campaigns == ("11", "12", "13", NO_CAMPAIGN)
    assert [catalogue.campaigns[place] for place in catalogue.campaign_of] == ["11", "12", "13", NO_CAMPAIGN]


def test_a_product_is_where_the_merchant_says(google: FakeGoogle, tmp_path: Path) -> None:
    with opened(google, tmp_path, products={"CLOCK-4": "103"}) as ads:
        catalogue = ads.catalogue()
        assert catalogue.campaigns[catalogue.campaign_of[CLOCK]] == "12"
        assert ads.readback(now=NOW).values[Field.BID][CLOCK] == 80


@pytest.mark.parametrize(
    ("products", "words"),
    [({"CLOCK-4": "999"}, "no ad group 999"), ({"NO-SUCH": "103"}, "does not sell"), ({"CLOCK-4": "103", "LAMP-2": "103"}, "one's only")],
    ids=["no such ad group", "no such product", "one ad group for two"],
)
def test_what_the_merchant_says_and_is_not_so_is_told(google: FakeGoogle, tmp_path: Path, products: dict[str, str], words: str) -> None:
    with opened(google, tmp_path, products=products) as ads:
        ads.catalogue()
        assert any(words in finding.detail for finding in ads.examine(now=NOW))
        assert np.isnan(ads.readback(now=NOW).values[Field.BID][CLOCK])


def test_of_several_ad_groups_of_one_name_the_one_that_runs_is_meant_and_two_that_run_are_left_alone(
    google: FakeGoogle, tmp_path: Path
) -> None:
    google.ad_group(104, "MUG-1", campaign=12, pence=70)
    google.ad_groups[104]["status"] = "PAUSED"
    with opened(google, tmp_path) as ads:
        assert ads.readback(now=NOW).values[Field.BID][MUG] == 45
    google.ad_groups[104]["status"] = "ENABLED"
    with opened(google, tmp_path) as ads:
        assert np.isnan(ads.readback(now=NOW).values[Field.BID][MUG])
        assert any("MUG-1: several ad groups" in finding.detail for finding in ads.examine(now=NOW))


def test_figures_are_per_day_and_product_with_cost_rounded_up_to_the_cent(ads: GoogleAds) -> None:
    (rows,) = ads.read(since=None, now=NOW)

    assert rows.signal is Signal.ADS
    assert rows.values.shape[1] == len(COLUMNS[Signal.ADS])
    day = TODAY.toordinal() - 2
    assert figures(rows, LAMP, day) == [52, 3, 124, 0.5, 999]
    assert figures(rows, MUG, day) == [52, 3, 124, 1.5, 999]
    assert figures(rows, SCARF, day) == [100, 5, 201, 0, 0]


def test_what_a_campaign_costs_beyond_its_products_is_spread_over_them(google: FakeGoogle, ads: GoogleAds) -> None:
    google.ad_group(105, "clock-4", campaign=12, pence=10)
    day = TODAY - timedelta(days=1)
    google.figures[day.isoformat(), 103]["cost_micros"] = 5_000_000
    google.figures[day.isoformat(), 105].update(impressions=1, cost_micros=3 * 1_234_567)
    google.figures[(day - timedelta(days=1)).isoformat(), 102]["cost_micros"] = 0
    google.figures[(day - timedelta(days=1)).isoformat(), 103]["cost_micros"] = 1_000_000

    (rows,) = ads.read(since=None, now=NOW)

    # a quarter and three quarters of the brand's ads on top of 1.234567 and 3.703701
    assert figures(rows, LAMP, day.toordinal())[COST] == 249
    assert figures(rows, CLOCK, day.toordinal())[COST] == 746
    assert [figures(rows, place, day.toordinal() - 1)[COST] for place in (LAMP, CLOCK)] == [50, 50]


def test_a_product_shown_by_two_campaigns_is_not_counted_twice(google: FakeGoogle, ads: GoogleAds) -> None:
    google.campaign(14, "Other feed", budget=94, pounds=5.0, channel="SHOPPING")
    day = TODAY - timedelta(days=1)
    google.shown[day.isoformat(), "scarf-3", 14].update(impressions=10, clicks=1, cost_micros=500_000)

    (rows,) = ads.read(since=None, now=NOW)

    assert figures(rows, SCARF, day.toordinal())[COST] == 251


def test_a_product_that_is_not_advertised_has_a_row_of_nothing_today(ads: GoogleAds) -> None:
    (rows,) = ads.read(since=None, now=NOW)

    assert figures(rows, CLOCK, TODAY.toordinal()) == [0.0] * 5
    assert not (rows.values[rows.sku == CLOCK] != 0).any()


def test_a_restated_day_comes_again_with_a_higher_version_and_others_do_not_come(google: FakeGoogle, ads: GoogleAds) -> None:
    (before,) = ads.read(since=None, now=NOW)
    google.figures[(TODAY - timedelta(days=3)).isoformat(), 102]["conversions"] += 2

    (after,) = ads.read(since=NOW, now=NOW + HOUR)

    day = TODAY.toordinal() - 3
    (was,) = np.flatnonzero((before.sku == LAMP) & (before.day == day))
    earlier = after.day < TODAY.toordinal()
    assert [(after.sku[at], after.day[at]) for at in np.flatnonzero(earlier)] == [(LAMP, day)]
    assert after.values[earlier, CONVERSIONS] == before.values[was, CONVERSIONS] + 2
    assert after.version[earlier] > before.version[was]


def test_a_day_whose_figures_vanish_is_restated_to_nothing_even_after_a_restart(google: FakeGoogle, tmp_path: Path) -> None:
    day = (TODAY - timedelta(days=1)).isoformat()
    with serving(google) as endpoint:
        client = client_on(endpoint)
        (before,) = adapter_on(client, tmp_path).read(since=None, now=NOW)
        del google.figures[day, 102]
        (after,) = adapter_on(client, tmp_path).read(since=NOW, now=NOW + HOUR)
        client.close()

    assert figures(before, LAMP, TODAY.toordinal() - 1)[COST] == 124
    assert figures(after, LAMP, TODAY.toordinal() - 1) == [0.0] * 5


def test_later_readings_ask_only_for_days_that_may_still_change_and_a_first_one_for_all(google: FakeGoogle, tmp_path: Path) -> None:
    with opened(google, tmp_path, restated_days=3) as ads:
        ads.read(since=None, now=NOW)
        first = [query for query in google.queries if "segments.date, ad_group.id" in query]
        ads.read(since=NOW, now=NOW + HOUR)
        ads.read(since=NOW + HOUR, now=NOW + timedelta(days=4))
        later = [query for query in google.queries if "segments.date, ad_group.id" in query][1:]

    assert "BETWEEN '2026-10-07' AND '2026-11-20'" in first[0]
    assert "BETWEEN '2026-11-18' AND '2026-11-20'" in later[0]
    # four days were missed, and the three before them may have changed meanwhile
    assert "BETWEEN '2026-11-18' AND '2026-11-24'" in later[1]


def test_more_clicks_than_impressions_are_possible_at_midnight_and_no_fault(google: FakeGoogle, ads: GoogleAds) -> None:
    google.figures[TODAY.isoformat(), 101].update(impressions=0, clicks=1)

    (rows,) = ads.read(since=None, now=NOW)

    assert figures(rows, MUG, TODAY.toordinal())[:2] == [1, 1]


def test_a_day_that_has_only_begun_where_the_account_is_waits_for_the_store(google: FakeGoogle, tmp_path: Path) -> None:
    play(google, TODAY + timedelta(days=1), hour=0)
    with opened(google, tmp_path) as ads:
        (rows,) = ads.read(since=None, now=NOW)

    assert rows.day.max() == TODAY.toordinal()


def test_a_currency_of_another_country_is_refused(google: FakeGoogle, tmp_path: Path) -> None:
    google.customer["currency_code"] = "USD"

    with opened(google, tmp_path) as ads, pytest.raises(ConfigError, match=r"in GBP.*was 'USD'"):
        ads.catalogue()


def test_bids_and_budgets_stand_in_minor_units_and_what_is_left_alone_is_unknown(ads: GoogleAds) -> None:
    values = ads.readback(now=NOW).values

    assert values[Field.BID][[MUG, LAMP]].tolist() == [45, 60]
    assert np.isnan(values[Field.BID][[SCARF, CLOCK]]).all()
    assert values[Field.DAILY_BUDGET][:3].tolist() == [2_000, 3_000, 4_000]
    assert np.isnan(values[Field.DAILY_BUDGET][3])


@pytest.mark.parametrize("change", ["strategy", "ad group paused", "campaign gone", "ad group gone"])
def test_a_bid_that_does_not_count_is_left_alone(google: FakeGoogle, ads: GoogleAds, change: str) -> None:
    ads.catalogue()
    if change == "strategy":
        google.campaigns[11]["bidding_strategy_type"] = "TARGET_ROAS"
    elif change == "ad group paused":
        google.ad_groups[101]["status"] = "PAUSED"
    elif change == "ad group gone":
        google.ad_groups[101]["status"] = "REMOVED"
    else:
        google.campaigns[11]["status"] = "REMOVED"

    assert np.isnan(ads.readback(now=NOW).values[Field.BID][MUG])


@pytest.mark.parametrize("change", ["shared", "total", "paused"])
def test_a_budget_that_is_not_the_campaigns_own_is_left_alone(google: FakeGoogle, ads: GoogleAds, change: str) -> None:
    ads.catalogue()
    if change == "shared":
        google.campaign(14, "Other", budget=91, pounds=0)
    elif change == "total":
        google.budgets[91]["period"] = "CUSTOM_PERIOD"
    else:
        google.campaigns[11]["status"] = "PAUSED"

    assert np.isnan(ads.readback(now=NOW).values[Field.DAILY_BUDGET][0])


def test_only_the_campaigns_that_are_named_are_seen(google: FakeGoogle, tmp_path: Path) -> None:
    with opened(google, tmp_path, campaigns=frozenset({"11"})) as ads:
        assert ads.catalogue().campaigns == ("11", NO_CAMPAIGN)


def test_every_call_carries_the_developer_token_and_the_manager_account(google: FakeGoogle, ads: GoogleAds) -> None:
    ads.readback(now=NOW)

    assert {(call["developer-token"], call["login-customer-id"]) for call in google.metadata} == {("dev-token", "1112223333")}


def test_days_are_those_of_the_store(google: FakeGoogle, tmp_path: Path) -> None:
    late = NOW.replace(hour=23, minute=30)
    with opened(google, tmp_path) as ads:
        (rows,) = ads.read(since=None, now=late)
        assert rows.day.max() == TODAY.toordinal()
        assert ZoneInfo("Europe/London") == LONDON
