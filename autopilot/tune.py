"""A search of the laws' gains on training seeds: rounds of candidates, halvings of the best of them, and a proof on stores of its own.

What was measured last on stores that were already chosen for is too good by their luck (winner's curse). So every phase has fresh stores:
a round of the search ranks candidates, successive halving (Karnin, Koren & Somekh, ICML 2013) spends more stores on fewer of them, and
only the proof, in which nothing is chosen any more, says what the winner is worth.

Every phase that is done is in the state file, written whole; a search that is started again reads them back and goes on.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from autopilot import codec
from autopilot.config_files import display
from autopilot.errors import ConfigError
from autopilot.pool import Progress
from autopilot.tune_search import searcher_of
from autopilot.tune_settings import TuneSettings
from autopilot.tune_trials import Gains, Verdict, compare
from autopilot.versions import PLAYED_BY, code_sha256
from autopilot.whole_file import write_whole

SEARCH, HALVING, PROOF = "search", "halving", "proof"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """Candidates measured together.

    Attributes:
        kind: ``SEARCH``, ``HALVING`` or ``PROOF``.
        first_store, stores: Seeds, the same in every family.
        verdicts: In the order in which they were asked for.
        cpu_s: CPU seconds it took.
    """

    kind: str
    first_store: int
    stores: int
    verdicts: tuple[Verdict, ...]
    cpu_s: float

    @property
    def seeds(self) -> range:
        """Of the stores."""
        return range(self.first_store, self.first_store + self.stores)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """A search that came to its end.

    Attributes:
        phases: All of them.
        winner: Its verdict in the proof; None where every candidate was rejected, or none was to be chosen.
    """

    phases: tuple[Phase, ...]
    winner: Verdict | None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What the state file holds; ``key`` stands for everything that the phases rest on."""

    key: str
    phases: tuple[Phase, ...]


def tune(settings: TuneSettings, *, state: Path, progress: Progress) -> Tuned:
    """Search, or go on where a search was interrupted. The state file stays; whoever has written the result removes it.

    Raises:
        ConfigError: There are not as many training seeds, the state file is of another search, or the code changes meanwhile.
    """
    run = _Run(settings, state=state, progress=progress)
    search = settings.search
    searcher = searcher_of(search, settings.start())
    tried: list[Verdict] = []
    for _ in range(search.rounds):
        points = searcher.ask()
        if not points:
            break
        verdicts = run.measured(SEARCH, search.stores, [settings.gains_at(point) for point in points])
        searcher.tell(points, [math.inf if one.rejected else -one.difference.value for one in verdicts])
        tried += verdicts
    if search.method == "one_at_a_time":
        return Tuned(phases=tuple(run.phases), winner=None)
    centre = searcher.centre()
    left = _best(tried, search.finalists - 1) + ([] if centre is None else [settings.gains_at(centre)])
    stores = search.stores
    while len(left) > 1:
        stores *= 2
        left = _best(run.measured(HALVING, stores, left), len(left) // 2)
    proof = run.measured(PROOF, search.proof_stores, left) if left else ()
    winner = next((one for one in proof if not one.rejected), None)
    progress(1.0)
    return Tuned(phases=tuple(run.phases), winner=winner)


def phase_sizes(settings: TuneSettings) -> list[tuple[int, int]]:
    """Stores and candidates of every phase there will be at most."""
    search = settings.search
    if search.method == "one_at_a_time":
        return [(search.stores, 2 * len(settings.gains))]
    sizes = [(search.stores, search.candidates)] * search.rounds
    left, stores = search.finalists, search.stores
    while left > 1:
        stores *= 2
        sizes.append((stores, left))
        left //= 2
    return [*sizes, (search.proof_stores, 1)]


def key_of(settings: TuneSettings) -> str:
    """Hash of everything that a search rests on: its settings, and the code of the floors that play, which holds the defaults."""
    return hashlib.sha256(f"{code_sha256(PLAYED_BY)} {settings.model_dump_json()}".encode()).hexdigest()


def _best(verdicts: Sequence[Verdict], count: int) -> list[Gains]:
    """The gains of the best that broke nothing, each set once."""
    kept: list[Gains] = []
    for one in sorted(verdicts, key=lambda one: -one.difference.value):
        if not one.rejected and one.gains not in kept:
            kept.append(one.gains)
    return kept[:count]


class _Run:
    """Phase after phase: read back while the state file has them, measured and written to it from then on."""

    def __init__(self, settings: TuneSettings, *, state: Path, progress: Progress) -> None:
        self.phases: list[Phase] = []
        self._families, self._state, self._progress = settings.families, state, progress
        self._key, self._next_store = key_of(settings), settings.search.first_store
        sizes = phase_sizes(settings)
        settings.check_stores(settings.search.first_store + sum(stores for stores, _ in sizes) - 1)
        self._work, self._all_work = 0, sum(candidates for _, candidates in sizes)
        self._recorded = list(_recorded(state, self._key))

    def measured(self, kind: str, stores: int, candidates: Sequence[Gains]) -> tuple[Verdict, ...]:
        """Candidates against the defaults on stores that nobody has seen yet."""
        if self._recorded:
            phase = self._recorded.pop(0)
        else:
            seeds = range(self._next_store, self._next_store + stores)
            verdicts, cpu_s = compare(self._families, seeds, candidates, progress=self._part(len(candidates)))
            phase = Phase(kind=kind, first_store=seeds.start, stores=stores, verdicts=tuple(verdicts), cpu_s=cpu_s)
        self.phases.append(phase)
        self._next_store += stores
        self._work += len(candidates)
        if not self._recorded:
            write_whole(self._state, codec.to_bytes(State(key=self._key, phases=tuple(self.phases))))
        return phase.verdicts

    def _part(self, candidates: int) -> Progress:
        return lambda done: self._progress((self._work + done * candidates) / self._all_work)


def _recorded(state: Path, key: str) -> tuple[Phase, ...]:
    """The phases of an interrupted search. Raises: ConfigError, they are of another one."""
    if not state.is_file():
        return ()
    found = codec.from_jsonable(orjson.loads(state.read_bytes()), State)
    if found.key != key:
        expected = "an interrupted search with these settings and this code"
        raise ConfigError(f"{display(state)}: expected {expected}, is of another one; remove the file, or name another output")
    return found.phases
