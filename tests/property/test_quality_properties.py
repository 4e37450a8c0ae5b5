"""Whatever a feed sends, what is believed is sound, and a second look brings nothing new."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from perception import history
from perception.observation import MetricRows, Signal
from perception.quality import QualityLimits, Reason, accept, believed, judge, rejections, suspects

TODAY, NOW_S, SKUS = 700_000, 1_700_000_000.0, 3
LIMITS = QualityLimits(max_listed=1000)

figure = st.one_of(st.integers(0, 1000).map(float), st.sampled_from([np.nan, np.inf, -np.inf, -1.0, 0.5, 1e300]))
row = st.tuples(
    st.integers(-1, SKUS),
    st.integers(TODAY - 40, TODAY + 2),
    st.integers(-1, 3),
    st.one_of(st.floats(NOW_S - 5e6, NOW_S + 1e4), st.just(np.nan)),
    st.lists(figure, min_size=5, max_size=5),
)


def batch(drawn: list[tuple[int, int, int, float, list[float]]]) -> MetricRows:
    sku, day, version, at_s, values = zip(*drawn, strict=True)
    return MetricRows(
        signal=Signal.ADS,
        sku=np.array(sku),
        day=np.array(day),
        observed_at_s=np.array(at_s),
        version=np.array(version),
        values=np.array(values, dtype=np.float64),
    )


def past() -> history.History:
    return history.empty(SKUS, window_days=28, today=TODAY)


@given(drawn=st.lists(row, min_size=1, max_size=20))
@settings(max_examples=200, deadline=None)
def test_believed_rows_are_sound_and_every_other_row_is_named(drawn: list[tuple[int, int, int, float, list[float]]]) -> None:
    rows = batch(drawn)

    kept, rejected = accept(rows, history=past(), now_s=NOW_S, limits=LIMITS)

    assert kept.sku.size + len(rejected) == rows.sku.size
    assert np.isfinite(kept.values).all()
    assert (kept.values >= 0.0).all()
    assert (kept.values[:, 1] <= kept.values[:, 0]).all()
    assert ((kept.sku >= 0) & (kept.sku < SKUS)).all()
    assert ((kept.day > TODAY - 28) & (kept.day <= TODAY)).all()
    assert len(set(zip(kept.sku.tolist(), kept.day.tolist(), strict=True))) == kept.sku.size
    assert {rejection.reason for rejection in rejected} <= {reason.value for reason in Reason}


@given(drawn=st.lists(row, min_size=1, max_size=20))
@settings(max_examples=100, deadline=None)
def test_rows_once_believed_are_duplicates_the_second_time(drawn: list[tuple[int, int, int, float, list[float]]]) -> None:
    kept, _ = accept(batch(drawn), history=past(), now_s=NOW_S, limits=LIMITS)
    held = history.remember(past(), kept, TODAY)

    verdicts = judge(kept, history=held, now_s=NOW_S, limits=LIMITS)

    assert believed(kept, verdicts).sku.size == 0
    assert {rejection.reason for rejection in rejections(kept, verdicts, limits=LIMITS)} <= {"duplicate"}
    assert not suspects(kept, verdicts, SKUS).any()
