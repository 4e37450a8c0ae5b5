"""What we have paused ourselves: only that may we run again.

Google takes no bid and no budget of nothing, so a set-point of 0 pauses the ad group or the campaign. What a person has paused looks just
the same; the difference is kept here, and written down before anything is sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import orjson

from autopilot.platforms.google_ads.change import Resource
from autopilot.whole_file import write_whole
from perception.ports import SourceUnavailable


class PausedByUs:
    """Ad groups and campaigns, in a file."""

    def __init__(self, path: Path) -> None:
        """Kept at ``path``; a file that cannot be read counts as empty, so that what it named is left alone."""
        self._path = path
        self._held: frozenset[str] = frozenset()
        if path.is_file():
            try:
                self._held = frozenset(str(name) for name in orjson.loads(path.read_bytes()))
            except (ValueError, TypeError):
                self._held = frozenset()

    def holds(self, resource: Resource, thing: int) -> bool:
        """Whether it was us who paused it."""
        return f"{resource}:{thing}" in self._held

    def add(self, resource: Resource, things: Iterable[int]) -> None:
        """About to be paused. Raises: SourceUnavailable, it cannot be written down."""
        self._keep(self._held | {f"{resource}:{thing}" for thing in things})

    def drop(self, resource: Resource, things: Iterable[int]) -> None:
        """Seen running, or gone. Raises: SourceUnavailable."""
        self._keep(self._held - {f"{resource}:{thing}" for thing in things})

    def _keep(self, names: frozenset[str]) -> None:
        if names == self._held:
            return
        try:
            write_whole(self._path, orjson.dumps(sorted(names)))
        except OSError as error:
            raise SourceUnavailable(f"{self._path.name}: what was paused cannot be noted: {error.strerror}") from None
        self._held = names
