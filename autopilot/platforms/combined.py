"""A store's shop and its ad platform as the one platform that the loop asks; without an ad platform, a shop that does not advertise."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from autopilot.platforms.kinds import Adapter
from autopilot.platforms.today import every_sku_today, nothing_of
from control.command import Command
from control.ports import Acknowledgement, Effect
from perception.catalogue import Catalogue
from perception.fields import Field
from perception.observation import MetricRows, Readback, Signal
from perception.ports import PlatformError
from perception.units import day_of

NO_CAMPAIGN = "not-advertised"
"""The campaign of products that no ad platform knows."""


class NoAds:
    """Stands where an ad platform would: nothing is shown, clicked or spent, and nothing can be set."""

    name = "no-ads"
    signals = frozenset({Signal.ADS})
    fields: frozenset[Field] = frozenset()

    def __init__(self, sold: Catalogue, *, timezone: ZoneInfo) -> None:
        """For what the shop sells."""
        self._sold, self._timezone = sold, timezone

    def catalogue(self) -> Catalogue:
        """All products in the one campaign that never runs."""
        return replace(self._sold, campaigns=(NO_CAMPAIGN,), campaign_of=np.zeros(len(self._sold.skus), dtype=np.int64))

    def read(self, *, since: datetime | None, now: datetime) -> tuple[MetricRows, ...]:
        """Zeros for today: that nothing was spent is known, not missing."""
        del since
        today = day_of(now, self._timezone)
        return (every_sku_today(nothing_of(Signal.ADS), sku_count=len(self._sold.skus), today=today, now=now),)

    def readback(self, *, now: datetime) -> Readback:
        """Nothing stands."""
        return Readback(at=now, values={})

    def write(self, commands: tuple[Command, ...], *, now: datetime) -> tuple[Acknowledgement, ...]:
        """Nothing can be written."""
        del now
        return tuple(_rejected(command) for command in commands)


class CombinedPlatform:
    """Shop and ads behind one set of ports. Each is a source of its own to ``observe``: one that fails costs only its own signals."""

    def __init__(self, shop: Adapter, ads: Adapter) -> None:
        """The ad platform's catalogue is the shop's with campaigns."""
        self._parts = (shop, ads)
        self._catalogue = ads.catalogue()
        self.name = f"{shop.name}+{ads.name}"
        self.signals = shop.signals | ads.signals
        self.fields = shop.fields | ads.fields

    @property
    def sources(self) -> tuple[Adapter, ...]:
        """Each part that gives figures."""
        return self._parts

    def catalogue(self) -> Catalogue:
        """Products of the shop, campaigns of the ad platform."""
        return self._catalogue

    def read(self, *, since: datetime | None, now: datetime) -> tuple[MetricRows, ...]:
        """What both show. Raises: PlatformError of the first that fails."""
        return tuple(rows for part in self._parts for rows in part.read(since=since, now=now))

    def readback(self, *, now: datetime) -> Readback:
        """What stands on both; NaN where neither has such a set-point, so that the gate never writes it.

        What stands but cannot be written is unknown too where anything else can be: the loop would wish for it at every tick. Of a store
        that can only be watched it is given, because what would be done is all there is to see.

        Raises:
            PlatformError: Of the first that fails: judging one part's set-points by the other's exposure needs both.
        """
        values = {field: np.full(len(self._catalogue.entities(field)), np.nan) for field in Field}
        for part in self._parts:
            shown = part.readback(now=now).values
            values |= {field: amounts for field, amounts in shown.items() if field in part.fields or not self.fields}
        return Readback(at=now, values=values)

    def write(self, commands: tuple[Command, ...], *, now: datetime) -> tuple[Acknowledgement, ...]:
        """Each command to the part that has its field, one answer per command, in order.

        Raises:
            PlatformError: No part gave an answer.
        """
        answers: dict[str, Acknowledgement] = {c.intent_id: _rejected(c) for c in commands if c.field not in self.fields}
        failed: PlatformError | None = None
        for part in self._parts:
            own = tuple(command for command in commands if command.field in part.fields)
            if not own:
                continue
            try:
                answers |= {answer.intent_id: answer for answer in part.write(own, now=now)}
            except PlatformError as error:
                failed = error
                detail = f"{type(error).__name__}: {error}"
                answers |= {c.intent_id: Acknowledgement(intent_id=c.intent_id, effect=Effect.UNKNOWN, detail=detail) for c in own}
        if failed is not None and all(answer.effect is Effect.UNKNOWN for answer in answers.values()):
            raise failed
        return tuple(answers[command.intent_id] for command in commands)


def _rejected(command: Command) -> Acknowledgement:
    return Acknowledgement(intent_id=command.intent_id, effect=Effect.REJECTED, detail=f"no platform of this store sets a {command.field}")
