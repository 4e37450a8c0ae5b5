"""The hour's auctions held: what our bids win, and what is left to the rivals, in whichever way is faster for the batch."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from perception.units import Floats, Ints
from sim.ads.auction import (
    Placement,
    Takings,
    capped,
    ladder,
    middles,
    owner_bits,
    paid_to,
    place,
    stand,
    takings,
)
from sim.parameters.market import Auction
from sim.randomness import Floats32

_WORTH_COMPILING = 4096
"""SKUs in a batch from which the compiled pass is used: loading it takes as long as some hundred hours of fewer."""


def hold(
    auction: Auction,
    middle_cents: Floats32,
    factor: Floats,
    noise: Floats32,
    *,
    bid_cents: Ints,
    weight: Floats,
    worth_of: tuple[int, ...] | None,
) -> tuple[Placement, Takings | None]:
    """Hold K auctions of each SKU: what our bids win, and what rivals get out of it.

    Arguments as of ``ladder``, ``stand`` and ``takings``, which say what happens; where ``worth_of`` is None nobody asks for the latter.
    """
    compiled = _compiled() if bid_cents.size >= _WORTH_COMPILING else None
    if compiled is None:
        ranked = ladder(middle_cents, factor, noise, rungs=len(auction.exposures) + 1)
        standing = stand(bid_cents, ranked, auction)
        placement = place(standing, auction)
        if worth_of is None:
            return placement, None
        return placement, takings(standing, auction, weight=weight, middle_cents=middle_cents, worth_of=worth_of)
    asked = worth_of or ()
    rivals, shape = len(middle_cents), bid_cents.shape
    ours, taking_part = capped(bid_cents, auction)
    auctions = noise.shape[1]
    exposure, click_price_cents = np.empty((auctions, *shape)), np.empty((auctions, *shape), dtype=np.int64)
    paid, clicked = (np.zeros((count, *shape), dtype=np.float32) for count in (rivals, len(asked)))
    compiled(
        noise.reshape(*noise.shape[:2], -1, noise.shape[-1]),
        middles(middle_cents, factor).reshape(rivals, -1, bid_cents.size),
        ours.reshape(-1),
        taking_part.reshape(-1),
        weight.astype(np.float32).reshape(-1),
        np.array([*auction.exposures, 0.0]),
        np.float32(auction.reserve_cents),
        owner_bits(rivals),
        np.array(asked, dtype=np.int64),
        auction.first_price,
        *(each.reshape(len(each), bid_cents.size) for each in (exposure, click_price_cents, paid, clicked)),
    )
    placement = Placement(exposure=exposure, click_price_cents=click_price_cents)
    return placement, None if worth_of is None else paid_to(paid, clicked, middle_cents, worth_of)


@lru_cache(maxsize=1)
def _compiled() -> Callable[..., None] | None:
    """The compiled pass; None where numba is not installed or finds no place for what it compiles."""
    try:
        # a fifth of a second, and a second and a half more the first time: only for who has large batches
        from sim.ads.auction_kernel import held
    except (ImportError, RuntimeError):
        return None
    return held
