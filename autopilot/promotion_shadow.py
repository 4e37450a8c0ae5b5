"""A policy in the shadow of what was recorded: at every tick it is shown what was seen, and asked what it would have written.

The course is the recorded one throughout: what the policy would have written changes nothing of what is seen next. The laws are asked the
same way beside it, each with its own memory, so both are judged on the same sights, plans and standings by the same gate.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from autopilot import codec, fold
from autopilot.config_record import ConfigRecord, restore
from autopilot.fold import Folded
from autopilot.journal import Record, Topic
from autopilot.settings import StoreSettings
from autopilot.steering import gains_of
from autopilot.wiring import loop_config
from control.command import Outcome
from control.controller import Controller, ControllerMemory
from control.decide import decide, start
from control.decision import Decision, LoopConfig
from control.laws import Laws
from control.policy import Policy, PolicyState, Trained
from control.standing import Reason
from perception.catalogue import Catalogue
from perception.fields import Field

RATIONING = frozenset({Reason.WRITE_BUDGET, Reason.CANARY_PENDING})
"""Reasons that say how much was wished for, not that it was wrong; they are counted apart."""

UNSAFE = frozenset(
    {
        Reason.UNKNOWN_FIELD,
        Reason.NOT_A_NUMBER,
        Reason.NON_FINITE,
        Reason.NEGATIVE,
        Reason.FOREIGN_CURRENCY,
        Reason.COST_UNKNOWN,
        Reason.BAND_MISSING,
        Reason.PRICE_BAND,
        Reason.PRICE_FLOOR,
        Reason.BID_CAP,
        Reason.BUDGET_CAP,
        Reason.STORE_DAY_CAP,
        Reason.STORE_MONTH_CAP,
        Reason.STORE_MONTH_STANDING,
        Reason.GRANT,
    }
)
"""Reasons that a controller which clips itself never gives the gate: money beyond a cap, a price out of its band, no value at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """What the gate made of one controller's wishes.

    Attributes:
        wishes: Judged.
        writes: Of those, admitted or limited.
        interventions: Limited or denied for another reason than ``RATIONING``.
        rationed: Denied for that reason alone.
        unsafe: Denied for one of ``UNSAFE``.
    """

    wishes: int = 0
    writes: int = 0
    interventions: int = 0
    rationed: int = 0
    unsafe: int = 0

    @property
    def interventions_per_1000(self) -> float:
        """Per 1,000 wishes; 0 without any."""
        return 1000.0 * self.interventions / max(self.wishes, 1)

    def __add__(self, other: Conduct) -> Conduct:
        return Conduct(
            wishes=self.wishes + other.wishes,
            writes=self.writes + other.writes,
            interventions=self.interventions + other.interventions,
            rationed=self.rationed + other.rationed,
            unsafe=self.unsafe + other.unsafe,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """How far the policy's set-points lie from the laws', where either wished for one.

    Attributes:
        count: Set-points and ticks in which they differ by a minor unit or more.
        median_ratio, p95_ratio: Of policy ÷ laws − 1, as a magnitude; 0 without any.
    """

    count: int
    median_ratio: float
    p95_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadowed:
    """A policy beside the laws on one recorded course.

    Attributes:
        source: What was recorded.
        ticks: In which both were asked.
        policy, laws: How the gate judged each.
        trust_share: Mean share of the covered SKUs within the trust region, [0, 1]; 1 without a tick.
        handed_over_ticks: In which the policy let the whole store go.
        not_finite_ticks: In which it gave a value that is not a number.
        disagreements: By field.
    """

    source: str
    ticks: int
    policy: Conduct
    laws: Conduct
    trust_share: float
    handed_over_ticks: int
    not_finite_ticks: int
    disagreements: dict[Field, Disagreement]


def shadowed(source: str, records: Iterable[Record], trained: Trained) -> Shadowed:
    """Ask the policy, and the laws, at every decision of a journal or an episode.

    Args:
        source: What it is called in results.
        records: In their order, from the configuration and the catalogue on.
        trained: The policy's weights.

    Raises:
        ConfigError: The recorded configuration is no longer valid.
    """
    asked = _Asked()
    catalogue: Catalogue | None = None
    config: LoopConfig | None = None
    contenders: dict[str, Controller] = {}
    folded: Folded | None = None
    for record in records:
        if record.topic is Topic.CATALOGUE:
            catalogue = codec.from_jsonable(record.val, Catalogue)
        elif record.topic is Topic.CONFIG and catalogue is not None:
            settings = restore(codec.from_jsonable(record.val, ConfigRecord)).settings
            contenders = _contenders(settings, trained)
            config = _config(settings, catalogue)
        elif config is not None:
            if folded is None:
                folded = Folded(state=start(config, now_s=datetime.fromisoformat(record.t_wall).timestamp()))
            if record.topic is Topic.DECISION and folded.seen is not None:
                asked.ask(folded, config, contenders)
            folded = _followed(folded, record, config)
    return asked.told(source)


def _contenders(settings: StoreSettings, trained: Trained) -> dict[str, Controller]:
    laws = Laws(tuning=gains_of(settings))
    return {"laws": laws, "policy": Policy(base=laws, trained=trained)}


def _config(settings: StoreSettings, catalogue: Catalogue) -> LoopConfig:
    """The recorded configuration under the laws: whoever steered then, its weights may be gone."""
    control = settings.control.model_copy(update={"controller": "laws"})
    return loop_config(settings.model_copy(update={"control": control}), catalogue)


def _followed(folded: Folded, record: Record, config: LoopConfig) -> Folded:
    """One record further on the recorded course: with what was really commanded, whatever would be decided today."""
    after, decided = fold.step(folded, record, config)
    if decided is None:
        return after
    return replace(after, state=fold.adopted(after.state, decided, codec.from_jsonable(record.val, Decision)))


@dataclass(slots=True)
class _Asked:
    """Adds up what both said."""

    memories: dict[str, ControllerMemory] = field(default_factory=dict)
    conduct: dict[str, Conduct] = field(default_factory=lambda: {"laws": Conduct(), "policy": Conduct()})
    trust: list[float] = field(default_factory=list)
    states: list[PolicyState] = field(default_factory=list)
    ratios: dict[Field, list[float]] = field(default_factory=lambda: {which: [] for which in Field})

    def ask(self, folded: Folded, config: LoopConfig, contenders: dict[str, Controller]) -> None:
        """Have both decide on what was seen."""
        if folded.seen is None:
            return
        said: dict[str, Decision] = {}
        for name, controller in contenders.items():
            # the first time both take over from whoever steers
            memory = self.memories.get(name, folded.state.controller)
            state = replace(folded.state, controller=memory)
            said[name], after = decide(state, folded.seen, folded.plan, replace(config, controller=controller))
            self.memories[name] = after.controller
        if "policy_state" not in said["policy"].terms:
            return
        for name, decision in said.items():
            self.conduct[name] += _conduct(decision)
        self.trust.append(said["policy"].terms["policy_trust"])
        self.states.append(PolicyState(int(said["policy"].terms["policy_state"])))
        for which, ratio in _differences(said["policy"], said["laws"]):
            self.ratios[which].append(ratio)

    def told(self, source: str) -> Shadowed:
        """All of it."""
        return Shadowed(
            source=source,
            ticks=len(self.states),
            policy=self.conduct["policy"],
            laws=self.conduct["laws"],
            trust_share=float(np.mean(self.trust)) if self.trust else 1.0,
            handed_over_ticks=sum(state >= PolicyState.OUT_OF_TRUST for state in self.states),
            not_finite_ticks=sum(state is PolicyState.NOT_FINITE for state in self.states),
            disagreements={which: _disagreement(ratios) for which, ratios in self.ratios.items()},
        )


def _conduct(decision: Decision) -> Conduct:
    verdicts = [item.verdict for item in decision.judged]
    reasons = [frozenset(map(Reason, verdict.reasons)) for verdict in verdicts]
    return Conduct(
        wishes=len(verdicts),
        writes=sum(verdict.outcome in (Outcome.ADMITTED, Outcome.LIMITED) for verdict in verdicts),
        interventions=sum(bool(given - RATIONING) for given in reasons),
        rationed=sum(bool(given) and given <= RATIONING for given in reasons),
        unsafe=sum(verdict.outcome is Outcome.DENIED and bool(given & UNSAFE) for verdict, given in zip(verdicts, reasons, strict=True)),
    )


def _differences(policy: Decision, laws: Decision) -> Iterable[tuple[Field, float]]:
    """(field, |policy ÷ laws − 1|) where either wished for a set-point; who wished for none would have what stands."""
    wished = [{(item.wish.field, item.wish.entity): item for item in decision.judged} for decision in (policy, laws)]
    ours, theirs = wished
    for key in sorted(ours.keys() | theirs.keys()):
        last = float((ours.get(key) or theirs[key]).last)
        one, other = (side[key].wish.value if key in side else last for side in (ours, theirs))
        if other > 0.0 and math.isfinite(one) and math.floor(one) != math.floor(other):
            yield key[0], abs(one / other - 1.0)


def _disagreement(ratios: list[float]) -> Disagreement:
    if not ratios:
        return Disagreement(count=0, median_ratio=0.0, p95_ratio=0.0)
    median, high = np.quantile(ratios, [0.5, 0.95])
    return Disagreement(count=len(ratios), median_ratio=float(median), p95_ratio=float(high))
