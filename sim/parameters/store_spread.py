"""How stores of one market differ from each other as a whole: levels that each seed draws once, for all of its products alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict

from sim.parameters.types import STRICT, NonNegative


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSpread:
    """The section ``[stores]``; without it all stores of a market sell at the same prices and margins, and differ only product by product.

    A store's levels multiply the figures of the market, so a controller cannot learn one shop by heart. Their sizes are a choice of the
    scenario, not a measurement.

    Attributes:
        price_log_sd: Log standard deviation of a store's price level. Unit costs and rivals' bids move with it: dearer goods are worth
            dearer clicks.
        margin_logit_sd: Standard deviation of a store's shift of the logit of every gross margin ratio.
        order_log_sd: Log standard deviation of a store's order level. Searches and stock move with it.
        elasticity_log_sd: Log standard deviation of a store's level of own-price elasticities.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    price_log_sd: NonNegative = 0.0
    margin_logit_sd: NonNegative = 0.0
    order_log_sd: NonNegative = 0.0
    elasticity_log_sd: NonNegative = 0.0
