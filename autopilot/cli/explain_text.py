"""Draws writes and their chains for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from autopilot.explain import Explanation, Write
from autopilot.report.amounts import money

MONEY = "_cents"


def writes_table(writes: Sequence[Write], currency: str) -> Table:
    """The list of writes, newest first."""
    table = Table(title="Latest writes")
    for column in ("Write", "At (UTC)", "What", "From", "To", "Outcome"):
        table.add_column(column, justify="right" if column in ("From", "To") else "left")
    for write in writes:
        values = (money(write.previous, currency, exact=True), money(write.value, currency, exact=True))
        table.add_row(write.intent_id, write.at[:16], f"{write.field} of {write.entity}", *values, write.effect)
    return table


def chain(explanation: Explanation, currency: str) -> Tree:
    """The chain of one write, link by link."""
    write = explanation.write
    tree = Tree(
        f"[bold]{write.field} of {write.entity}[/]: {money(write.previous, currency, exact=True)} → "
        f"{money(write.value, currency, exact=True)} at {write.at[:19]} UTC (write {write.intent_id})"
    )
    metrics = tree.add("[bold]metric[/]: what the platforms had reported")
    for signal, days in explanation.metrics.items():
        for day, figures in days.items():
            metrics.add(f"{signal} {day}: {_listed(figures, currency)}")
    estimate = tree.add(f"[bold]estimate[/]: {_listed(explanation.estimates, currency)}")
    for change in explanation.changes:
        estimate.add(escape(change))
    plan = explanation.plan
    planned = tree.add(f"[bold]plan[/] {plan['id']} by {plan['planner']}: goal {plan['goal']}, until {plan['ends_at'][:10]}")
    if plan["product"]:
        planned.add(escape(str(plan["product"]["rationale"])))
        planned.add(_listed({k: v for k, v in plan["product"].items() if k not in ("rationale", "sku")}, currency))
    for fact in plan["facts"]:
        planned.add(escape(f"{fact['id']}: {fact['name']} = {fact['value']:.4g} {fact['unit']} ({fact['source']})"))
    controller = tree.add(f"[bold]controller[/]: {_listed(explanation.controller, currency)}")
    if explanation.policy:
        controller.add(f"policy: {explanation.policy}")
    gate = explanation.gate
    reasons = ", ".join(gate["reasons"]) or "no limit touched"
    judged = f"wished {gate['wish']:.2f}, in force {gate['last']}, {gate['outcome']} {gate['value']} ({reasons})"
    tree.add(f"[bold]gate[/] in mode {gate['mode']}: {judged}")
    answered = tree.add("[bold]acknowledgement[/]" if explanation.acknowledgements else "[bold]acknowledgement[/]: none yet")
    for answer in explanation.acknowledgements:
        answered.add(f"{answer['effect']}: {answer['detail']} at {answer['at'][:19]}")
    return tree


def _listed(figures: Mapping[str, Any], currency: str) -> str:
    return ", ".join(f"{name.removesuffix(MONEY)} {_figure(name, value, currency)}" for name, value in figures.items())


def _figure(name: str, value: Any, currency: str) -> str:
    if not isinstance(value, int | float):
        return str(value)
    if name.removesuffix("_sd").endswith(MONEY):
        return money(value, currency, exact=True)
    return f"{value:.4g}"
