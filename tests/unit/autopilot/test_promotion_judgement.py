"""The judgement of a policy: every figure that is not good enough is a reason, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from autopilot.promotion_judgement import Bar, Evidence, FamilyFigures, refusals
from autopilot.promotion_shadow import Conduct, Shadowed
from sim.judging.statistics import Interval


def interval(value: float, half: float = 0.005) -> Interval:
    return Interval(value=value, low=value - half, high=value + half)


def figures(family: str | None, difference: Interval, **parts: Any) -> FamilyFigures:
    laws = interval(0.8)
    return FamilyFigures(
        family=family, stores=100, policy=interval(0.8 + difference.value), laws=laws, difference=difference, **({"violations": 0} | parts)
    )


def course(source: str, **parts: Any) -> Shadowed:
    usual: dict[str, Any] = {
        "ticks": 100,
        "policy": Conduct(wishes=1000, writes=990, interventions=4, rationed=6),
        "laws": Conduct(wishes=800, writes=797, interventions=3),
        "trust_share": 0.95,
        "handed_over_ticks": 0,
        "not_finite_ticks": 0,
        "disagreements": {},
    }
    return Shadowed(source=source, **(usual | parts))


GOOD = Evidence(
    sim=(figures("steady", interval(0.02)), figures("event", interval(-0.004)), figures(None, interval(0.01))),
    episodes=(course("normal_day"), course("stock_out")),
    shadow=(course("drive of gift-shop"),),
)


def with_family(place: int, **parts: Any) -> Callable[[Evidence], Evidence]:
    def changed(evidence: Evidence) -> Evidence:
        sim = list(evidence.sim)
        sim[place] = replace(sim[place], **parts)
        return replace(evidence, sim=tuple(sim))

    return changed


def with_episode(**parts: Any) -> Callable[[Evidence], Evidence]:
    return lambda evidence: replace(evidence, episodes=(replace(evidence.episodes[0], **parts), evidence.episodes[1]))


def test_a_policy_that_is_better_and_breaks_nothing_may_take_the_wheel() -> None:
    assert refusals(GOOD) == ()


CASES: list[tuple[Callable[[Evidence], Evidence], str]] = [
    (
        with_family(1, difference=Interval(value=-0.002, low=-0.012, high=0.008)),
        "event: expected the interval of policy less laws above -0.01, was -0.0020 [-0.0120, +0.0080]",
    ),
    (
        with_family(1, difference=Interval(value=0.0, low=-0.01, high=0.01)),
        "event: expected the interval of policy less laws above -0.01, was +0.0000 [-0.0100, +0.0100]",
    ),
    (
        with_family(2, difference=Interval(value=0.004, low=0.0, high=0.008)),
        "all families: expected the interval of policy less laws above 0, was +0.0040 [+0.0000, +0.0080]",
    ),
    (
        with_family(1, difference=Interval(value=0.01, low=float("nan"), high=0.02)),
        "event: expected the interval of policy less laws above -0.01, was +0.0100 [+nan, +0.0200]",
    ),
    (with_family(0, violations=2), "steady: expected no hard limit broken, was broken in 2 of 100 stores"),
    (
        lambda evidence: replace(evidence, sim=evidence.sim[:2]),
        "test seeds: expected figures over all families, were none",
    ),
    (with_episode(not_finite_ticks=3), "recorded episodes: normal_day: expected finite actions, were others in 3 of 100 ticks"),
    (
        with_episode(policy=Conduct(wishes=1000, interventions=1, unsafe=1)),
        "recorded episodes: normal_day: expected at most the laws' 0 wishes denied for a safety limit, was 1",
    ),
    (
        with_episode(policy=Conduct(wishes=1000, interventions=50)),
        "recorded episodes: expected interventions of the gate per 1,000 wishes of at most 5 more than the laws' 3.8, was 27.0",
    ),
    (
        with_episode(trust_share=0.0),
        "recorded episodes: expected at least 50% of the products within the trust region, was 48%",
    ),
    (lambda evidence: replace(evidence, shadow=()), "shadow: expected ticks with a plan in force, were none"),
    (
        lambda evidence: replace(evidence, shadow=(replace(evidence.shadow[0], trust_share=0.2),)),
        "shadow: expected at least 50% of the products within the trust region, was 20%",
    ),
]


@pytest.mark.parametrize(("worsen", "reason"), CASES)
def test_what_is_not_good_enough_is_the_one_reason(worsen: Callable[[Evidence], Evidence], reason: str) -> None:
    assert refusals(worsen(GOOD)) == (reason,)


def test_every_family_that_fails_is_named() -> None:
    bad = interval(-0.05)

    reasons = refusals(replace(GOOD, sim=tuple(replace(one, difference=bad) for one in GOOD.sim)))

    assert [reason.split(":")[0] for reason in reasons] == ["steady", "event", "all families"]


def test_rationed_wishes_are_not_held_against_a_policy() -> None:
    busy = replace(GOOD.episodes[0], policy=Conduct(wishes=2000, writes=500, interventions=4, rationed=1496))

    assert refusals(replace(GOOD, episodes=(busy,))) == ()


def test_the_bar_can_be_moved() -> None:
    assert refusals(GOOD, Bar(least_difference=0.02)) != ()
    assert refusals(with_episode(trust_share=0.0)(GOOD), Bar(least_trust_share=0.4)) == ()
