"""The network of a learned policy: a plain multilayer perceptron over rows of features, in numpy, because a daemon never loads torch.

    h_0 = (features − mean) ÷ scale,   h_k = tanh(h_{k−1} · W_k + b_k),   action = h_last on a grid of 1/64

The hyperbolic tangent stands behind every layer, the last one too, so an action lies in [−1, 1] whatever the weights are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from control.features import Singles

GRID = 64
"""Steps of an action per unit. Two processors may differ in the last digits of a product, by some 1e-7; on the grid both give the same
action, but for one figure in some 100,000. With a stride of 0.7 a step is 1.1 % of a bid: less than the deadband of bids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Weights of a trained network, single precision.

    Attributes:
        layers: (weights (in, out), bias (out,)) of each layer, at least one; finite.
        mean: (F,) subtracted from the features.
        scale: (F,) the rest is divided by, > 0.
    """

    layers: tuple[tuple[Singles, Singles], ...]
    mean: Singles
    scale: Singles

    def __post_init__(self) -> None:
        """Refuse what no row can pass through. Raises: ValueError, which names the array, what was expected and what it was."""
        if not self.layers:
            raise ValueError("layers: expected at least one, was none")
        width = self.layers[0][0].shape[0] if self.layers[0][0].ndim else 0
        for name, array in (("mean", self.mean), ("scale", self.scale)):
            _require(name, holds=array.shape == (width,), expected=f"the shape ({width},) of the features", was=array.shape)
        for place, (weights, bias) in enumerate(self.layers):
            matrix = weights.ndim == 2 and weights.shape[0] == width and weights.shape[1] > 0  # noqa: PLR2004 - rows and columns
            _require(f"w{place}", holds=matrix, expected=f"a matrix of {width} rows", was=weights.shape)
            width = weights.shape[1]
            _require(f"b{place}", holds=bias.shape == (width,), expected=f"the shape ({width},)", was=bias.shape)
        for name, array in self.arrays().items():
            _require(name, holds=array.dtype == np.float32, expected="float32", was=array.dtype)
            _require(name, holds=bool(np.isfinite(array).all()), expected="finite numbers", was="not finite")
        _require("scale", holds=bool((self.scale > 0.0).all()), expected="> 0", was=float(self.scale.min()))

    @property
    def inputs(self) -> int:
        """F, features of a row."""
        return int(self.mean.size)

    @property
    def outputs(self) -> int:
        """Numbers of an action."""
        return int(self.layers[-1][1].size)

    @property
    def architecture(self) -> tuple[int, ...]:
        """Widths from the features to the action, as (25, 64, 64, 2)."""
        return (self.inputs, *(int(bias.size) for _, bias in self.layers))

    def arrays(self) -> dict[str, Singles]:
        """Every array by the name it is stored under: w0, b0, w1, …, mean, scale."""
        named = {f"{kind}{place}": array for place, pair in enumerate(self.layers) for kind, array in zip("wb", pair, strict=True)}
        return {**named, "mean": self.mean, "scale": self.scale}

    def act(self, rows: Singles) -> NDArray[np.float32]:
        """Actions for rows of features, each on its own.

        Args:
            rows: (r, F) float32.

        Returns:
            (r, outputs) in [−1, 1], multiples of 1 ÷ ``GRID``; not a number where a feature is not one. A row's action does not depend on
            the rows beside it, to the last bit.
        """
        actions: NDArray[np.float32] = np.empty((rows.shape[0], self.outputs), dtype=np.float32)
        for at in range(0, rows.shape[0], _CHUNK):
            actions[at : at + _CHUNK] = self._act(rows[at : at + _CHUNK])
        return actions

    def _act(self, rows: Singles) -> NDArray[np.float32]:
        # one row per product: BLAS picks its kernel by the shape, and a product of all rows differs from that of one row by some 1e-7.
        # On networks of this size that costs a fifth of the time of one product for all.
        through: NDArray[np.float32] = ((rows - self.mean) / self.scale)[:, None, :]
        for weights, bias in self.layers:
            through = through @ weights
            through += bias
            np.tanh(through, out=through)
        through *= GRID
        np.rint(through, out=through)
        through /= GRID
        return through[:, 0, :]


_CHUNK = 1024
"""Rows whose layers fit into a processor's cache: all rows of a wide store at once take half as long again."""


def _require(name: str, *, holds: bool, expected: str, was: object) -> None:
    if not holds:
        message = f"{name}: expected {expected}, was {was}"
        raise ValueError(message)
