"""Why a figure moved: the injected cause is named first, nothing is said where nothing happened, and shares add up."""

from __future__ import annotations

import numpy as np
import pytest

from autopilot.benchmarks.why import names_first
from autopilot.benchmarks.why_cases import KINDS, case_of
from perception.attribution.explain import EVERYWHERE, MIX, explain
from perception.attribution.facts import Facts, Window, facts_of
from perception.units import Floats

CASES = 4


def drawn(number: int, *, kind: str, factor: float, noise: float = 0.15, is_rate: bool = False) -> tuple[bool, bool]:
    """(whether the injected cause was named first, whether anything was said) of one store."""
    case = case_of(np.random.default_rng([31, number]), kind=kind, factor=factor, noise=noise, is_rate=is_rate)
    found = explain(case.facts, case.window)
    return names_first(found, case), found.changed


@pytest.mark.parametrize("kind", KINDS)
def test_an_injected_cause_is_named_first(kind: str) -> None:
    assert np.mean([drawn(number, kind=kind, factor=8.0)[0] for number in range(CASES)]) >= 0.75


def test_a_drop_is_named_as_a_rise_is() -> None:
    assert np.mean([drawn(number, kind="element", factor=1.0 / 8.0)[0] for number in range(CASES)]) >= 0.75


@pytest.mark.parametrize("is_rate", [False, True])
def test_nothing_is_said_where_nothing_happened(is_rate: bool) -> None:
    assert sum(drawn(number, kind="quiet", factor=1.0, is_rate=is_rate)[1] for number in range(2 * CASES)) <= 1


DAYS = 28
LAST = Window(begins=24 * (DAYS - 1), ends=24 * DAYS)


def regular(factors: dict[tuple[int, int], float] | None = None, *, everywhere: float = 1.0, daily: bool = False) -> Facts:
    """Three channels by four products, Poisson by the hour, with weekends twice as busy; the last day multiplied by cell and everywhere."""
    draw = np.random.default_rng(5)
    hour, channel, sku = (axis.ravel() for axis in np.indices((24 * DAYS, 3, 4)))
    rate = np.array([3.0, 5.0, 2.0])[channel] * np.array([1.0, 2.0, 0.5, 1.5])[sku]
    rate = rate * np.where(hour // 24 % 7 >= 5, 2.0, 1.0) * (1.0 + 0.8 * np.sin(hour % 24 / 24 * 2 * np.pi))
    last = hour >= LAST.begins
    for (in_channel, of_sku), factor in (factors or {}).items():
        rate = np.where(last & (channel == in_channel) & (sku == of_sku), factor * rate, rate)
    value = draw.poisson(np.where(last, everywhere, 1.0) * rate).astype(np.float64)
    columns = {"channel": np.array(["ads", "organic", "email"])[channel], "sku": np.array(["A", "B", "C", "D"])[sku]}
    return facts_of(hour // 24 * 24 if daily else hour, value, columns)


@pytest.mark.parametrize("daily", [False, True])
def test_a_busy_weekday_is_no_change(daily: bool) -> None:
    assert not explain(regular(daily=daily), LAST).changed


def test_shares_add_up_with_what_is_unexplained_also_of_two_causes() -> None:
    found = explain(regular({(0, 0): 6.0, (2, 1): 5.0}), LAST)

    assert found.changed
    assert {tuple(cause.where.items()) for cause in found.causes} >= {
        (("channel", ("ads",)), ("sku", ("A",))),
        (("channel", ("email",)), ("sku", ("B",))),
    }
    assert sum(cause.share for cause in found.causes) + found.unexplained == pytest.approx(1.0)
    assert abs(found.unexplained) < 0.15
    assert all(cause.surprise >= 0.0 for cause in found.causes)


def test_what_moved_all_alike_has_no_dimension_for_a_cause() -> None:
    found = explain(regular(everywhere=3.0), LAST)

    assert [cause.kind for cause in found.causes] == [EVERYWHERE]
    assert found.causes[0].ratio == pytest.approx(3.0, rel=0.1)
    assert found.unexplained == pytest.approx(0.0, abs=1e-9)


def test_the_same_leaves_under_another_name_are_told() -> None:
    facts = regular({(0, sku): 5.0 for sku in range(4)})
    columns = {
        name: np.array(elements)[codes] for name, elements, codes in zip(facts.dimensions[:2], facts.elements, facts.codes, strict=False)
    }
    doubled = facts_of(facts.hour, facts.value, {**columns, "paid": np.where(columns["channel"] == "ads", "yes", "no")})

    (cause,) = explain(doubled, LAST).causes

    assert {"channel": ("ads",)} in (cause.where, *cause.same_as)
    assert {"paid": ("yes",)} in (cause.where, *cause.same_as)


def test_a_rate_that_moved_by_its_mix_is_told_from_one_that_moved_by_itself() -> None:
    draw = np.random.default_rng(9)
    hour, channel = (axis.ravel() for axis in np.indices((24 * DAYS, 2)))
    share = np.where(hour >= LAST.begins, np.where(channel == 0, 0.3, 2.0), 1.0)
    clicks = draw.poisson(60.0 * share).astype(np.float64)
    orders = draw.binomial(clicks.astype(np.int64), np.where(channel == 0, 0.2, 0.05)).astype(np.float64)

    found = explain(facts_of(hour, orders, {"channel": np.array(["search", "social"])[channel]}, base=clicks), LAST)

    assert [cause.kind for cause in found.causes] == [MIX]
    assert found.causes[0].share == pytest.approx(1.0, abs=0.3)
    assert found.actual < 0.8 * found.expected


def test_too_short_a_past_is_refused_with_words() -> None:
    with pytest.raises(ValueError, match="since: expected at least 24 hours of facts before it"):
        explain(regular(), Window(begins=5, ends=29))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_figures_that_are_none_are_refused_with_their_row(bad: float) -> None:
    value: Floats = np.array([1.0, bad])

    with pytest.raises(ValueError, match=r"value: expected finite figures, was (nan|inf) in row 2"):
        facts_of(np.array([0, 1]), value, {"sku": ["A", "B"]})
