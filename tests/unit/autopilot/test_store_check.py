"""``autopilot check`` asks the platform itself: what it says is compared with the settings, and silence is told apart from a no."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autopilot import store_check
from autopilot.cli.shell import run
from autopilot.findings import Level
from autopilot.platforms.faults import FaultyPlatform
from autopilot.platforms.simulated import SimulatedPlatform
from autopilot.settings_sources import Loaded
from perception.fields import Field
from perception.observation import Readback
from perception.ports import NeedsReauthorisation, PlatformError, SourceUnavailable

pytestmark = pytest.mark.usefixtures("played_past")

NOW = datetime(2026, 11, 28, tzinfo=UTC)


def levels(loaded: Loaded) -> dict[str, Level]:
    return {found.name: found.level for found in store_check.examine(loaded, now=NOW)}


def test_a_store_whose_platform_answers_is_well(load: Callable[..., Loaded]) -> None:
    found = {item.name: item for item in store_check.examine(load(), now=NOW)}

    assert all(item.level is Level.OK for item in found.values())
    assert found["platform"].detail.startswith("simulated, 30 products, from ")
    # 30 prices, 30 bids and 3 budgets
    assert found["set-points"].detail == "63 read back"


@pytest.mark.parametrize("fault", ["rate_5xx", "rate_429"])
def test_a_platform_that_does_not_answer_is_unreachable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    monkeypatch.setenv(f"AUTOPILOT__PLATFORM__FAULTS__{fault.upper()}", "1.0")

    codes = [run(["check", "gift-shop"])]
    for_people = capsys.readouterr()
    codes.append(run(["check", "gift-shop", "--json"]))
    for_programs = json.loads(capsys.readouterr().out)

    assert codes == [3, 3]
    assert for_people.out == ""
    assert for_people.err.count("\n") == 1
    assert for_programs["error"]["exit_code"] == 3


@pytest.mark.parametrize("error", [SourceUnavailable("503"), NeedsReauthorisation("401")])
@pytest.mark.parametrize("call", ["catalogue", "readback"])
def test_both_questions_must_be_answered(
    load: Callable[..., Loaded], monkeypatch: pytest.MonkeyPatch, call: str, error: PlatformError
) -> None:
    def silent(*_args: Any, **_asked: Any) -> Any:
        raise error

    monkeypatch.setattr(SimulatedPlatform, call, silent)

    with pytest.raises(type(error)):
        store_check.examine(load(), now=NOW)


def test_setpoints_that_cannot_be_read_are_named(load: Callable[..., Loaded], monkeypatch: pytest.MonkeyPatch) -> None:
    whole = SimulatedPlatform.readback

    def partly(platform: SimulatedPlatform, **asked: Any) -> Readback:
        readback = whole(platform, **asked)
        readback.values[Field.PRICE][1] = np.nan
        return readback

    monkeypatch.setattr(SimulatedPlatform, "readback", partly)

    (found,) = (item for item in store_check.examine(load(), now=NOW) if item.name == "set-points")

    assert found.level is Level.WARNING
    assert found.detail == "cannot be read and will be left alone: price of G02"


def test_faults_that_begin_later_do_not_count(load: Callable[..., Loaded]) -> None:
    assert levels(load({"platform.faults.rate_5xx": 1.0, "platform.faults.from_hour": 5}))["platform"] is Level.OK


def test_the_platform_meets_its_faults_as_the_daemon_does(load: Callable[..., Loaded], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    whole = FaultyPlatform.readback

    def noted(platform: FaultyPlatform, **how: Any) -> Readback:
        asked.append("readback")
        return whole(platform, **how)

    monkeypatch.setattr(FaultyPlatform, "readback", noted)

    store_check.examine(load({"platform.faults.stale_metrics": 1.0}), now=NOW)

    assert asked == ["readback"]


def test_checking_writes_nothing_anywhere(load: Callable[..., Loaded], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    store_check.examine(load({"store.state_dir": str(tmp_path / "state")}), now=NOW)

    assert list(tmp_path.iterdir()) == []
