"""Where a trained policy may be believed: the range of every feature that training met. Beyond it the laws steer.

A network answers anything with something. What it answers to figures of a kind it never met is nobody's experience, so a row with several
such figures is not acted upon, and a store with many such rows not at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from control.features import Singles, highs, lows
from perception.units import Bools

QUANTILE = 0.001
"""Share of the rows of training that each end of the range leaves out: a single odd row must not widen it. A choice."""

MARGIN_SHARE = 0.05
"""How far the range goes on beyond, as a share of the feature's documented bounds. A choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustRegion:
    """Per feature the range that is believed, and how much may lie outside.

    Attributes:
        low, high: (F,) float32, low <= high; figures that were clipped to a feature's bounds count like any other.
        most_features: So many features of a row may lie outside, >= 0.
        most_share: Share of a store's rows that may lie outside, [0, 1]; beyond it the whole store does. Choices, not measurements.
    """

    low: Singles
    high: Singles
    most_features: int = 2
    most_share: float = 0.25

    def __post_init__(self) -> None:
        """Refuse a region that is none. Raises: ValueError, which names the field, what was expected and what it was."""
        for name, array in (("trust_low", self.low), ("trust_high", self.high)):
            if array.ndim != 1 or array.shape != self.low.shape or array.dtype != np.float32 or not np.isfinite(array).all():
                message = f"{name}: expected {self.low.size} finite float32 numbers, was {array.dtype} of shape {array.shape}"
                raise ValueError(message)
        if not (self.low <= self.high).all():
            message = f"trust_low: expected at most trust_high, was above it by {float((self.low - self.high).max())}"
            raise ValueError(message)
        if self.most_features < 0:
            message = f"most_features: expected >= 0, was {self.most_features}"
            raise ValueError(message)
        if not 0.0 <= self.most_share <= 1.0:
            message = f"most_share: expected a number in [0, 1], was {self.most_share}"
            raise ValueError(message)

    def outside(self, rows: NDArray[np.float32]) -> Bools:
        """(…,) rows with more than ``most_features`` features outside, of (…, F); what is not a number lies outside."""
        inside = (rows >= self.low) & (rows <= self.high)
        # features first: a sum along so short an axis would pay for every row
        by_feature = np.ascontiguousarray(np.moveaxis(~inside, -1, 0))
        beyond: Bools = np.add.reduce(by_feature, axis=0, dtype=np.int16) > self.most_features
        return beyond


def spanned(rows: Singles) -> TrustRegion:
    """The region of (r, F) rows that training met: all but the outermost ``QUANTILE`` at each end, and ``MARGIN_SHARE`` beyond."""
    low, high = np.quantile(rows, [QUANTILE, 1.0 - QUANTILE], axis=0)
    margin = MARGIN_SHARE * (highs() - lows())
    return TrustRegion(low=(low - margin).astype(np.float32), high=(high + margin).astype(np.float32))
