"""Why each product is planned as it is: sentences in which every number is a fact that can be recomputed."""

from __future__ import annotations

from dataclasses import replace

from planning.plan import Fact, Plan, ProductPlan, Stage
from planning.profile import MerchantProfile
from planning.recipes import STORE, Context, fact_of

STORE_FACTS = ("granted", "ad_budget_allowed", "learning_allowed", "target_roas", "ad_budget", "baseline_profit", "expected_gain")
"""What every plan rests on."""


class Citations:
    """Collects the facts of a plan while it is explained; one figure is one fact however often it is cited."""

    def __init__(self, context: Context) -> None:
        """Nothing cited yet."""
        self.context, self.facts = context, list[Fact]()
        self._known: dict[tuple[str, int], Fact] = {}

    def cite(self, name: str, place: int = STORE) -> str:
        """The figure as text, with the id of its fact; "unknown" where it is."""
        fact = self._known.get((name, place))
        if fact is None:
            fact = fact_of(self.context, name, place, number=len(self.facts) + 1)
            if fact is None:
                return "unknown"
            self._known[name, place] = fact
            self.facts.append(fact)
        return f"{fact.value:.4g} [{fact.id}]"


def explained(plan: Plan, context: Context, profile: MerchantProfile) -> Plan:
    """The same plan with its facts and rationales; nothing that is decided changes."""
    book = Citations(context)
    for name in STORE_FACTS:
        book.cite(name)
    for conclusion in profile.conclusions:
        for name in conclusion.because:
            book.cite(name)
    products = tuple(replace(product, rationale=_rationale(book, product, context.index[product.sku])) for product in plan.products)
    return replace(plan, products=products, facts=tuple(book.facts))


def _rationale(book: Citations, product: ProductPlan, place: int) -> str:
    parts = [_stage(book, product.stage, place), _demand(book, place), _worth(book, product, place), _price(book, product, place)]
    if product.learning_budget_cents:
        parts.append(f"{book.cite('learning', place)} of the ads are set aside for its first sale")
    return "; ".join(part for part in parts if part)


def _stage(book: Citations, stage: Stage, place: int) -> str:
    if stage is Stage.TAKING_OFF:
        return f"taking off: {book.cite('units_7d', place)} units last week after {book.cite('units_before_7d', place)}"
    if stage is Stage.CLEARANCE:
        return f"clearance: stock lasts {book.cite('cover_days', place)} days"
    if stage is Stage.NEW:
        return f"new: {book.cite('units_sold', place)} units sold so far"
    return f"{stage.value.replace('_', ' ')}: {book.cite('units_per_day', place)} units a day"


def _demand(book: Citations, place: int) -> str:
    low, high = book.cite("forecast_low", place), book.cite("forecast_high", place)
    return f"{book.cite('forecast_units', place)} units expected with nothing changed, {low} to {high} in four of five cases"


def _worth(book: Citations, product: ProductPlan, place: int) -> str:
    leaves = f"leaves {book.cite('unit_margin_ratio', place)} of its price"
    return f"{leaves}, a click is worth {book.cite('value_per_click', place)}" if product.max_bid_cents else leaves


def _price(book: Citations, product: ProductPlan, place: int) -> str:
    price = book.context.ground.price_cents[place]
    low, high = product.price_low_cents, product.price_high_cents
    at = f"price {book.cite('price', place)}"
    if low == high == price:
        return f"{at} stays"
    moves = [f"may fall to {book.cite('price_low', place)}"] if low < price else []
    moves += [f"may rise to {book.cite('price_high', place)}"] if high > price else []
    why = f"at elasticity {book.cite('price_elasticity', place)} worth {book.cite('band_gain', place)}"
    return f"{at} {' and '.join(moves)}: {why}, at most {book.cite('band_worst', place)} lost"
