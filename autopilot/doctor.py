"""Examines the installation and the machine: is this our code, are its packages those it was tested with, can it write and tell time?"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from autopilot.findings import Finding, Level, finding

DISTRIBUTION = "store-autopilot"
FLOORS = ("autopilot", "sim", "control", "planning", "perception")
MINIMUM_PYTHON = (3, 11)
FREE_DISK_BYTES = 500 * 1024**2
"""A store's journal grows by megabytes a day; with less than this left, somebody should look before it fills."""
PROBE_ZONES = ("Europe/London", "America/New_York", "Asia/Shanghai")


def examine(*, now: datetime, state_root: Path) -> tuple[Finding, ...]:
    """All examinations, in the order in which a person should read them.

    Args:
        now: The wall clock, aware.
        state_root: Folder under which stores keep their state; need not exist yet.
    """
    lock, owners = lock_file(), metadata.packages_distributions()
    return (
        python_version(sys.version_info[:3]),
        *packages(locked(lock.read_text()) if lock else {}, _installed_version),
        *(top_level(name, owners=owners.get(name, ()), location=_location(name)) for name in FLOORS),
        *platforms(),
        state_writable(state_root),
        free_disk(shutil.disk_usage(_existing(state_root)).free),
        clock(now, newest=datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC)),
        timezone_data(),
    )


def platforms() -> tuple[Finding, ...]:
    """Which kinds of platforms can a store's file name? To know takes packages that a broken installation may lack."""
    try:
        from autopilot.doctor_platforms import kinds
        from autopilot.platforms.kinds import kinds_offered
    except ImportError as error:
        return (finding("platforms", ok=False, detail=f"cannot be looked for: {error}"),)
    return tuple(kinds(kinds_offered()))


def python_version(version: Sequence[int]) -> Finding:
    """Is the interpreter new enough?"""
    wanted, was = ".".join(map(str, MINIMUM_PYTHON)), ".".join(map(str, version))
    return finding("python", ok=tuple(version[:2]) >= MINIMUM_PYTHON, detail=f"expected >= {wanted}, is {was} at {sys.executable}")


def lock_file() -> Path | None:
    """The locked versions: in a checkout beside the packages, in a wheel within ours."""
    here = Path(__file__).resolve().parent
    return next((path for path in (here.parent / "locks/core.txt", here / "locks/core.txt") if path.is_file()), None)


def locked(text: str) -> dict[str, str]:
    """Distribution → version, from the text of a pip requirements file with hashes."""
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==([^\s\\;]+)", text, flags=re.MULTILINE))


def packages(lock: Mapping[str, str], installed: Callable[[str], str | None]) -> tuple[Finding, ...]:
    """Missing packages are a problem each; other versions than the locked ones are a warning together."""
    if not lock:
        return (
            Finding(
                name="packages", level=Level.WARNING, detail="no locked versions to compare with: neither a checkout nor a whole wheel"
            ),
        )
    found = {name: installed(name) for name in lock}
    missing = [name for name, version in found.items() if version is None]
    other = [f"{name} {version} (locked: {lock[name]})" for name, version in found.items() if version not in {None, lock[name]}]
    problems = [finding("packages", ok=False, detail=f"{name} {lock[name]} is not installed; run: make setup") for name in missing]
    if other:
        problems.append(
            Finding(name="packages", level=Level.WARNING, detail="not the versions this release was tested with: " + ", ".join(other))
        )
    return tuple(problems) or (finding("packages", ok=True, detail=f"{len(lock)} packages in their locked versions"),)


def top_level(name: str, *, owners: Sequence[str], location: Path | None) -> Finding:
    """Is the importable package of this name ours? PyPI owns several of our names, and a foreign one overwrites ours silently."""
    foreign = sorted(set(owners) - {DISTRIBUTION})
    ours = Path(__file__).resolve().parent.parent
    if foreign:
        detail = (
            f"{', '.join(foreign)} also installs {name!r} and may have overwritten ours; uninstall it, then install {DISTRIBUTION} again"
        )
    elif location is None:
        detail = f"is missing; install {DISTRIBUTION} again"
    elif location != ours:
        detail = f"expected from {ours}, is imported from {location}; another {name!r} comes first on the path"
    else:
        detail = f"ours, from {location}"
    return finding(f"package {name}", ok=not foreign and location == ours, detail=detail)


def state_writable(root: Path) -> Finding:
    """Can a store keep its journal here?"""
    where = _existing(root)
    ok = where.is_dir() and os.access(where, os.W_OK | os.X_OK)
    return finding(
        "state", ok=ok, detail=f"{root.resolve()} can be written" if ok else f"{where.resolve()} cannot be written; set store.state_dir"
    )


def free_disk(free_bytes: int) -> Finding:
    """Is there room for journals?"""
    wanted, free = FREE_DISK_BYTES // 1024**2, free_bytes // 1024**2
    return finding("disk", ok=free_bytes >= FREE_DISK_BYTES, detail=f"expected >= {wanted} MiB free, is {free} MiB")


def clock(now: datetime, *, newest: datetime) -> Finding:
    """A clock that is before our own files were written is wrong, and would put budgets into the wrong days."""
    ok = now >= newest
    return finding(
        "clock", ok=ok, detail=f"{now:%Y-%m-%d %H:%M} UTC" if ok else f"says {now:%Y-%m-%d %H:%M} UTC, before this was installed"
    )


def timezone_data() -> Finding:
    """Can store-local days be told?"""
    try:
        for name in PROBE_ZONES:
            ZoneInfo(name)
    except ZoneInfoNotFoundError as error:
        return finding("timezones", ok=False, detail=f"{error}; install tzdata")
    return finding("timezones", ok=True, detail="data found")


def _existing(path: Path) -> Path:
    return next(parent for parent in (path, *path.absolute().parents) if parent.exists())


def _location(name: str) -> Path | None:
    spec = find_spec(name)
    return Path(spec.origin).resolve().parent.parent if spec is not None and spec.origin else None


def _installed_version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
