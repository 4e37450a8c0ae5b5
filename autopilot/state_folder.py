"""The folder of a store's journal, lock and stop file; that it cannot be written is for a person to put right."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autopilot.errors import ConfigError


@contextmanager
def made(folder: Path) -> Iterator[Path]:
    """The folder, made where it is not there yet, for something to be written into it. Raises: ConfigError when that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
    except OSError as error:
        raise ConfigError(f"store.state_dir: expected a folder that can be written, was {folder}: {error.strerror}") from error
