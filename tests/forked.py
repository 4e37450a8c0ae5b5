"""Processes of our own program that start at once: forked from a server that has loaded everything, which takes an interpreter seconds."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Sequence
from itertools import count
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from autopilot.__main__ import main

_numbers = count()


def forked(target: Callable[..., None], *arguments: Any) -> ForkServerProcess:
    """The function of a module in a process of its own, started, without the ``AUTOPILOT`` variables of this one."""
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(["tests.preloaded"])
    process = server.Process(target=_without_our_environment, args=(target, *arguments))
    process.start()
    return process


class Autopilot:
    """The command line with these arguments, in a process of its own; is used as a ``subprocess.Popen`` is."""

    def __init__(self, arguments: Sequence[str], folder: Path) -> None:
        """Start it; what it says is kept in ``folder``."""
        number = next(_numbers)
        self._out, self._err = folder / f"{number}.out", folder / f"{number}.err"
        self._process = forked(_command_line, tuple(arguments), self._out, self._err)
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        assert self.pid is not None
        os.kill(self.pid, number)

    def kill(self) -> None:
        self._process.kill()

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            message = f"process {self.pid} goes on after {timeout} s"
            raise TimeoutError(message)
        return code

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        self.wait(timeout)
        return self._out.read_text(encoding="utf-8"), self._err.read_text(encoding="utf-8")


def _without_our_environment(target: Callable[..., None], *arguments: Any) -> None:
    for name in [name for name in os.environ if name.startswith("AUTOPILOT")]:
        del os.environ[name]
    target(*arguments)


def _command_line(arguments: tuple[str, ...], out: Path, err: Path) -> None:
    for place, path in ((1, out), (2, err)):
        with path.open("wb") as file:
            os.dup2(file.fileno(), place)
    sys.argv = ["autopilot", *arguments]
    main()
