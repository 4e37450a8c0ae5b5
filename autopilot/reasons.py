"""Why a set-point was changed, in a merchant's words: one sentence from the figures that the decision journaled."""

from __future__ import annotations

from control.command import Outcome
from control.decision import Decision, Judged
from perception.fields import Field


def why(judged: Judged, decision: Decision) -> str:
    """One sentence for one judged wish."""
    said = {Field.PRICE: _price, Field.BID: _bid, Field.DAILY_BUDGET: _budget}[judged.wish.field](judged, decision)
    if judged.verdict.outcome is Outcome.LIMITED:
        return f"{said}; held back by {', '.join(judged.verdict.reasons).replace('_', ' ')}"
    return said


def _price(judged: Judged, _decision: Decision) -> str:
    figures = judged.evidence
    target = figures.get("target_price_cents")
    if target is None:
        return "price as the rule book has it"
    best = figures["best_price_cents"]
    because = (
        f"stock of {figures['on_hand']:.0f} must last"
        if target > best * 1.001
        else f"best margin at elasticity {figures['elasticity']:.1f} ± {figures['elasticity_sd']:.1f}"
    )
    return f"towards {target / 100:.2f}: {because}"


def _bid(judged: Judged, decision: Decision) -> str:
    figures = judged.evidence
    value = figures["value_per_click_cents"]
    if "alpha" not in decision.terms:
        return f"rule book; a click is worth {value / 100:.2f}"
    return f"a click is worth {value / 100:.2f} ± {figures['value_per_click_cents_sd'] / 100:.2f}, pace {decision.terms['alpha']:.2f} of it"


def _budget(judged: Judged, _decision: Decision) -> str:
    figures = judged.evidence
    return f"spent {figures['window_spend_cents'] / 100:.2f} so far, {figures['remaining_cents'] / 100:.2f} of the grant left for today"
