"""How a committed result was made: the command, when, and by which code."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from typing import Any

import numpy as np
import scipy

from autopilot.versions import code_sha256, installed_version


def provenance(command: str, *, now: datetime) -> dict[str, Any]:
    """What a result says of itself.

    Args:
        command: As typed, with everything the result depends on.
        now: Aware.
    """
    return {
        "command": command,
        "made_at": now.astimezone(UTC).isoformat(timespec="seconds"),
        "version": installed_version(),
        "code_sha256": code_sha256(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
    }
