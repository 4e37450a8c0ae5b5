"""The figures that table, picture and page draw; whoever drove the store fills them in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from perception.units import Floats, Ints


class Unit(StrEnum):
    """How an amount is written for people."""

    MONEY = "money"
    """Minor units of the store's currency."""
    COUNT = "count"
    RATIO = "ratio"
    """As it is, two decimals: a ROAS."""
    SHARE = "share"
    """A share of one, written in percent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """One row of the summary.

    Attributes:
        label: In a merchant's words, as in "Profit after ads".
        unit: How the values are written.
        values: One per controller, in the order of ``DriveFigures.profit_cents``; NaN where there is none.
    """

    label: str
    unit: Unit
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One set-point that was changed.

    Attributes:
        at: When, aware.
        what: Which set-point, as in "price of 85123A".
        before, after: Minor units of the store's currency.
        why: In a merchant's words.
    """

    at: datetime
    what: str
    before: int
    after: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeGroup:
    """All changes of one set-point: where it started, where it ended, in how many steps, and why the last one was made."""

    what: str
    before: int
    after: int
    steps: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DriveFigures:
    """One drive of one store with one seed.

    Attributes:
        store, currency, timezone: Whose drive; instants are shown in this IANA time zone.
        seed: Of the market's chance.
        at: n instants, aware, rising: the ends of the ticks.
        spend_cents: (n,) cumulative ad spend.
        planned_spend_cents: (n,) cumulative ad spend as planned.
        budget_cents: What ads were allowed to cost over the drive.
        skus: p products whose prices are drawn.
        price_index: (p, n) price ÷ the price the merchant set by hand.
        band_low, band_high: Shares of that price between which prices may move.
        profit_cents: Cumulative profit (n,) by controller; the first is the one that drove, the others are compared with.
        commands: (n,) wishes the gate judged in each tick.
        interventions: (n,) wishes it limited or denied.
        bid_level: (n,) alpha, the share of a click's value that is offered for it.
        totals: Rows of the summary.
        changes: What was changed and why, by time.
    """

    store: str
    currency: str
    timezone: str
    seed: int
    at: tuple[datetime, ...]
    spend_cents: Floats
    planned_spend_cents: Floats
    budget_cents: int
    skus: tuple[str, ...]
    price_index: Floats
    band_low: float
    band_high: float
    profit_cents: dict[str, Floats]
    commands: Ints
    interventions: Ints
    bid_level: Floats
    totals: tuple[Total, ...]
    changes: tuple[Change, ...]

    @property
    def days(self) -> int:
        """Length in days, rounded."""
        return round((self.at[-1] - self.at[0]).total_seconds() / 86_400)


def grouped(changes: Iterable[Change]) -> tuple[ChangeGroup, ...]:
    """One entry per set-point, those that were changed most often first."""
    by_what: dict[str, list[Change]] = {}
    for change in changes:
        by_what.setdefault(change.what, []).append(change)
    groups = (
        ChangeGroup(what=what, before=steps[0].before, after=steps[-1].after, steps=len(steps), why=steps[-1].why)
        for what, steps in by_what.items()
    )
    return tuple(sorted(groups, key=lambda group: -group.steps))
