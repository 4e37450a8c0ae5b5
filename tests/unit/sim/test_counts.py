"""Counts in arrays: found, added up and queued as one would by hand."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sim.counts import places, queues, summed

QUEUE = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 50)), min_size=1, max_size=30).map(sorted)


@given(st.lists(st.integers(0, 2), min_size=6, max_size=6))
def test_places_are_those_of_the_counts_that_are_not_nothing(counts: list[int]) -> None:
    assert places(np.array(counts).reshape(2, 3)).tolist() == [place for place, count in enumerate(counts) if count]


def test_layers_add_up_and_are_left_as_they_are() -> None:
    layers = np.arange(12).reshape(3, 2, 2)

    np.testing.assert_array_equal(summed(layers), [[12, 15], [18, 21]])
    np.testing.assert_array_equal(summed(layers[:1]), [[0, 1], [2, 3]])
    np.testing.assert_array_equal(layers.ravel(), np.arange(12))


@given(QUEUE)
def test_each_waits_for_those_before_it_in_its_own_queue(orders: list[tuple[int, int]]) -> None:
    label, amount = np.array(orders).T
    served = queues(label)

    for place, (queue, _) in enumerate(orders):
        assert served.before_each(amount)[place] == sum(other for name, other in orders[:place] if name == queue)
    assert served.sums(amount).tolist() == [int(amount[label == name].sum()) for name in np.unique(label)]


def test_sums_that_wrap_around_leave_exact_differences() -> None:
    label, amount = np.array([0, 0, 1, 1]), np.array([1 << 62, 1 << 62, 1 << 62, 5])

    assert queues(label).before_each(amount).tolist() == [0, 1 << 62, 0, 1 << 62]
