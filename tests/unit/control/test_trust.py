"""Where a policy may be believed: the range that training met, widened by a margin, and how much may lie outside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from control.features import FEATURES, highs, lows
from control.trust import TrustRegion, spanned
from tests.unit.control.networks import everywhere

F = len(FEATURES)


def region(**parts: Any) -> TrustRegion:
    return TrustRegion(**({"low": np.zeros(F, dtype=np.float32), "high": np.ones(F, dtype=np.float32)} | parts))


def with_outside(count: int) -> Any:
    """A row of which so many features lie outside ``region``."""
    row = np.full(F, 0.5, dtype=np.float32)
    row[:count] = 1.5
    return row


@pytest.mark.parametrize(("count", "outside"), [(0, False), (2, False), (3, True), (F, True)])
def test_a_row_is_outside_when_more_features_are_than_may_be(count: int, outside: bool) -> None:
    assert region().outside(with_outside(count)) == outside


def test_the_ends_of_the_range_lie_inside_and_what_is_not_a_number_outside() -> None:
    ends = np.stack([region().low, region().high])

    assert not region(most_features=0).outside(ends).any()
    assert region(most_features=0).outside(np.where(np.arange(F) == 4, np.nan, ends[0]))


def test_figures_clipped_to_their_bounds_are_believed_where_training_met_them() -> None:
    rows = np.stack([lows(), highs()])

    assert not everywhere().outside(rows).any()
    assert not spanned(np.tile(rows, (500, 1))).outside(rows).any()


def test_the_region_of_some_rows_holds_them_but_not_a_single_odd_one() -> None:
    rng = np.random.default_rng(1)
    middle, half = 0.5 * (lows() + highs()), 0.5 * (highs() - lows())
    rows = rng.uniform(middle - 0.2 * half, middle + 0.2 * half, (20_000, F)).astype(np.float32)
    rows[0] = highs()

    found = spanned(rows)

    assert not found.outside(rows[1:]).any()
    assert found.outside(rows[0])
    np.testing.assert_allclose(found.high - middle, 0.2 * half + 0.05 * (highs() - lows()), rtol=0.02)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"low": np.full(F, 2.0, dtype=np.float32)}, "trust_low: expected at most trust_high, was above it by 1.0"),
        ({"high": np.full(F, np.inf, dtype=np.float32)}, "trust_high: expected"),
        ({"high": np.ones(F - 1, dtype=np.float32)}, "trust_high: expected"),
        ({"low": np.zeros(F)}, "trust_low: expected"),
        ({"most_features": -1}, "most_features: expected >= 0, was -1"),
        ({"most_share": 1.5}, r"most_share: expected a number in \[0, 1\], was 1.5"),
    ],
)
def test_what_is_no_region_is_refused_by_name(parts: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        region(**parts)
