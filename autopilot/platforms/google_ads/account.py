"""What stands in the account: its campaigns with their budgets, and its ad groups with their bids."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from autopilot.platforms.google_ads.client import AdsClient

CUSTOMER: Final = "SELECT customer.currency_code, customer.time_zone FROM customer"
CAMPAIGNS: Final = (
    "SELECT campaign.id, campaign.name, campaign.status, campaign.bidding_strategy_type, campaign.advertising_channel_type,"
    " campaign_budget.id, campaign_budget.amount_micros, campaign_budget.period"
    " FROM campaign WHERE campaign.status != 'REMOVED'"
)
AD_GROUPS: Final = (
    "SELECT ad_group.id, ad_group.name, ad_group.status, ad_group.cpc_bid_micros, campaign.id"
    " FROM ad_group WHERE ad_group.status != 'REMOVED' AND campaign.status != 'REMOVED'"
)

BIDS_BY_HAND: Final = frozenset({"MANUAL_CPC", "ENHANCED_CPC"})
"""Bidding strategies under which an ad group's bid counts; under all others Google bids, and there is no bid to set."""

SHOWS_PRODUCTS: Final = frozenset({"SHOPPING", "PERFORMANCE_MAX"})
"""Channels whose figures come by product."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One campaign.

    Attributes:
        id, name: Google's.
        running: Enabled, not paused.
        strategy: Name of its bidding strategy.
        shows_products: Whether its figures come by product.
        budget_id: Of its budget; 0 where it has none of its own.
        budget_micros: A day, in millionths of the currency's unit.
        daily: Whether that is a daily budget.
        sharers: Campaigns that spend from this budget, itself included.
    """

    id: int
    name: str
    running: bool
    strategy: str
    shows_products: bool
    budget_id: int
    budget_micros: int
    daily: bool
    sharers: int

    @property
    def budget_objection(self) -> str:
        """Why its budget is left alone, or an empty text."""
        if not self.budget_id:
            return f"campaign {self.name!r} has no budget that could be read"
        if not self.daily:
            return f"campaign {self.name!r} has a total budget, not a daily one"
        if self.sharers > 1:
            return f"campaign {self.name!r} shares its budget with {self.sharers - 1} more; give it one of its own"
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdGroup:
    """One ad group.

    Attributes:
        id, name: Google's.
        running: Enabled, not paused.
        campaign_id: Of its campaign.
        bid_micros: Highest cost per click, in millionths of the currency's unit.
    """

    id: int
    name: str
    running: bool
    campaign_id: int
    bid_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Everything in the account that is not removed, by id."""

    campaigns: dict[int, Campaign]
    ad_groups: dict[int, AdGroup]


def read_customer(client: AdsClient, *, now: datetime) -> tuple[str, str]:
    """Currency and time zone of the account. Raises: PlatformError."""
    (row,) = client.search(CUSTOMER, now=now)[:1] or (None,)
    return ("", "") if row is None else (row.customer.currency_code, row.customer.time_zone)


def read_account(client: AdsClient, *, now: datetime) -> Account:
    """The account as it stands. Raises: PlatformError."""
    campaigns = client.search(CAMPAIGNS, now=now)
    sharers = Counter(row.campaign_budget.id for row in campaigns)
    return Account(
        campaigns={row.campaign.id: _campaign(row, sharers[row.campaign_budget.id]) for row in campaigns},
        ad_groups={row.ad_group.id: _ad_group(row) for row in client.search(AD_GROUPS, now=now)},
    )


def _campaign(row: Any, sharers: int) -> Campaign:
    campaign, budget = row.campaign, row.campaign_budget
    return Campaign(
        id=campaign.id,
        name=campaign.name,
        running=_name(campaign, "status") == "ENABLED",
        strategy=_name(campaign, "bidding_strategy_type"),
        shows_products=_name(campaign, "advertising_channel_type") in SHOWS_PRODUCTS,
        budget_id=budget.id,
        budget_micros=budget.amount_micros,
        daily=_name(budget, "period") == "DAILY",
        sharers=sharers,
    )


def _ad_group(row: Any) -> AdGroup:
    group = row.ad_group
    return AdGroup(
        id=group.id,
        name=group.name,
        running=_name(group, "status") == "ENABLED",
        campaign_id=row.campaign.id,
        bid_micros=group.cpc_bid_micros,
    )


def _name(message: Any, field: str) -> str:
    """Name of an enum's value; "" for one that this version of the API does not know."""
    known = message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number.get(getattr(message, field))
    return "" if known is None else str(known.name)
