"""What Google does when it does not answer well: each failure is named by its reaction, nothing is sent twice, nothing is lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import grpc
import numpy as np
import pytest

from autopilot.platforms.google_ads import failures
from autopilot.platforms.google_ads.adapter import GoogleAds
from control.ports import Effect
from perception.fields import Field
from perception.ports import BadAnswer, NeedsReauthorisation, PlatformError, RateLimited, SourceUnavailable
from tests.platforms.google_ads.opened import LAMP, MUG, NOW
from tests.platforms.google_ads.server import FakeGoogle, Fault
from tests.platforms.google_ads.test_writing import bid

HOUR = timedelta(hours=1)
QUOTA = {"quota_error": "RESOURCE_EXHAUSTED"}

FAILURES = {
    "unavailable": (Fault(), SourceUnavailable),
    "internal": (Fault(code=grpc.StatusCode.INTERNAL), SourceUnavailable),
    "transient": (Fault(code=grpc.StatusCode.INTERNAL, error={"internal_error": "TRANSIENT_ERROR"}), SourceUnavailable),
    "deadline of theirs": (Fault(code=grpc.StatusCode.DEADLINE_EXCEEDED), SourceUnavailable),
    "held connection": (Fault(code=None), SourceUnavailable),
    "quota": (Fault(code=grpc.StatusCode.RESOURCE_EXHAUSTED, error=QUOTA, retry_s=321), RateLimited),
    "quota without a word": (Fault(code=grpc.StatusCode.RESOURCE_EXHAUSTED), RateLimited),
    "quota as a failed precondition": (Fault(code=grpc.StatusCode.FAILED_PRECONDITION, error=QUOTA, retry_s=321), RateLimited),
    "unauthenticated": (
        Fault(code=grpc.StatusCode.UNAUTHENTICATED, error={"authentication_error": "OAUTH_TOKEN_REVOKED"}),
        NeedsReauthorisation,
    ),
    "forbidden": (Fault(code=grpc.StatusCode.PERMISSION_DENIED), NeedsReauthorisation),
    "revoked refresh token": (Fault(details="Getting metadata from plugin failed: invalid_grant"), NeedsReauthorisation),
    "unknown query": (Fault(code=grpc.StatusCode.INVALID_ARGUMENT, error={"query_error": "UNRECOGNIZED_FIELD"}), BadAnswer),
    "unimplemented": (Fault(code=grpc.StatusCode.UNIMPLEMENTED), BadAnswer),
}


def impatient(ads: GoogleAds, *, for_s: float = 0.3) -> None:
    """From here on the adapter waits no longer than a test can."""
    ads._client._search_s = ads._client._change_s = for_s


@pytest.mark.parametrize("what", list(FAILURES))
def test_a_failed_reading_is_named_by_its_reaction(google: FakeGoogle, ads: GoogleAds, what: str) -> None:
    fault, expected = FAILURES[what]
    ads.catalogue()
    google.faults["search"].append(fault)
    if fault.code is None:
        impatient(ads)

    with pytest.raises(PlatformError) as caught:
        ads.read(since=None, now=NOW)

    assert type(caught.value) is expected or (expected is BadAnswer and isinstance(caught.value, BadAnswer))
    assert "search" in str(caught.value)
    assert "hush" not in str(caught.value)


def test_a_quota_error_says_when_to_come_back_and_google_is_not_asked_before(google: FakeGoogle, ads: GoogleAds) -> None:
    ads.catalogue()
    google.faults["search"].append(FAILURES["quota"][0])
    with pytest.raises(RateLimited) as caught:
        ads.readback(now=NOW)
    asked = len(google.queries)

    with pytest.raises(RateLimited):
        ads.readback(now=NOW + timedelta(seconds=320))

    assert caught.value.retry_after_s == 321
    assert len(google.queries) == asked
    assert ads.readback(now=NOW + timedelta(seconds=321)).values


def test_refused_credentials_are_not_tried_again(google: FakeGoogle, ads: GoogleAds) -> None:
    ads.catalogue()
    google.faults["search"].append(FAILURES["unauthenticated"][0])
    with pytest.raises(NeedsReauthorisation):
        ads.readback(now=NOW)
    asked = len(google.queries)

    with pytest.raises(NeedsReauthorisation, match="renew"):
        ads.readback(now=NOW + 24 * HOUR)

    assert len(google.queries) == asked


def test_an_answer_that_breaks_off_is_no_answer(google: FakeGoogle, ads: GoogleAds) -> None:
    """Half of a stream taken for the whole would restate the other half to nothing."""
    (before,) = ads.read(since=None, now=NOW)
    google.faults["search"].append(Fault(after=True))

    with pytest.raises(SourceUnavailable):
        ads.read(since=NOW, now=NOW + HOUR)

    (after,) = ads.read(since=NOW, now=NOW + 2 * HOUR)
    assert (after.day < before.day.max()).sum() == 0


WRITE_FAILURES = [name for name in FAILURES if name not in {"unknown query", "unimplemented"}]


@pytest.mark.parametrize("what", WRITE_FAILURES)
def test_a_write_that_fails_before_its_effect_is_not_sent_again(google: FakeGoogle, ads: GoogleAds, what: str) -> None:
    fault, expected = FAILURES[what]
    ads.readback(now=NOW)
    google.faults["mutate"].append(fault)
    if fault.code is None:
        impatient(ads)

    with pytest.raises(expected):
        ads.write((bid(MUG, 51),), now=NOW)

    assert not google.mutations
    assert google.ad_groups[101]["cpc_bid_micros"] == 450_000


@pytest.mark.parametrize("fault", [Fault(code=None, after=True), Fault(after=True)], ids=["time-out", "connection lost"])
def test_a_write_whose_answer_is_lost_raises_and_stands_once(google: FakeGoogle, ads: GoogleAds, fault: Fault) -> None:
    ads.readback(now=NOW)
    google.faults["mutate"].append(fault)
    if fault.code is None:
        # long enough for the request to arrive on a busy machine
        impatient(ads, for_s=2.0)

    with pytest.raises(SourceUnavailable):
        ads.write((bid(MUG, 51),), now=NOW)

    impatient(ads, for_s=30.0)
    assert len(google.mutations) == 1
    assert ads.readback(now=NOW).values[Field.BID][MUG] == 51


def test_a_request_that_is_refused_as_a_whole_rejects_each_of_its_commands(google: FakeGoogle, ads: GoogleAds) -> None:
    ads.readback(now=NOW)
    google.faults["mutate"].append(Fault(code=grpc.StatusCode.INVALID_ARGUMENT, error={"request_error": "TOO_MANY_MUTATE_OPERATIONS"}))

    (answer,) = ads.write((bid(MUG, 51),), now=NOW)

    assert answer.effect is Effect.REJECTED
    assert "TOO_MANY_MUTATE_OPERATIONS" in answer.detail


def test_what_one_thing_does_not_permit_locks_nothing_else_out(google: FakeGoogle, ads: GoogleAds) -> None:
    google.refusals["adGroups/101"] = {"authorization_error": "ACTION_NOT_PERMITTED"}

    (answer,) = ads.write((bid(MUG, 51),), now=NOW)

    assert answer.effect is Effect.REJECTED
    assert ads.readback(now=NOW).values[Field.BID][MUG] == 45


def test_a_batch_that_ran_into_the_quota_is_rate_limited_if_none_of_it_was_made(google: FakeGoogle, ads: GoogleAds) -> None:
    ads.readback(now=NOW)
    google.refusals["adGroups/101"] = QUOTA
    some = ads.write((bid(MUG, 51), bid(LAMP, 61)), now=NOW)

    with pytest.raises(RateLimited):
        ads.write((bid(MUG, 51),), now=NOW)

    assert [answer.effect for answer in some] == [Effect.REJECTED, Effect.APPLIED]


def test_a_pause_whose_answer_is_lost_is_known_for_ours(google: FakeGoogle, ads: GoogleAds) -> None:
    ads.readback(now=NOW)
    google.faults["mutate"].append(Fault(after=True))

    with pytest.raises(SourceUnavailable):
        ads.write((bid(MUG, 0),), now=NOW)

    assert ads.readback(now=NOW).values[Field.BID][MUG] == 0.0


def test_failed_operations_count_all_the_same(google: FakeGoogle, ads: GoogleAds) -> None:
    ads.readback(now=NOW)
    used = ads._operations.used(NOW)
    google.faults["mutate"].append(Fault())

    with pytest.raises(SourceUnavailable):
        ads.write((bid(MUG, 51),), now=NOW)

    assert ads._operations.used(NOW) == used + 1


def test_an_error_without_a_call_behind_it_is_still_named() -> None:
    assert isinstance(failures.named(grpc.RpcError(), "search"), SourceUnavailable)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"a": 1}', b'{"1": "x"}'])
def test_a_count_of_operations_that_cannot_be_read_counts_from_nothing(tmp_path: Any, content: bytes) -> None:
    from autopilot.platforms.google_ads.operations import OperationBudget

    (tmp_path / "operations.json").write_bytes(content)

    budget = OperationBudget(tmp_path / "operations.json", per_day=10)

    assert budget.used(NOW) == 0
    assert np.isfinite(budget.left_for_writes(NOW) or 0)
