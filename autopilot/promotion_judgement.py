"""May a policy take the wheel? One pure judgement of the figures that the stages gathered, with a reason for every no."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from autopilot.promotion_shadow import Conduct, Shadowed
from sim.judging.statistics import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyFigures:
    """Policy against laws on the test seeds of one family, in charged shares of the clairvoyant bound.

    Attributes:
        family: Its name; None for all of them together.
        stores: How many.
        policy, laws: Inter-quartile means.
        difference: Policy less laws, store by store on the same luck.
        violations: Stores in which the policy broke a hard limit.
    """

    family: str | None
    stores: int
    policy: Interval
    laws: Interval
    difference: Interval
    violations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the stages gathered: on test seeds, on recorded episodes, and in the shadow of the laws."""

    sim: tuple[FamilyFigures, ...]
    episodes: tuple[Shadowed, ...]
    shadow: tuple[Shadowed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """How good a policy must be. Choices of the project, not measurements.

    Attributes:
        least_family_difference: The interval of the difference in every family lies above this.
        least_difference: The interval over all families lies above this.
        more_interventions_per_1000: So many more of the gate than the laws' are borne, per 1,000 wishes.
        least_trust_share: Of the SKUs that are believed, on average; a policy that hands over more often is hardly one.
    """

    least_family_difference: float = -0.01
    least_difference: float = 0.0
    more_interventions_per_1000: float = 5.0
    least_trust_share: float = 0.5


def refusals(evidence: Evidence, bar: Bar | None = None) -> tuple[str, ...]:
    """Every reason why not, one sentence each; empty for a policy that may take the wheel."""
    bar = bar or Bar()
    stages = (("recorded episodes", evidence.episodes), ("shadow", evidence.shadow))
    return (*_sim(evidence.sim, bar), *(reason for stage, found in stages for reason in _shadow(stage, found, bar)))


def _sim(figures: Sequence[FamilyFigures], bar: Bar) -> Iterator[str]:
    if not any(one.family is None for one in figures):
        yield "test seeds: expected figures over all families, were none"
    for one in figures:
        least = bar.least_difference if one.family is None else bar.least_family_difference
        where = "all families" if one.family is None else one.family
        if not one.difference.low > least:
            found = f"{one.difference.value:+.4f} [{one.difference.low:+.4f}, {one.difference.high:+.4f}]"
            yield f"{where}: expected the interval of policy less laws above {least:g}, was {found}"
        if one.violations and one.family is not None:
            yield f"{where}: expected no hard limit broken, was broken in {one.violations} of {one.stores} stores"


def _shadow(stage: str, found: Sequence[Shadowed], bar: Bar) -> Iterator[str]:
    ticks = sum(one.ticks for one in found)
    if not ticks:
        yield f"{stage}: expected ticks with a plan in force, were none"
        return
    for one in found:
        if one.not_finite_ticks:
            yield f"{stage}: {one.source}: expected finite actions, were others in {one.not_finite_ticks} of {one.ticks} ticks"
        if one.policy.unsafe > one.laws.unsafe:
            most = f"at most the laws' {one.laws.unsafe} wishes denied for a safety limit"
            yield f"{stage}: {one.source}: expected {most}, was {one.policy.unsafe}"
    trust = sum(one.trust_share * one.ticks for one in found) / ticks
    if trust < bar.least_trust_share:
        yield f"{stage}: expected at least {bar.least_trust_share:.0%} of the products within the trust region, was {trust:.0%}"
    policy = sum((one.policy for one in found), Conduct()).interventions_per_1000
    laws = sum((one.laws for one in found), Conduct()).interventions_per_1000
    if policy > laws + bar.more_interventions_per_1000:
        most = f"at most {bar.more_interventions_per_1000:g} more than the laws' {laws:.1f}"
        yield f"{stage}: expected interventions of the gate per 1,000 wishes of {most}, was {policy:.1f}"
