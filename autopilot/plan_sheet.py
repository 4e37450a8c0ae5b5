"""A plan as a merchant reads it: what is promised, what it may cost, why, and when it stops; in English or Chinese, every number cited."""

from __future__ import annotations

from dataclasses import dataclass

from autopilot.plan_words import WORDS, Language, said
from autopilot.report.amounts import money
from planning.plan import Fact, Plan, ProductPlan, Stage
from planning.ports import PlanRequest
from planning.profile import MerchantProfile
from planning.recipes import about
from planning.why_not import Answer

WHOLE_FROM = 100.0
"""Figures from here on are written without digits after the point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What to print, in order.

    Attributes:
        title: One line.
        lines: Of the plan as a whole.
        columns, rows: Of the products.
        reasons: One line per product.
        ending: Stop rules, rollback, and where to sign.
    """

    title: str
    lines: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    reasons: tuple[str, ...]
    ending: tuple[str, ...]


class _Cited:
    """The facts of a plan by recipe and product."""

    def __init__(self, plan: Plan) -> None:
        self._currency = plan.currency
        self._facts: dict[tuple[str, str], Fact] = {}
        for fact in plan.facts:
            try:
                self._facts[about(fact)] = fact
            except ValueError:
                continue

    def __call__(self, name: str, sku: str = "") -> str:
        """The figure with its unit and the id of its fact; a dash where the plan has none."""
        fact = self._facts.get((name, sku))
        if fact is None:
            return "–"
        return f"{figure(fact, self._currency)} [{fact.id}]"

    def has(self, name: str, sku: str = "") -> bool:
        """Whether the plan cites the figure."""
        return (name, sku) in self._facts


def figure(fact: Fact, currency: str) -> str:
    """A fact's value as people write it."""
    return (
        money(fact.value, currency, exact=True)
        if fact.unit == "cents"
        else f"{fact.value:,.0f}"
        if abs(fact.value) >= WHOLE_FROM
        else f"{fact.value:.3g}"
    )


def sheet(plan: Plan, request: PlanRequest, profile: MerchantProfile, language: Language) -> Sheet:
    """The whole plan.

    Args:
        plan: Accepted by the guard.
        request: That it rests on, for names and time.
        profile: Of the merchant.
        language: "en" or "zh".
    """
    cited, words = _Cited(plan), WORDS[language]
    starts, ends = (at.astimezone(request.timezone) for at in (plan.starts_at, plan.ends_at))
    amounts = {
        "ads": money(plan.ad_budget_cents, plan.currency, exact=True),
        "expected": money(plan.expected_cents, plan.currency, exact=True),
        "worst": money(plan.worst_case_cents, plan.currency, exact=True),
        "granted": money(plan.granted_cents, plan.currency, exact=True),
    }
    lines = [
        said(words, "window", start=f"{starts:%Y-%m-%d %H:%M}", end=f"{ends:%Y-%m-%d %H:%M}", zone=str(request.timezone)),
        said(words, "merchant", code=profile.code, **_merchant(profile, cited, language)),
        said(words, "goal", goal=words[plan.goal.value]),
    ]
    if cited.has("baseline_profit"):
        lines.append(said(words, "promise", baseline=cited("baseline_profit"), gain=cited("expected_gain")))
    lines.append(said(words, "cost", **amounts))
    if plan.target_roas > 0.0:
        lines.append(said(words, "roas", target=f"{plan.target_roas:g}"))
    return Sheet(
        title=said(words, "title", id=plan.id, store=plan.store, planner=words[f"planner_{plan.planner}"]),
        lines=tuple(lines),
        columns=tuple(words[name] for name in ("sku", "stage", "aim", "audience", "price_column", "bid", "learning_column", "units")),
        rows=tuple(_row(product, plan, cited, language) for product in plan.products),
        reasons=tuple(f"{product.sku}: {_reason(product, cited, language)}" for product in plan.products),
        ending=tuple(_ending(plan, language)),
    )


def _merchant(profile: MerchantProfile, cited: _Cited, language: Language) -> dict[str, str]:
    words = WORDS[language]
    drivers = words["and"].join(words[f"driver_{driver.value}"] for driver in profile.drivers) or words["driver_none"]
    return {
        "stage": words[f"merchant_{profile.stage.value}"],
        "drivers": drivers,
        "margin": cited("margin_ratio"),
        "net": cited("net_margin_ratio"),
        "operation": words[profile.operation.value],
        "production": words[profile.production.value],
    }


def _row(product: ProductPlan, plan: Plan, cited: _Cited, language: Language) -> tuple[str, ...]:
    words, currency = WORDS[language], plan.currency
    low, high = (money(cents, currency, exact=True) for cents in (product.price_low_cents, product.price_high_cents))
    forecast = f"{cited('forecast_units', product.sku)} ({cited('forecast_low', product.sku)} – {cited('forecast_high', product.sku)})"
    return (
        product.sku,
        words[product.stage.value],
        words[product.goal.value],
        words[product.audience.value],
        low if product.price_low_cents == product.price_high_cents else f"{low} – {high}",
        money(product.max_bid_cents, currency, exact=True) if product.max_bid_cents else words["no_ads"],
        money(product.learning_budget_cents, currency, exact=True) if product.learning_budget_cents else "–",
        forecast if cited.has("forecast_units", product.sku) else f"≤ {product.baseline_units}",
    )


def _reason(product: ProductPlan, cited: _Cited, language: Language) -> str:
    """Why, from the facts; a rationale of another planner is shown as it is."""
    sku, words = product.sku, WORDS[language]
    if not cited.has("unit_margin_ratio", sku):
        return product.rationale
    figures = {
        name: cited(name, sku)
        for name in (
            "units_per_day", "units_7d", "units_before_7d", "cover_days", "units_sold", "unit_margin_ratio", "value_per_click", "price",
            "price_elasticity", "price_low", "price_high", "band_gain", "band_worst", "learning",
        )
    }  # fmt: skip
    stage = f"why_{product.stage.value}" if product.stage in (Stage.NEW, Stage.TAKING_OFF, Stage.CLEARANCE) else "why_usual"
    parts = [said(words, stage, **figures), said(words, "why_worth" if product.max_bid_cents else "why_margin", **figures)]
    falls, rises = cited.has("price_low", sku), cited.has("price_high", sku)
    move = "why_both" if falls and rises else "why_falls" if falls else "why_rises" if rises else "why_stays"
    parts.append(said(words, move, **figures))
    if product.learning_budget_cents:
        parts.append(said(words, "why_learning", **figures))
    return words["semicolon"].join(parts)


def _ending(plan: Plan, language: Language) -> list[str]:
    words = WORDS[language]
    lines = []
    for rule in plan.stop_rules:
        threshold = money(rule.threshold, plan.currency, exact=True) if rule.metric.endswith("_cents") else f"{rule.threshold:g}"
        lines.append(said(words, f"stop_{rule.metric}", threshold=threshold, action=words[f"action_{rule.action}"]))
    return [*lines, said(words, "rollback"), said(words, "facts", count=str(len(plan.facts))), words["sign"]]


def answer_lines(answer: Answer, currency: str, language: Language) -> tuple[str, ...]:
    """Why not, in words and numbers."""
    words, question = WORDS[language], answer.question
    what = (
        said(words, "asked_price", sku=question.sku, price=money(question.price_cents, currency, exact=True))
        if question.sku
        else said(words, "asked_ads", budget=money(question.wish.ad_budget_cents or 0, currency, exact=True))
    )
    if not answer.allowed:
        lines = [said(words, "not_allowed", what=what), *(f"  {reason}" for reason in answer.reasons)]
        if answer.bounds_cents is not None:
            floor, ceiling = (money(cents, currency, exact=True) for cents in answer.bounds_cents)
            lines.append(said(words, "bounds", floor=floor, ceiling=ceiling))
        return tuple(lines)
    key = "would_lose" if answer.difference_cents < 0 else "would_gain"
    lines = [
        said(words, key, what=what, difference=money(abs(answer.difference_cents), currency, exact=True)),
        said(
            words,
            "worst_change",
            before=money(answer.plan_worst_case_cents, currency, exact=True),
            after=money(answer.worst_case_cents, currency, exact=True),
        ),
    ]
    if answer.grant_price > 0.0:
        lines.append(said(words, "grant_price", price=f"{answer.grant_price:.2f}"))
    return tuple(lines)
