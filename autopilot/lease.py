"""One daemon per store: a lock on the state folder that dies with the process that holds it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from autopilot.errors import ConfigError
from autopilot.state_folder import made

LOCK_FILE = "daemon.lock"


class StoreLocked(ConfigError):
    """Another daemon drives this store: stop it first, or leave it be."""


class Lease:
    """Holds the lock as a context manager."""

    def __init__(self, state_dir: Path) -> None:
        """Not taken before ``__enter__``."""
        self._path = state_dir / LOCK_FILE
        self._file: int | None = None

    def __enter__(self) -> Self:
        """Take the lock. Raises: StoreLocked; ConfigError when the state folder cannot be written."""
        with made(self._path.parent):
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(file, 32).decode(errors="replace").strip() or "unknown"
            os.close(file)
            message = f"{self._path}: expected no other daemon on this store, was held by process {holder}; stop it first"
            raise StoreLocked(message) from None
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._file = file
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Let go."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
