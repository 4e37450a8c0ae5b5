"""Whatever a feed sends, what is believed is sound, and a second look brings nothing new."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from perception import history
from perception.catalogue import Catalogue
from perception.economics import Economics
from perception.estimator import EstimatorTuning, estimate, start
from perception.fields import Field
from perception.observation import MetricRows, Observation, Readback, Signal
from perception.quality import QualityLimits, Reason, accept, believed, judge, rejections, suspects
from perception.units import day_of

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


SHOP = Catalogue(
    currency="GBP",
    skus=("A", "B", "C"),
    campaigns=("all",),
    campaign_of=np.zeros(SKUS, dtype=np.int64),
    cost_cents=np.array([500.0, np.nan, 900.0]),
    map_cents=np.zeros(SKUS),
    anchor_price_cents=np.array([1000.0, 1000.0, np.nan]),
    is_new=np.array([False, True, False]),
)
TERMS = Economics(fee_ratio=0.1, return_rate=0.05, return_rate_upper=0.1, return_cost_cents=100)
ZONE = ZoneInfo("Europe/London")
prices = st.one_of(st.sampled_from([np.nan, 0.0, -5.0, np.inf]), st.floats(1.0, 1e6))


@given(batches=st.lists(st.tuples(st.lists(row, min_size=1, max_size=8), prices, st.integers(-7200, 200_000)), min_size=1, max_size=5))
@settings(max_examples=100, deadline=None)
def test_beliefs_stay_finite_whatever_a_feed_sends(
    batches: list[tuple[list[tuple[int, int, int, float, list[float]]], float, int]],
) -> None:
    memory, now = start(SHOP, EstimatorTuning()), datetime.fromtimestamp(NOW_S, tz=UTC)
    state = None
    for tick, (drawn, price, later_s) in enumerate(batches):
        now += timedelta(seconds=later_s)
        rows = batch([(sku, day - TODAY + day_of(now, ZONE), version, at_s, values) for sku, day, version, at_s, values in drawn])
        set_points = {Field.PRICE: np.full(SKUS, price), Field.BID: np.full(SKUS, price), Field.DAILY_BUDGET: np.array([price])}
        seen = Observation(tick=tick, at=now, rows=(rows,), readback=Readback(at=now, values=set_points), failures=())
        state, memory = estimate(memory, seen, catalogue=SHOP, economics=TERMS, tuning=EstimatorTuning(), timezone=ZONE)

    assert state is not None
    for belief in (state.ctr, state.cvr, state.units_per_order, state.organic_units_per_day, state.elasticity, state.value_per_click_cents):
        assert np.isfinite(belief.mean).all()
        assert np.isfinite(belief.sd).all()
        assert (belief.sd >= 0.0).all()
    assert ((state.cvr.mean > 0.0) & (state.cvr.mean < 1.0)).all()
    assert (state.elasticity.mean > 0.0).all()
    assert 0.0 <= state.baseline_loss_24h_cents < np.inf
    assert 0.0 <= state.baseline_loss_7d_cents < np.inf
    assert state.dt_s > 0.0
    assert all(0.0 < share <= 1.0 for share in state.expected_maturity.values())
