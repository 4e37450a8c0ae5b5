"""What is written to an account: in one request, absolutely, at most once, and with one honest answer per set-point."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from autopilot.findings import Level
from autopilot.platforms.google_ads.adapter import GoogleAds
from control.command import Command
from control.ports import Effect
from perception.fields import Field
from perception.ports import RateLimited
from tests.platforms.google_ads.opened import LAMP, MUG, NOW, SCARF, SKUS, opened
from tests.platforms.google_ads.server import FakeGoogle


def bid(place: int, value: int) -> Command:
    return _command(Field.BID, SKUS[place], place, value)


def budget(ads: GoogleAds, campaign: str, value: int) -> Command:
    return _command(Field.DAILY_BUDGET, campaign, ads.catalogue().campaigns.index(campaign), value)


def _command(field: Field, entity: str, index: int, value: int) -> Command:
    return Command(intent_id=f"{field}-{entity}-{value}", entity=entity, index=index, field=field, value=value, previous=1, currency="GBP")


def effects(ads: GoogleAds, *commands: Command) -> list[Effect]:
    return [answer.effect for answer in ads.write(commands, now=NOW)]


def test_bids_and_budgets_go_in_one_request_and_stand_as_absolute_amounts(google: FakeGoogle, ads: GoogleAds) -> None:
    done = effects(ads, bid(MUG, 51), budget(ads, "12", 3_150), bid(LAMP, 60))

    assert done == [Effect.APPLIED] * 3
    assert len(google.mutations) == 1
    assert google.mutations[0].partial_failure
    assert (google.ad_groups[101]["cpc_bid_micros"], google.budgets[92]["amount_micros"]) == (510_000, 31_500_000)
    assert list(google.mutations[0].mutate_operations[0].ad_group_operation.update_mask.paths) == ["cpc_bid_micros"]


def test_what_google_refuses_is_rejected_by_itself_in_its_own_words(google: FakeGoogle, ads: GoogleAds) -> None:
    google.refusals["adGroups/101"] = {"bidding_error": "BID_TOO_BIG"}

    answers = ads.write((budget(ads, "11", 2_100), bid(MUG, 51), bid(LAMP, 61)), now=NOW)

    assert [answer.effect for answer in answers] == [Effect.APPLIED, Effect.REJECTED, Effect.APPLIED]
    assert "BID_TOO_BIG" in answers[1].detail
    assert (google.ad_groups[101]["cpc_bid_micros"], google.ad_groups[102]["cpc_bid_micros"]) == (450_000, 610_000)


def test_what_is_left_alone_is_not_written(google: FakeGoogle, ads: GoogleAds) -> None:
    google.campaign(14, "Other", budget=91, pounds=0)

    answers = ads.write((budget(ads, "11", 2_100), bid(SCARF, 51)), now=NOW)

    assert [answer.effect for answer in answers] == [Effect.REJECTED] * 2
    assert "shares its budget with 1 more" in answers[0].detail
    assert "no ad group" in answers[1].detail
    assert not google.mutations


def test_nothing_pauses_and_something_runs_again(google: FakeGoogle, ads: GoogleAds) -> None:
    assert effects(ads, bid(MUG, 0), budget(ads, "12", 0)) == [Effect.APPLIED] * 2
    paused = ads.readback(now=NOW).values

    assert (google.ad_groups[101]["status"], google.campaigns[12]["status"]) == ("PAUSED", "PAUSED")
    assert (paused[Field.BID][MUG], paused[Field.DAILY_BUDGET][1]) == (0.0, 0.0)
    assert effects(ads, bid(MUG, 20), budget(ads, "12", 500)) == [Effect.APPLIED] * 2

    again = ads.readback(now=NOW).values
    assert (google.ad_groups[101]["status"], google.campaigns[12]["status"]) == ("ENABLED", "ENABLED")
    assert (again[Field.BID][MUG], again[Field.DAILY_BUDGET][1]) == (20.0, 500.0)


def test_what_we_paused_is_known_after_a_restart_and_what_a_person_paused_never_runs_again(google: FakeGoogle, tmp_path: Path) -> None:
    with opened(google, tmp_path) as ads:
        effects(ads, bid(MUG, 0))
        google.ad_groups[102]["status"] = "PAUSED"
    with opened(google, tmp_path) as ads:
        bids = ads.readback(now=NOW).values[Field.BID]
        assert bids[MUG] == 0.0
        assert np.isnan(bids[LAMP])
        (answer,) = ads.write((bid(LAMP, 30),), now=NOW)
        assert (answer.effect, google.ad_groups[102]["status"]) == (Effect.REJECTED, "PAUSED")
        assert "paused by a person" in answer.detail


def test_what_a_person_runs_and_pauses_again_is_the_persons(google: FakeGoogle, ads: GoogleAds) -> None:
    effects(ads, bid(MUG, 0))
    google.ad_groups[101]["status"] = "ENABLED"
    ads.readback(now=NOW)
    google.ad_groups[101]["status"] = "PAUSED"

    assert np.isnan(ads.readback(now=NOW).values[Field.BID][MUG])


def test_a_change_that_was_half_made_is_unknown(google: FakeGoogle, ads: GoogleAds) -> None:
    effects(ads, budget(ads, "12", 0))
    google.refusals["campaigns/12"] = {"context_error": "OPERATION_NOT_PERMITTED_FOR_CONTEXT"}
    ads.readback(now=NOW)

    (answer,) = ads.write((budget(ads, "12", 500),), now=NOW)

    assert answer.effect is Effect.UNKNOWN
    assert ads.readback(now=NOW).values[Field.DAILY_BUDGET][1] == 0.0


def test_writes_stop_before_the_days_operations_are_used_up_and_reading_goes_on(google: FakeGoogle, tmp_path: Path) -> None:
    with opened(google, tmp_path, per_day=20) as ads:
        ads.readback(now=NOW)
        # 6 of 20 are used, and 4 are kept for reading
        answers = ads.write(tuple(bid(MUG, 50 + place) for place in range(12)), now=NOW)

        assert [answer.effect for answer in answers] == [Effect.APPLIED] * 10 + [Effect.REJECTED] * 2
        assert "operations" in answers[-1].detail
        ads.readback(now=NOW)


def test_operations_are_counted_over_restarts_and_come_back_after_a_day(google: FakeGoogle, tmp_path: Path) -> None:
    with opened(google, tmp_path, per_day=9) as ads:
        ads.readback(now=NOW)
    with opened(google, tmp_path, per_day=9) as ads, pytest.raises(RateLimited, match="of the 9 operations a day") as caught:
        ads.readback(now=NOW)
    assert 0 < caught.value.retry_after_s <= 25 * 3600


def test_permission_to_write_is_proven_without_writing(google: FakeGoogle, ads: GoogleAds) -> None:
    before = (dict(google.budgets[91]), dict(google.ad_groups[101]))

    findings = {finding.name: finding for finding in ads.examine(now=NOW)}

    assert findings["permission"].level is Level.OK
    assert "budget 91 and ad_group 101" in findings["permission"].detail
    assert google.mutations[-1].validate_only
    assert before == (google.budgets[91], google.ad_groups[101])


def test_a_login_that_may_only_look_is_found_out(google: FakeGoogle, ads: GoogleAds) -> None:
    google.refusals["campaignBudgets/91"] = {"authorization_error": "USER_PERMISSION_DENIED"}

    findings = {finding.name: finding for finding in ads.examine(now=NOW)}

    assert findings["permission"].level is Level.PROBLEM
    assert "USER_PERMISSION_DENIED" in findings["permission"].detail


def test_an_examination_says_what_is_left_alone_and_why(google: FakeGoogle, ads: GoogleAds) -> None:
    google.campaigns[11]["bidding_strategy_type"] = "TARGET_ROAS"
    google.budgets[92]["period"] = "CUSTOM_PERIOD"
    google.customer["time_zone"] = "America/New_York"

    findings = {finding.name: finding for finding in ads.examine(now=NOW)}

    assert "3 of 4 products" in findings["google ads"].detail
    assert "Google bids by itself in campaign 'Kitchen' (TARGET_ROAS)" in findings["bids"].detail
    assert "SCARF-3: shown from a feed" in findings["bids"].detail
    assert "total budget" in findings["budgets"].detail
    assert findings["ad days"].level is Level.WARNING
