"""Ads that are known only from a daily report: what products cost and brought by the day, and what was set, as far as the report says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import structlog

from autopilot.clock import Clock
from autopilot.findings import Finding, Level
from autopilot.platforms.combined import NO_CAMPAIGN
from autopilot.platforms.day_figures import DayFigures
from autopilot.platforms.order_book import KEPT_DAYS
from autopilot.platforms.tables.columns import AdColumns
from autopilot.platforms.tables.left_out import LeftOut
from autopilot.platforms.tables.source import Batch, Row, Table, Told, told
from autopilot.platforms.tables.values import Dialect, Unreadable, amount, code, day, number, read, text
from autopilot.platforms.writing import objection_to
from control.command import Command
from control.ports import Acknowledgement, Effect
from perception.catalogue import Catalogue
from perception.fields import Field
from perception.observation import COLUMNS, MetricRows, Readback, Signal
from perception.units import Floats, day_of, day_start

log = structlog.get_logger()

ONE_CAMPAIGN = "ads"
"""Of reports that name none."""

_ONE_SECOND = timedelta(seconds=1)

Cell = tuple[int, str, str]
"""(day, SKU, campaign)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reported:
    """What one batch says of a cell: (5,) figures in the order of the columns, and set-points in minor units, NaN where it says none."""

    figures: Floats
    bid_cents: float
    budget_cents: float


class TableAds:
    """One ad report."""

    signals = frozenset({Signal.ADS})
    fields: frozenset[Field] = frozenset()

    def __init__(
        self, name: str, table: Table, columns: AdColumns, *, dialect: Dialect, timezone: ZoneInfo, sold: Catalogue, clock: Clock
    ) -> None:
        """Nothing is read yet.

        Args:
            name: For journal and logs.
            table, columns: The report, and what is in it.
            dialect: How values are written.
            timezone: In which the store's days begin and end.
            sold: What the shop sells.
            clock: For the one call that is not told the time.
        """
        self.name, self._table, self._columns, self._dialect = name, table, columns, dialect
        self._zone, self._sold, self._clock = timezone, sold, clock
        self._places = {sku: place for place, sku in enumerate(sold.skus)}
        self._reported: dict[Cell, _Reported] = {}
        self._figures = DayFigures(Signal.ADS, sku_count=len(sold.skus))
        self._left_out = LeftOut("ad report")
        self._catalogue: Catalogue | None = None
        self._found_at: datetime | None = None
        self._as_of: datetime | None = None

    @property
    def history(self) -> Mapping[str, Told]:
        """The report."""
        return {"ad_report": told(self._table, self._columns)}

    def catalogue(self) -> Catalogue:
        """The shop's products, each in the campaign that its newest row in the report names. Raises: PlatformError."""
        if self._catalogue is None:
            reported: dict[Cell, _Reported] = {}
            for batch in self._table.all(now=self._clock.now()):
                reported |= self._cells(batch)
            self._catalogue = _with_campaigns(self._sold, reported)
        return self._catalogue

    def read(self, *, since: datetime | None, now: datetime) -> tuple[MetricRows, ...]:
        """Days of the report that changed. Days that it does not hold yet are not given: nobody knows that nothing happened on them."""
        self.catalogue()
        self._take(since, now)
        is_news = since is None or (self._found_at is not None and self._found_at > since)
        if not (self._table.live or is_news):
            return ()
        until = self._until(now)
        return (self._figures.rows(since=since, today=day_of(until, self._zone), now=now, as_of=until),)

    def readback(self, *, now: datetime) -> Readback:
        """Bids and budgets of the newest days, where the report has them; they cannot be written."""
        catalogue = self.catalogue()
        if self._found_at is None:
            self._take(None, now)
        values = {Field.BID: np.full(len(catalogue.skus), np.nan), Field.DAILY_BUDGET: np.full(len(catalogue.campaigns), np.nan)}
        campaigns = {name: place for place, name in enumerate(catalogue.campaigns)}
        for (_, sku, campaign), of in sorted(self._reported.items(), key=lambda item: item[0]):
            if not np.isnan(of.bid_cents):
                values[Field.BID][self._places[sku]] = of.bid_cents
            if campaign in campaigns and not np.isnan(of.budget_cents):
                values[Field.DAILY_BUDGET][campaigns[campaign]] = of.budget_cents
        return Readback(at=now, values=values)

    def write(self, commands: tuple[Command, ...], *, now: datetime) -> tuple[Acknowledgement, ...]:
        """Nothing can be written to a report."""
        del now
        catalogue = self.catalogue()
        why = [objection_to(command, catalogue=catalogue, fields=self.fields) for command in commands]
        return tuple(
            Acknowledgement(intent_id=command.intent_id, effect=Effect.REJECTED, detail=words)
            for command, words in zip(commands, why, strict=True)
        )

    def examine(self, *, now: datetime) -> Iterator[Finding]:
        """How far the report goes, and what was left out of it."""
        detail = f"known until {self._until(now).astimezone(self._zone):%Y-%m-%d %H:%M}, as far as the report goes"
        yield Finding(name="ad report", level=Level.OK, detail=detail)
        yield from self._left_out.findings()

    def _take(self, since: datetime | None, now: datetime) -> None:
        self._left_out.clear()
        for batch in self._table.fresh(now=now):
            cells = self._cells(batch)
            self._reported |= cells
            newest = max((of_day for of_day, _, _ in self._reported), default=0)
            self._reported = {cell: of for cell, of in self._reported.items() if cell[0] > newest - KEPT_DAYS}
            self._figures.take(self._days({of_day for of_day, _, _ in cells}), since=since, now=now)
            self._found_at = now
            self._as_of = batch.as_of if self._as_of is None else max(self._as_of, batch.as_of)
        if self._left_out:
            log.warning("rows_left_out", platform=self.name, table="ad report", what=list(self._left_out.words()))

    def _days(self, days: set[int]) -> dict[int, Floats]:
        """(m, 5) figures of these days, added up over campaigns."""
        found = {of_day: np.zeros((len(self._sold.skus), len(COLUMNS[Signal.ADS]))) for of_day in sorted(days)}
        for (of_day, sku, _), of in self._reported.items():
            if of_day in found:
                found[of_day][self._places[sku]] += of.figures
        return found

    def _cells(self, batch: Batch) -> dict[Cell, _Reported]:
        """What a batch says, rows of one cell added up."""
        found: dict[Cell, _Reported] = {}
        for place, row in self._left_out.rows_of(batch):
            try:
                cell, of = self._cell(row)
            except Unreadable as error:
                self._left_out.row(place, error, source=batch.name)
                continue
            if cell[1] not in self._places:
                self._left_out.add("rows of products that are not among the products", cell[1])
                continue
            before = found.get(cell)
            found[cell] = of if before is None else replace(of, figures=before.figures + of.figures)
        return found

    def _cell(self, row: Row) -> tuple[Cell, _Reported]:
        columns, dialect = self._columns, self._dialect
        of_day, sku = read(row, columns.day, day, dialect), read(row, columns.sku, code, dialect)
        counts = [float(read(row, name, number, dialect)) for name in (columns.impressions, columns.clicks, columns.conversions)]
        sums = [float(read(row, name, amount, dialect)) for name in (columns.cost, columns.conversion_value)]
        campaign = ONE_CAMPAIGN if columns.campaign is None else read(row, columns.campaign, code, dialect)
        figures = np.array([counts[0], counts[1], sums[0], counts[2], sums[1]])
        if (figures < 0).any():
            raise Unreadable("figures of at least 0", was=str(figures.min()))
        set_to = [self._if_given(row, name) for name in (columns.bid, columns.daily_budget)]
        return (of_day, sku, campaign), _Reported(figures=figures, bid_cents=set_to[0], budget_cents=set_to[1])

    def _if_given(self, row: Row, column: str | None) -> float:
        if column is None or not text(row.get(column)):
            return float("nan")
        return float(read(row, column, amount, self._dialect))

    def _until(self, now: datetime) -> datetime:
        """Up to when the report goes: to the end of its last day, and never beyond the time it was written."""
        until = now if self._table.live else min(now, self._as_of or now)
        if self._figures.empty:
            return until
        return min(until, day_start(self._figures.last_day + 1, self._zone) - _ONE_SECOND)


def _with_campaigns(sold: Catalogue, reported: dict[Cell, _Reported]) -> Catalogue:
    newest: dict[str, tuple[int, float, str]] = {}
    for (of_day, sku, campaign), of in reported.items():
        # on its newest day the campaign that spent most on it
        newest[sku] = max(newest.get(sku, (0, 0.0, "")), (of_day, float(of.figures[2]), campaign))
    names = sorted({campaign for _, _, campaign in newest.values()})
    if len(newest) < len(sold.skus):
        names.append(NO_CAMPAIGN)
    places = [names.index(newest[sku][2]) if sku in newest else len(names) - 1 for sku in sold.skus]
    return replace(sold, campaigns=tuple(names), campaign_of=np.array(places, dtype=np.int64))
