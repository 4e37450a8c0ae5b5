"""Bids and daily budgets: what stands, which of them are left alone and why, and the changes that a command amounts to."""

from __future__ import annotations

import numpy as np

from autopilot.platforms.combined import NO_CAMPAIGN
from autopilot.platforms.google_ads.account import BIDS_BY_HAND, Account
from autopilot.platforms.google_ads.change import ENABLED, PAUSED, Change, Resource
from autopilot.platforms.google_ads.mapping import Mapped
from autopilot.platforms.google_ads.paused import PausedByUs
from autopilot.platforms.money import micros, minor_units_of_micros
from control.command import Command
from perception.fields import Field
from perception.units import Floats


def standing(account: Account, mapped: Mapped, paused: PausedByUs) -> dict[Field, Floats]:
    """(m,) bids and (c,) daily budgets in minor units: 0 for what we have paused, NaN for what is left alone."""
    catalogue = mapped.catalogue
    bids = [
        np.nan if bid_objection(place, account, mapped, paused) else _bid(place, account, mapped) for place in range(len(catalogue.skus))
    ]
    budgets = [
        np.nan if budget_objection(name, account, paused) else _budget(name, account, catalogue.currency) for name in catalogue.campaigns
    ]
    return {Field.BID: np.array(bids, dtype=np.float64), Field.DAILY_BUDGET: np.array(budgets, dtype=np.float64)}


def bid_objection(place: int, account: Account, mapped: Mapped, paused: PausedByUs) -> str:
    """Why the bid for this product is left alone, or an empty text."""
    group = account.ad_groups.get(mapped.ad_group_of[place])
    if group is None:
        return "no ad group advertises this product alone"
    campaign = account.campaigns.get(group.campaign_id)
    if campaign is None:
        return f"ad group {group.name!r} is in no campaign that is seen"
    if campaign.strategy not in BIDS_BY_HAND:
        return f"Google bids by itself in campaign {campaign.name!r} ({campaign.strategy})"
    if not group.running and not paused.holds(Resource.AD_GROUP, group.id):
        return f"ad group {group.name!r} was paused by a person"
    return ""


def budget_objection(name: str, account: Account, paused: PausedByUs) -> str:
    """Why the daily budget of this campaign is left alone, or an empty text."""
    campaign = None if name == NO_CAMPAIGN else account.campaigns.get(int(name))
    if campaign is None:
        return f"there is no campaign {name}"
    if not campaign.running and not paused.holds(Resource.CAMPAIGN, campaign.id):
        return f"campaign {campaign.name!r} was paused by a person"
    return campaign.budget_objection


def objection(command: Command, account: Account, mapped: Mapped, paused: PausedByUs) -> str:
    """Why a sound command is not sent, or an empty text."""
    if command.field is Field.BID:
        return bid_objection(command.index, account, mapped, paused)
    return budget_objection(command.entity, account, paused)


def changes_of(command: Command, account: Account, mapped: Mapped) -> tuple[Change, ...]:
    """What must be changed in the account, in this order, so that the command's value stands."""
    currency = mapped.catalogue.currency
    if command.field is Field.BID:
        group = account.ad_groups[mapped.ad_group_of[command.index]]
        if command.value == 0:
            return (Change(resource=Resource.AD_GROUP, id=group.id, values={"status": PAUSED}),)
        again: dict[str, int | str] = {} if group.running else {"status": ENABLED}
        return (Change(resource=Resource.AD_GROUP, id=group.id, values={"cpc_bid_micros": micros(command.value, currency), **again}),)
    campaign = account.campaigns[int(command.entity)]
    if command.value == 0:
        return (Change(resource=Resource.CAMPAIGN, id=campaign.id, values={"status": PAUSED}),)
    amount = Change(resource=Resource.BUDGET, id=campaign.budget_id, values={"amount_micros": micros(command.value, currency)})
    run = Change(resource=Resource.CAMPAIGN, id=campaign.id, values={"status": ENABLED})
    return (amount,) if campaign.running else (amount, run)


def note_running(account: Account, paused: PausedByUs) -> None:
    """Forget having paused what runs again, whoever made it run. Raises: SourceUnavailable."""
    paused.drop(Resource.AD_GROUP, (group.id for group in account.ad_groups.values() if group.running))
    paused.drop(Resource.CAMPAIGN, (campaign.id for campaign in account.campaigns.values() if campaign.running))


def _bid(place: int, account: Account, mapped: Mapped) -> int:
    group = account.ad_groups[mapped.ad_group_of[place]]
    return minor_units_of_micros(group.bid_micros, mapped.catalogue.currency) if group.running else 0


def _budget(name: str, account: Account, currency: str) -> int:
    campaign = account.campaigns[int(name)]
    return minor_units_of_micros(campaign.budget_micros, currency) if campaign.running else 0
