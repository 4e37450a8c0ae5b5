"""An evaluation in pieces: small enough that every core is busy to the end, each kept once done, so that an interruption loses little.

A piece that was worked out before is read back instead, as long as nothing it rests on has changed: the code of the floors below this one,
numpy and scipy, the scenario, the seeds, the controllers and the policy. All of that is in the name of its file.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import orjson
import scipy

from autopilot import codec
from autopilot.clock import cpu_s
from autopilot.pool import Progress, part_of
from autopilot.versions import PLAYED_BY, code_sha256
from autopilot.whole_file import write_whole
from control.policy import Trained
from sim.fleet.fleet import fleet_terms, open_fleet
from sim.judging.comparison import POLICY
from sim.judging.contenders import contender
from sim.judging.evaluation import Trial, trial
from sim.judging.oracle import OracleScore, oracle
from sim.scenarios import load_scenario

Value = TypeVar("Value")

_SHOWN = 16
"""Characters of a hash in a file's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """How large a piece is; results do not depend on it. Stores of a batch share the cost of an hour, so pieces are not cut small.

    Attributes:
        stores: Of one family in a piece of trials.
        controllers: In a piece of trials; they share its opening, which costs half as much as a trial of a simple controller.
        bounds: Stores in a piece of bounds. At 25 a store takes half the time that it takes at 12, at 50 no less than at 25; their tables
            take some 15 megabytes each.
    """

    stores: int = 100
    controllers: int = 6
    bounds: int = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some stores of one family: trials of some controllers, or the clairvoyant bounds where none is named.

    Attributes:
        family: Name of the scenario, or path of its file.
        seeds: Of the stores.
        controllers: Names; none for the bounds.
        policy: What ``policy`` steers by, where it is among them.
    """

    family: str
    seeds: tuple[int, ...]
    controllers: tuple[str, ...] = ()
    policy: Trained | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a piece gave: trials by controller, or bounds by store, in CPU seconds. ``read`` says that it was worked out before."""

    trials: dict[str, Trial]
    bounds: tuple[OracleScore, ...]
    cpu_s: float
    read: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A piece to work out; ``kept`` is the folder of finished pieces, None for none."""

    piece: Piece
    kept: Path | None


def pieces_of(
    family: str, seeds: Sequence[int], controllers: Sequence[str], *, policy: Trained | None, split: Split
) -> tuple[list[Piece], list[Piece]]:
    """The pieces of one family: of trials, and of bounds.

    The policy's trials are pieces of their own, so that another policy leaves the others as they are.
    """
    others = [name for name in controllers if name != POLICY]
    groups = [(names, None) for names in _cut(others, split.controllers)] + [((POLICY,), policy)] * (POLICY in controllers)
    trials = [
        Piece(family=family, seeds=some, controllers=names, policy=trained)
        for some in _cut(seeds, split.stores)
        for names, trained in groups
    ]
    return trials, [Piece(family=family, seeds=some) for some in _cut(seeds, split.bounds)]


def work(errand: Errand, progress: Progress) -> Outcome:
    """Work a piece out, or read it back."""
    piece = errand.piece
    path = None if errand.kept is None else kept_at(errand.kept, piece)
    if path is not None and path.is_file():
        return replace(codec.from_jsonable(orjson.loads(path.read_bytes()), Outcome), read=True)
    began_s = cpu_s()
    trials, bounds = (_trials(piece, progress), ()) if piece.controllers else ({}, _bounds(piece, progress))
    outcome = Outcome(trials=trials, bounds=bounds, cpu_s=cpu_s() - began_s)
    if path is not None:
        write_whole(path, codec.to_bytes(outcome))
    return outcome


def fingerprint(piece: Piece) -> str:
    """Hash of everything that a piece's outcome rests on. It is taken in the process that works it out, with the code that it runs."""
    rests_on = (code_sha256(PLAYED_BY), np.__version__, scipy.__version__, load_scenario(piece.family), piece)
    return hashlib.sha256(repr(rests_on).encode()).hexdigest()


def kept_at(kept: Path, piece: Piece) -> Path:
    """Where a piece is kept: in a folder of the code's own, so that what other code has left can be told and removed."""
    return kept / code_sha256(PLAYED_BY)[:_SHOWN] / f"{Path(piece.family).stem}-{fingerprint(piece)[:_SHOWN]}.json"


def forget_others(kept: Path) -> None:
    """Remove what other code has left: it will never be read again."""
    ours = code_sha256(PLAYED_BY)[:_SHOWN]
    for folder in kept.glob("[0-9a-f]" * _SHOWN):
        if folder.name != ours:
            shutil.rmtree(folder)


def _trials(piece: Piece, progress: Progress) -> dict[str, Trial]:
    terms = fleet_terms(load_scenario(piece.family))
    opened = open_fleet(terms, seeds=np.array(piece.seeds, dtype=np.int64))
    count = len(piece.controllers)
    return {
        name: trial(terms, opened, contender(name, terms, policy=piece.policy), progress=part_of(progress, place, count))
        for place, name in enumerate(piece.controllers)
    }


def _bounds(piece: Piece, progress: Progress) -> tuple[OracleScore, ...]:
    terms = fleet_terms(load_scenario(piece.family))
    bounds: list[OracleScore] = []
    for bound in oracle(terms, seeds=np.array(piece.seeds, dtype=np.int64)):
        bounds.append(bound)
        progress(len(bounds) / len(piece.seeds))
    return tuple(bounds)


def _cut(values: Sequence[Value], size: int) -> list[tuple[Value, ...]]:
    return [tuple(values[at : at + size]) for at in range(0, len(values), size)]
