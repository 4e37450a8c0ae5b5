"""A drive: the daemon's own loop on the simulated platform, at a clock that does not wait, beside the baselines on the same luck."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from autopilot import failpoints, wiring
from autopilot.clock import SteppedClock
from autopilot.config_record import record_of
from autopilot.digest import DecisionDigest
from autopilot.fold import EngagementOrder
from autopilot.journal import DiscardingJournal, Entry, Journal, SqlJournal, Topic, sqlite_url
from autopilot.loop import Loop, Ports
from autopilot.platforms.effects import MemoryEffects
from autopilot.platforms.simulated import SimulatedPlatform, opening_of
from autopilot.pool import Progress
from autopilot.recovery import reconcile, recovered
from autopilot.score import Score, score, scored
from autopilot.settings_sources import Loaded, load_store
from autopilot.steering import steering_of
from autopilot.ticking import slot_of
from autopilot.trace import Trace, Tracer
from autopilot.versions import about_this_build
from control.engagement import Event
from perception.units import SECONDS_PER_DAY
from sim.parameters.market import MarketParameters

BASELINES = ("do_nothing", "fixed_bid", "acos_rules")
"""What every drive is compared with."""

MAX_WINDOW_DAYS = 92
"""Longest planning window; a longer drive renews its plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Driven:
    """One controller's drive of one seed.

    Attributes:
        controller: Its name.
        score: What came of it, in truth.
        budget_cents: Ad budget of all plans followed.
        trace: Its course tick by tick.
        decisions_sha256: Hash of all decisions.
        ticks, commands, interventions: Counts; commands are wishes judged, interventions those limited or denied.
    """

    controller: str
    score: Score
    budget_cents: int
    trace: Trace
    decisions_sha256: str
    ticks: int
    commands: int
    interventions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedDriven:
    """One seed: the drive, and the baselines beside it by name."""

    seed: int
    driven: Driven
    baselines: dict[str, Driven]
    journal: Path


def settings_for(store: str, *, days: int, controller: str | None) -> Loaded:
    """A store's settings for a drive of ``days``: the window is the drive, and what is granted shrinks or grows with it.

    Raises:
        ConfigError: The store's file does not validate, or it names a policy that cannot be used.
    """
    fitted = _fitted(store, days=days, controller=controller)
    steering_of(fitted.settings)
    return fitted


def _fitted(store: str, *, days: int, controller: str | None) -> Loaded:
    loaded = load_store(store)
    overrides: dict[str, object] = {} if controller is None else {"control.controller": controller}
    budget, planning = loaded.settings.budget, loaded.settings.planning
    if days != budget.window_days and days <= MAX_WINDOW_DAYS:
        share = days / budget.window_days
        overrides |= {
            "budget.window_days": days,
            "budget.ad_spend_cents": int(budget.ad_spend_cents * share),
            "budget.max_loss_cents": int(budget.max_loss_cents * share),
            "planning.learning_budget_cents": int(planning.learning_budget_cents * share),
        }
    fitted = load_store(store, overrides=overrides)
    if "budget.window_days" in overrides and fitted.settings.budget.window_days != days:
        # the environment insists on its own window: then it gets its own grant too
        return load_store(store, overrides={} if controller is None else {"control.controller": controller})
    return fitted


def with_seed(loaded: Loaded, seed: int) -> Loaded:
    """The same settings on another market's luck."""
    platform = loaded.settings.platform.model_copy(update={"seed": seed})
    return replace(loaded, settings=loaded.settings.model_copy(update={"platform": platform}))


def steered_by(loaded: Loaded, controller: str) -> Loaded:
    """The same settings with another controller at the wheel."""
    control = loaded.settings.control.model_copy(update={"controller": controller})
    return replace(loaded, settings=loaded.settings.model_copy(update={"control": control}))


def drive_one(loaded: Loaded, *, days: int, journal: Path | None, progress: Progress) -> Driven:
    """Drive one seed with one controller.

    Args:
        loaded: With the seed and the controller to drive.
        days: Length of the drive.
        journal: File to record in, replacing an earlier one; None to record nothing.
        progress: Told the share of the work that is done, 0…1.
    """
    market = wiring.market_of(loaded)
    clock = SteppedClock(opening_of(market))
    platform = wiring.simulated_platform(loaded.settings, market, effects=MemoryEffects())
    if journal is None:
        return _drive(loaded, market, platform, clock, DiscardingJournal(), days=days, progress=progress)
    journal.parent.mkdir(parents=True, exist_ok=True)
    for stale in journal.parent.glob(f"{journal.name}*"):
        stale.unlink()
    # a drive can be driven again; surviving the death of the process is enough, a power cut need not be paid for at every tick
    recorded = SqlJournal(sqlite_url(journal), clock=clock, durable=False)
    try:
        return _drive(loaded, market, platform, clock, recorded, days=days, progress=progress)
    finally:
        recorded.close()


def open_loop(loaded: Loaded, market: MarketParameters, platform: SimulatedPlatform, *, clock: SteppedClock, journal: Journal) -> Loop:
    """A loop on a simulated platform, armed by the drive itself: nobody's money is at stake."""
    steering = steering_of(loaded.settings)
    config = wiring.loop_config(loaded.settings, platform.catalogue(), steering=steering)
    faulty = wiring.with_faults(platform, loaded.settings, market)
    ports = Ports(sources=(faulty,), setpoints=faulty, actuator=faulty, journal=journal, clock=clock, reached=failpoints.ignore)
    journal.append(
        [
            Entry(topic=Topic.CATALOGUE, key=config.store, val=platform.catalogue()),
            Entry(topic=Topic.CONFIG, key=config.store, val=record_of(loaded, policy_sha256=steering.policy_sha256)),
        ]
    )
    about = about_this_build(seed=loaded.settings.platform.seed, policy_sha256=steering.policy_sha256)
    folded = recovered(journal, config, now=clock.now(), about=about)
    loop = Loop(ports=ports, keeper=wiring.plan_keeper(loaded.settings), config=config, folded=folded)
    reconcile(loop)
    loop.engage(EngagementOrder(event=Event.ARM, at=clock.now(), by="autopilot drive", reason="simulated platform"))
    return loop


def _drive(
    loaded: Loaded,
    market: MarketParameters,
    platform: SimulatedPlatform,
    clock: SteppedClock,
    journal: Journal,
    *,
    days: int,
    progress: Progress,
) -> Driven:
    loop = open_loop(loaded, market, platform, clock=clock, journal=journal)
    began = clock.now()
    before = platform.truth(now=began)
    tracer, digest = Tracer(catalogue=loop.config.catalogue), DecisionDigest()
    tick_s = loaded.settings.store.tick_s
    total = int(days * SECONDS_PER_DAY // tick_s)
    plans: dict[str, int] = {}
    for done in range(total):
        ticked = loop.tick(slot_of(clock.now(), tick_s))
        digest.take(ticked.decision)
        clock.advance(tick_s)
        if loop.folded.plan is not None:
            plans[loop.folded.plan.id] = loop.folded.plan.ad_budget_cents
        now = clock.now()
        tracer.take(ticked, at=now, score=score(before, platform.truth(now=now), loop.config), plan=loop.folded.plan, config=loop.config)
        progress((done + 1) / total)
    trace = tracer.trace()
    return Driven(
        controller=loaded.settings.control.controller,
        score=scored(before, platform, now=clock.now(), config=loop.config),
        budget_cents=sum(plans.values()),
        trace=trace,
        decisions_sha256=digest.hexdigest(),
        ticks=total,
        commands=int(trace.commands.sum()),
        interventions=int(trace.interventions.sum()),
    )
