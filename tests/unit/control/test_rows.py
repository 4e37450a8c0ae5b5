"""Sums along rows: the same to the last bit in any batch, and campaign by campaign."""

from __future__ import annotations

import numpy as np
import pytest

from control.rows import campaign_sums, row_sums


@pytest.mark.parametrize(("stores", "skus", "campaigns"), [(1, 1, 1), (1, 10, 3), (7, 50, 5), (3, 400, 2), (1, 3000, 30), (5, 333, 7)])
def test_campaigns_summed_together_give_what_each_gives_alone(stores: int, skus: int, campaigns: int) -> None:
    draw = np.random.default_rng(skus)
    values = draw.normal(size=(stores, skus)) * 10.0 ** draw.integers(-3, 6, (stores, skus))
    for campaign_of in (np.arange(skus) % campaigns, draw.integers(0, campaigns, skus)):
        alone = [row_sums(values[:, campaign_of == campaign]) for campaign in range(campaigns)]

        assert np.array_equal(campaign_sums(values, campaign_of, campaigns=campaigns), np.stack(alone, axis=1))


def test_a_campaign_without_a_product_sums_to_nothing() -> None:
    assert campaign_sums(np.ones((2, 3)), np.array([0, 0, 2]), campaigns=4).tolist() == [[2.0, 0.0, 1.0, 0.0]] * 2
