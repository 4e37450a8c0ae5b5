"""The one pure decision of a tick: estimate, control, gate. Daemon, replay, shadow mode and simulator all call this function."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from control import engagement, ledger
from control.batches import Commands, Judged, Judgements
from control.command import Command, Outcome, intent_id
from control.controller import ControllerMemory, Proposal
from control.decision import Decision, LoopConfig, LoopState
from control.mode import AUTHORITY, LEVEL, Authority, Mode
from control.ports import Acknowledgement
from control.presenting import present
from control.situation import situation_of
from perception import estimator
from perception.observation import Observation
from perception.state import StoreState
from planning.plan import Plan

_WATCHING = (Mode.OFF, Mode.OBSERVE, Mode.STOPPED)
"""Modes in which nothing is even wished for."""


def start(config: LoopConfig, *, now_s: float) -> LoopState:
    """The state before the very first tick."""
    return LoopState(
        tick=-1,
        epoch=0,
        engagement=engagement.start(now_s=now_s),
        estimator=estimator.start(config.catalogue, config.estimator),
        ledger=ledger.start(config.catalogue),
        controller=ControllerMemory(),
    )


def decide(state: LoopState, seen: Observation, plan: Plan | None, config: LoopConfig) -> tuple[Decision, LoopState]:
    """Estimate the store, follow the plan, pass the gate.

    Args:
        state: From the tick before, with answers and orders of persons already folded in.
        seen: What this tick saw.
        plan: The plan in force; None, or one whose window does not hold now, wishes for nothing.
        config: Everything else.

    Returns:
        The decision, and the state in which its commands count as intended (unresolved until answered).
    """
    now_s = seen.at.timestamp()
    store, remembered = estimator.estimate(
        state.estimator,
        seen,
        catalogue=config.catalogue,
        economics=config.economics,
        tuning=config.estimator,
        timezone=config.timezone,
    )
    settled, book, edits = _look(state, seen, store, config)
    faults = _faults(store, edits, config)
    after = engagement.after_tick(state.engagement, faults=faults, severe=_severe(store, config), now_s=now_s, tuning=config.engagement)
    # what lowers authority counts at once, what raises it from the next tick
    mode = min(state.engagement.mode, after.mode, key=lambda held: LEVEL[AUTHORITY[held]])

    proposal, memory = Proposal(setpoints={}, terms={}, sku_terms={}), state.controller
    judged = Judgements()
    if plan is not None and plan.starts_at <= seen.at < plan.ends_at and mode not in _WATCHING and seen.readback is not None:
        situation = situation_of(store, plan, book, mode, config)
        proposal, memory = config.controller.propose(state.controller, situation.sight)
        judged = present(proposal, situation=situation, book=book, mode=mode)

    commands = _commands(judged, state, seen.tick, config) if AUTHORITY[mode] is not Authority.NONE else Commands()
    decision = Decision(
        tick=seen.tick,
        at=seen.at,
        mode=mode,
        mode_after=after.mode,
        mode_reason=after.reason,
        mode_by=after.by,
        plan_id="" if plan is None else plan.id,
        settled=settled,
        judged=judged,
        commands=commands,
        terms={name: float(values[0]) for name, values in proposal.terms.items() if not np.isnan(values[0])},
        rejected=store.rejected,
        faults=faults,
        changes=store.changes,
        uncounted=store.uncounted,
    )
    following = replace(
        state,
        tick=seen.tick,
        engagement=after,
        estimator=remembered,
        ledger=ledger.intend(book, commands, now_s=now_s),
        controller=memory,
    )
    return decision, following


def _look(
    state: LoopState, seen: Observation, store: StoreState, config: LoopConfig
) -> tuple[tuple[Acknowledgement, ...], ledger.Ledger, int]:
    """Settle unresolved writes against the read-back, then take the read-back in; also how many outside edits it showed."""
    if seen.readback is None:
        return (), state.ledger, 0
    now_s = seen.at.timestamp()
    settled = ledger.reconcile(state.ledger, seen.readback.values)
    book = ledger.settle(state.ledger, settled, now_s=now_s, day=store.day)
    after, edits = ledger.see(book, seen.readback.values, now_s=now_s, day=store.day, override_s=config.override_s, locked=config.locked)
    return settled, after, edits


def _faults(store: StoreState, edits: int, config: LoopConfig) -> tuple[str, ...]:
    """What keeps this tick from being clean, in words a person understands."""
    limits = config.limits
    stale = [f"{signal} is {age:.0f} s old" for signal, age in store.age_s.items() if age > limits.max_signal_age_s]
    frozen = [f"{signal} has not moved" for signal in store.frozen]
    blind = [f"set-points were last read {store.readback_age_s:.0f} s ago"] if store.readback_age_s > limits.max_readback_age_s else []
    many = [f"{edits} set-points were edited outside at once"] if edits >= config.overrides_to_hold else []
    loss = _loss_over(store, config, times=1)
    return tuple(stale + frozen + blind + many + loss)


def _severe(store: StoreState, config: LoopConfig) -> str:
    """Why authority must fall to SAFE, or an empty string."""
    return "; ".join(_loss_over(store, config, times=2))


def _loss_over(store: StoreState, config: LoopConfig, *, times: int) -> list[str]:
    limits = config.limits
    windows = (
        ("24 h", store.baseline_loss_24h_cents, limits.max_loss_24h_cents),
        ("7 d", store.baseline_loss_7d_cents, limits.max_loss_7d_cents),
    )
    return [f"loss over {name} is {loss:.0f}, limit {limit}" for name, loss, limit in windows if loss >= times * limit > 0]


def _commands(judged: Judgements, state: LoopState, tick: int, config: LoopConfig) -> Commands:
    """Commands for every wish that passed."""
    return Commands(
        *(
            tuple(_command(item, state, tick, config) for item in part if item.verdict.outcome in (Outcome.ADMITTED, Outcome.LIMITED))
            if isinstance(part, tuple)
            else part.commands(store=config.store, tick=tick, epoch=state.epoch)
            for part in judged.parts
        )
    )


def _command(item: Judged, state: LoopState, tick: int, config: LoopConfig) -> Command:
    wish = item.wish
    return Command(
        intent_id=intent_id(config.store, tick, wish.entity, wish.field, state.epoch),
        entity=wish.entity,
        index=ledger.entity_index(config.catalogue)[wish.field, wish.entity],
        field=wish.field,
        value=item.verdict.value,
        previous=item.last,
        currency=wish.currency,
    )
