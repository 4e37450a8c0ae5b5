"""Every figure a plan may cite, with how to work it out again: a fact's source is the name of a recipe and the product it is about.

``units_per_day(SKU-12)`` is the recipe ``units_per_day`` for SKU-12, ``granted()`` is about the whole store. So a reader, or a test, can
recompute each number of a plan from the same history, and take one away to see what the plan rested on.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from perception.units import Floats
from planning.daily_forecast import LOWER, UPPER, quantile
from planning.ground import Ground
from planning.menu import band_gain_cents, band_worst_cents
from planning.plan import Fact, Plan, ProductPlan
from planning.profile import StoreFigures, store_figures

STORE = -1
"""Place of what is about the whole store."""

_SOURCE = re.compile(r"^(\w+)\((.*)\)$")
_NUMBER = re.compile(r"(?<![\w.-])[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?(?![\w.]*\d)")
_CITED = re.compile(r"^\s*\[f\d+\]")


@dataclass(frozen=True, kw_only=True)
class Context:
    """What recipes are worked out from: the history, and what the plan has chosen."""

    ground: Ground
    plan: Plan

    @cached_property
    def figures(self) -> StoreFigures:
        """Of the merchant."""
        return store_figures(self.ground)

    @cached_property
    def index(self) -> dict[str, int]:
        """Place of each SKU in the catalogue."""
        return {sku: place for place, sku in enumerate(self.ground.request.catalogue.skus)}

    @cached_property
    def products(self) -> dict[int, ProductPlan]:
        """What is planned, by place in the catalogue."""
        return {self.index[product.sku]: product for product in self.plan.products}

    @cached_property
    def _band(self) -> tuple[Floats, Floats]:
        price = self.ground.price_cents
        low, high = price.copy(), price.copy()
        for place, product in self.products.items():
            low[place], high[place] = product.price_low_cents, product.price_high_cents
        return low, high

    @cached_property
    def gains_cents(self) -> Floats:
        """(m,) expected gain of each product's band."""
        return band_gain_cents(self.ground, *self._band)

    @cached_property
    def worst_cents(self) -> Floats:
        """(m,) the most each product's band may lose."""
        return band_worst_cents(self.ground, *self._band)

    @cached_property
    def window_units(self) -> tuple[Floats, Floats, Floats]:
        """(m,) expected units of the window, and both ends of their 80 % interval."""
        mean, variance = self.ground.window_units
        return mean, quantile(mean, variance, LOWER), quantile(mean, variance, UPPER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a figure is worked out, and its unit: ``cents`` for amounts of the plan's currency in minor units."""

    unit: str
    value: Callable[[Context, int], float]


def _of_store(name: str) -> Callable[[Context, int], float]:
    return lambda context, _: float(getattr(context.figures, name))


RECIPES: dict[str, Recipe] = {
    "granted": Recipe(unit="cents", value=lambda c, _: float(c.ground.request.terms.granted_cents)),
    "ad_budget_allowed": Recipe(unit="cents", value=lambda c, _: float(c.ground.request.terms.ad_budget_cents)),
    "learning_allowed": Recipe(unit="cents", value=lambda c, _: float(c.ground.request.terms.learning_budget_cents)),
    "target_roas": Recipe(unit="ratio", value=lambda c, _: c.ground.request.terms.target_roas),
    "ad_budget": Recipe(unit="cents", value=lambda c, _: float(c.plan.ad_budget_cents)),
    "expected_gain": Recipe(unit="cents", value=lambda c, _: float(sum(c.gains_cents[place] for place in c.products))),
    "baseline_profit": Recipe(
        unit="cents",
        value=lambda c, _: float(np.nansum((c.window_units[0] * c.ground.request.state.unit_margin_cents)[list(c.products)])),
    ),
    **{
        field.name: Recipe(
            unit="units" if field.name == "units_28d" else "days" if field.name == "days" else "ratio", value=_of_store(field.name)
        )
        for field in fields(StoreFigures)
    },
    "price": Recipe(unit="cents", value=lambda c, i: float(c.ground.price_cents[i])),
    "units_per_day": Recipe(unit="units", value=lambda c, i: float(c.ground.selection.units_per_day[i])),
    "units_7d": Recipe(unit="units", value=lambda c, i: float(c.ground.selection.units_7d[i])),
    "units_before_7d": Recipe(unit="units", value=lambda c, i: float(c.ground.selection.units_before_7d[i])),
    "cover_days": Recipe(unit="days", value=lambda c, i: float(c.ground.selection.cover_days[i])),
    "units_sold": Recipe(unit="units", value=lambda c, i: float(c.ground.record[:, i].sum())),
    "unit_margin_ratio": Recipe(
        unit="ratio", value=lambda c, i: float(c.ground.request.state.unit_margin_cents[i]) / max(float(c.ground.price_cents[i]), 1.0)
    ),
    "value_per_click": Recipe(unit="cents", value=lambda c, i: float(c.ground.request.state.value_per_click_cents.mean[i])),
    "price_elasticity": Recipe(unit="ratio", value=lambda c, i: float(c.ground.request.state.elasticity.mean[i])),
    "forecast_units": Recipe(unit="units", value=lambda c, i: float(c.window_units[0][i])),
    "forecast_low": Recipe(unit="units", value=lambda c, i: float(c.window_units[1][i])),
    "forecast_high": Recipe(unit="units", value=lambda c, i: float(c.window_units[2][i])),
    "price_low": Recipe(unit="cents", value=lambda c, i: float(c.products[i].price_low_cents)),
    "price_high": Recipe(unit="cents", value=lambda c, i: float(c.products[i].price_high_cents)),
    "max_bid": Recipe(unit="cents", value=lambda c, i: float(c.products[i].max_bid_cents)),
    "learning": Recipe(unit="cents", value=lambda c, i: float(c.products[i].learning_budget_cents)),
    "band_gain": Recipe(unit="cents", value=lambda c, i: float(c.gains_cents[i])),
    "band_worst": Recipe(unit="cents", value=lambda c, i: float(c.worst_cents[i])),
}


def fact_of(context: Context, name: str, place: int, *, number: int) -> Fact | None:
    """The fact of a recipe; None where the figure is unknown.

    Args:
        context: To work it out from.
        name: Of the recipe.
        place: Of the product in the catalogue, or ``STORE``.
        number: Of the fact in its plan.
    """
    recipe = RECIPES[name]
    value = recipe.value(context, place)
    if not math.isfinite(value):
        return None
    about = "" if place == STORE else context.ground.request.catalogue.skus[place]
    return Fact(id=f"f{number}", name=name, value=value, unit=recipe.unit, source=f"{name}({about})")


def recomputed(context: Context, fact: Fact) -> float | None:
    """The figure of a fact, worked out anew; None where its source is no recipe, or about a product there is not."""
    found = _SOURCE.match(fact.source)
    if found is None or found[1] not in RECIPES:
        return None
    if found[2] and found[2] not in context.index:
        return None
    place = context.index[found[2]] if found[2] else STORE
    try:
        return RECIPES[found[1]].value(context, place)
    except KeyError:
        return None


def about(fact: Fact) -> tuple[str, str]:
    """(recipe, SKU) of a fact; the SKU is empty for the store. Raises: ValueError, the source is no recipe."""
    found = _SOURCE.match(fact.source)
    if found is None:
        raise ValueError(f"source: expected recipe(SKU), was {fact.source!r}")
    return found[1], found[2]


def uncited_numbers(text: str) -> list[str]:
    """Numbers of a rationale that no fact follows: "margin 0.41 [f3]" cites, "margin 0.41" does not."""
    return [found[0] for found in _NUMBER.finditer(text) if not _CITED.match(text[found.end() :])]
