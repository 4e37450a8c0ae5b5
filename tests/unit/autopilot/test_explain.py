"""Any write can be traced from the metric to the acknowledgement, from the journal alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest

from autopilot import codec
from autopilot.cli.shell import run
from autopilot.explain import NoSuchWrite, explain, writes
from autopilot.journal import SqlJournal, Topic, sqlite_url
from perception.fields import Field
from perception.observation import Observation, Signal


@pytest.fixture(scope="module")
def driven(harness: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Drives that the tests share: they only look at the journal, which lies in ``folder``."""
    done: dict[str, Any] = {}

    def driving(ticks: int, overrides: dict[str, Any] | None = None) -> Any:
        name = repr((ticks, overrides))
        if name not in done:
            folder = tmp_path_factory.mktemp("driven")
            url = sqlite_url(folder / "journal.sqlite")
            done[name] = harness(overrides, journal=lambda clock: SqlJournal(url, clock=clock, durable=False))
            done[name].folder = folder
            done[name].done = done[name].ticks(ticks)
        return done[name]

    return driving


def last_write(store: Any, field: Field) -> Any:
    return next(write for write in writes(store.journal, most=1000) if write.field == field)


def judged_of(store: Any, intent_id: str) -> tuple[Any, Any]:
    """(decision, judged) behind an intent, from what the loop returned and not from the journal."""
    for ticked in store.done:
        for command in ticked.decision.commands:
            if command.intent_id == intent_id:
                found = (j for j in ticked.decision.judged if (j.wish.entity, j.wish.field) == (command.entity, command.field))
                return ticked.decision, next(found)
    raise AssertionError(intent_id)


SMALL_GRANT = {"budget.window_days": 4, "budget.ad_spend_cents": 20_000, "planning.learning_budget_cents": 1_000}
"""So little that every campaign's budget must be cut."""

RESTS_ON = {Field.PRICE: {"shop", "stock"}, Field.BID: {"ads"}, Field.DAILY_BUDGET: {"ads"}}
ESTIMATES = {
    Field.PRICE: {"elasticity", "elasticity_sd", "best_price_cents", "target_price_cents"},
    Field.BID: {"value_per_click_cents", "value_per_click_cents_sd"},
    Field.DAILY_BUDGET: {"window_spend_cents", "remaining_cents"},
}


@pytest.mark.parametrize("field", list(Field))
def test_the_chain_of_a_write_has_every_link(driven: Callable[..., Any], field: Field) -> None:
    store = driven(30, SMALL_GRANT)
    write = last_write(store, field)
    decision, judged = judged_of(store, write.intent_id)

    chain = explain(store.journal, write.intent_id)

    assert chain.write == write
    assert chain.metrics.keys() == RESTS_ON[field]
    assert all(days and all(figures for figures in days.values()) for days in chain.metrics.values())
    assert chain.estimates.keys() >= ESTIMATES[field]
    assert chain.estimates == pytest.approx(judged.evidence)
    assert (chain.plan["id"], chain.plan["goal"]) == (decision.plan_id, "profit")
    assert chain.controller == pytest.approx(decision.terms)
    assert (chain.gate["outcome"], chain.gate["value"], chain.gate["mode"]) == (judged.verdict.outcome, write.value, decision.mode)
    assert chain.gate["wish"] == pytest.approx(judged.wish.value)
    assert chain.gate["last"] == write.previous
    assert [answer["effect"] for answer in chain.acknowledgements] == ["applied"]


def test_the_plan_says_why_about_the_product_and_cites_its_facts(driven: Callable[..., Any]) -> None:
    store = driven(30)

    chain = explain(store.journal, last_write(store, Field.PRICE).intent_id)

    product = chain.plan["product"]
    assert product["sku"] == chain.write.entity
    assert product["rationale"]
    assert all(f"[{fact['id']}]" in product["rationale"] for fact in chain.plan["facts"])
    assert len(chain.plan["facts"]) > 0


def test_metrics_are_those_of_the_product_as_last_told_before_the_write(driven: Callable[..., Any]) -> None:
    store = driven(30)
    # the first of them: much was told since
    write = [write for write in writes(store.journal, most=1000) if write.field == Field.PRICE][-1]
    index = store.loop.config.catalogue.skus.index(write.entity)
    expected: dict[int, list[float]] = {}
    chain = explain(store.journal, write.intent_id)
    for record in store.journal.records(topics=[Topic.OBSERVATION]):
        if record.seq > chain.records["intent"]:
            break
        for rows in codec.from_jsonable(record.val, Observation).rows:
            if rows.signal is Signal.SHOP:
                told = zip(rows.sku.tolist(), rows.day.tolist(), rows.values.tolist(), strict=True)
                expected |= {day: values for sku, day, values in told if sku == index}

    newest = [expected[day] for day in sorted(expected)[-7:]]

    assert [list(figures.values()) for figures in chain.metrics["shop"].values()] == newest
    assert sum(figures["units"] for figures in chain.metrics["shop"].values()) > 0


def test_a_campaign_is_explained_by_the_figures_of_the_whole_store(driven: Callable[..., Any]) -> None:
    store = driven(30, SMALL_GRANT)

    chain = explain(store.journal, last_write(store, Field.DAILY_BUDGET).intent_id)

    assert chain.write.entity in store.loop.config.catalogue.campaigns
    assert sum(figures["clicks"] for figures in chain.metrics["ads"].values()) > 0


def test_the_links_name_the_records_they_come_from(driven: Callable[..., Any]) -> None:
    store = driven(12)
    by_seq = {record.seq: record for record in store.journal.records()}

    chain = explain(store.journal, last_write(store, Field.BID).intent_id)

    topics = {name: by_seq[seq].topic for name, seq in chain.records.items()}
    assert topics == {"intent": Topic.INTENT, "decision": Topic.DECISION, "plan": Topic.PLAN}
    assert by_seq[chain.records["intent"]].key == chain.write.intent_id
    assert all(by_seq[answer["seq"]].topic is Topic.ACK for answer in chain.acknowledgements)


def test_a_write_that_was_settled_later_shows_both_answers(driven: Callable[..., Any]) -> None:
    store = driven(2, {"platform.faults.timeout_after_apply": 1.0, "platform.faults.until_hour": 1})
    first = store.done[0].decision.commands[0]

    chain = explain(store.journal, first.intent_id)

    assert [answer["effect"] for answer in chain.acknowledgements] == ["unknown", "applied"]
    assert "timed out" in chain.acknowledgements[0]["detail"]
    assert "read back as sent" in chain.acknowledgements[1]["detail"]
    assert chain.write.effect == "applied"


def test_a_write_that_came_to_nothing_says_so(driven: Callable[..., Any]) -> None:
    store = driven(2, {"platform.faults.timeout_before_apply": 1.0, "platform.faults.until_hour": 1})
    first = store.done[0].decision.commands[0]

    chain = explain(store.journal, first.intent_id)

    assert [answer["effect"] for answer in chain.acknowledgements] == ["unknown", "rejected"]
    assert chain.write.effect == "rejected"


def test_a_write_without_an_answer_yet_is_unknown(driven: Callable[..., Any]) -> None:
    store = driven(1, {"platform.faults.timeout_after_apply": 1.0})
    first = store.done[0].decision.commands[0]

    assert explain(store.journal, first.intent_id).write.effect == "unknown"


def test_writes_are_listed_newest_first_and_no_more_than_asked(driven: Callable[..., Any]) -> None:
    store = driven(12)
    intents = [command.intent_id for ticked in store.done for command in ticked.decision.commands]

    assert [write.intent_id for write in writes(store.journal, most=10_000)] == intents[::-1]
    assert [write.intent_id for write in writes(store.journal, most=3)] == intents[:-4:-1]


def test_a_unique_beginning_of_the_id_is_enough(driven: Callable[..., Any]) -> None:
    store = driven(8)
    whole = last_write(store, Field.BID).intent_id

    assert explain(store.journal, whole[:12]) == explain(store.journal, whole)


@pytest.mark.parametrize("asked", ["ffffffffffffffff0", "no such id"])
def test_an_unknown_id_is_refused_by_name(driven: Callable[..., Any], asked: str) -> None:
    store = driven(8)

    with pytest.raises(NoSuchWrite, match=f"{asked}: expected the id of one write, was that of 0"):
        explain(store.journal, asked)


def test_an_ambiguous_beginning_is_refused_with_how_many_it_fits(driven: Callable[..., Any]) -> None:
    store = driven(8)
    count = len(writes(store.journal, most=10_000))

    with pytest.raises(NoSuchWrite, match=f"was that of {count}"):
        explain(store.journal, "")


def test_the_command_lists_explains_and_refuses(driven: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    store = driven(30)
    write = last_write(store, Field.PRICE)
    where = ["gift-shop", "--journal", str(store.folder / "journal.sqlite")]

    def said(*arguments: str) -> tuple[int, str]:
        code = run(["explain", *where, *arguments])
        return code, capsys.readouterr().out

    listed = said("--json")
    drawn_list = said()
    told = said(write.intent_id, "--json")
    drawn = said(write.intent_id)
    refused = said("nothing", "--json")

    assert [code for code, _ in (listed, drawn_list, told, drawn, refused)] == [0, 0, 0, 0, 2]
    assert json.loads(listed[1])["writes"] == [asdict(one) for one in writes(store.journal, most=20)]
    assert json.loads(told[1]).keys() >= {"metrics", "estimates", "plan", "controller", "gate", "acknowledgements"}
    assert all(link in drawn[1] for link in ("metric", "estimate", "plan", "controller", "gate", "acknowledgement", write.entity))
    assert json.loads(refused[1])["error"]["type"] == "NoSuchWrite"
