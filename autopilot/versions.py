"""Which code and policy this is, for the first record of every start."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

FLOORS = ("perception", "planning", "control", "sim", "autopilot")
PLAYED_BY = ("perception", "planning", "control", "sim")
"""The floors whose code decides how a simulated store fares."""

DISTRIBUTION = "store-autopilot"


def about_this_build(*, seed: int, policy_sha256: str = "") -> dict[str, object]:
    """Version and hashes of code and policy, "" without a policy, and the seed of the market."""
    return {"version": installed_version(), "code_sha256": code_sha256(), "policy_sha256": policy_sha256, "seed": seed}


def installed_version() -> str:
    """Version of the installed distribution; "0" where the code runs uninstalled."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "0"


@cache
def code_sha256(floors: tuple[str, ...] = FLOORS) -> str:
    """Hash over every Python file of these floors, all five of them unless said, so that an episode says which code recorded it."""
    digest = hashlib.sha256()
    for floor in floors:
        spec = find_spec(floor)
        if spec is None or spec.origin is None:
            continue
        for path in sorted(Path(spec.origin).parent.rglob("*.py")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
