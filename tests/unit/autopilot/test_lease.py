"""One daemon per store: a second one is refused by name, and the lock dies with its holder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autopilot.cli.exit_codes import ExitCode, exit_code_of
from autopilot.errors import ConfigError
from autopilot.lease import LOCK_FILE, Lease, StoreLocked

HOLDER = """
import sys
from pathlib import Path
from autopilot.lease import Lease

with Lease(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until its standard input ends."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_the_holder_is_named_in_the_file_and_in_the_refusal(tmp_path: Path) -> None:
    with Lease(tmp_path):
        with pytest.raises(StoreLocked, match=f"held by process {os.getpid()}"), Lease(tmp_path):
            pytest.fail("two held one lock")
        named = (tmp_path / LOCK_FILE).read_text()

    assert named == f"{os.getpid()}\n"


def test_a_second_process_is_refused_with_the_pid_of_the_first(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(StoreLocked, match=f"held by process {holder.pid}; stop it first") as caught, Lease(tmp_path):
        pytest.fail("two held one lock")

    assert exit_code_of(caught.value) is ExitCode.USAGE


def test_the_lock_dies_with_the_process_that_held_it(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()

    with Lease(tmp_path):
        named = (tmp_path / LOCK_FILE).read_text()

    assert named == f"{os.getpid()}\n"


def test_a_refused_second_leaves_the_lock_with_the_first(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    for _ in range(2):
        with pytest.raises(StoreLocked), Lease(tmp_path):
            pytest.fail("two held one lock")

    assert (tmp_path / LOCK_FILE).read_text() == f"{holder.pid}\n"


def test_a_lock_let_go_can_be_taken_again(tmp_path: Path) -> None:
    lease = Lease(tmp_path)
    for _ in range(2):
        with lease:
            pass

    with Lease(tmp_path):
        pass


def test_an_error_inside_lets_the_lock_go(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), Lease(tmp_path):
        raise ZeroDivisionError

    with Lease(tmp_path):
        pass


def test_a_longer_pid_of_the_past_leaves_no_trace(tmp_path: Path) -> None:
    (tmp_path / LOCK_FILE).write_text("99999999999999\n")

    with Lease(tmp_path):
        named = (tmp_path / LOCK_FILE).read_text()

    assert named == f"{os.getpid()}\n"


def test_the_state_folder_is_made_when_it_is_not_there(tmp_path: Path) -> None:
    with Lease(tmp_path / "state" / "shop"):
        pass

    assert (tmp_path / "state" / "shop" / LOCK_FILE).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("below", ["", "shop"])
def test_a_state_folder_that_cannot_be_one_is_a_matter_of_configuration(tmp_path: Path, below: str) -> None:
    blocked = tmp_path / "state"
    blocked.write_text("in the way")

    with pytest.raises(ConfigError, match=r"store\.state_dir: expected a folder that can be written, was .*state"), Lease(blocked / below):
        pytest.fail("a lock in a file")
