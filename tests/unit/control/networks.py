"""Small random networks for tests: what a policy does with its weights does not depend on where they came from."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from control.features import FEATURES, highs, lows
from control.policy import Trained
from control.policy_network import Network
from control.residual import ACTIONS, Stride
from control.trust import TrustRegion


def network_of(seed: int, *widths: int) -> Network:
    """Random weights for hidden layers of these widths, lively enough that actions go from end to end."""
    rng = np.random.default_rng(seed)
    sizes = (len(FEATURES), *widths, len(ACTIONS))
    layers = tuple(
        (
            rng.normal(0.0, 1.5 / np.sqrt(ins), (ins, outs)).astype(np.float32),
            rng.normal(0.0, 0.3, outs).astype(np.float32),
        )
        for ins, outs in pairwise(sizes)
    )
    middle, half = 0.5 * (lows() + highs()), 0.5 * (highs() - lows())
    return Network(layers=layers, mean=middle.astype(np.float32), scale=half.astype(np.float32))


def everywhere() -> TrustRegion:
    """A region that holds every observation there can be."""
    return TrustRegion(low=lows(), high=highs())


def trained_of(seed: int = 1, *widths: int, trust: TrustRegion | None = None, stride: Stride | None = None) -> Trained:
    """A random network that is believed everywhere unless said otherwise."""
    return Trained(network=network_of(seed, *(widths or (8,))), trust=trust or everywhere(), stride=stride or Stride())


def constant(log_bid: float, log_price: float, *, trust: TrustRegion | None = None) -> Trained:
    """A network that gives the same action for every row: (log_bid, log_price), each in (-1, 1)."""
    bias = np.arctanh(np.array([log_bid, log_price])).astype(np.float32)
    width = len(FEATURES)
    layers = ((np.zeros((width, len(ACTIONS)), dtype=np.float32), bias),)
    unit = Network(layers=layers, mean=np.zeros(width, dtype=np.float32), scale=np.ones(width, dtype=np.float32))
    return Trained(network=unit, trust=trust or everywhere())
