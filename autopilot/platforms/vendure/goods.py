"""What a Vendure shop sells, as a catalogue: variants by SKU where SKUs are told apart, by id where not."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import structlog

from autopilot.platforms.vendure.answers import Sold
from perception.catalogue import Catalogue

log = structlog.get_logger()

CAMPAIGN = "shop"
"""A shop alone has no campaigns; the ad platform's take the place of this one."""

NAMED = 20
"""Ids in one log event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """The catalogue, and how Vendure names and taxes what is in it.

    Attributes:
        catalogue: In order of the variants' ids.
        ids: Vendure's id of each SKU of the catalogue.
        tax: {id: rate in per cent} as far as known.
    """

    catalogue: Catalogue
    ids: tuple[str, ...]
    tax: Mapping[str, float]

    def __post_init__(self) -> None:
        """Both name the same things."""
        assert len(self.ids) == len(self.catalogue.skus)  # noqa: S101 - ours to keep

    @property
    def place(self) -> dict[str, int]:
        """Index of each id."""
        return {variant: index for index, variant in enumerate(self.ids)}


def goods_of(variants: Sequence[Sold], *, currency: str, cost_field: str | None) -> Goods:
    """The variants that can be bought for money; others are named in the log and left alone.

    Args:
        variants: As the server listed them, some perhaps twice.
        currency: Of their prices.
        cost_field: Custom field with what a unit costs, minor units without tax.
    """
    distinct = {variant.id: variant for variant in variants if variant.product.enabled}
    free = [variant.id for variant in distinct.values() if variant.price <= 0]
    if free:
        log.warning("variants_without_price", count=len(free), ids=free[:NAMED])
    sold = [variant for variant in distinct.values() if variant.price > 0]
    m = len(sold)
    catalogue = Catalogue(
        currency=currency,
        skus=skus_of(sold),
        campaigns=(CAMPAIGN,),
        campaign_of=np.zeros(m, dtype=np.int64),
        cost_cents=np.array([_cost(variant.custom_fields, cost_field) for variant in sold], dtype=np.float64),
        map_cents=np.zeros(m),
        anchor_price_cents=np.array([variant.price for variant in sold], dtype=np.float64),
        is_new=np.zeros(m, dtype=np.bool_),
    )
    return Goods(
        catalogue=catalogue,
        ids=tuple(variant.id for variant in sold),
        tax={variant.id: variant.tax_rate_applied.value for variant in sold},
    )


def skus_of(variants: Sequence[Sold]) -> tuple[str, ...]:
    """A name for each variant: its SKU, or its id where it has none or shares it with another one."""
    counts = Counter(variant.sku.strip() for variant in variants)
    named = [variant.sku.strip() if variant.sku.strip() and counts[variant.sku.strip()] == 1 else "" for variant in variants]
    taken = set(named)
    unnamed = [variant.id for variant, sku in zip(variants, named, strict=True) if not sku]
    if unnamed:
        log.warning("skus_missing_or_shared", count=len(unnamed), ids=unnamed[:NAMED])
    return tuple(
        sku or (f"variant-{variant.id}" if variant.id in taken else variant.id) for variant, sku in zip(variants, named, strict=True)
    )


def with_tax(net_cents: int, rate: float) -> int:
    """A price with tax of ``rate`` per cent, rounded as Vendure rounds: half up. Taking the tax off again gives ``net_cents`` back."""
    gross = Decimal(net_cents) * (100 + Decimal(str(rate))) / 100
    return int(gross.to_integral_value(rounding=ROUND_HALF_UP))


def _cost(fields: Mapping[str, Any], name: str | None) -> float:
    """NaN where it is not known; nothing costs nothing."""
    value = None if name is None else fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
        return math.nan
    return float(value)
