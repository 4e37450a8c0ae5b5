"""The shape of a day and a week."""

from __future__ import annotations

import numpy as np
import pytest

from perception.shape import ActivityShape, elapsed_share

SHAPE = ActivityShape()


def test_hour_shares_sum_to_one() -> None:
    assert SHAPE.hour_shares().sum() == pytest.approx(1.0)
    assert SHAPE.hour_shares().argmax() in (11, 12)


def test_weekday_factors_average_one_from_monday() -> None:
    monday = 1

    factors = [SHAPE.weekday_factor(monday + offset) for offset in range(7)]

    assert np.mean(factors) == pytest.approx(1.0)
    assert factors[1] == max(factors)
    assert SHAPE.weekday_factor(monday + 7) == factors[0]


def test_elapsed_share_is_clipped_and_even_within_the_hour() -> None:
    flat = np.full(24, 1.0 / 24.0)

    shares = elapsed_share(flat, np.array([-5.0, 0.0, 1800.0, 43_200.0, 86_400.0, 1e6]))

    assert shares == pytest.approx([0.0, 0.0, 0.5 / 24.0, 0.5, 1.0, 1.0])
