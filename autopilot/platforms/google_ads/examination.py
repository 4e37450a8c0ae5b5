"""What ``autopilot check`` says of a Google Ads account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from autopilot.findings import Finding, Level, finding, some_of
from autopilot.platforms.combined import NO_CAMPAIGN
from autopilot.platforms.google_ads import setpoints
from autopilot.platforms.google_ads.account import Account
from autopilot.platforms.google_ads.change import Change, Resource
from autopilot.platforms.google_ads.mapping import Mapped
from autopilot.platforms.google_ads.operations import OperationBudget
from autopilot.platforms.google_ads.paused import PausedByUs
from perception.ports import NeedsReauthorisation, PlatformError

if TYPE_CHECKING:
    from autopilot.platforms.google_ads.client import AdsClient


def of_mapping(known: Mapped, account: Account, paused: PausedByUs) -> Iterator[Finding]:
    """Which products are advertised where, and which bids and budgets are left alone."""
    catalogue = known.catalogue
    advertised = len(known.by_item) + sum(1 for group in known.ad_group_of if group)
    names = [account.campaigns[int(name)].name for name in catalogue.campaigns if name != NO_CAMPAIGN and int(name) in account.campaigns]
    detail = f"{advertised} of {len(catalogue.skus)} products are advertised, in {some_of(names) or 'no campaign'}"
    yield finding("google ads", ok=advertised > 0, detail=detail, otherwise=Level.WARNING)
    if known.unclear:
        yield Finding(name="google ads", level=Level.WARNING, detail=f"unclear: {some_of(known.unclear, between='; ')}")
    alone = [why for name in catalogue.campaigns if name != NO_CAMPAIGN and (why := setpoints.budget_objection(name, account, paused))]
    if alone:
        yield Finding(name="budgets", level=Level.WARNING, detail=f"left alone: {some_of(alone, between='; ')}")
    places = [place for place, group in enumerate(known.ad_group_of) if group]
    alone = [f"{catalogue.skus[place]}: {why}" for place in places if (why := setpoints.bid_objection(place, account, known, paused))]
    alone += [f"{catalogue.skus[place]}: shown from a feed, has no bid of its own" for place in known.by_item.values()]
    if alone:
        yield Finding(name="bids", level=Level.WARNING, detail=f"left alone: {some_of(alone, between='; ')}")


def of_days(account_zone: str, store_zone: str) -> Finding:
    """Google's days are those of the account."""
    detail = f"the store's days are those of {store_zone}, the account's of {account_zone or 'nowhere'}"
    return finding("ad days", ok=account_zone == store_zone, detail=detail, otherwise=Level.WARNING)


def of_permission(client: AdsClient, known: Mapped, account: Account, paused: PausedByUs, *, now: datetime) -> Finding:
    """Whether we may write: Google validates setting one budget and one bid to what they are, and changes nothing."""
    changes = _as_they_are(known, account, paused)
    if not changes:
        return Finding(name="permission", level=Level.WARNING, detail="there is no bid and no budget to write")
    try:
        wrong = [words for words in client.change(changes, now=now, validate_only=True) if words]
    except NeedsReauthorisation as error:
        return Finding(name="permission", level=Level.PROBLEM, detail=f"may not write: {error}")
    except PlatformError as error:
        return Finding(name="permission", level=Level.WARNING, detail=f"could not be tried: {error}")
    names = " and ".join(f"{change.resource} {change.id}" for change in changes)
    return finding(
        "permission", ok=not wrong, detail=f"may not write: {'; '.join(wrong)}" if wrong else f"may write (validated on {names})"
    )


def of_operations(operations: OperationBudget, *, now: datetime) -> Finding:
    """How much of the day's operations is used."""
    left = operations.left_for_writes(now)
    detail = f"{operations.used(now)} operations within 24 hours, {'any number' if left is None else left} left for writing"
    return finding("operations", ok=left is None or left > 0, detail=detail, otherwise=Level.WARNING)


def _as_they_are(known: Mapped, account: Account, paused: PausedByUs) -> list[Change]:
    changes = []
    for name in known.catalogue.campaigns:
        if not setpoints.budget_objection(name, account, paused):
            campaign = account.campaigns[int(name)]
            changes.append(Change(resource=Resource.BUDGET, id=campaign.budget_id, values={"amount_micros": campaign.budget_micros}))
            break
    for place, number in enumerate(known.ad_group_of):
        if number and not setpoints.bid_objection(place, account, known, paused):
            bid = account.ad_groups[number].bid_micros
            changes.append(Change(resource=Resource.AD_GROUP, id=number, values={"cpc_bid_micros": bid}))
            break
    return changes
