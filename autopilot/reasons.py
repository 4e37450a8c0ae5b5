"""Why a set-point was changed, in a merchant's words: one sentence from the figures that the decision journaled."""

from __future__ import annotations

from collections.abc import Mapping

from control.batches import Judged
from control.command import Outcome
from control.decision import Decision
from control.policy import MEANINGS, RATIOS, PolicyState
from perception.fields import Field


def why(judged: Judged, decision: Decision) -> str:
    """One sentence for one judged wish."""
    said = {Field.PRICE: _price, Field.BID: _bid, Field.DAILY_BUDGET: _budget}[judged.wish.field](judged, decision)
    if RATIOS.get(judged.wish.field, "") in judged.evidence:
        said = f"{said}; policy: {moved_by_policy(decision.terms, judged.evidence, judged.wish.field)}"
    if judged.verdict.outcome is Outcome.LIMITED:
        return f"{said}; held back by {', '.join(judged.verdict.reasons).replace('_', ' ')}"
    return said


def moved_by_policy(terms: Mapping[str, float], evidence: Mapping[str, float], field: str) -> str:
    """What a learned policy made of the law's wish for one set-point, as in "bid +12 % over the laws"; "" where none was at the wheel.

    Args:
        terms: Store-wide terms of the decision, as journaled.
        evidence: Terms of the entity, as journaled.
        field: Of the set-point.
    """
    if "policy_state" not in terms:
        return ""
    state = PolicyState(int(terms["policy_state"]))
    ratio = evidence.get(RATIOS.get(Field(field), ""))
    moved = f"{field} as the laws have it" if ratio is None else f"{field} {100.0 * (ratio - 1.0):+.0f} % over the laws"
    return moved if state is PolicyState.STEERS else f"{moved}; it {MEANINGS[state]}"


def _price(judged: Judged, _decision: Decision) -> str:
    figures = judged.evidence
    target = figures.get("target_price_cents")
    if target is None:
        return "price as the rule book has it"
    best = figures["best_price_cents"]
    because = (
        f"stock of {figures['on_hand']:.0f} must last"
        if target > best * 1.001
        else f"best margin at elasticity {figures['elasticity']:.1f} ± {figures['elasticity_sd']:.1f} and by its markup"
    )
    return f"towards {target / 100:.2f}: {because}"


SCARCE = 0.85
"""Used share of a daily budget from which ``control.scarcity`` takes a noticeable part of a bid."""


def _bid(judged: Judged, decision: Decision) -> str:
    figures = judged.evidence
    value = figures["value_per_click_cents"]
    if "alpha" not in decision.terms:
        return f"rule book; a click is worth {value / 100:.2f}"
    said = f"a click is worth {value / 100:.2f} ± {figures['value_per_click_cents_sd'] / 100:.2f}, pace {decision.terms['alpha']:.2f} of it"
    used = figures.get("budget_used", 0.0)
    return f"{said}, budget {100.0 * used:.0f} % used" if used > SCARCE else said


def _budget(judged: Judged, _decision: Decision) -> str:
    figures = judged.evidence
    return f"spent {figures['window_spend_cents'] / 100:.2f} so far, {figures['remaining_cents'] / 100:.2f} of the grant left for today"
