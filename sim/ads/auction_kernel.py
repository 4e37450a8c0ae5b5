"""The auctions of many stores in one compiled pass: the same figures as ``sim.ads.auction``, to the last bit, in a quarter of the time.

numpy walks through all auctions once per operation, and most of that time is memory. Here a block of SKUs goes through all operations
while it is in the cache. Loops over a block have no branches, so that the compiler can work on sixteen SKUs at a time; it neither reorders
nor contracts sums of floats. Only this module knows numba; it is imported for batches that are worth the fifth of a second that takes.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from perception.units import Floats, Ints
from sim.randomness import Floats32

_BLOCK = 512
"""SKUs at a time: their codes stay in the first-level cache."""
_LANES = 4
"""Rivals per key of the noise."""


@numba.njit(cache=True, nogil=True)
def held(  # noqa: PLR0913, PLR0917  numba takes arrays one by one, and by position
    noise: Floats32,
    middle: Floats32,
    bid_cents: Ints,
    taking_part: Floats32,
    weight: Floats32,
    exposures: Floats,
    reserve: np.float32,
    owner_bits: np.uint32,
    learners: Ints,
    first_price: bool,  # noqa: FBT001
    exposure: Floats,
    click_price_cents: Ints,
    paid: Floats32,
    clicked: Floats32,
) -> None:
    """Hold K auctions of E SKUs, R rivals; fill the first two of the last four, and add to the others.

    Args:
        noise: (G, K, E, 4) as from ``bid_noise``.
        middle: (R, K or 1, E) as from ``middles``.
        bid_cents, taking_part: (E,) as from ``capped``.
        weight: (E,) clicks of one auction if its ad is surely seen.
        exposures: (slots + 1,) the last one 0.
        reserve, owner_bits: Of the auction; the bits of a bid that carry its owner.
        learners: (L,) rivals whose clicks are asked for.
        first_price: Whether winners pay what they bid.
        exposure, click_price_cents: (K, E) as in ``Placement``.
        paid, clicked: (R, E) cost of each rival's clicks; (L, E) clicks of each learner.
    """
    slots, auctions, skus = exposures.size - 1, noise.shape[1], noise.shape[2]
    codes = np.empty((auctions, slots + 1, _BLOCK), dtype=np.uint32)
    for begin in range(0, skus, _BLOCK):
        end = min(begin + _BLOCK, skus)
        codes[:] = 0
        # whole arrays: of a part the compiler would not know that its figures lie side by side
        _rank(noise, middle, owner_bits, begin, end, codes)
        _take(taking_part[begin:end], weight[begin:end], exposures, reserve, owner_bits, learners, first_price, codes, begin, paid, clicked)
        for k in range(auctions):
            seen, price_cents = exposure[k, begin:end], click_price_cents[k, begin:end]
            _place(codes[k], taking_part[begin:end], bid_cents[begin:end], exposures, reserve, owner_bits, first_price, seen, price_cents)


@numba.njit(cache=True, nogil=True)
def _rank(noise: Floats32, middle: Floats32, owner_bits: np.uint32, begin: int, end: int, codes: NDArray[np.uint32]) -> None:
    """As ``ladder``: the highest bids, whose last bits carry whose they are, into (K, S, block) rungs of zeros."""
    bid = np.empty(_BLOCK, dtype=np.float32)
    code = bid.view(np.uint32)
    for k in range(noise.shape[1]):
        for rival in range(middle.shape[0]):
            lane, usual = noise[rival // _LANES, k, begin:end, rival % _LANES], middle[rival, k % middle.shape[1], begin:end]
            tag = np.uint32(rival)
            for i in range(lane.size):
                bid[i] = lane[i] * usual[i]
            for i in range(lane.size):
                code[i] = (code[i] & ~owner_bits) | tag
            for rung in range(codes.shape[1]):
                here = codes[k, rung]
                for i in range(lane.size):
                    high, low = max(here[i], code[i]), min(here[i], code[i])
                    here[i], code[i] = high, low


@numba.njit(cache=True, nogil=True)
def _take(  # noqa: PLR0913, PLR0917
    ours: Floats32,
    weight: Floats32,
    exposures: Floats,
    reserve: np.float32,
    owner_bits: np.uint32,
    learners: Ints,
    first_price: bool,  # noqa: FBT001
    codes: NDArray[np.uint32],
    begin: int,
    paid: Floats32,
    clicked: Floats32,
) -> None:
    """As ``takings``: a rival that we outbid stands one slot lower, and pays the next bid, its own or ours."""
    owner, bids = np.empty(_BLOCK, dtype=np.uint32), np.empty((2, _BLOCK), dtype=np.float32)
    bid, below, cost, click = bids[0], bids[1], np.empty(_BLOCK, dtype=np.float32), np.empty(_BLOCK, dtype=np.float32)
    bid_code, below_code = bid.view(np.uint32), below.view(np.uint32)
    zero, one = np.float32(0.0), np.float32(1.0)
    for slot in range(exposures.size - 1):
        this = np.float32(exposures[slot])
        shift = np.float32(np.float32(exposures[slot + 1]) - this)
        for k in range(codes.shape[0]):
            for i in range(ours.size):
                owner[i] = codes[k, slot, i] & owner_bits
                bid_code[i] = codes[k, slot, i] & ~owner_bits
                below_code[i] = codes[k, slot + 1, i] & ~owner_bits
            for i in range(ours.size):
                outbid, part = one if ours[i] >= bid[i] else zero, one if bid[i] >= reserve else zero
                clicks = np.float32(np.float32(outbid * shift) + this) * weight[i]
                price = bid[i] if first_price else max(np.float32((one - outbid) * ours[i]), below[i], reserve)
                cost[i] = np.float32(price * clicks) * part
                click[i] = clicks * part
            for rival in range(paid.shape[0]):
                total, tag = paid[rival, begin : begin + ours.size], np.uint32(rival)
                for i in range(ours.size):
                    total[i] += cost[i] if owner[i] == tag else zero
            for index in range(learners.size):
                total, tag = clicked[index, begin : begin + ours.size], np.uint32(learners[index])
                for i in range(ours.size):
                    total[i] += click[i] if owner[i] == tag else zero


@numba.njit(cache=True, nogil=True)
def _place(  # noqa: PLR0913, PLR0917
    codes: NDArray[np.uint32],
    ours: Floats32,
    bid_cents: Ints,
    exposures: Floats,
    reserve: np.float32,
    owner_bits: np.uint32,
    first_price: bool,  # noqa: FBT001
    exposure: Floats,
    click_price_cents: Ints,
) -> None:
    """As ``place``: the slot that our bid wins in one auction, and the next bid below or the reserve, or our own bid."""
    bid, best, beaten = np.empty(_BLOCK, dtype=np.float32), np.zeros(_BLOCK, dtype=np.float32), np.zeros(_BLOCK, dtype=np.int64)
    code, zero, slots = bid.view(np.uint32), np.float32(0.0), exposures.size - 1
    for slot in range(slots):
        for i in range(ours.size):
            code[i] = codes[slot, i] & ~owner_bits
        for i in range(ours.size):
            best[i] = max(best[i], bid[i] if ours[i] >= bid[i] else zero)
        for i in range(ours.size):
            beaten[i] += 1 if ours[i] >= bid[i] else 0
    for i in range(ours.size):
        exposure[i] = exposures[slots - beaten[i]]
    for i in range(ours.size):
        price = bid_cents[i] if first_price else min(np.int64(np.ceil(max(best[i], reserve))), bid_cents[i])
        click_price_cents[i] = price if beaten[i] > 0 else 0
