"""The doctor's look at the platforms: which kinds a store's file can name, and which are installed but broken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from autopilot.findings import Finding, finding
from autopilot.platforms.kinds import Kind, Role


def kinds(offered: Mapping[str, Kind | Exception]) -> Iterator[Finding]:
    """One finding per role, and one per package that cannot be loaded."""
    for role in Role:
        names = sorted(name for name, kind in offered.items() if isinstance(kind, Kind) and kind.role is role)
        yield finding(f"kinds of {role}", ok=True, detail=", ".join(names) or "none")
    for name, error in offered.items():
        if isinstance(error, Exception):
            yield finding("platforms", ok=False, detail=f"{name!r} cannot be loaded: {type(error).__name__}: {error}")
