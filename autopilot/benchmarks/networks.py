"""A network to measure with: how fast it is does not depend on what its weights are."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from control.features import FEATURES, Singles
from control.policy_network import Network
from control.residual import ACTIONS

HIDDEN = (64, 64)
"""Widths of stable-baselines3's own ``MlpPolicy``."""


def random_network(rng: np.random.Generator) -> Network:
    """Random weights of these widths, from features to actions."""
    sizes = (len(FEATURES), *HIDDEN, len(ACTIONS))

    def normal(*shape: int) -> Singles:
        drawn: Singles = (rng.standard_normal(shape) / np.sqrt(shape[0])).astype(np.float32)
        return drawn

    layers = tuple((normal(ins, outs), normal(outs)) for ins, outs in pairwise(sizes))
    return Network(layers=layers, mean=normal(sizes[0]), scale=np.ones(sizes[0], dtype=np.float32))
