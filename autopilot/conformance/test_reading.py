"""What perception may rely on, whatever platform is behind the ports: shapes, units, order and time of everything that is read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from autopilot.conformance.adapter import AdapterUnderTest
from perception.fields import Field
from perception.observation import COLUMNS, MetricRows, Signal
from perception.ports import PlatformError, RateLimited

HOUR = timedelta(hours=1)


def cells(rows: tuple[MetricRows, ...]) -> dict[tuple[Signal, int, int], tuple[int, tuple[float, ...]]]:
    """(version, values) of each (signal, SKU, day)."""
    return {
        (one.signal, int(sku), int(day)): (int(version), tuple(values))
        for one in rows
        for sku, day, version, values in zip(one.sku, one.day, one.version, one.values, strict=True)
    }


def bytes_of(rows: tuple[MetricRows, ...]) -> list[Any]:
    return [(r.signal, *(a.tobytes() for a in (r.sku, r.day, r.observed_at_s, r.version, r.values))) for r in rows]


def test_catalogue_names_each_thing_once_and_agrees_with_itself(adapter: AdapterUnderTest) -> None:
    catalogue = adapter.catalogue

    m = len(catalogue.skus)
    assert re.fullmatch("[A-Z]{3}", catalogue.currency)
    assert m == len(set(catalogue.skus)) > 0
    assert 0 < len(catalogue.campaigns) == len(set(catalogue.campaigns))
    per_sku = ("campaign_of", "cost_cents", "map_cents", "anchor_price_cents", "is_new")
    assert {name: getattr(catalogue, name).shape for name in per_sku} == dict.fromkeys(per_sku, (m,))
    assert np.isin(catalogue.campaign_of, np.arange(len(catalogue.campaigns))).all()
    assert np.all(np.isnan(catalogue.cost_cents) | (catalogue.cost_cents > 0))
    assert np.all(catalogue.map_cents >= 0)
    assert np.all(catalogue.anchor_price_cents > 0)


def test_readback_has_one_amount_per_entity_of_every_field(adapter: AdapterUnderTest) -> None:
    readback = adapter.platform.readback(now=adapter.now)

    assert adapter.platform.fields <= set(readback.values) <= set(Field)
    for field, values in readback.values.items():
        assert values.shape == (len(adapter.catalogue.entities(field)),)
        assert values.dtype == np.float64
        assert np.all(np.isnan(values) | (values >= 0))
        assert np.all(np.isnan(values) | (values == np.round(values)))


def test_readback_stands_for_the_instant_asked_in_utc(adapter: AdapterUnderTest) -> None:
    readback = adapter.platform.readback(now=adapter.now)

    assert readback.at == adapter.now
    assert readback.at.utcoffset() == timedelta(0)


def test_readback_may_not_be_written_through(adapter: AdapterUnderTest) -> None:
    first = adapter.platform.readback(now=adapter.now)
    expected = {field: values.copy() for field, values in first.values.items()}
    for values in first.values.values():
        values[:] = -1.0

    second = adapter.platform.readback(now=adapter.now)

    assert all(np.array_equal(second.values[field], values, equal_nan=True) for field, values in expected.items())


def test_first_reading_gives_every_signal(adapter: AdapterUnderTest) -> None:
    rows = adapter.platform.read(since=None, now=adapter.now)

    assert {one.signal for one in rows} == adapter.platform.signals
    assert all(one.sku.size > 0 for one in rows)
    assert adapter.platform.signals <= set(Signal)


@pytest.mark.parametrize("since", [None, HOUR, timedelta(days=2)])
def test_rows_have_the_shapes_of_their_signal(adapter: AdapterUnderTest, since: timedelta | None) -> None:
    rows = adapter.platform.read(since=None if since is None else adapter.now - since, now=adapter.now)

    for one in rows:
        n = one.sku.size
        assert one.values.shape == (n, len(COLUMNS[one.signal]))
        assert all(column.shape == (n,) for column in (one.day, one.observed_at_s, one.version))
        assert {column.dtype for column in (one.sku, one.day, one.version)} == {np.dtype(np.int64)}
        assert {column.dtype for column in (one.values, one.observed_at_s)} == {np.dtype(np.float64)}
        assert np.isin(one.sku, np.arange(len(adapter.catalogue.skus))).all()


def test_figures_are_sound_and_not_from_the_future(adapter: AdapterUnderTest) -> None:
    rows = adapter.platform.read(since=None, now=adapter.now)

    # a store-local day is at most 14 hours ahead of UTC
    latest_day = (adapter.now + timedelta(hours=14)).date().toordinal()
    for one in rows:
        assert np.isfinite(one.values).all()
        assert (one.values >= 0).all()
        assert (one.day <= latest_day).all()
        assert (one.observed_at_s <= adapter.now.timestamp()).all()


def test_a_reading_names_each_version_of_a_row_once(adapter: AdapterUnderTest) -> None:
    named: Counter[tuple[Any, ...]] = Counter()
    for one in adapter.platform.read(since=None, now=adapter.now):
        named.update((one.signal, *key) for key in zip(one.sku.tolist(), one.day.tolist(), one.version.tolist(), strict=True))

    assert set(named.values()) == {1}


@pytest.mark.parametrize("since", [None, HOUR])
def test_reading_again_at_the_same_instant_gives_the_same_rows(adapter: AdapterUnderTest, since: timedelta | None) -> None:
    asked = None if since is None else adapter.now - since

    first = adapter.platform.read(since=asked, now=adapter.now)
    again = adapter.platform.read(since=asked, now=adapter.now)

    assert bytes_of(again) == bytes_of(first)


def hourly(adapter: AdapterUnderTest, hours: int) -> list[tuple[MetricRows, ...]]:
    """Readings as a loop makes them: everything once, then what is new each hour."""
    readings, since = [], None
    for hour in range(hours):
        now = adapter.now + hour * HOUR
        adapter.until(now)
        readings.append(adapter.platform.read(since=since, now=now))
        since = now
    return readings


def test_versions_never_fall_and_another_figure_has_a_higher_one(adapter: AdapterUnderTest) -> None:
    held: dict[Any, tuple[int, tuple[float, ...]]] = {}
    restated = 0

    for rows in hourly(adapter, 36):
        for key, (version, values) in cells(rows).items():
            if key in held:
                before, figures = held[key]
                assert version >= before
                assert values == figures or version > before
                restated += values != figures
            held[key] = (version, values)

    assert restated > 0


def test_what_is_new_each_hour_adds_up_to_the_whole(adapter: AdapterUnderTest) -> None:
    held: dict[Any, tuple[float, ...]] = {}
    for rows in hourly(adapter, 36):
        held |= {key: values for key, (_, values) in cells(rows).items()}

    whole = cells(adapter.platform.read(since=None, now=adapter.now + 35 * HOUR))

    assert {key: held.get(key) for key in whole} == {key: values for key, (_, values) in whole.items()}


def test_a_platform_out_of_reach_says_so_by_name(adapter: AdapterUnderTest) -> None:
    broken = adapter.out_of_reach
    calls: list[Callable[..., Any]] = [
        lambda: broken.read(since=None, now=adapter.now),
        lambda: broken.readback(now=adapter.now),
        *(
            lambda field=field: broken.write((adapter.command(field, adapter.writable(field)[0], 5),), now=adapter.now)
            for field in sorted(adapter.platform.fields)
        ),
    ]

    for call in calls:
        with pytest.raises(PlatformError) as caught:
            call()
        assert str(caught.value)
        assert not isinstance(caught.value, RateLimited) or caught.value.retry_after_s > 0


def test_instants_are_taken_as_instants_whatever_their_zone(adapter: AdapterUnderTest) -> None:
    elsewhere = datetime.fromisoformat(adapter.now.astimezone(UTC).isoformat()).astimezone(tz=None)

    assert bytes_of(adapter.platform.read(since=None, now=elsewhere)) == bytes_of(adapter.platform.read(since=None, now=adapter.now))
