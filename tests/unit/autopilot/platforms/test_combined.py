"""Shop and ads as one platform: a command goes where its field is, and one part's failure is told apart from the other's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from autopilot.conformance.adapter import AdapterUnderTest
from autopilot.platforms.combined import NO_CAMPAIGN, CombinedPlatform, NoAds
from control.command import Command
from control.ports import Acknowledgement, Effect
from perception.fields import Field
from perception.ports import PlatformError, SourceUnavailable
from perception.units import day_of
from tests.conformance.adapters import simulated
from tests.conformance.part_of import PartOf

LONDON = ZoneInfo("Europe/London")
SHOP = frozenset({Field.PRICE})
ADS = frozenset({Field.BID, Field.DAILY_BUDGET})


class Failing(PartOf):
    """A part whose writes never get an answer."""

    def write(self, commands: tuple[Command, ...], *, now: datetime) -> tuple[Acknowledgement, ...]:
        raise SourceUnavailable("timed out")


@pytest.fixture
def whole() -> Iterator[AdapterUnderTest]:
    with simulated() as opened:
        yield opened


def parts(whole: AdapterUnderTest, shop: type[PartOf], ads: type[PartOf]) -> CombinedPlatform:
    signals = whole.platform.signals
    return CombinedPlatform(shop(whole.platform, signals=signals, fields=SHOP), ads(whole.platform, signals=signals, fields=ADS))


def both(whole: AdapterUnderTest) -> tuple[Command, Command]:
    return whole.command(Field.BID, 0, 10), whole.command(Field.PRICE, 0, 250)


@pytest.mark.parametrize(("shop", "ads"), [(Failing, PartOf), (PartOf, Failing)])
def test_one_part_that_does_not_answer_costs_only_its_own_commands(whole: AdapterUnderTest, shop: type[PartOf], ads: type[PartOf]) -> None:
    bid, price = both(whole)

    answers = {answer.intent_id: answer.effect for answer in parts(whole, shop, ads).write((bid, price), now=whole.now)}

    assert answers[price.intent_id] is (Effect.UNKNOWN if shop is Failing else Effect.APPLIED)
    assert answers[bid.intent_id] is (Effect.UNKNOWN if ads is Failing else Effect.APPLIED)


def test_if_nobody_answers_it_is_said_by_name(whole: AdapterUnderTest) -> None:
    with pytest.raises(PlatformError):
        parts(whole, Failing, Failing).write(both(whole), now=whole.now)


def test_each_part_is_a_source_of_its_own(whole: AdapterUnderTest) -> None:
    assert len(parts(whole, PartOf, PartOf).sources) == 2


def test_a_shop_that_does_not_advertise_spends_nothing_and_has_no_bids(whole: AdapterUnderTest) -> None:
    sold, now = whole.catalogue, whole.now

    ads = NoAds(sold, timezone=LONDON)
    (rows,) = ads.read(since=None, now=now)

    assert rows.sku.tolist() == list(range(len(sold.skus)))
    assert set(rows.day.tolist()) == {day_of(now, LONDON)}
    assert not rows.values.any()
    assert ads.catalogue().campaigns == (NO_CAMPAIGN,)
    assert ads.catalogue().skus == sold.skus
    assert np.isnan(
        CombinedPlatform(PartOf(whole.platform, signals=frozenset(), fields=SHOP), ads).readback(now=now).values[Field.BID]
    ).all()
