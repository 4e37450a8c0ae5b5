"""A real Vendure, started on a free port of this machine with an empty database of its own, and stopped."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

HERE = Path(__file__).parent
INSTALLED = HERE.parents[2] / ".e2e" / "vendure"
"""Where ``make e2e`` installs the server."""

USERNAME, PASSWORD = "superadmin", "a-password-of-the-test"

PATIENCE_S = 180.0
"""It is up within 15 s on an idle machine."""


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Base URL of a server that answers; its database and its log are in ``folder``."""
    modules = INSTALLED / "node_modules"
    if not (modules / "@vendure" / "core").is_dir():
        pytest.fail(f"no Vendure in {INSTALLED}: run make e2e, which installs it")
    port = _free_port()
    environment = {
        "PATH": os.environ["PATH"],
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
            ["node", str(HERE / "server.js")],  # noqa: S607 - whichever node the machine has
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for(server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        assert server.stdin is not None
        server.stdin.close()
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(15)


def _wait_for(server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while "READY" not in log.read_text(encoding="utf-8", errors="replace"):
        if server.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"Vendure is not up; its last words: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}")
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port
