"""``autopilot bench why``: how often attribution names the cause that was injected, and how often it speaks where nothing happened.

The cases are drawn by ``why_cases`` from fixed seeds. The baseline beside it names the single element whose figure changed most against
the days before (what a person sorts a table by), on the same cases.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from autopilot.benchmarks.why_cases import FACTORS, KINDS, NOISES, Case, case_of
from autopilot.pool import Progress
from perception.attribution.explain import Explanation, explain
from perception.attribution.facts import HOURS_PER_DAY, Window
from perception.attribution.forecast import compare, leaves_of, past_of

SEED = 20_260


def bench_why(progress: Progress, *, cases: int, rates: bool = False) -> dict[str, Any]:
    """The contract's JSON: {noise: {factor: {kind: share named first}}}, and false alarms.

    Args:
        progress: Told how much is done.
        cases: Of each kind, factor and noise.
        rates: Whether the figure is a rate instead of a count.
    """
    plan = [
        (noise, factor, kind) for noise in NOISES for factor in (1.0, *FACTORS, *(1.0 / factor for factor in FACTORS)) for kind in KINDS
    ]
    named: dict[str, dict[str, dict[str, float]]] = {}
    baseline: dict[str, dict[str, dict[str, float]]] = {}
    alarms: dict[str, float] = {}
    took_s: list[float] = []
    for done, (noise, factor, kind) in enumerate(plan):
        quiet = factor == 1.0
        if quiet and kind != KINDS[0]:
            continue
        hits, guesses = 0, 0
        for number in range(cases):
            draw = np.random.Generator(np.random.PCG64([SEED, number, round(1000 * noise), round(1000 * factor), KINDS.index(kind)]))
            case = case_of(draw, kind="quiet" if quiet else kind, factor=factor, noise=noise, is_rate=rates)
            began = time.process_time()
            found = explain(case.facts, case.window)
            took_s.append(time.process_time() - began)
            hits += found.changed if quiet else names_first(found, case)
            guesses += not quiet and _guess(case) == case.cause
        if quiet:
            alarms[f"{noise:.0%}"] = hits / cases
        else:
            for table, count in ((named, hits), (baseline, guesses)):
                table.setdefault(f"{noise:.0%}", {}).setdefault(f"x{factor:.3g}", {})[kind] = count / cases
        progress((done + 1) / len(plan))
    return {
        "name": "why",
        "figures": {
            "cases": cases,
            "seed": SEED,
            "figure": "rate" if rates else "count",
            "named_first": named,
            "false_alarms": alarms,
            "largest_mover_baseline": baseline,
            "median_cpu_s": float(np.median(took_s)),
        },
        "ratios": {},
    }


def names_first(found: Explanation, case: Case) -> bool:
    """Whether the first cause is the injected one, by any of its names."""
    if not found.causes:
        return False
    injected = {name: frozenset(elements) for name, elements in case.cause.items()}
    names = (found.causes[0].where, *found.causes[0].same_as)
    return any({name: frozenset(elements) for name, elements in where.items()} == injected for where in names)


def _guess(case: Case) -> dict[str, tuple[str, ...]]:
    """The element of any dimension but the time whose figure changed most, in units of the figure."""
    leaves = leaves_of(case.facts)
    past = case.window.begins // HOURS_PER_DAY * HOURS_PER_DAY
    first = int(case.facts.hour.min())
    compared = compare(leaves, case.window, past_of(leaves, Window(begins=first, ends=past)))
    best = -1.0
    guess: dict[str, tuple[str, ...]] = {}
    for name, elements, codes in zip(case.facts.dimensions, case.facts.elements, leaves.codes, strict=True):
        moved = np.abs(np.bincount(codes, weights=compared.actual - compared.expected, minlength=len(elements)))
        if name != "hour" and moved.max() > best:
            best, guess = float(moved.max()), {name: (elements[int(moved.argmax())],)}
    return guess
