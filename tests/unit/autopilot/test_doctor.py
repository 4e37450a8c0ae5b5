"""The doctor: each examination tells a healthy installation from a broken one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from autopilot import doctor
from autopilot.doctor_platforms import kinds
from autopilot.findings import Finding, Level, all_well, as_json
from autopilot.platforms.kinds import Role, find_kind

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
OURS = Path(doctor.__file__).parents[1]

LOCK = """
# by pip-compile
click==8.5.1 \\
    --hash=sha256:00
    # via store-autopilot
numpy==2.4.6 ; python_version >= "3.11" \\
    --hash=sha256:01
"""


def test_this_installation_is_well(tmp_path: Path) -> None:
    findings = doctor.examine(now=datetime(2100, 1, 1, tzinfo=UTC), state_root=tmp_path / "state")

    assert [item for item in findings if item.level is Level.PROBLEM] == []
    assert {f"package {name}" for name in doctor.FLOORS} <= {item.name for item in findings}


def test_it_lists_the_kinds_of_platforms_and_says_which_are_broken() -> None:
    sound = find_kind("vendure", Role.SHOP)

    found = {item.name: item for item in kinds({"vendure": sound, "acme": ImportError("no module named 'acme'")})}

    assert (found["kinds of shop"].detail, found["kinds of ads"].detail) == ("vendure", "none")
    assert found["platforms"].level is Level.PROBLEM
    assert found["platforms"].detail == "'acme' cannot be loaded: ImportError: no module named 'acme'"


@pytest.mark.parametrize(("version", "level"), [((3, 10, 14), Level.PROBLEM), ((3, 11, 0), Level.OK), ((3, 14, 1), Level.OK)])
def test_old_pythons_are_refused(version: tuple[int, int, int], level: Level) -> None:
    assert doctor.python_version(version).level is level


def test_a_lock_is_read_without_hashes_and_markers() -> None:
    assert doctor.locked(LOCK) == {"click": "8.5.1", "numpy": "2.4.6"}


def test_the_checkout_has_a_lock_that_can_be_read() -> None:
    lock = doctor.lock_file()

    assert lock is not None
    assert {"click", "numpy", "pydantic"} <= set(doctor.locked(lock.read_text()))


@pytest.mark.parametrize(
    ("installed", "levels"),
    [
        ({"click": "8.5.1", "numpy": "2.4.6"}, [Level.OK]),
        ({"click": "8.5.1", "numpy": "2.0.0"}, [Level.WARNING]),
        ({"click": "8.5.1"}, [Level.PROBLEM]),
        ({"numpy": "2.0.0"}, [Level.PROBLEM, Level.WARNING]),
    ],
)
def test_packages_are_compared_with_the_lock(installed: dict[str, str], levels: list[Level]) -> None:
    findings = doctor.packages(doctor.locked(LOCK), installed.get)

    assert [item.level for item in findings] == levels


def test_without_a_lock_there_is_a_warning() -> None:
    assert [item.level for item in doctor.packages({}, lambda _name: None)] == [Level.WARNING]


@pytest.mark.parametrize(
    ("owners", "location", "words"),
    [
        (["control"], OURS, "control also installs"),
        ([doctor.DISTRIBUTION, "python-control", "control"], OURS, "control, python-control also installs"),
        ([doctor.DISTRIBUTION], Path("/elsewhere"), "is imported from /elsewhere"),
        ([], None, "is missing"),
    ],
)
def test_a_foreign_package_in_our_place_is_a_problem(owners: list[str], location: Path | None, words: str) -> None:
    found = doctor.top_level("control", owners=owners, location=location)

    assert found.level is Level.PROBLEM
    assert words in found.detail


def test_a_state_folder_that_is_a_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way")

    assert doctor.state_writable(tmp_path / "state" / "shop").level is Level.PROBLEM
    assert doctor.state_writable(tmp_path / "not-yet" / "shop").level is Level.OK


@pytest.mark.parametrize(("free", "level"), [(doctor.FREE_DISK_BYTES - 1, Level.PROBLEM), (doctor.FREE_DISK_BYTES, Level.OK)])
def test_a_full_disk_is_a_problem(free: int, level: Level) -> None:
    assert doctor.free_disk(free).level is level


@pytest.mark.parametrize(("ahead", "level"), [(timedelta(seconds=-1), Level.PROBLEM), (timedelta(0), Level.OK)])
def test_a_clock_before_our_own_files_is_a_problem(ahead: timedelta, level: Level) -> None:
    assert doctor.clock(NOW + ahead, newest=NOW).level is level


def test_missing_timezone_data_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PROBE_ZONES", ("Nowhere/AtAll",))

    found = doctor.timezone_data()

    assert found.level is Level.PROBLEM
    assert "install tzdata" in found.detail


def test_warnings_alone_are_well() -> None:
    warning = Finding(name="a", level=Level.WARNING, detail="b")
    problem = Finding(name="c", level=Level.PROBLEM, detail="d")

    assert all_well([warning])
    assert not all_well([warning, problem])
    assert as_json([problem]) == [{"name": "c", "level": "problem", "detail": "d"}]
