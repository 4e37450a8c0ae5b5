"""One hash for what a run decided: equal on every machine when every write, verdict and mode was equal."""

from __future__ import annotations

import hashlib

import orjson

from control.decision import Decision


class DecisionDigest:
    """Takes decisions one by one. Only what is exact goes in (integers, names), never a float."""

    def __init__(self) -> None:
        """Nothing taken yet."""
        self._hash = hashlib.sha256()

    def take(self, decision: Decision) -> None:
        """Add one decision."""
        exact = [
            decision.tick,
            decision.mode,
            decision.mode_after,
            decision.plan_id,
            [[c.intent_id, c.entity, c.field, c.value, c.previous] for c in decision.commands],
            [[j.wish.entity, j.wish.field, j.verdict.outcome, j.verdict.value, j.verdict.reasons] for j in decision.judged],
        ]
        self._hash.update(orjson.dumps(exact) + b"\n")

    def hexdigest(self) -> str:
        """The hash so far."""
        return self._hash.hexdigest()
