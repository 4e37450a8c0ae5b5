"""``autopilot bench profile``: how often products and merchants are told for what they are, on stores whose kind is known.

Macro-F1, the mean over the classes of the harmonic mean of precision and recall; beside it that of always saying the commonest class.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autopilot.benchmarks.labelled_stores import labelled_store
from autopilot.pool import Progress
from planning.ground import Ground
from planning.profile import profile_of, store_figures

STORES = 200
SEED = 2024


def macro_f1(truth: Sequence[str], judged: Sequence[str]) -> float:
    """Mean F1 over the classes that occur in the truth. Raises: ValueError, nothing to judge."""
    if not truth:
        raise ValueError("truth: expected at least one label, was none")
    pairs = list(zip(truth, judged, strict=True))
    scores = []
    for label in sorted(set(truth)):
        hits = sum(real == said == label for real, said in pairs)
        scores.append(2.0 * hits / (sum(real == label for real, _ in pairs) + sum(said == label for _, said in pairs)))
    return float(np.mean(scores))


def bench_profile(progress: Progress, *, stores: int = STORES, seed: int = SEED) -> dict[str, Any]:
    """The contract's JSON."""
    truth: dict[str, list[str]] = {}
    judged: dict[str, list[str]] = {}

    def note(name: str, real: object, said: object) -> None:
        truth.setdefault(name, []).append(str(real))
        judged.setdefault(name, []).append(str(said))

    for number in range(stores):
        store = labelled_store(np.random.Generator(np.random.PCG64([seed, number])))
        ground = Ground(request=store.request)
        profile = profile_of(store_figures(ground))
        for stage, said in zip(store.stages, ground.selection.stages, strict=True):
            note("product_stage", stage, said)
        note("merchant_stage", store.merchant, profile.stage)
        for name, real, letter in zip(("supply", "operation", "brand"), store.drivers, "SOB", strict=True):
            note(f"driver_{name}", real, letter in profile.code[1:])
        note("operation_strength", store.operation, profile.operation)
        note("production_strength", store.production, profile.production)
        progress((number + 1) / stores)
    scores = {f"{name}_macro_f1": macro_f1(truth[name], judged[name]) for name in truth}
    commonest = {name: max(set(labels), key=labels.count) for name, labels in truth.items()}
    naive = {name: macro_f1(labels, [commonest[name]] * len(labels)) for name, labels in truth.items()}
    return {
        "name": "profile",
        "figures": {"stores": stores, "products": len(truth["product_stage"]), **scores},
        "ratios": {f"{name}_over_commonest": scores[f"{name}_macro_f1"] / naive[name] for name in truth},
    }
