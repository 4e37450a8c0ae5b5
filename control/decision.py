"""What one tick decided, and the state the next one starts from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from control.batches import Commands, Judgements
from control.controller import Controller, ControllerMemory
from control.engagement import Engagement, EngagementTuning
from control.ledger import Ledger
from control.limits import Limits
from control.mode import Mode
from control.ports import Acknowledgement
from perception.catalogue import Catalogue
from perception.economics import Economics
from perception.estimator import EstimatorMemory
from perception.state import Change, Rejection
from perception.tuning import EstimatorTuning
from perception.units import Bools


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopConfig:
    """Everything that shapes a decision and is not seen, planned or remembered.

    Attributes:
        store: Its name, part of every intent id.
        timezone: The store's calendar.
        tick_s: Planned seconds between ticks.
        catalogue: Products and campaigns.
        economics: Terms of trade.
        estimator: Tuning of perception.
        engagement: Tuning of the mode machine.
        limits: The envelope.
        controller: Who proposes.
        override_s: How long a person's edit is respected.
        locked: (m,) SKUs a person has locked.
        overrides_to_hold: Outside edits at once from which the whole store is held.
    """

    store: str
    timezone: ZoneInfo
    tick_s: float
    catalogue: Catalogue
    economics: Economics
    estimator: EstimatorTuning
    engagement: EngagementTuning
    limits: Limits
    controller: Controller
    override_s: float
    locked: Bools
    overrides_to_hold: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopState:
    """All that a tick remembers: a fold of the journal.

    Attributes:
        tick: Last tick decided, -1 before the first.
        epoch: Which start of the daemon this is, rising from 1; part of every intent id.
        engagement, estimator, ledger, controller: Memories of the parts.
    """

    tick: int
    epoch: int
    engagement: Engagement
    estimator: EstimatorMemory
    ledger: Ledger
    controller: ControllerMemory


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What one tick decided.

    Attributes:
        tick, at: Which tick.
        mode: Under which the tick was judged: the lower of what it began with and what it saw reason for.
        mode_after, mode_reason, mode_by: As the tick left the engagement.
        plan_id: Plan followed, or "" for none.
        settled: Earlier writes settled by this tick's read-back.
        judged: Every wish that differs from what stands, with its verdict.
        commands: What is to be written.
        terms: Store-wide terms of the law.
        rejected: Figures not believed.
        faults: What keeps the tick from being clean.
        changes: Levels that have changed within the remembered days: of the whole store, and the plainest of single SKUs.
        uncounted: What a platform does not count at the moment, as in ``StoreState``: the tick goes on without it.
    """

    tick: int
    at: datetime
    mode: Mode
    mode_after: Mode
    mode_reason: str
    mode_by: str
    plan_id: str
    settled: tuple[Acknowledgement, ...]
    judged: Judgements
    commands: Commands
    terms: dict[str, float]
    rejected: tuple[Rejection, ...]
    faults: tuple[str, ...]
    changes: tuple[Change, ...] = ()
    uncounted: tuple[str, ...] = ()

    @property
    def interventions(self) -> int:
        """Wishes that the gate limited or denied."""
        return self.judged.interventions
