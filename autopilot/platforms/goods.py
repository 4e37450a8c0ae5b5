"""What a shop sells, as a catalogue: every product has a name of its own, whatever the shop's SKU codes are like."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import structlog

from perception.catalogue import Catalogue
from perception.ports import BadAnswer

log = structlog.get_logger()

NO_CAMPAIGN = "shop"
"""A shop alone has no campaigns; the ad platform's take the place of this one."""

NAMED = 20
"""Ids in one log event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Good:
    """One thing that a shop sells at a price of its own.

    Attributes:
        id: The shop's, for good.
        sku: Code that the merchant gave it; may be empty or shared.
        price_cents: Without tax; None where it has none and cannot be bought.
        cost_cents: What one costs the merchant, without tax; NaN where unknown.
    """

    id: str
    sku: str
    price_cents: int | None
    cost_cents: float = math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """The catalogue, and the shop's id of each of its SKUs, in the same order."""

    catalogue: Catalogue
    ids: tuple[str, ...]

    @property
    def place(self) -> dict[str, int]:
        """Index of each id."""
        return {good: index for index, good in enumerate(self.ids)}


def goods_of(found: Sequence[Good], *, currency: str) -> Goods:
    """The catalogue of what can be bought for money; what cannot is named in the log and left alone.

    Raises:
        BadAnswer: Nothing can be bought.
    """
    distinct = {good.id: good for good in found}
    sold = [good for good in distinct.values() if good.price_cents]
    free = [good.id for good in distinct.values() if not good.price_cents]
    if free:
        log.warning("products_without_price", count=len(free), ids=free[:NAMED])
    if not sold:
        raise BadAnswer("catalogue: expected at least one published product with a price, was none")
    m = len(sold)
    catalogue = Catalogue(
        currency=currency,
        skus=_names(sold),
        campaigns=(NO_CAMPAIGN,),
        campaign_of=np.zeros(m, dtype=np.int64),
        cost_cents=np.array([good.cost_cents if good.cost_cents > 0 else math.nan for good in sold], dtype=np.float64),
        map_cents=np.zeros(m),
        anchor_price_cents=np.array([good.price_cents for good in sold], dtype=np.float64),
        is_new=np.zeros(m, dtype=np.bool_),
    )
    return Goods(catalogue=catalogue, ids=tuple(good.id for good in sold))


def _names(goods: Sequence[Good]) -> tuple[str, ...]:
    """A name for each: its SKU, or its id where it has none or shares it with another one."""
    codes = [good.sku.strip() for good in goods]
    counts = Counter(codes)
    own = [code if counts[code] == 1 else "" for code in codes]
    taken = {code for code in own if code}
    unnamed = [good.id for good, code in zip(goods, own, strict=True) if not code]
    if unnamed:
        log.warning("skus_missing_or_shared", count=len(unnamed), ids=unnamed[:NAMED])
    return tuple(code or (f"id-{good.id}" if good.id in taken else good.id) for good, code in zip(goods, own, strict=True))
