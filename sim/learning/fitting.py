"""Fitting a network to lessons: by the gradient of what its moves would be worth, or by imitating the best move.

Between two valued strengths of an action its worth is taken as a straight line, so that the worth of any action, and its slope, are known:
the simulator made smooth. Following that slope weighs every row by what is at stake there. Imitation, for comparison, does not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from control.features import FEATURES, Singles
from control.policy_network import Network
from control.residual import ACTIONS
from sim.learning.lessons import Lessons, teachers_choice

Teacher: TypeAlias = Literal["gradient", "imitation"]
Tell: TypeAlias = Callable[[int, dict[str, float]], None]
"""Told the step and the figures of an epoch."""

_PER_CENT = 100.0
"""Worth is learnt in percent of a store's hour: of a size that optimisers like."""

_LEAST_SCALE = 1e-3
_FIRST_ACTIONS = 0.1
"""The last layer starts this small: an untrained policy hardly moves the laws."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FitSettings:
    """Of one fit.

    Attributes:
        teacher: What is followed.
        hidden: Width of each hidden layer.
        epochs: Passes over the lessons.
        batch: Rows of a step.
        learning_rate, weight_decay: Of AdamW (Loshchilov & Hutter 2019), under one cycle of the rate (Smith & Topin 2018).
    """

    teacher: Teacher = "gradient"
    hidden: tuple[int, ...] = (64, 64)
    epochs: int = 12
    batch: int = 4096
    learning_rate: float = 2e-3
    weight_decay: float = 1e-5


def fit(lessons: Lessons, settings: FitSettings, *, start: Network | None, seed: int, tell: Tell) -> Network:
    """A network for the lessons.

    Args:
        lessons: At least one batch of them.
        settings: How.
        start: Weights to go on from, with their normalisation; None to start anew.
        seed: Of first weights and order.
        tell: Told after every epoch what the moves are worth, in percent of a store's hour per row, and what the best would be.
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    mean = lessons.rows.mean(axis=0) if start is None else start.mean
    scale = lessons.rows.std(axis=0) + np.float32(_LEAST_SCALE) if start is None else start.scale
    net = _fresh(settings.hidden if start is None else start.architecture[1:-1])
    if start is not None:
        load(linears(net), start)
    rows = torch.from_numpy((lessons.rows - mean) / scale)
    curves = [torch.from_numpy(curve * np.float32(_PER_CENT)) for curve in (lessons.bid, lessons.price)]
    matters = [torch.from_numpy(lessons.weight), torch.from_numpy(lessons.weight * lessons.price_moves)]
    chosen, counts = (torch.from_numpy(each) for each in teachers_choice(lessons))
    batches = max(len(rows) // settings.batch, 1)
    optimiser = torch.optim.AdamW(net.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimiser, settings.learning_rate, total_steps=settings.epochs * batches)
    order = torch.Generator().manual_seed(seed)
    best = [float((curve.amax(dim=1) * weight).mean()) for curve, weight in zip(curves, matters, strict=True)]
    for epoch in range(settings.epochs):
        places = torch.randperm(len(rows), generator=order)
        sums = np.zeros(len(ACTIONS))
        for batch in range(batches):
            picked = places[batch * settings.batch : (batch + 1) * settings.batch]
            actions = torch.tanh(net(rows[picked]))
            worth = [
                (_between(curve[picked], actions[:, which]) * weight[picked]).mean()
                for which, (curve, weight) in enumerate(zip(curves, matters, strict=True))
            ]
            miss = ((actions - chosen[picked]) ** 2 * counts[picked]).sum(dim=1)
            loss = -sum(worth, torch.zeros(())) if settings.teacher == "gradient" else (miss * matters[0][picked]).mean()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch says nothing of it
            optimiser.step()
            cycle.step()
            sums += [float(each.detach()) for each in worth]
        told = dict(zip(("bid", "price"), sums / batches, strict=True)) | dict(zip(("best_bid", "best_price"), best, strict=True))
        tell(epoch + 1, {name: float(figure) for name, figure in told.items()})
    return network_of(linears(net), mean=mean, scale=scale)


def linears(net: nn.Sequential) -> list[nn.Linear]:
    """The layers that have weights, in order."""
    return [layer for layer in net if isinstance(layer, nn.Linear)]


def load(layers: list[nn.Linear], network: Network) -> None:
    """Put a network's weights into torch layers of the same widths."""
    with torch.no_grad():
        for layer, (weights, bias) in zip(layers, network.layers, strict=True):
            layer.weight.copy_(torch.from_numpy(weights.T.copy()))
            layer.bias.copy_(torch.from_numpy(bias.copy()))


def network_of(layers: list[nn.Linear], *, mean: Singles, scale: Singles) -> Network:
    """The layers' weights in numpy, with the normalisation they were trained under."""
    pairs = tuple((np.ascontiguousarray(layer.weight.detach().numpy().T), layer.bias.detach().numpy().copy()) for layer in layers)
    return Network(layers=pairs, mean=mean.astype(np.float32), scale=scale.astype(np.float32))


def _fresh(hidden: tuple[int, ...]) -> nn.Sequential:
    widths = (len(FEATURES), *hidden, len(ACTIONS))
    parts: list[nn.Module] = []
    for into, out in pairwise(widths):
        parts += [nn.Linear(into, out), nn.Tanh()]
    net = nn.Sequential(*parts[:-1])
    last = parts[-2]
    with torch.no_grad():
        for parameter in last.parameters():
            parameter.mul_(_FIRST_ACTIONS)
    return net


def _between(curve: Tensor, action: Tensor) -> Tensor:
    """(b,) worth of actions in [−1, 1] on (b, K) curves, straight between the strengths."""
    steps = curve.shape[1] - 1
    place = (action + 1.0) * (steps / 2.0)
    below = place.detach().floor().clamp(0, steps - 1).long()
    low, high = (curve.gather(1, (below + up)[:, None])[:, 0] for up in (0, 1))
    return low + (place - below) * (high - low)
