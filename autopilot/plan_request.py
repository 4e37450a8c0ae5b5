"""What a planner is given: the store as it is believed to be now, from the loop's memory and what this tick saw."""

from __future__ import annotations

from datetime import datetime

from control.decision import LoopConfig
from perception import estimator
from perception.estimator import EstimatorMemory
from perception.ingest import observe
from perception.observation import Observation
from perception.ports import MetricsSource, SetpointSource
from planning.ports import MerchantTerms, PlanRequest


def plan_request(memory: EstimatorMemory, seen: Observation, config: LoopConfig, terms: MerchantTerms) -> PlanRequest:
    """The request for a plan that starts when ``seen`` was seen."""
    state, _ = estimator.estimate(
        memory,
        seen,
        catalogue=config.catalogue,
        economics=config.economics,
        tuning=config.estimator,
        timezone=config.timezone,
    )
    return PlanRequest(
        store=config.store,
        catalogue=config.catalogue,
        economics=config.economics,
        state=state,
        terms=terms,
        now=seen.at,
        timezone=config.timezone,
        shape=config.estimator.shape,
    )


def first_look(
    config: LoopConfig, terms: MerchantTerms, *, sources: tuple[MetricsSource, ...], setpoints: SetpointSource, now: datetime
) -> PlanRequest:
    """The request of a store that no daemon has driven yet: everything the platforms keep, read once."""
    seen = observe(tick=0, now=now, since=None, sources=sources, setpoints=setpoints)
    return plan_request(estimator.start(config.catalogue, config.estimator), seen, config, terms)
