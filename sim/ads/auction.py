"""The ad auction: a few slots, sold to the highest bids, generalised second price or first price.

Each hour a few auctions are drawn per SKU, and each stands for an equal share of the hour's searches. The rivals' deviates never
depend on what we do: only their levels, budgets and multipliers may (``sim.ads.rivals``). So exogenous randomness is free of actions, and
against frozen rivals our exposure and price are step functions of our bid, whose steps are the rivals' bids (``Ladder``).

Generalised second price: Edelman, Ostrovsky & Schwarz, American Economic Review 2007. Exposures and reserve: AuctionNet, NeurIPS 2024.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from control.rows import row_sums
from perception.units import Bools, Floats, Ints
from sim.counts import summed
from sim.parameters.market import Auction
from sim.randomness import Draw, Floats32, Keys, at_index, normals, quarter_lognormals, sku_keys, split, store_keys, uniforms

HIGHEST_BID_CENTS = 1 << 40
"""A bid above this counts as this: an hour's cost of it still fits 64 bits."""
_LANES = 4
"""Rivals per 64-bit key: each takes a quarter."""
_NO_PART = np.float32(-1.0)
"""Stands for our bid where we take no part: below any bid of a rival, even none."""
_FEW = 255
"""Rivals whose indices fit a byte, and one value more that is nobody's."""
_ROOT_STEPS = 60
"""Fixed-point steps to the root of ``quasi_noise``, which shrink the error by half at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """The highest rival bids of K auctions of each SKU, S = slots + 1 of them, highest first.

    Attributes:
        bids_cents: (S, K, N, M) float32 minor units; 0 where there is no such rival. Carried to 1 part in 2**20 (8 rivals).
        owners: (S, K, N, M) unsigned, index of the rival; meaningless where the bid is 0.
    """

    bids_cents: Floats32
    owners: NDArray[np.unsignedinteger]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Our bids beside the rivals' in K auctions of each SKU.

    Attributes:
        bid_cents: (N, M) our bids, at most ``HIGHEST_BID_CENTS``.
        taking_part_cents: (N, M) float32 the same, −1 where the bid is less than the reserve.
        rivals: Their highest bids.
        outbid: (slots, K, N, M) which of them ours is at least as high as; none where we take no part.
        outbid_count: (slots, K, N, M) float32 the same as 1 and 0, to reckon with: a choice between arrays takes four times as long.
    """

    bid_cents: Ints
    taking_part_cents: Floats32
    rivals: Ladder
    outbid: Bools
    outbid_count: Floats32


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """What our bids win in K auctions.

    Attributes:
        exposure: (K, N, M) chance that our ad is seen in one search, [0, 1].
        click_price_cents: (K, N, M) what a click costs, whole minor units, between the reserve and our bid; 0 where nothing is won.
    """

    exposure: Floats
    click_price_cents: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Takings:
    """What the rivals get out of K auctions, our bids among them.

    Attributes:
        cost_cents: (N, R) expected cost of the weights' clicks, minor units.
        worth_cents: (N, R) the same clicks at the rivals' usual bids: what they are worth to them, minor units.
    """

    cost_cents: Floats
    worth_cents: Floats


def bid_noise(auction: Auction, cells: Keys, *, hour: int) -> Floats32:
    """Lognormal factors, median 1, on the bids of the hour's auctions: (G, K, N, M, 4); rival r is [r // 4, ..., r % 4].

    Args:
        auction: Number of rivals and auctions, and the spread within a rival.
        cells: (N, M) keys as from ``sim.randomness.cells``.
        hour: Of the market.
    """
    groups = -(-auction.rivals // _LANES)
    index = np.arange(groups * auction.sampled_auctions).reshape(groups, auction.sampled_auctions, 1, 1)
    return quarter_lognormals(at_index(sku_keys(cells, Draw.RIVAL_BID, hour), index), auction.bid_log_sd_within)


def ladder(middle_cents: Floats32, factor: Floats, noise: Floats32, *, rungs: int) -> Ladder:
    """Rank the rivals of each auction.

    Args:
        middle_cents: (R, N, M) middle of each rival's bids.
        factor: (K or 1, N, R) on the middle in this hour; 0 for a rival without money.
        noise: (G, K, N or 1, M or 1, 4) as from ``bid_noise``.
        rungs: S, how many of the highest bids to keep.
    """
    rivals, stores, skus = middle_cents.shape
    low_bits, middle = owner_bits(rivals), middles(middle_cents, factor)
    bids = np.empty((rivals, noise.shape[1], stores, skus), dtype=np.float32)
    for group, lanes in enumerate(noise.transpose(0, 4, 1, 2, 3)):
        own = slice(group * _LANES, min((group + 1) * _LANES, rivals))
        np.multiply(lanes[: own.stop - own.start], middle[own], out=bids[own])
    # positive floats sort as their bits do: the last bits carry whose bid it is through the sort
    low = bids.view(np.uint32)
    low &= ~low_bits
    low |= np.arange(rivals, dtype=np.uint32)[:, None, None, None]
    coded = np.empty((rungs, *low.shape[1:]), dtype=np.uint32)
    coded[rivals:] = 0
    for rival, bid in enumerate(low):
        _insert(coded, bid, filled=min(rival, rungs))
    owners: NDArray[np.unsignedinteger] = coded.astype(np.uint8 if rivals <= _FEW else np.uint16)
    owners &= owners.dtype.type(low_bits)
    coded &= ~low_bits
    return Ladder(bids_cents=coded.view(np.float32), owners=owners)


def owner_bits(rivals: int) -> np.uint32:
    """The last bits of a bid, which carry whose it is."""
    return np.uint32((1 << (rivals - 1).bit_length()) - 1)


def middles(middle_cents: Floats32, factor: Floats) -> Floats32:
    """(R, K or 1, N, M) middle of each rival's bids in this hour; arguments as of ``ladder``."""
    rivals, stores, skus = middle_cents.shape
    # laid out in full: a product with one figure per row costs three times as much
    middle = np.repeat(factor.transpose(2, 0, 1).astype(np.float32), skus, axis=-1).reshape(rivals, -1, stores, skus)
    middle *= middle_cents[:, None]
    return middle


def _insert(rungs: NDArray[np.uint32], bid: NDArray[np.uint32], *, filled: int) -> None:
    """Insert one more bid into falling rungs, of which the first few are filled; the lowest falls out."""
    if not filled:
        rungs[0] = bid
    for place, rung in enumerate(rungs[:filled], start=1):
        free = rungs[place] if place == filled < len(rungs) else None
        lower = np.minimum(rung, bid, out=free)
        np.maximum(rung, bid, out=rung)
        bid = lower


def stand(bid_cents: Ints, rivals: Ladder, auction: Auction) -> Standing:
    """Rank our bids among the rivals'; under equal bids we come first.

    Args:
        bid_cents: (N, M) our bids; 0 or less than the reserve takes no part.
        rivals: At least as many rungs as there are slots.
        auction: Slots and reserve.
    """
    bid_cents, taking_part = capped(bid_cents, auction)
    outbid = taking_part >= rivals.bids_cents[: len(auction.exposures)]
    return Standing(
        bid_cents=bid_cents, taking_part_cents=taking_part, rivals=rivals, outbid=outbid, outbid_count=outbid.astype(np.float32)
    )


def capped(bid_cents: Ints, auction: Auction) -> tuple[Ints, Floats32]:
    """Our bids, (N, M), at most ``HIGHEST_BID_CENTS``, and the same as they compete: −1 where one is less than the reserve."""
    bid_cents = np.minimum(bid_cents, HIGHEST_BID_CENTS)
    taking_part = bid_cents.astype(np.float32)
    np.putmask(taking_part, bid_cents < auction.reserve_cents, _NO_PART)
    return bid_cents, taking_part


def place(standing: Standing, auction: Auction) -> Placement:
    """The slots that our bids win; the winner of one pays the next bid below or the reserve, rounded up, or its own bid.

    Against the same rivals a higher bid is never seen less and never pays less per click, and no click costs more than the bid.
    """
    outbid, slots = standing.outbid, len(auction.exposures)
    rank = slots - summed(outbid.view(np.uint8))
    # the ranks are in range by construction: nothing to check
    exposure = np.array([*auction.exposures, 0.0]).take(rank, mode="clip")
    # whoever is above the last rung has won a slot
    if auction.first_price:
        return Placement(exposure=exposure, click_price_cents=outbid[-1] * standing.bid_cents)
    next_bid = standing.outbid_count[-1] * np.float32(auction.reserve_cents)
    for beaten, bid in zip(standing.outbid_count, standing.rivals.bids_cents, strict=False):
        np.maximum(next_bid, beaten * bid, out=next_bid)
    price = np.ceil(next_bid, out=next_bid).astype(np.int64)
    # a float32 of a huge bid may lie above the bid itself
    return Placement(exposure=exposure, click_price_cents=np.minimum(price, standing.bid_cents, out=price))


def takings(standing: Standing, auction: Auction, *, weight: Floats, middle_cents: Floats32, worth_of: tuple[int, ...]) -> Takings:
    """What rivals pay for the clicks of K auctions and what those are worth to them, as expected values given the bids.

    Args:
        standing: Our bids, which push rivals down and raise what they pay; with one rung more than there are slots.
        auction: Exposures, reserve and rule of payment.
        weight: (N, M) clicks of one auction if its ad is surely seen.
        middle_cents: (R, N, M) usual bids of the rivals.
        worth_of: Rivals whose worth is asked for; 0 for the others.
    """
    slots, reserve, rungs = len(auction.exposures), np.float32(auction.reserve_cents), standing.rivals.bids_cents
    bids, owners = rungs[:slots], standing.rivals.owners[:slots]
    # a rival that we outbid stands one slot lower
    exposures = np.array([*auction.exposures, 0.0], dtype=np.float32)[:, None, None, None]
    clicks = standing.outbid_count * (exposures[1:] - exposures[:-1])
    clicks += exposures[:-1]
    clicks *= weight.astype(np.float32)
    if auction.first_price:
        cost = clicks * bids
    else:
        # pushed down, it no longer pays our bid but the next one
        cost = np.subtract(np.float32(1.0), standing.outbid_count)
        cost *= standing.taking_part_cents
        np.maximum(cost, rungs[1:], out=cost)
        np.maximum(cost, reserve, out=cost)
        cost *= clicks
    # all bits set, which is nobody, where a rival takes no part
    owners = owners | ((bids >= reserve).view(np.int8) - np.int8(1)).astype(owners.dtype)
    everyone = np.arange(len(middle_cents), dtype=owners.dtype)[:, None, None]
    own = (owners[0, :, None] == everyone).astype(np.float32)
    clicked = [_added(own[:, rival] * clicks[0]) for rival in worth_of]
    own *= cost[0, :, None]
    paid = _added(own)
    for slot in range(1, slots):
        own = (owners[slot, :, None] == everyone).astype(np.float32)
        for total, rival in zip(clicked, worth_of, strict=True):
            _added(own[:, rival] * clicks[slot], to=total)
        own *= cost[slot, :, None]
        _added(own, to=paid)
    return paid_to(paid, clicked, middle_cents, worth_of)


def paid_to(paid: Floats32, clicked: Iterable[Floats32], middle_cents: Floats32, worth_of: tuple[int, ...]) -> Takings:
    """Takings of what each rival paid, (R, N, M), and of the clicks, (N, M), of each one whose worth is asked for."""
    worth = np.zeros((paid.shape[1], len(paid)))
    for clicks, rival in zip(clicked, worth_of, strict=True):
        worth[:, rival] = row_sums(clicks * middle_cents[rival])
    by_store: NDArray[Any] = paid.reshape(-1, paid.shape[-1])
    return Takings(cost_cents=row_sums(by_store).reshape(paid.shape[:2]).T, worth_cents=worth)


def _added(layers: Floats32, *, to: Floats32 | None = None) -> Floats32:
    """Layers (K, …) added one after the other to a total, in place; to the first of them where there is none yet."""
    total: Floats32 = layers[0] if to is None else to
    for layer in layers[1:] if to is None else layers:
        total += layer
    return total


def quasi_noise(auction: Auction, *, points: int) -> Floats32:
    """The noise of ``bid_noise`` at the points of a fixed Latin hypercube, (G, points, 1, 1, 4), for expected values.

    The order of the points in each coordinate is that of the additive recurrence of Roberts (2018, "The unreasonable effectiveness of
    quasirandom sequences"): frac(i · g^-d), d = 1 … rivals, where g is the root above 1 of g^(rivals + 1) = g + 1; their values are the
    middles of equal strata (McKay, Beckman & Conover, Technometrics 1979).
    """
    root = 2.0
    for _ in range(_ROOT_STEPS):
        root = (1.0 + root) ** (1.0 / (auction.rivals + 1))
    slopes = root ** -np.arange(1.0, auction.rivals + 1.0)
    rank = (np.arange(1, points + 1)[:, None] * slopes % 1.0).argsort(axis=0).argsort(axis=0)
    groups = -(-auction.rivals // _LANES)
    deviates = np.zeros((points, groups * _LANES))
    deviates[:, : auction.rivals] = ndtri((rank + 0.5) / points)
    lanes = np.moveaxis(deviates.reshape(points, groups, _LANES), 1, 0)[:, :, None, None, :]
    return np.exp(auction.bid_log_sd_within * lanes).astype(np.float32)


def rival_budgets(auction: Auction, *, seeds: Ints, day: int) -> Floats:
    """Today's budgets of the rivals, (N, R), as shares of what a usual day would cost them."""
    share = uniforms(split(store_keys(seeds, Draw.RIVAL_BUDGET, day), auction.rivals))
    return auction.rival_budget_low + (auction.rival_budget_high - auction.rival_budget_low) * share


def rival_hour_spend(auction: Auction, *, seeds: Ints, hour: int, traffic_share: float) -> Floats:
    """What each rival would spend in this hour, (N, R), as a share of a usual day: its share of traffic times noise of mean 1."""
    deviates = normals(split(store_keys(seeds, Draw.RIVAL_SPEND, hour), auction.rivals))
    spend: Floats = traffic_share * np.exp(auction.rival_spend_cv * deviates - 0.5 * auction.rival_spend_cv**2)
    return spend


def rivals_present(budget: Floats, spent: Floats, hour_spend: Floats, *, auctions: int) -> Bools:
    """Which rivals can still pay in each sampled auction of the hour, (N, K, R): all until their money is gone, in order of time."""
    part_of_hour = (budget - spent) / np.maximum(hour_spend, 1e-12)
    moment = (np.arange(auctions) + 0.5) / auctions
    return moment[None, :, None] < part_of_hour[:, None, :]


def stationary_cpc_drift(auction: Auction, *, seeds: Ints) -> Floats:
    """Log level of all rivals' bids on the day before the first, (N,), from the stationary distribution."""
    return cpc_log_sd(auction) * normals(store_keys(seeds, Draw.CPC_DRIFT, -1))


def next_cpc_drift(auction: Auction, previous: Floats, *, seeds: Ints, day: int) -> Floats:
    """Tomorrow's log level of all rivals' bids, (N,): a stationary AR(1) with the parameters' persistence and spread."""
    innovation = normals(store_keys(seeds, Draw.CPC_DRIFT, day))
    drift: Floats = auction.cpc_drift_ar1 * previous + np.sqrt(1.0 - auction.cpc_drift_ar1**2) * cpc_log_sd(auction) * innovation
    return drift


def cpc_log_sd(auction: Auction) -> float:
    """Log standard deviation of a lognormal with the given coefficient of variation: sqrt(log(1 + cv²))."""
    return float(np.sqrt(np.log1p(auction.cpc_drift_cv**2)))
