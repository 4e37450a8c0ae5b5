"""The network in numpy: one row's action is its own, on a grid, within bounds; and what is no network is refused by name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from control.features import FEATURES, highs, lows
from control.policy_network import GRID, Network
from tests.unit.control.networks import network_of

WIDTHS = [(), (8,), (64, 64), (33, 7), (256,), (48, 48, 48)]


def rows_of(seed: int, count: int) -> Any:
    """Observations from anywhere within their bounds."""
    rng = np.random.default_rng(seed)
    return rng.uniform(lows(), highs(), (count, len(FEATURES))).astype(np.float32)


@pytest.mark.parametrize("widths", WIDTHS, ids=str)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_row_is_answered_alike_in_batches_of_1_7_and_1024(seed: int, widths: tuple[int, ...]) -> None:
    network, rows = network_of(seed, *widths), rows_of(seed, 1024)

    together = network.act(rows)

    np.testing.assert_equal(np.concatenate([network.act(rows[i : i + 1]) for i in range(1024)]), together)
    np.testing.assert_equal(np.concatenate([network.act(rows[i : i + 7]) for i in range(0, 1024, 7)]), together)
    np.testing.assert_equal(network.act(rows[::-1])[::-1], together)


def test_actions_lie_on_the_grid_within_their_bounds_and_use_them() -> None:
    actions = network_of(4, 64, 64).act(rows_of(4, 2000))

    assert actions.dtype == np.float32
    np.testing.assert_equal(actions * GRID, np.rint(actions * GRID))
    assert actions.min() < -0.9
    assert actions.max() > 0.9
    assert np.abs(actions).max() <= 1.0


def test_actions_are_those_of_the_formula_to_half_a_step_of_the_grid() -> None:
    network, rows = network_of(5, 16, 16), rows_of(5, 200)
    exact = (rows.astype(np.float64) - network.mean) / network.scale
    for weights, bias in network.layers:
        exact = np.tanh(exact @ weights.astype(np.float64) + bias)

    np.testing.assert_allclose(network.act(rows), exact, atol=0.5 / GRID + 1e-5)


def test_a_network_of_zeros_does_nothing_at_all() -> None:
    network = network_of(6, 8)
    still = replace(network, layers=tuple((np.zeros_like(weights), np.zeros_like(bias)) for weights, bias in network.layers))

    np.testing.assert_equal(still.act(rows_of(6, 5)), np.zeros((5, 2), dtype=np.float32))


def test_what_is_not_a_number_stays_in_its_row() -> None:
    network, rows = network_of(7, 8), rows_of(7, 3)
    spoilt = rows.copy()
    spoilt[1, 4] = np.nan

    actions = network.act(spoilt)

    assert np.isnan(actions[1]).all()
    np.testing.assert_equal(actions[[0, 2]], network.act(rows)[[0, 2]])


def test_widths_and_arrays_are_told_by_name() -> None:
    network = network_of(8, 16, 4)

    assert network.architecture == (len(FEATURES), 16, 4, 2)
    assert (network.inputs, network.outputs) == (len(FEATURES), 2)
    assert list(network.arrays()) == ["w0", "b0", "w1", "b1", "w2", "b2", "mean", "scale"]


def _spoilt(network: Network, **parts: Any) -> dict[str, Any]:
    return {"layers": network.layers, "mean": network.mean, "scale": network.scale} | parts


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda n: _spoilt(n, layers=()), "layers: expected at least one, was none"),
        (lambda n: _spoilt(n, mean=n.mean[:-1]), r"mean: expected the shape \(\d+,\) of the features, was \(\d+,\)"),
        (lambda n: _spoilt(n, scale=n.scale[:, None]), "scale: expected the shape"),
        (lambda n: _spoilt(n, layers=(n.layers[0], n.layers[0])), "w1: expected a matrix of 8 rows"),
        (lambda n: _spoilt(n, layers=((n.layers[0][0][0], n.layers[0][1]),)), "w0: expected|mean: expected"),
        (lambda n: _spoilt(n, layers=((n.layers[0][0], n.layers[0][1][:-1]), n.layers[1])), r"b0: expected the shape \(8,\), was \(7,\)"),
        (lambda n: _spoilt(n, mean=n.mean.astype(np.float64)), "mean: expected float32, was float64"),
        (
            lambda n: _spoilt(n, mean=np.where(np.arange(len(FEATURES)) == 3, np.inf, n.mean).astype(np.float32)),
            "mean: expected finite numbers",
        ),
        (lambda n: _spoilt(n, scale=np.zeros_like(n.scale)), "scale: expected > 0, was 0.0"),
    ],
)
def test_what_is_no_network_is_refused_by_name(spoil: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Network(**spoil(network_of(9, 8)))
