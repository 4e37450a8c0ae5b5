"""The budget guard: recomputes what a plan may cost at worst, in whole minor units, and refuses what exceeds the grant.

It shares no code with planner, forecast or selection and reads only the plan and ``GuardFacts``. Every figure is an upper bound: divisions
round up, gains are never counted.

Worst case = ads at the platform's maximum, every click of them without a sale
           + per product the larger of: the deepest discount on every unit of a good window, without one extra sale;
                                        the highest price, and all the sales it may cost
           + per product whose price may move: more returns than usual, at their upper quantile.

A price is below or above the one in force at any moment, never both, so the larger of the two bounds any mixture over time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from planning.plan import Plan, ProductPlan

PERMILLE = 1000
SHARES_TOLERANCE = 1e-6
"""Shares are floats; sums of a few hundred of them stay far within this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuFacts:
    """What is known of one SKU, whole numbers only.

    Attributes:
        price_cents: Price in force, > 0: losses are measured against leaving it there.
        floor_cents, ceiling_cents: The merchant's own bounds for a moved price.
        cost_cents: Unit cost rounded up; None where unknown.
        units_by_day: Units sold on each whole day on record, >= 0, any order.
        elasticity_upper_milli: Upper end of the elasticity's magnitude, thousandths, rounded up.
    """

    price_cents: int
    floor_cents: int
    ceiling_cents: int
    cost_cents: int | None
    units_by_day: tuple[int, ...]
    elasticity_upper_milli: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardFacts:
    """What the guard knows apart from the plan.

    Attributes:
        currency: Of every amount.
        granted_cents: The most the merchant may lose.
        ad_budget_cents: The most ads may cost over the window, the platform's worst case included.
        learning_budget_cents: Part of it that may go to products without history.
        overdelivery_permille: What a platform may spend of a daily budget on one day, >= 1000.
        fee_permille: Fees as thousandths of the price, rounded up.
        return_permille, return_upper_permille: Usual and upper return rate.
        return_cost_cents: Handling of one return.
        skus: By id.
    """

    currency: str
    granted_cents: int
    ad_budget_cents: int
    learning_budget_cents: int
    overdelivery_permille: int
    fee_permille: int
    return_permille: int
    return_upper_permille: int
    return_cost_cents: int
    skus: dict[str, SkuFacts]


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """One part of the worst case: ``ads``, ``discount``, ``price_rise`` or ``returns``; ``sku`` is empty for the whole store."""

    name: str
    sku: str
    cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardVerdict:
    """The guard's answer; ``accepted`` exactly when there is no reason against.

    Attributes:
        accepted: Whether the plan may be used.
        worst_case_cents: Sum of the lines.
        lines: The worst case by part, without zeros.
        reasons: What is wrong, each beginning with the name of the rule.
    """

    accepted: bool
    worst_case_cents: int
    lines: tuple[CostLine, ...]
    reasons: tuple[str, ...]


def verify(plan: Plan, facts: GuardFacts) -> GuardVerdict:
    """Judge a plan.

    A plan that is malformed is refused without a computed worst case (0 and no lines), since nothing could be trusted in it.

    Args:
        plan: As it would be carried out.
        facts: Gathered apart from the planner.
    """
    malformed = tuple(_malformed(plan, facts))
    if malformed:
        return GuardVerdict(accepted=False, worst_case_cents=0, lines=(), reasons=malformed)
    lines = tuple(line for line in _cost_lines(plan, facts) if line.cents > 0)
    worst = sum(line.cents for line in lines)
    reasons = (*_terms_broken(plan, facts), *_over_grant(plan, facts, lines, worst))
    return GuardVerdict(accepted=not reasons, worst_case_cents=worst, lines=lines, reasons=reasons)


def units_upper(units_by_day: tuple[int, ...], *, window_days: int) -> int:
    """Units of a good window with nothing changed: mean plus two sd, all rounded up.

    With n = units sold + 2 (so that no sales yet is not "never a sale"), W window days and D days on record the mean is W·n/D, and the
    variance of a new window about a mean estimated from D days is W·v·(1 + W/D), with v the variance of a day: as recorded, but at least
    twice the mean, because daily sales scatter more than Poisson (fit, Online Retail II).

    Args:
        units_by_day: At least one day.
        window_days: > 0.
    """
    w, d, sold = window_days, len(units_by_day), sum(units_by_day)
    n = sold + 2
    squares = d * sum(units * units for units in units_by_day) - sold * sold
    day_variance_times_dd = max(_ceil_div(squares * d, max(d - 1, 1)), 2 * n * d)
    variance = _ceil_div(w * (d + w) * day_variance_times_dd, d * d * d)
    return _ceil_div(w * n, d) + 2 * (math.isqrt(variance) + 1)


def _ceil_div(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


def _malformed(plan: Plan, facts: GuardFacts) -> Iterator[str]:
    """Reasons that leave nothing to compute."""
    yield from _not_whole("plan", plan, ("ad_budget_cents", "granted_cents", "expected_cents", "worst_case_cents"))
    yield from _not_finite(plan)
    yield from _window_broken(plan)
    if plan.currency != facts.currency:
        yield f"currency: expected {facts.currency}, was {plan.currency}"
    seen: set[str] = set()
    for product in plan.products:
        yield from _not_whole(product.sku, product, _PRODUCT_AMOUNTS)
        if product.sku in seen:
            yield f"duplicate_sku: {product.sku}"
        if product.sku not in facts.skus:
            yield f"unknown_sku: {product.sku}"
        seen.add(product.sku)


_PRODUCT_AMOUNTS = (
    "price_low_cents",
    "price_high_cents",
    "max_bid_cents",
    "learning_budget_cents",
    "baseline_units",
    "discount_cents",
)


def _not_whole(owner: str, message: Plan | ProductPlan, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        value = getattr(message, name)
        if type(value) is not int or value < 0:
            yield f"amount: {owner}.{name}: expected a whole number >= 0, was {value!r}"


def _not_finite(plan: Plan) -> Iterator[str]:
    figures = [("target_roas", plan.target_roas)]
    figures += [("daily_shares", share) for share in plan.daily_shares]
    figures += [("hour_shares", share) for share in plan.hour_shares]
    figures += [(f"facts.{fact.id}", fact.value) for fact in plan.facts]
    figures += [(f"stop_rules.{rule.metric}", rule.threshold) for rule in plan.stop_rules]
    for name, value in figures:
        if not math.isfinite(value):
            yield f"non_finite: {name}: expected a finite number, was {value}"


def _window_broken(plan: Plan) -> Iterator[str]:
    if plan.starts_at.utcoffset() is None or plan.ends_at.utcoffset() is None:
        yield "window: expected aware times"
    elif plan.ends_at <= plan.starts_at:
        yield f"window: expected an end after {plan.starts_at.isoformat()}, was {plan.ends_at.isoformat()}"
    else:
        yield from _days_broken(plan)
    for name, shares in (("daily_shares", plan.daily_shares), ("hour_shares", plan.hour_shares)):
        if any(share < 0.0 for share in shares) or not math.isclose(math.fsum(shares), 1.0, rel_tol=0.0, abs_tol=SHARES_TOLERANCE):
            yield f"shares: {name}: expected shares >= 0 that sum to 1, was a sum of {math.fsum(shares)}"
    if len(plan.hour_shares) != _HOURS:
        yield f"shares: hour_shares: expected {_HOURS}, was {len(plan.hour_shares)}"


_HOURS = 24


def _days_broken(plan: Plan) -> Iterator[str]:
    """A window of n local days lasts more than n - 2 and at most n days, give or take an hour of summer time."""
    lasts, days = plan.ends_at - plan.starts_at, len(plan.daily_shares)
    hour = timedelta(hours=1)
    if not timedelta(days=days - 2) - hour < lasts <= timedelta(days=days) + hour:
        yield f"window: expected a share for each of its days, was {days} shares for {lasts}"


def _terms_broken(plan: Plan, facts: GuardFacts) -> Iterator[str]:
    """What the merchant did not agree to, whatever it costs."""
    if plan.granted_cents > facts.granted_cents:
        yield f"granted: expected at most {facts.granted_cents}, was {plan.granted_cents}"
    if plan.ad_budget_cents > facts.ad_budget_cents:
        yield f"ad_budget: expected at most {facts.ad_budget_cents}, was {plan.ad_budget_cents}"
    learning, allowed = (
        sum(product.learning_budget_cents for product in plan.products),
        min(plan.ad_budget_cents, facts.learning_budget_cents),
    )
    if learning > allowed:
        yield f"learning_budget: expected at most {allowed}, was {learning}"
    for product in plan.products:
        yield from _product_broken(product, facts.skus[product.sku], facts)


def _product_broken(product: ProductPlan, sku: SkuFacts, facts: GuardFacts) -> Iterator[str]:
    low, high = product.price_low_cents, product.price_high_cents
    if low > high:
        yield f"price_band: {product.sku}: expected low <= high, was {low} > {high}"
    if product.max_bid_cents > high:
        yield f"bid: {product.sku}: expected at most the price, was {product.max_bid_cents} > {high}"
    if product.max_bid_cents > 0 and not _earns(low, sku, facts):
        yield f"advertised_at_a_loss: {product.sku}: a unit at {low} leaves nothing"
    if not _moves(product, sku):
        return
    floor, ceiling = min(sku.floor_cents, sku.price_cents), max(sku.ceiling_cents, sku.price_cents)
    if low < floor:
        yield f"price_floor: {product.sku}: expected at least {floor}, was {low}"
    if high > ceiling:
        yield f"price_ceiling: {product.sku}: expected at most {ceiling}, was {high}"
    if sku.cost_cents is None:
        yield f"unknown_cost: {product.sku}: its price may not move"
    elif low < sku.price_cents and not _earns(low, sku, facts):
        yield f"sold_at_a_loss: {product.sku}: a unit at {low} leaves nothing"
    if not sku.units_by_day:
        yield f"no_sales_record: {product.sku}: its price may not move before a day of sales was seen"


def _moves(product: ProductPlan, sku: SkuFacts) -> bool:
    return not product.price_low_cents == product.price_high_cents == sku.price_cents


def _earns(price_cents: int, sku: SkuFacts, facts: GuardFacts) -> bool:
    """Whether a unit sold at this price leaves anything after fees and returns at their upper rate; False where the cost is unknown."""
    if sku.cost_cents is None:
        return False
    kept = price_cents * (PERMILLE - facts.fee_permille) - sku.cost_cents * PERMILLE
    handling = facts.return_upper_permille * facts.return_cost_cents * PERMILLE
    return (PERMILLE - facts.return_upper_permille) * kept >= handling


def _cost_lines(plan: Plan, facts: GuardFacts) -> Iterator[CostLine]:
    yield CostLine(name="ads", sku="", cents=_ads_cents(plan, facts))
    window_days = _ceil_div((plan.ends_at - plan.starts_at) // timedelta(seconds=1), 86_400)
    for product in plan.products:
        sku = facts.skus[product.sku]
        if _moves(product, sku):
            yield from _price_lines(product, sku, facts, window_days)


def _ads_cents(plan: Plan, facts: GuardFacts) -> int:
    """The whole ad budget, and at least what the platform may deliver on the heaviest day."""
    return max(plan.ad_budget_cents, math.ceil(plan.ad_budget_cents * max(plan.daily_shares) * facts.overdelivery_permille / PERMILLE))


def _price_lines(product: ProductPlan, sku: SkuFacts, facts: GuardFacts, window_days: int) -> Iterator[CostLine]:
    """The larger of discount and rise, and the returns beyond the usual."""
    units = max(product.baseline_units, units_upper(sku.units_by_day or (0,), window_days=window_days))
    discount = units * max(sku.price_cents - product.price_low_cents, 0)
    margin = max(sku.price_cents - (sku.cost_cents or 0), 0)
    rise = _rise_cents(units, margin, max(product.price_high_cents - sku.price_cents, 0), sku, facts)
    either = CostLine(name="discount", sku=product.sku, cents=discount), CostLine(name="price_rise", sku=product.sku, cents=rise)
    yield max(either, key=lambda line: line.cents)
    excess = facts.return_upper_permille - facts.return_permille
    yield CostLine(name="returns", sku=product.sku, cents=_ceil_div(units * excess * (margin + facts.return_cost_cents), PERMILLE))


def _rise_cents(units: int, margin_cents: int, rise_cents: int, sku: SkuFacts, facts: GuardFacts) -> int:
    """What a higher price loses at most: the margin of the sales that stay away, less what the others pay more.

    Sales lost are at most units · e · rise / price, for constant-elasticity demand (1 + x)^-e lies above its tangent 1 - e·x. The loss is
    convex in the rise and 0 without one, so no price in between loses more than the larger of 0 and the loss at the highest.
    """
    lost_milli = min(_ceil_div(units * sku.elasticity_upper_milli * rise_cents, sku.price_cents), units * PERMILLE)
    kept_share = (PERMILLE - facts.fee_permille) * (PERMILLE - facts.return_upper_permille)
    gained = (units * PERMILLE - lost_milli) * rise_cents * kept_share // PERMILLE**3
    return max(_ceil_div(lost_milli * margin_cents, PERMILLE) - gained, 0)


def _over_grant(plan: Plan, facts: GuardFacts, lines: tuple[CostLine, ...], worst: int) -> Iterator[str]:
    """The rule that gives the guard its name."""
    if worst > facts.granted_cents:
        largest = max(lines, key=lambda line: line.cents)
        named = f"{largest.name} {largest.sku}".strip()
        yield f"worst_case: expected at most {facts.granted_cents}, was {worst}; largest line: {named} {largest.cents}"
    if plan.worst_case_cents < worst:
        yield f"understated: expected a stated worst case of at least {worst}, was {plan.worst_case_cents}"
    if plan.worst_case_cents > plan.granted_cents:
        yield f"stated_over_grant: expected at most {plan.granted_cents}, was {plan.worst_case_cents}"
