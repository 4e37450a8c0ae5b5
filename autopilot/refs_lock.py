"""``refs.lock``: which episodes count as the reference, and why each was ever changed. It lies beside the episodes it pins."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autopilot.replay import Difference, Replayed, accept, replay

NAME = "refs.lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One episode, replayed and compared with itself and with its pin."""

    replayed: Replayed
    differences: tuple[Difference, ...]


def checked(path: Path, *, accept_because: str | None = None) -> Checked:
    """Replay an episode and check it against its pin; with a reason, first make today's decisions the reference.

    Raises:
        OSError, EpisodeDamaged, NotReplayable, ConfigError: The episode cannot be replayed.
    """
    if accept_because is not None:
        accept(path)
    replayed = replay(path)
    if accept_because is not None:
        pin(replayed, reason=accept_because)
    return Checked(replayed=replayed, differences=(*replayed.differences, *pinned_differences(replayed)))


def pinned_differences(replayed: Replayed) -> tuple[Difference, ...]:
    """What does not agree with the pin of this episode; nothing where its folder has no lock, or the lock does not name it."""
    pin = _read(replayed.path.parent).get(replayed.path.name)
    if pin is None:
        return ()
    facts = {
        "file sha256": (pin["sha256"], file_sha256(replayed.path)),
        "decisions sha256": (pin["decisions_sha256"], replayed.decisions_sha256),
    }
    return tuple(Difference(seq=0, where=f"{NAME}: {name}", was=was, now=now) for name, (was, now) in facts.items() if was != now)


def pin(replayed: Replayed, *, reason: str) -> Path:
    """Make this episode the reference; its history of reasons grows by one. Returns the lock's path."""
    folder = replayed.path.parent
    pins = _read(folder)
    history = pins.get(replayed.path.name, {}).get("reasons", [])
    pins[replayed.path.name] = {
        "sha256": file_sha256(replayed.path),
        "decisions_sha256": replayed.decisions_sha256,
        "reasons": [*history, reason],
    }
    path = folder / NAME
    path.write_text(json.dumps(pins, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return path


def file_sha256(path: Path) -> str:
    """Hash of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read(folder: Path) -> dict[str, Any]:
    path = folder / NAME
    if not path.is_file():
        return {}
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
