"""Replay: decide a recorded episode again with today's code and configuration, and say exactly what would now be different."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from autopilot import codec, fold
from autopilot.config_record import ConfigRecord, changes, record_of, restore
from autopilot.decided import in_rows
from autopilot.digest import DecisionDigest
from autopilot.episode import Episode, read_episode, write_episode
from autopilot.fold import Folded
from autopilot.journal import Record, Topic
from autopilot.steering import steering_as_recorded
from autopilot.wiring import loop_config
from control.decide import start
from control.decision import Decision, LoopConfig
from perception.catalogue import Catalogue

RELATIVE_TOLERANCE = 1e-6
"""For floats, which may differ in their last digits from processor to processor. Everything else is exact."""


class NotReplayable(Exception):
    """The episode lacks what a replay starts from; export it again from its journal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as recorded.

    Attributes:
        seq: Record it was found at.
        where: What it is, as "tick 12: commands[0].value".
        was, now: Recorded, and decided anew.
    """

    seq: int
    where: str
    was: Any
    now: Any

    def __str__(self) -> str:
        """A line a person can read."""
        return f"{self.where}: was {self.was}, is {self.now}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """The outcome for one episode.

    Attributes:
        path: The file.
        records, decisions: How many.
        differences: Empty when everything is as recorded.
        decisions_sha256: Of the decisions made anew.
        cut: Whether the file was cut short.
        wall_s, episode_s: Time it took, and time it covers.
    """

    path: Path
    records: int
    decisions: int
    differences: tuple[Difference, ...]
    decisions_sha256: str
    cut: bool
    wall_s: float
    episode_s: float


def replay(path: Path) -> Replayed:
    """Replay one file. Raises: OSError, EpisodeDamaged, NotReplayable, ConfigError."""
    began = time.perf_counter()
    episode = read_episode(path)
    differences: list[Difference] = []
    if episode.cut:
        last = episode.records[-1].seq if episode.records else 0
        differences.append(Difference(seq=last, where="file", was="whole", now="cut short"))
    digest, decisions = DecisionDigest(), 0
    for record, decided in redecided(episode, differences):
        digest.take(codec.from_jsonable(decided, Decision))
        differences.extend(_compared(record, decided))
        decisions += 1
    return Replayed(
        path=path,
        records=len(episode.records),
        decisions=decisions,
        differences=tuple(differences),
        decisions_sha256=digest.hexdigest(),
        cut=episode.cut,
        wall_s=time.perf_counter() - began,
        episode_s=_covered_s(episode),
    )


def redecided(episode: Episode, differences: list[Difference]) -> Iterator[tuple[Record, Any]]:
    """Every decision record with the decision made anew, as plain JSON in rows; changed configuration is added to ``differences``."""
    config, folded, decided_once = None, None, False
    catalogue = _catalogue(episode)
    for record in episode.records:
        if record.topic is Topic.CONFIG:
            config = _config(record, catalogue, differences)
            continue
        if config is None:
            continue
        if folded is None:
            folded = Folded(state=start(config, now_s=datetime.fromisoformat(record.t_wall).timestamp()))
        if record.topic is Topic.SNAPSHOT and decided_once:
            # where the recorded state would hide that ours has gone another way
            continue
        folded, decision = fold.step(folded, record, config)
        if decision is not None:
            decided_once = True
            yield record, in_rows(codec.to_jsonable(decision))
    if folded is None:
        raise NotReplayable("expected a config and a snapshot record at its beginning, found none: export the episode again")


def accept(path: Path) -> None:
    """Write the episode anew with the decisions of today's code, and what follows from them, in place of the recorded ones.

    Intents are those of the new decisions, and answers to writes that are no longer made are dropped. What the platform showed stays as it
    was, so after a large change an episode is better recorded anew than accepted. Raises: as ``replay``.
    """
    episode = read_episode(path)
    anew = {record.seq: decided for record, decided in redecided(episode, [])}
    commands = {command["intent_id"]: command for decided in anew.values() for command in decided["commands"]}
    write_episode(path, _accepted(episode, anew, commands))


def _accepted(episode: Episode, anew: dict[int, Any], commands: dict[str, Any]) -> Iterator[Record]:
    decided_once = False
    for record in episode.records:
        if record.topic is Topic.CONFIG:
            yield replace(record, val=codec.to_jsonable(_today(codec.from_jsonable(record.val, ConfigRecord))))
        elif record.seq in anew:
            decided_once = True
            yield replace(record, val=anew[record.seq])
            for command in anew[record.seq]["commands"]:
                yield replace(record, topic=Topic.INTENT, key=command["intent_id"], val=command)
        elif record.topic is Topic.ACK:
            answers = [answer for answer in record.val["answers"] if answer["intent_id"] in commands]
            yield replace(record, val={**record.val, "answers": answers})
        elif not (record.topic is Topic.INTENT or (record.topic is Topic.SNAPSHOT and decided_once)):
            yield record


def _catalogue(episode: Episode) -> Catalogue:
    found = next((record for record in episode.records if record.topic is Topic.CATALOGUE), None)
    if found is None:
        raise NotReplayable("expected a catalogue record, found none: export the episode again")
    return codec.from_jsonable(found.val, Catalogue)


def _config(record: Record, catalogue: Catalogue, differences: list[Difference]) -> LoopConfig:
    recorded = codec.from_jsonable(record.val, ConfigRecord)
    loaded = restore(recorded)
    differences.extend(Difference(seq=record.seq, where=f"config {key}", was=was, now=now) for key, was, now in changes(recorded, loaded))
    steering = steering_as_recorded(recorded, loaded.settings)
    if steering.policy_sha256 != recorded.policy_sha256:
        was, now = (sha256 or "none" for sha256 in (recorded.policy_sha256, steering.policy_sha256))
        differences.append(Difference(seq=record.seq, where="config policy_sha256", was=was, now=now))
    return loop_config(loaded.settings, catalogue, steering=steering)


def _today(recorded: ConfigRecord) -> ConfigRecord:
    """The record of what the recorded configuration means today."""
    loaded = restore(recorded)
    steering = steering_as_recorded(recorded, loaded.settings)
    return record_of(loaded, policy_sha256=steering.policy_sha256, policy_problem=steering.policy_problem)


def _compared(record: Record, decided: Any) -> Iterator[Difference]:
    for where, was, now in unequal(in_rows(record.val), decided):
        yield Difference(seq=record.seq, where=f"tick {record.key}: {where}", was=was, now=now)


def unequal(was: Any, now: Any, where: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Every place where two plain JSON values differ: floats within tolerance (NaN equals NaN), everything else exactly."""
    if isinstance(was, dict) and isinstance(now, dict):
        for key in sorted(was.keys() | now.keys()):
            yield from unequal(was.get(key), now.get(key), f"{where}.{key}" if where else key)
    elif isinstance(was, list) and isinstance(now, list):
        for index in range(max(len(was), len(now))):
            before, after = (values[index] if index < len(values) else None for values in (was, now))
            yield from unequal(before, after, f"{where}[{index}]")
    elif isinstance(was, float) and isinstance(now, float):
        if not math.isclose(was, now, rel_tol=RELATIVE_TOLERANCE, abs_tol=1e-9):
            yield where, was, now
    elif was != now or type(was) is not type(now):
        yield where, was, now


def _covered_s(episode: Episode) -> float:
    # observations alone: persons leave their orders by another clock than a simulated market's
    times = [datetime.fromisoformat(record.val["at"]) for record in episode.records if record.topic is Topic.OBSERVATION]
    return (max(times) - min(times)).total_seconds() if times else 0.0
