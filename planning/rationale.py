"""The figures a plan rests on, numbered, and the sentences that cite them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from planning.bands import Bands
from planning.plan import Fact, Stage
from planning.ports import PlanRequest
from planning.selection import Selection


@dataclass(slots=True)
class FactBook:
    """Collects facts while a plan is written and gives each the next id."""

    facts: list[Fact] = field(default_factory=list)

    def cite(self, name: str, value: float, unit: str, source: str) -> str:
        """Note a fact and return it as text: rounded value and id. A figure that is not finite is said to be unknown and not noted."""
        if not math.isfinite(value):
            return "unknown"
        fact = Fact(id=f"f{len(self.facts) + 1}", name=name, value=value, unit=unit, source=source)
        self.facts.append(fact)
        return f"{value:.4g} [{fact.id}]"


def store_rationale(book: FactBook, request: PlanRequest) -> None:
    """Note the terms that every product's plan rests on."""
    terms = request.terms
    book.cite("granted_cents", float(terms.granted_cents), request.catalogue.currency, "terms.granted_cents")
    book.cite("ad_budget_cents", float(terms.ad_budget_cents), request.catalogue.currency, "terms.ad_budget_cents")
    book.cite("target_roas", terms.target_roas, "ratio", "terms.target_roas")


def product_rationale(book: FactBook, request: PlanRequest, selection: Selection, bands: Bands, index: int) -> str:
    """Why one product is planned as it is, each figure with the id of its fact."""
    state, sku, stage = request.state, request.catalogue.skus[index], selection.stages[index]
    price = float(bands.price[index])
    sold = book.cite("units_per_day", float(selection.units_per_day[index]), "units/day", f"state.units_by_day[{sku}]")
    margin = book.cite("margin_ratio", float(state.unit_margin_cents[index]) / price, "ratio", f"state.unit_margin_cents[{sku}] / price")
    worth = book.cite(
        "value_per_click", float(state.value_per_click_cents.mean[index]), "minor units", f"state.value_per_click_cents[{sku}]"
    )
    why = f"{stage.value}: {_stage_reason(book, selection, sku, index)}{sold} units a day, margin {margin}, a click is worth {worth}"
    return why + _price_reason(book, request, bands, sku, index)


def _stage_reason(book: FactBook, selection: Selection, sku: str, index: int) -> str:
    """The figures that decided the stage, where it is not the usual one."""
    if selection.stages[index] is Stage.TAKING_OFF:
        week = book.cite("units_7d", float(selection.units_7d[index]), "units", f"state.units_by_day[{sku}], last 7 days")
        before = book.cite("units_before_7d", float(selection.units_before_7d[index]), "units", f"state.units_by_day[{sku}], 7 days before")
        return f"{week} units last week after {before}, "
    if selection.stages[index] is Stage.CLEARANCE:
        cover = float(selection.cover_days[index])
        lasts = book.cite("cover_days", cover, "days", f"state.on_hand[{sku}] / units a day")
        return f"stock lasts {lasts} days, "
    return ""


def _price_reason(book: FactBook, request: PlanRequest, bands: Bands, sku: str, index: int) -> str:
    """Where the price may go, and why; empty where it stays."""
    price, low, high = float(bands.price[index]), float(bands.low[index]), float(bands.high[index])
    if low == high == price:
        return ""
    elasticity = book.cite("elasticity", float(request.state.elasticity.mean[index]), "ratio", f"state.elasticity[{sku}]")
    if low < price:
        return f"; may fall to {book.cite('price_low', low, 'minor units', f'bands[{sku}].low')} at elasticity {elasticity}"
    return f"; may rise to {book.cite('price_high', high, 'minor units', f'bands[{sku}].high')} at elasticity {elasticity}"
