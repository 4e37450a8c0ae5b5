"""Processes of our own program, measured from outside: CPU time and resident memory, as the system counts them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What a running process has used so far: CPU seconds, and resident memory in megabytes."""

    cpu_s: float
    resident_mb: float


def whole_cpu_s(*arguments: str) -> float:
    """CPU seconds of ``python`` with these arguments, from its start to its end. Raises: RuntimeError where it fails."""
    with started(*arguments) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(arguments)}: expected exit code 0, was {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def used_after(statement: str) -> Used:
    """What an interpreter has used that has done no more than this. Raises: as ``so_far``."""
    # it says that it is done, and then waits for words that never come
    with started("-c", f"import sys; {statement}; print(flush=True); sys.stdin.read()") as process:
        if process.stdout is not None:
            process.stdout.readline()
        return so_far(process)


@contextmanager
def started(*arguments: str, environ: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """``python`` with these arguments, its words kept from the terminal; told to end, if it has not, when the block does."""
    words = subprocess.PIPE
    command, variables = [sys.executable, *arguments], None if environ is None else dict(environ)
    with subprocess.Popen(command, env=variables, stdin=words, stdout=words, stderr=subprocess.DEVNULL) as process:  # noqa: S603 - our own
        try:
            yield process
        finally:
            if process.returncode is None:
                process.terminate()
                process.wait(_PATIENCE_S)


def so_far(process: subprocess.Popen[bytes]) -> Used:
    """What a running process has used. Raises: RuntimeError where the system does not tell, as other systems than Linux."""
    folder = Path("/proc") / str(process.pid)
    try:
        # the name of the program stands in brackets, and may hold anything
        times = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        pages = (folder / "statm").read_text(encoding="utf-8").split()
    except OSError as error:
        raise RuntimeError(f"{folder}: expected the figures of a running process: {error.strerror}") from error
    user, system = times[11:13]
    return Used(cpu_s=(int(user) + int(system)) / os.sysconf("SC_CLK_TCK"), resident_mb=int(pages[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6)


def waited(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Let so much time pass. Raises: RuntimeError when the process ends meanwhile."""
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        return
    raise RuntimeError(f"expected the process to go on, it ended with {code}")
