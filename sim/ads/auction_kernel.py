"""The auctions of many stores in one compiled pass: the same figures as ``sim.ads.auction``, to the last bit, in a quarter of the time.

numpy walks through all auctions once per operation, and most of that time is memory. Here a block of SKUs goes through all operations
while it is in the cache. Each loop over a block has no branches, so that the compiler can work on sixteen SKUs at a time; no operation is
reordered or contracted. Only this module knows numba; it is imported for batches that are worth the quarter of a second it takes.
"""

from __future__ import annotations

import numba
import numpy as np

from perception.units import Ints
from sim.randomness import Floats32

_BLOCK = 512
"""SKUs at a time: their codes stay in the first-level cache."""


@numba.njit(cache=True, nogil=True)
def held(  # noqa: C901, PLR0912, PLR0913, PLR0917  one pass is the point, and numba inlines loops only
    noise: Floats32,
    middle: Floats32,
    taking_part: Floats32,
    weight: Floats32,
    exposures: Floats32,
    reserve: np.float32,
    owner_bits: np.uint32,
    learners: Ints,
    first_price: bool,  # noqa: FBT001  numba takes no keywords
    beaten: Ints,
    next_bid: Floats32,
    paid: Floats32,
    clicked: Floats32,
) -> None:
    """Hold K auctions of E SKUs, R rivals; fill the last four.

    Args:
        noise: (G, K, E, 4) as from ``bid_noise``.
        middle: (R, K or 1, E) middle of each rival's bids in this hour.
        taking_part: (E,) our bids, −1 where we take no part.
        weight: (E,) clicks of one auction if its ad is surely seen.
        exposures: (slots + 1,) the last one 0.
        reserve, owner_bits: Of the auction; the bits of a bid that carry its owner.
        learners: (L,) rivals whose clicks are asked for.
        first_price: Whether winners pay what they bid.
        beaten: (K, E) int8, how many of the bids of slots ours is at least as high as.
        next_bid: (K, E) the highest of them; the reserve where it is higher.
        paid: (R, E) cost of each rival's clicks.
        clicked: (L, E) clicks of each learner.
    """
    rivals, slots, auctions, skus = middle.shape[0], exposures.size - 1, noise.shape[1], noise.shape[2]
    codes = np.empty((auctions, slots + 1, _BLOCK), dtype=np.uint32)
    bids = codes.view(np.float32)
    owner = np.empty(_BLOCK, dtype=np.uint32)
    click, cost, bid = np.empty(_BLOCK, dtype=np.float32), np.empty(_BLOCK, dtype=np.float32), np.empty(_BLOCK, dtype=np.float32)
    code = bid.view(np.uint32)
    zero, one, bid_bits = np.float32(0.0), np.float32(1.0), ~owner_bits
    for begin in range(0, skus, _BLOCK):
        end = min(begin + _BLOCK, skus)
        size, ours, worth = end - begin, taking_part[begin:end], weight[begin:end]
        codes[:] = 0
        for k in range(auctions):
            for rival in range(rivals):
                lane, of_rival = noise[rival // 4, k, begin:end, rival % 4], middle[rival, k % middle.shape[1], begin:end]
                tag = np.uint32(rival)
                for i in range(size):
                    bid[i] = lane[i] * of_rival[i]
                for i in range(size):
                    code[i] = (code[i] & bid_bits) | tag
                # the last bits carry whose bid it is through the sort, as in ``ladder``
                for rung in range(slots + 1):
                    here = codes[k, rung]
                    for i in range(size):
                        high, low = max(here[i], code[i]), min(here[i], code[i])
                        here[i], code[i] = high, low
        for slot in range(slots):
            this, shift = exposures[slot], np.float32(exposures[slot + 1] - exposures[slot])
            for k in range(auctions):
                here, below = codes[k, slot], codes[k, slot + 1]
                rival_bid, below_bid = bids[k, slot], np.empty(_BLOCK, dtype=np.float32)
                below_code = below_bid.view(np.uint32)
                for i in range(size):
                    owner[i] = here[i] & owner_bits
                    here[i] &= bid_bits
                    below_code[i] = below[i] & bid_bits
                count, best = beaten[k, begin:end], next_bid[k, begin:end]
                for i in range(size):
                    outbid = one if ours[i] >= rival_bid[i] else zero
                    part = one if rival_bid[i] >= reserve else zero
                    clicks = np.float32(np.float32(outbid * shift) + this) * worth[i]
                    price = np.float32((one - outbid) * ours[i])
                    price = max(below_bid[i], price)
                    price = max(reserve, price)
                    price = rival_bid[i] if first_price else price
                    cost[i] = np.float32(price * clicks) * part
                    click[i] = clicks * part
                    won = outbid * rival_bid[i]
                    best[i] = max(won, best[i])
                for i in range(size):
                    count[i] += np.int8(1) if ours[i] >= rival_bid[i] else np.int8(0)
                for rival in range(rivals):
                    total, tag = paid[rival, begin:end], np.uint32(rival)
                    for i in range(size):
                        total[i] += cost[i] if owner[i] == tag else zero
                for index in range(learners.size):
                    total, tag = clicked[index, begin:end], np.uint32(learners[index])
                    for i in range(size):
                        total[i] += click[i] if owner[i] == tag else zero
        for k in range(auctions):
            best, lowest = next_bid[k, begin:end], bids[k, slots - 1]
            for i in range(size):
                floor = reserve if ours[i] >= lowest[i] else zero
                best[i] = max(floor, best[i])
