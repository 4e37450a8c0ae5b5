"""Benchmarks of the daemon: that they give the contract's figures, and put back what they time. How fast is never tested."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from autopilot.benchmarks.replaying import bench_replay
from autopilot.benchmarks.stages import Stages
from autopilot.benchmarks.start import bench_start
from autopilot.benchmarks.tick import bench_tick
from autopilot.benchmarks.wide_store import SKUS_PER_CAMPAIGN, wide_market
from autopilot.journal import SqlJournal
from autopilot.loop import Loop
from control import judging


@pytest.fixture
def told() -> Iterator[list[float]]:
    """Progress, as it is told."""
    shares: list[float] = []
    yield shares
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_a_tick_is_measured_as_the_contract_says(told: list[float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = (Loop.__dict__["_commit"], judging.judged_columns)

    result = bench_tick(told.append, skus=120, fewer=20, ticks=3, history_days=2)

    figures, ratios = result["figures"], result["ratios"]
    assert result["name"] == "tick"
    assert set(ratios) == {"growth", "growth_p99", "growth_cpu", "over_disk", "columns_over_singly"}
    assert (figures["skus"], figures["ticks"], figures["rows"] >= 3 * 120) == (120, 3, True)
    assert 0.0 < figures["estimate_p50_ms"] < figures["p99_ms"] <= figures["max_ms"]
    assert all(figures[f"{stage}_p50_ms"] > 0.0 for stage in ("situation", "laws", "features", "network", "gate", "encode", "commit"))
    assert (Loop.__dict__["_commit"], judging.judged_columns) == before
    assert list(tmp_path.iterdir()) == []
    json.dumps(result)


def test_the_wide_store_is_as_wide_as_asked_for_and_top_heavy() -> None:
    market = wide_market(1_000)
    orders = np.sort(market.demand.orders_per_day)[::-1]

    assert (len(market.assortment.skus), len(market.assortment.campaigns)) == (1_000, 1_000 // SKUS_PER_CAMPAIGN)
    assert orders[:100].sum() / orders.sum() == pytest.approx(0.6, abs=0.01)


def test_replaying_is_measured_as_the_contract_says(told: list[float]) -> None:
    result = bench_replay(told.append, days=1, repeats=1)

    assert result["name"] == "replay"
    assert set(result["ratios"]) == {"over_real_time", "replay_over_reading"}
    assert (result["figures"]["decisions"], result["figures"]["differences"]) == (24, 0)
    assert result["figures"]["episode_s"] == 23 * 3600.0
    json.dumps(result)


def test_starting_is_measured_as_the_contract_says(told: list[float]) -> None:
    result = bench_start(told.append, repeats=1)

    figures = result["figures"]
    assert result["name"] == "start"
    assert set(result["ratios"]) == {"start_over_python", "help_over_python", "idle_over_python", "idle_over_numpy"}
    assert 0.0 < figures["help_cpu_s"] < figures["start_cpu_s"]
    assert 0.0 < figures["python_mb"] < figures["numpy_mb"] < figures["idle_mb"]
    json.dumps(result)


def test_stages_within_a_stage_count_in_both_and_can_be_taken_off() -> None:
    stages = Stages()
    inner = stages.around("inner", lambda: sum(range(1000)))
    outer = stages.around("outer", lambda: (inner(), inner()))

    outer()
    whole, part = stages.of("outer").wall_s, stages.of("inner").wall_s
    stages.take_off("outer", ["inner", "never ran"])

    assert 0.0 < part <= whole
    assert stages.of("outer").wall_s == pytest.approx(whole - part)
    assert stages.of("never ran").wall_s == 0.0


def test_timed_functions_are_put_back_even_if_the_work_fails() -> None:
    before = SqlJournal.__dict__["append"]

    def work() -> None:
        with Stages().watching({"journal": ((SqlJournal, "append"),)}):
            assert SqlJournal.__dict__["append"] is not before
            raise RuntimeError("the work failed")

    with pytest.raises(RuntimeError, match="the work failed"):
        work()

    assert SqlJournal.__dict__["append"] is before
