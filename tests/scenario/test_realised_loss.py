"""No plan that the guard accepted loses more than it was granted, in any market family, even where whoever carries it out means ill.

Drafts are random and hostile: bands as wide as the merchant's own bounds allow, the whole ad budget, bids at the price of the product. They
are carried out by somebody who wants the loss: prices jump between the ends of their bands, ads pay the most the platform takes. What was
lost is the market's truth against the very same market left alone.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from autopilot import wiring
from autopilot.plan_request import first_look
from autopilot.platforms.effects import MemoryEffects
from autopilot.platforms.simulated import SimulatedPlatform, opening_of
from autopilot.score import score
from autopilot.settings_sources import load_store
from perception.fields import Field
from planning.budget import GuardFacts, verify
from planning.evidence import guard_facts
from planning.milp_planner import MilpPlanner
from planning.plan import Plan
from planning.planner import RulePlanner
from sim.scenarios import families, load_scenario

DAYS = 6
DRAFTS = 3


@pytest.mark.parametrize("family", families())
def test_realised_loss_stays_within_the_grant(family: str) -> None:
    settings = load_store(family).settings
    scenario = load_scenario(family)
    seed = scenario.train_seeds.seeds[7]
    now = opening_of(scenario.market)
    untouched = SimulatedPlatform(scenario.market, seed=seed, opens=now - timedelta(days=28), effects=MemoryEffects())
    config = wiring.loop_config(settings, untouched.catalogue())
    terms = replace(wiring.merchant_terms(settings), window_days=DAYS, granted_cents=10**9)
    request = first_look(config, terms, sources=(untouched,), setpoints=untouched, now=now)
    before = untouched.truth(now=now)
    platforms = [untouched.fork(MemoryEffects()) for _ in range(DRAFTS)]
    alone = score(before, untouched.truth(now=now + timedelta(days=DAYS)), config).profit_cents
    draw = np.random.default_rng(seed)
    for number, platform in enumerate(platforms):
        planner = MilpPlanner() if number == 0 else RulePlanner()
        hostile = wild(planner.draft(request), guard_facts(request), draw)
        worst = verify(hostile, guard_facts(request)).worst_case_cents
        plan = replace(hostile, granted_cents=worst, worst_case_cents=worst)
        facts = replace(guard_facts(request), granted_cents=worst)
        assert verify(plan, facts).reasons == ()
        carried_out(platform, plan, config, now=now, draw=draw)
        profit = score(before, platform.truth(now=now + timedelta(days=DAYS)), config).profit_cents
        assert alone - profit <= worst, f"{family}, draft {number}: lost {alone - profit} of {worst}"


def wild(plan: Plan, facts: GuardFacts, draw: np.random.Generator) -> Plan:
    """The dearest draft that breaks no rule but the grant."""
    products = []
    for product in plan.products:
        sku = facts.skus[product.sku]
        earning = product.price_low_cents if product.max_bid_cents else sku.price_cents
        low = int(draw.integers(min(earning, sku.price_cents), sku.price_cents + 1))
        high = int(draw.integers(sku.price_cents, max(sku.ceiling_cents, sku.price_cents) + 1))
        bid = low if product.max_bid_cents else 0
        products.append(replace(product, price_low_cents=low, price_high_cents=high, max_bid_cents=bid, learning_budget_cents=0))
    return replace(plan, ad_budget_cents=facts.ad_budget_cents, products=tuple(products))


def carried_out(platform: SimulatedPlatform, plan: Plan, config: Any, *, now: Any, draw: np.random.Generator) -> None:
    """Set what loses most, every day, as a person would who may do all that the plan allows."""
    catalogue = config.catalogue
    # the day's budget, so that what the platform overdelivers stays within the window's
    budget = plan.ad_budget_cents / config.limits.overdelivery_day_ratio / len(catalogue.campaigns)
    for day in range(DAYS):
        at = now + timedelta(days=day)
        for product in plan.products:
            ends = (product.price_low_cents, product.price_high_cents)
            platform.edit(Field.PRICE, product.sku, int(ends[int(draw.integers(2))]), by="hostile", now=at)
            platform.edit(Field.BID, product.sku, product.max_bid_cents, by="hostile", now=at)
        for campaign in catalogue.campaigns:
            platform.edit(Field.DAILY_BUDGET, campaign, int(budget * plan.daily_shares[day]), by="hostile", now=at)
