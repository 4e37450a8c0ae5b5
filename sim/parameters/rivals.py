"""Rivals that react: how the other advertisers steer their bids, and how some sellers follow our prices.

The optional section ``[rivals]`` of a market file. Without it every rival bids around a fixed level until its budget is gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

_MEAN_TOLERANCE = 1e-2


@unique
class RivalKind(StrEnum):
    """How a rival steers its bid multiplier."""

    FIXED = "fixed"
    """Never changes it, and stops when its daily budget is gone."""
    PACED = "paced"
    """PID control: raises and lowers it so that the budget is spent as the traffic comes."""
    DUAL = "dual"
    """Dual descent on its budget row, the online form of the pacing LP: bids value / (1 + mu)."""
    LEARNING = "learning"
    """Derivative follower: keeps moving its level day by day while profit grows, and turns when it falls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rivals:
    """How rivals react.

    Attributes:
        kinds: One per rival of ``[auction]``, on every SKU of the store: fixed, paced, dual or learning. AuctionNet (NeurIPS 2024)
            mixes PID, LP-paced and learning agents; the proportions are assumed.
        pacing_gain, pacing_reset: Proportional and integral gain of a paced rival, per share of its budget that it is off its course:
            multiplier × (1 + gain · change of error + reset · error), once an hour. 2 and 0.5: assumed, stable over the hour shares of
            market.md.
        dual_step: Step of a dual rival: mu + step · (spent − planned) / planned of a mean hour. 0.05: the order of 1 / sqrt(T) over two
            weeks of hours (Balseiro & Gur, Management Science 2019).
        learning_step: Log step of a learning rival's level, per day. 0.08, assumed (Greenwald & Kephart, IJCAI 1999, on derivative
            followers).
        learning_value_ratio: Worth of a click to a learning rival as a multiple of its usual bid, >= 1. 1.3, assumed.
        hour_bid_index: (24,) factor on all rivals' bids per local hour, mean 1: clicks are dearest in the evening (Perpetua 2021); the
            size is assumed.
        repriced_share: Share of SKUs on which a competitor's robot follows our price every hour (Brown & MacKay, AEJ Microeconomics
            2023: the fastest retailers set prices hourly, by rules that are functions of rivals' prices). 0.3, assumed.
        undercut_ratio: By how much such a robot undercuts us, [0, 1). 0.02, assumed.
        rival_price_low_ratio, rival_price_high_ratio: Lowest and highest price of a competitor as a multiple of the reference price:
            0.8 and 1.0, assumed. Every other competitor stands at the high end.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    kinds: Annotated[tuple[RivalKind, ...], Field(min_length=1)]
    pacing_gain: Annotated[float, Field(ge=0.0, le=10.0, allow_inf_nan=False)]
    pacing_reset: Annotated[float, Field(ge=0.0, le=10.0, allow_inf_nan=False)]
    dual_step: Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
    learning_step: Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
    learning_value_ratio: Annotated[float, Field(ge=1.0, allow_inf_nan=False)]
    hour_bid_index: Annotated[tuple[Annotated[float, Field(gt=0.0, allow_inf_nan=False)], ...], Field(min_length=24, max_length=24)]
    repriced_share: Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
    undercut_ratio: Annotated[float, Field(ge=0.0, lt=1.0, allow_inf_nan=False)]
    rival_price_low_ratio: Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
    rival_price_high_ratio: Annotated[float, Field(gt=0.0, allow_inf_nan=False)]


def rival_faults(rivals: Rivals | None, *, expected: int) -> list[str]:
    """What is wrong across fields of ``[rivals]``, one line each; ``expected`` is the number of rivals of ``[auction]``."""
    if rivals is None:
        return []
    mean = sum(rivals.hour_bid_index) / len(rivals.hour_bid_index)
    rules = [
        (len(rivals.kinds) == expected, f"rivals.kinds: expected {expected} entries, was {len(rivals.kinds)}"),
        (abs(mean - 1.0) <= _MEAN_TOLERANCE, f"rivals.hour_bid_index: expected mean 1, was {mean:g}"),
        (
            rivals.rival_price_low_ratio <= rivals.rival_price_high_ratio,
            "rivals.rival_price_high_ratio: expected >= rival_price_low_ratio",
        ),
    ]
    return [fault for sound, fault in rules if not sound]
