"""Google Ads behind the ports: what products cost and brought by the day, their bids, and the daily budgets of their campaigns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog

from autopilot.clock import Clock
from autopilot.errors import ConfigError
from autopilot.findings import Finding
from autopilot.platforms.day_figures import DayFigures
from autopilot.platforms.google_ads import examination, setpoints, writing
from autopilot.platforms.google_ads.account import Account, read_account, read_customer
from autopilot.platforms.google_ads.change import PAUSED, Resource
from autopilot.platforms.google_ads.mapping import Mapped, mapped
from autopilot.platforms.google_ads.operations import OperationBudget
from autopilot.platforms.google_ads.paused import PausedByUs
from autopilot.platforms.google_ads.reports import read_days, read_shown_in
from autopilot.platforms.order_book import KEPT_DAYS
from autopilot.platforms.writing import objection_to
from control.command import Command
from control.ports import Acknowledgement
from perception.catalogue import Catalogue
from perception.fields import Field
from perception.observation import MetricRows, Readback, Signal
from perception.units import day_of

if TYPE_CHECKING:
    from autopilot.platforms.google_ads.client import AdsClient

log = structlog.get_logger()

SEARCHES_OF_ACCOUNT = 2
SEARCHES_OF_FIGURES = 3
SEARCHES_OF_EXAMINATION = 3
"""Each counts as an operation, whatever it finds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What of the account concerns the store.

    Attributes:
        campaigns: Ids of those to see; all when empty.
        products: {SKU: ad group id}, where names do not say it.
        restated_days: Days that are read again each time, >= 1.
    """

    campaigns: frozenset[str] = frozenset()
    products: Mapping[str, str] = field(default_factory=dict)
    restated_days: int = 30


class GoogleAds:
    """One account, advertising what a shop sells."""

    name = "google-ads"
    signals = frozenset({Signal.ADS})
    fields = frozenset({Field.BID, Field.DAILY_BUDGET})

    def __init__(
        self,
        client: AdsClient,
        *,
        sold: Catalogue,
        timezone: ZoneInfo,
        folder: Path,
        operations: OperationBudget,
        clock: Clock,
        scope: Scope,
    ) -> None:
        """Nothing is asked yet.

        Args:
            client: Of the account.
            sold: What the shop sells.
            timezone: In which the store's days begin and end.
            folder: For what must be remembered.
            operations: How many may be sent a day.
            clock: For the one call that is not told the time.
            scope: What of the account concerns the store.
        """
        self._client, self._sold, self._timezone, self._operations, self._clock = client, sold, timezone, operations, clock
        self._scope = scope
        self._paused = PausedByUs(folder / "paused.json")
        self._figures = DayFigures(Signal.ADS, sku_count=len(sold.skus))
        self._mapped: Mapped | None = None
        self._account: Account | None = None
        self._read_day = 0

    def catalogue(self) -> Catalogue:
        """The shop's products in the campaigns that advertise them, as they were when first asked for.

        Raises:
            ConfigError: The account keeps its books in another currency than the shop.
            PlatformError
        """
        return self._known(self._clock.now()).catalogue

    def read(self, *, since: datetime | None, now: datetime) -> tuple[MetricRows, ...]:
        """Figures that changed, and today's. At first, and after a pause, all days that are kept are read; later those that may change."""
        known, today = self._known(now), day_of(now, self._timezone)
        first = today - KEPT_DAYS + 1
        if not self._figures.empty:
            first = max(first, min(today, self._read_day) - self._scope.restated_days + 1)
        self._operations.spend(SEARCHES_OF_FIGURES, now=now)
        self._figures.take(read_days(self._client, known, range(first, today + 1), now=now), since=since, now=now)
        self._read_day = today
        return (self._figures.rows(since=since, today=today, now=now),)

    def readback(self, *, now: datetime) -> Readback:
        """Bids and budgets as they stand; NaN for those that are left alone."""
        known, account = self._known(now), self._look(now)
        return Readback(at=now, values=setpoints.standing(account, known, self._paused))

    def write(self, commands: tuple[Command, ...], *, now: datetime) -> tuple[Acknowledgement, ...]:
        """Send what makes sense in one request; what does not is rejected by itself."""
        if not commands:
            return ()
        known = self._known(now)
        account = self._account or self._look(now)
        answers: dict[str, Acknowledgement] = {}
        planned: list[writing.Planned] = []
        left = self._operations.left_for_writes(now)
        for command in commands:
            wrong = objection_to(command, catalogue=known.catalogue, fields=self.fields)
            wrong = wrong or setpoints.objection(command, account, known, self._paused)
            changes = () if wrong else setpoints.changes_of(command, account, known)
            if left is not None and not wrong:
                left -= len(changes)
                wrong = "" if left >= 0 else "the day's operations of this access level are used up"
            if wrong:
                answers[command.intent_id] = writing.rejected(command, wrong)
            else:
                planned.append((command, changes))
        if planned:
            self._about_to_send(planned, now)
            answers |= {answer.intent_id: answer for answer in writing.send(planned, client=self._client, now=now)}
        return tuple(answers[command.intent_id] for command in commands)

    def examine(self, *, now: datetime) -> Iterator[Finding]:
        """What a merchant should know before the wheel is handed over. Writes nothing: Google is asked whether it would let us."""
        known, account = self._known(now), self._look(now)
        self._operations.spend(SEARCHES_OF_EXAMINATION, now=now)
        yield from examination.of_mapping(known, account, self._paused)
        _, zone = read_customer(self._client, now=now)
        yield examination.of_days(zone, self._timezone.key)
        yield examination.of_permission(self._client, known, account, self._paused, now=now)
        yield examination.of_operations(self._operations, now=now)

    def _known(self, now: datetime) -> Mapped:
        """Which campaign advertises what; found out once."""
        if self._mapped is None:
            self._operations.spend(1, now=now)
            currency, _ = read_customer(self._client, now=now)
            if currency != self._sold.currency:
                wanted = f"an account in {self._sold.currency}, in which the shop keeps its prices"
                raise ConfigError(f"ads.options.customer_id: expected {wanted}, was {currency!r}")
            account = self._look(now)
            products = (campaign.id for campaign in account.campaigns.values() if campaign.shows_products)
            self._operations.spend(1, now=now)
            shown_in = read_shown_in(self._client, today=day_of(now, self._timezone), campaigns=products, now=now)
            self._mapped = mapped(self._sold, account, products=self._scope.products, shown_in=shown_in)
            for words in self._mapped.unclear:
                log.warning("ads_unclear", platform=self.name, what=words)
        return self._mapped

    def _look(self, now: datetime) -> Account:
        """The account as it stands."""
        self._operations.spend(SEARCHES_OF_ACCOUNT, now=now)
        whole = read_account(self._client, now=now)
        setpoints.note_running(whole, self._paused)
        wanted = self._scope.campaigns
        seen = {number: campaign for number, campaign in whole.campaigns.items() if not wanted or str(number) in wanted}
        groups = {number: group for number, group in whole.ad_groups.items() if group.campaign_id in seen}
        self._account = Account(campaigns=seen, ad_groups=groups)
        return self._account

    def _about_to_send(self, planned: list[writing.Planned], now: datetime) -> None:
        """Count it, and note what it pauses, before Google hears of it."""
        changes = [change for _, changes in planned for change in changes]
        self._operations.spend(len(changes), now=now)
        for resource in (Resource.AD_GROUP, Resource.CAMPAIGN):
            self._paused.add(resource, (one.id for one in changes if one.resource is resource and one.values.get("status") == PAUSED))
