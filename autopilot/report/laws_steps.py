"""How each law answers a step: the laws themselves, in closed loop with a store without luck, and what can be read off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from autopilot.report.smooth_store import HOURS_PER_DAY, Conditions, SmoothStore, Trace, steered
from control.laws import Laws, LawsTuning
from perception.units import Floats

DAYS, STEP_DAY = 21, 9
"""Of a window; by the step the start is over."""
ENDS_DAYS = 2
"""Last days of a window, which are not judged: little of the grant is left to be set then."""
BAND = 0.15
"""A response has settled when its day's mean stays within this of where it should be."""

_PRODUCTS = 2
_DAY_CENTS = 6_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One curve: hourly values, its place among the colours of a panel, and whether it is what should be."""

    label: str
    values: Floats
    colour: int
    wanted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One law and one step.

    Attributes:
        name: Short id.
        law: Which law.
        title: What steps.
        said: What to look for.
        measured_label, measured: What is measured, above.
        set_label, set_lines: What the law sets, below.
        marks: Days on which something steps.
        figures: What can be read off, by name.
    """

    name: str
    law: str
    title: str
    said: str
    measured_label: str
    measured: tuple[Line, ...]
    set_label: str
    set_lines: tuple[Line, ...]
    marks: tuple[float, ...]
    figures: dict[str, float | None]


def a_store() -> SmoothStore:
    """Two products, a campaign each; budgets at the laws' own fence; at alpha 0.5 and ample budgets it spends the plan."""
    return SmoothStore(
        days=DAYS,
        price_cents=np.full(_PRODUCTS, 4_000.0),
        going_price_cents=np.full(_PRODUCTS, 60.0),
        campaign_of=np.arange(_PRODUCTS),
        elasticity=np.full(_PRODUCTS, 1.8),
        elasticity_spread=0.1,
        daily_budget_cents=np.full(_PRODUCTS, 0.65 * _DAY_CENTS),
        price_band=(0.8, 1.25),
    )


def usual_conditions() -> Conditions:
    """Before anything steps: a grant that binds, no ROAS target, prices where they should be, ample stock."""
    return Conditions(
        traffic=np.full(_PRODUCTS, 400.0),
        rival_level=1.0,
        order_rate=np.full(_PRODUCTS, 0.06),
        organic_units=np.full(_PRODUCTS, 3.0),
        unit_cost_cents=np.full(_PRODUCTS, 1_900.0),
        on_hand=np.full(_PRODUCTS, np.inf),
        ad_budget_cents=DAYS * _DAY_CENTS,
        target_roas=0.0,
    )


def all_panels(tuning: LawsTuning, *, progress: Callable[[float], None]) -> list[Panel]:
    """Every law and its steps, in the order of the picture."""
    makers = (_grant, _demand, _rivals, _outage, _target, _scarcity, _fence, _cost, _stock)
    panels = []
    for done, maker in enumerate(makers, start=1):
        panels.append(maker(tuning))
        progress(done / len(makers))
    return panels


def stepped(before: Conditions, after: Conditions, *, until_day: float = float(DAYS)) -> Callable[[int], Conditions]:
    """``after`` from the step's day on, until ``until_day``."""
    return lambda hour: after if STEP_DAY * HOURS_PER_DAY <= hour < until_day * HOURS_PER_DAY else before


def day_means(hourly: Floats) -> Floats:
    """(h,) mean of the last 24 hours, or of as many as there are."""
    summed = np.concatenate([[0.0], np.cumsum(hourly)])
    hours = np.arange(1, hourly.size + 1)
    since = np.maximum(hours - HOURS_PER_DAY, 0)
    means: Floats = (summed[hours] - summed[since]) / (hours - since)
    return means


def settled_days(values: Floats, wanted: Floats, *, after_day: float) -> float | None:
    """Days from ``after_day`` until ``values`` stay within ``BAND`` of ``wanted`` to the end; None where they never do."""
    first, last = int(after_day * HOURS_PER_DAY), values.size - ENDS_DAYS * HOURS_PER_DAY
    off = np.flatnonzero(np.abs(values[first:last] - wanted[first:last]) > BAND * np.abs(wanted[first:last]))
    if off.size and off[-1] == last - first - 1:
        return None
    return float(off[-1] + 1) / HOURS_PER_DAY if off.size else 0.0


def _drive(tuning: LawsTuning, conditions: Callable[[int], Conditions]) -> Trace:
    return steered(a_store(), Laws(tuning=tuning), conditions)


def _spend(trace: Trace) -> Floats:
    """(h,) spend of the last day over that of a day of the plan before anything stepped."""
    share: Floats = HOURS_PER_DAY * day_means(trace.spend_cents.sum(axis=1)) / _DAY_CENTS
    return share


def _course(trace: Trace) -> Floats:
    """(h,) what a day should cost from here on: what is left of the grant, spread over what is left of the window."""
    spent = np.concatenate([[0.0], np.cumsum(trace.spend_cents.sum(axis=1))[:-1]])
    left_days = DAYS - np.arange(spent.size) / HOURS_PER_DAY
    course: Floats = np.maximum(trace.planned_cents * DAYS - spent, 0.0) / left_days / _DAY_CENTS
    return course


def _paced(trace: Trace, *, after_day: float) -> dict[str, float | None]:
    spend, first, last = _spend(trace), int(after_day * HOURS_PER_DAY), (DAYS - ENDS_DAYS) * HOURS_PER_DAY
    return {
        "settled_days": settled_days(spend, _course(trace), after_day=after_day),
        "highest_spend": float(spend[first:last].max()),
        "lowest_spend": float(spend[first:last].min()),
        "grant_used": float(trace.spend_cents.sum() / (trace.planned_cents[-1] * DAYS)),
    }


def _spend_panel(name: str, title: str, said: str, trace: Trace, *, marks: tuple[float, ...]) -> Panel:
    return Panel(
        name=name,
        law="Pacing",
        title=title,
        said=said,
        measured_label="spend of a day ÷ plan",
        measured=(
            Line(label="what is left ÷ days left", values=_course(trace), colour=0, wanted=True),
            Line(label="spend", values=_spend(trace), colour=0),
        ),
        set_label="alpha",
        set_lines=(Line(label="alpha", values=trace.terms["alpha"], colour=0),),
        marks=marks,
        figures=_paced(trace, after_day=marks[-1]),
    )


def _grant(tuning: LawsTuning) -> Panel:
    usual = usual_conditions()
    traces = [_drive(tuning, stepped(usual, replace(usual, ad_budget_cents=ratio * usual.ad_budget_cents))) for ratio in (1.5, 0.67)]
    figures = {
        f"{label}_{figure}": value
        for label, trace in zip(("raised", "cut"), traces, strict=True)
        for figure, value in _paced(trace, after_day=STEP_DAY).items()
    }
    return Panel(
        name="grant",
        law="Pacing",
        title="the grant is raised by a half, or cut by a third",
        said="Dashed: what is left of the grant over the days that are left.",
        measured_label="spend of a day ÷ plan",
        measured=tuple(
            line
            for colour, (label, trace) in enumerate(zip(("raised", "cut"), traces, strict=True))
            for line in (
                Line(label="should", values=_course(trace), colour=colour, wanted=True),
                Line(label=label, values=_spend(trace), colour=colour),
            )
        ),
        set_label="alpha",
        set_lines=tuple(
            Line(label=label, values=trace.terms["alpha"], colour=colour)
            for colour, (label, trace) in enumerate(zip(("raised", "cut"), traces, strict=True))
        ),
        marks=(float(STEP_DAY),),
        figures=figures,
    )


def _demand(tuning: LawsTuning) -> Panel:
    usual = usual_conditions()
    trace = _drive(tuning, stepped(usual, replace(usual, traffic=2.0 * usual.traffic)))
    return _spend_panel("demand", "twice the searches", "Bids fall until twice the traffic costs as much.", trace, marks=(float(STEP_DAY),))


def _rivals(tuning: LawsTuning) -> Panel:
    usual = usual_conditions()
    trace = _drive(tuning, stepped(usual, replace(usual, rival_level=1.3)))
    said = "Bids rise as far as a click stays worth it."
    return _spend_panel("rivals", "rivals bid 30 % more", said, trace, marks=(float(STEP_DAY),))


def _outage(tuning: LawsTuning) -> Panel:
    usual = usual_conditions()
    until = STEP_DAY + 1.5
    trace = _drive(tuning, stepped(usual, replace(usual, traffic=np.zeros(_PRODUCTS)), until_day=until))
    said = "Alpha stands at its bound, and leaves it once the backlog is spent: the integral has not wound up."
    return _spend_panel("outage", "no traffic for a day and a half", said, trace, marks=(float(STEP_DAY), until))


def _target(tuning: LawsTuning) -> Panel:
    before = replace(usual_conditions(), target_roas=7.0)
    trace = _drive(tuning, stepped(before, replace(before, target_roas=11.0)))
    wanted = np.where(np.arange(trace.roas.size) < STEP_DAY * HOURS_PER_DAY, 7.0, 11.0)
    return Panel(
        name="target",
        law="Efficiency",
        title="the ROAS target rises from 7 to 11",
        said="The measured ROAS is that of all remembered days: it moves late, and the cap has to wait for it.",
        measured_label="ROAS, corrected for lag",
        measured=(
            Line(label="target", values=wanted, colour=0, wanted=True),
            Line(label="measured", values=trace.roas, colour=0),
        ),
        set_label="alpha",
        set_lines=(
            Line(label="cap by ROAS", values=trace.terms["alpha_roas"], colour=1),
            Line(label="alpha", values=trace.terms["alpha"], colour=0),
        ),
        marks=(float(STEP_DAY),),
        figures={
            "settled_days": settled_days(trace.roas, wanted, after_day=STEP_DAY),
            "roas_at_the_end": float(trace.roas[-1]),
            "lowest_alpha": float(trace.terms["alpha"].min()),
        },
    )


def _scarcity(tuning: LawsTuning) -> Panel:
    usual = usual_conditions()
    trace = _drive(tuning, stepped(usual, replace(usual, traffic=usual.traffic * np.array([3.0, 1.0]))))
    share = trace.bid_cents / trace.worth_cents
    return Panel(
        name="scarcity",
        law="Scarcity",
        title="one campaign's searches × 3",
        said="The campaign that nears its daily budget bids less of the same worth than the other.",
        measured_label="used share of budget",
        measured=tuple(
            Line(label=label, values=trace.sku_terms["budget_used"][:, place], colour=place)
            for place, label in enumerate(("busy", "quiet"))
        ),
        set_label="bid ÷ worth",
        set_lines=tuple(Line(label=label, values=share[:, place], colour=place) for place, label in enumerate(("busy", "quiet"))),
        marks=(float(STEP_DAY),),
        figures={
            "busy_over_quiet_bid": float(share[-ENDS_DAYS * HOURS_PER_DAY, 0] / share[-ENDS_DAYS * HOURS_PER_DAY, 1]),
            "busy_used": float(trace.sku_terms["budget_used"][-1, 0]),
            "quiet_used": float(trace.sku_terms["budget_used"][-1, 1]),
        },
    )


def _fence(tuning: LawsTuning) -> Panel:
    usual = usual_conditions()
    ratios = {"doubled": 2.0, "cut": 0.67}
    traces = {
        label: _drive(tuning, stepped(usual, replace(usual, ad_budget_cents=ratio * usual.ad_budget_cents)))
        for label, ratio in ratios.items()
    }
    least = {label: tuning.fence.headroom * trace.planned_cents / _DAY_CENTS for label, trace in traces.items()}
    set_ = {label: trace.budget_cents.sum(axis=1) / _DAY_CENTS for label, trace in traces.items()}
    return Panel(
        name="fence",
        law="Fence",
        title="the grant is doubled, or cut by a third",
        said="Budgets rise by at most 20 % a change and 30 % a day, fall freely, and shrink as the grant runs out.",
        measured_label="spend of a day ÷ plan",
        measured=tuple(Line(label=label, values=_spend(trace), colour=place) for place, (label, trace) in enumerate(traces.items())),
        set_label="daily budgets ÷ plan",
        set_lines=tuple(
            line
            for place, label in enumerate(traces)
            for line in (
                Line(label="least", values=least[label], colour=place, wanted=True),
                Line(label=label, values=set_[label], colour=place),
            )
        ),
        marks=(float(STEP_DAY),),
        figures={
            "days_to_the_doubled_fence": settled_days(np.minimum(set_["doubled"], least["doubled"]), least["doubled"], after_day=STEP_DAY),
            "highest_rise_a_day": float((set_["doubled"][HOURS_PER_DAY:] / set_["doubled"][:-HOURS_PER_DAY]).max() - 1.0),
        },
    )


def _prices(name: str, title: str, said: str, trace: Trace) -> Panel:
    price, target = trace.price_cents[:, 0] / 100.0, trace.sku_terms["target_price_cents"][:, 0] / 100.0
    first = STEP_DAY * HOURS_PER_DAY
    return Panel(
        name=name,
        law="Pricing",
        title=title,
        said=said,
        measured_label="worth of a click, cents",
        measured=(Line(label="worth", values=trace.worth_cents[:, 0], colour=0),),
        set_label="price",
        set_lines=(
            Line(label="best price", values=target, colour=0, wanted=True),
            Line(label="price", values=price, colour=0),
        ),
        marks=(float(STEP_DAY),),
        figures={
            "price_before": float(price[first - 1]),
            "price_at_the_end": float(price[-1]),
            "highest_change_a_day": float(np.abs(price[HOURS_PER_DAY:] / price[:-HOURS_PER_DAY] - 1.0).max()),
        },
    )


def _cost(tuning: LawsTuning) -> Panel:
    usual = usual_conditions()
    trace = _drive(tuning, stepped(usual, replace(usual, unit_cost_cents=1.2 * usual.unit_cost_cents)))
    return _prices("cost", "the goods cost 20 % more", "The price goes there in steps of 4 %, half a day apart, and no further.", trace)


def _stock(tuning: LawsTuning) -> Panel:
    usual = usual_conditions()
    trace = _drive(tuning, stepped(usual, replace(usual, on_hand=np.full(_PRODUCTS, 35.0))))
    said = "Stock should last the lead time of fourteen days, and falls to twelve. What sells anyway sells dearer."
    return _prices("stock", "stock for twelve days of fourteen", said, trace)
