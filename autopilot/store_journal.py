"""Finds the journal of a store for commands that look at it or leave an order in it."""

from __future__ import annotations

from pathlib import Path

from autopilot.clock import SystemClock
from autopilot.errors import ConfigError
from autopilot.journal import SqlJournal, sqlite_url
from autopilot.settings_sources import Loaded

NAME = "journal.sqlite"


def journal_path(loaded: Loaded) -> Path:
    """Where the daemon of this store keeps its journal."""
    return loaded.settings.store.state_dir / NAME


def open_existing(path: Path) -> SqlJournal:
    """A journal that is there. Raises: ConfigError when it is not, JournalUnavailable when it cannot be read."""
    if not path.is_file():
        raise ConfigError(f"{path}: expected a journal, there is none; start the daemon once (autopilot run), or name one with --journal")
    return SqlJournal(sqlite_url(path), clock=SystemClock())
