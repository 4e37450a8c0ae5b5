"""A real Vendure, driven as a merchant would: what is seen is what was sold, what is written stands, and people have the last word.

Needs Node.js and what ``make e2e`` installs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import build_client_schema, build_schema, find_breaking_changes, get_introspection_query

from autopilot.cli.shell import run
from autopilot.failpoints import INTENT_COMMITTED, SENT_UNACKNOWLEDGED
from autopilot.journal import Topic
from autopilot.loop import Ticked
from autopilot.platforms.kinds import Surroundings
from autopilot.platforms.vendure.kind import KIND, VendureOptions, VendureSecrets, session_with
from autopilot.platforms.vendure.promotions import Offer, Promotions
from autopilot.platforms.vendure.session import Session
from autopilot.platforms.vendure.shop import VendureShop
from control.command import Command
from control.mode import Mode
from control.ports import Effect
from perception.fields import Field
from tests.e2e.vendure.driving import Driver, drive_in_a_process, next_hour
from tests.e2e.vendure.running import PASSWORD, USERNAME
from tests.e2e.vendure.shop import LONDON, TAX_PERCENT, GiftShop, edited, open_gift_shop, signed_in
from tests.forked import forked
from tests.platforms.graphql_server import GraphqlServer
from tests.platforms.local_server import LOST_AFTER, LOST_BEFORE, Reply, Request

pytestmark = pytest.mark.real_store

SDL = Path(__file__).parents[1] / "platforms" / "vendure" / "admin.graphql"

PATIENCE_S = 15.0
"""Of the adapter where answers are lost on purpose. The server needs a tenth of a second, on a busy machine more."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GiftShop]:
    with open_gift_shop(tmp_path_factory.mktemp("vendure")) as shop, signed_in():
        yield shop


def driver_of(shop: GiftShop, folder: Path, *, address: str = "", **options: str | float) -> Driver:
    """A store file as ``autopilot init`` writes it and a merchant completes it."""
    file, state = folder / "gift-shop.toml", folder / "state"
    assert run(["init", str(file), "--platform", "vendure", "--yes"]) == 0
    file.write_text(edited(file.read_text(encoding="utf-8"), address or shop.address, state, **options), encoding="utf-8")
    return Driver(file, state, start=next_hour())


@contextmanager
def adapter_of(shop: GiftShop, folder: Path, *, channel: str | None = None) -> Iterator[VendureShop]:
    """The adapter alone."""
    options, secrets = options_of(shop, channel=channel), secrets_of()
    opened: Any = KIND.open(options, secrets, Surroundings(store="s", currency="GBP", timezone=LONDON, folder=folder))
    assert isinstance(opened, VendureShop)
    with closing(opened):
        yield opened


@contextmanager
def session_of(shop: GiftShop) -> Iterator[Session]:
    """A session of the adapter alone."""
    with closing(session_with(options_of(shop), secrets_of())) as session:
        yield session


def options_of(shop: GiftShop, *, channel: str | None = None) -> VendureOptions:
    return VendureOptions(url=f"{shop.address}/admin-api", channel=channel, cost_field="unitCost")


def secrets_of() -> VendureSecrets:
    return VendureSecrets.model_validate({"username": USERNAME, "password": PASSWORD})


def writes(ticked: list[Ticked]) -> list[Command]:
    return [command for tick in ticked for command in tick.decision.commands.listed]


def test_what_we_use_of_the_api_is_what_a_real_server_has(shop: GiftShop) -> None:
    introspection = get_introspection_query(descriptions=False)

    with session_of(shop) as session:
        real = build_client_schema(session.ask(introspection, {}, now=datetime.now(UTC)))  # type: ignore[arg-type]

    assert find_breaking_changes(build_schema(SDL.read_text(encoding="utf-8")), real) == []


def test_from_an_empty_file_to_prices_that_stand(shop: GiftShop, tmp_path: Path) -> None:
    driver = driver_of(shop, tmp_path)
    before = shop.merchant.prices()

    checked = driver.process("check")
    ran = driver.process("run", "--ticks", "1")
    status = driver.process("status")

    assert checked["ok"] is True
    assert {found["level"] for found in checked["findings"]} == {"ok"}
    assert (ran["mode"], status["mode"], status["running"]) == ("observe", "observe", False)

    # SHADOW: it looks and decides, and nothing changes on the server
    driver.command("mode", "shadow")
    with driver.daemon() as daemon:
        shop.sell_at_once([{"MUG": 1, "TEAPOT": 2}, {"MUG": 3}, {"LANTERN": 1}, {"BUNTING": 2, "CANDLE": 1}])
        shadow = driver.ticks(daemon, 3)
        assert {tick.decision.mode for tick in shadow} == {Mode.SHADOW}

        # ADVISE: likewise; buyers change their minds
        driver.command("mode", "advise")
        cancelled, returned, part = shop.sell_at_once([{"MUG": 2, "LANTERN": 1}, {"TEAPOT": 1, "MUG": 2}, {"BUNTING": 3, "TEAPOT": 1}])
        advise = driver.ticks(daemon, 2)
        shop.merchant.cancel(cancelled)
        shop.merchant.cancel(part, {part["lines"][0]["id"]: 1})
        shop.merchant.refund(shop.order(returned), {returned["lines"][1]["id"]: 1})
        advise += driver.ticks(daemon, 1)
        assert {tick.decision.mode for tick in advise} == {Mode.ADVISE}
        assert writes(shadow + advise) == []
        assert shop.merchant.prices() == before

        # AUTO: a named person hands over, and after clean ticks prices move
        driver.command("arm", "--by", "Ann", "--reason", "the first day")
        armed = driver.ticks(daemon, 4)
        shop.sell({"MUG": 1})
        armed += driver.ticks(daemon, 12)
        auto = [tick for tick in armed if tick.decision.mode is Mode.AUTO]
        assert armed[0].decision.mode is Mode.TRANSITION
        assert writes(auto)
        assert {answer.effect for tick in armed for answer in tick.answers} == {Effect.APPLIED}
        assert shop.merchant.prices() == before | driver.written()
        assert "CANDLE" not in driver.written()

        # a person sets a price by hand: it stands for a day, whatever the loop would like
        edited_sku = writes(auto)[0].entity
        by_hand = before[edited_sku] + 7
        shop.merchant.set_price(shop.variants[edited_sku], by_hand)
        shop.sell({"LANTERN": 2})
        respected = driver.ticks(daemon, 23)
        assert shop.merchant.prices()[edited_sku] == by_hand
        assert edited_sku not in {command.entity for command in writes(respected)}

    # what the loop saw is what was sold, to the penny
    assert driver.observed_sales() == shop.sales()
    status = driver.process("status")
    assert (status["mode"], status["unresolved"]) == ("auto", 0)


@pytest.fixture
def between(shop: GiftShop) -> Iterator[GraphqlServer]:
    """A server between autopilot and the shop, which counts requests and can lose answers."""
    with httpx.Client(base_url=shop.address, timeout=60.0, trust_env=False) as behind:

        def forward(request: Request) -> Reply:
            headers = {
                name: request.headers[name] for name in ("authorization", "Authorization", "content-type") if name in request.headers
            }
            answer = behind.request(request.method, request.path, params=request.query, json=request.body, headers=headers)
            kept = {name: value for name, value in answer.headers.items() if name == "vendure-auth-token"}
            return Reply(body=answer.content, status=answer.status_code, headers=kept)

        with GraphqlServer(forward) as server:
            yield server


def prices_sent(server: GraphqlServer) -> list[tuple[str, int]]:
    """(variant, price) of every price that was sent."""
    return [(item["id"], item["prices"][0]["price"]) for sent in server.asked("SetPrice") for item in sent["input"]]


def prices_meant(driver: Driver, shop: GiftShop) -> list[tuple[str, int]]:
    """(variant, price) of every intent: sent as often as this, each was sent once."""
    return [(shop.variants[record.val["entity"]], record.val["value"]) for record in driver.records(Topic.INTENT)]


@pytest.mark.parametrize("point", [INTENT_COMMITTED, SENT_UNACKNOWLEDGED])
def test_killed_in_the_middle_of_a_write_it_writes_each_price_once(
    shop: GiftShop, between: GraphqlServer, tmp_path: Path, point: str
) -> None:
    driver = driver_of(shop, tmp_path, address=between.url)
    driver.command("arm", "--by", "Ann", "--reason", "test")
    shop.sell({"MUG": 1})

    child = forked(killed_child, driver.file, driver.state, driver.clock.now(), 12, f"{point}@2", dict(os.environ))
    child.join(120)
    at_death = driver.written()
    driver.clock.advance(timedelta(hours=len(driver.records(Topic.DECISION))).total_seconds())
    with driver.daemon() as daemon:
        driver.ticks(daemon, 3)

    assert child.exitcode == -9
    assert at_death
    assert sorted(prices_sent(between)) == sorted(prices_meant(driver, shop))
    prices = shop.merchant.prices()
    assert {sku: prices[sku] for sku in driver.written()} == driver.written()


def killed_child(file: Path, state: Path, start: datetime, ticks: int, failpoint: str, environment: dict[str, str]) -> None:
    os.environ.update(environment)
    drive_in_a_process(file, state, start, ticks, failpoint)


@pytest.mark.parametrize("fault", [LOST_BEFORE, LOST_AFTER], ids=["before", "after"])
def test_a_write_whose_answer_is_lost_is_settled_by_reading_back(
    shop: GiftShop, between: GraphqlServer, tmp_path: Path, fault: Any
) -> None:
    driver = driver_of(shop, tmp_path, address=between.url, timeout_s=PATIENCE_S)
    driver.command("arm", "--by", "Ann", "--reason", "test")
    shop.sell({"MUG": 1})
    lost: list[Ticked] = []

    with driver.daemon() as daemon:
        between.strike("SetPrice", fault)
        while not lost and len(driver.records(Topic.DECISION)) < 24:
            lost = [tick for tick in driver.ticks(daemon, 1) if any(answer.effect is Effect.UNKNOWN for answer in tick.answers)]
        driver.ticks(daemon, 6)
        unresolved = daemon.loop.folded.state.ledger.unresolved

    assert lost
    assert len(unresolved.listed) == 0
    assert sorted(prices_sent(between)) == sorted(prices_meant(driver, shop))
    prices = shop.merchant.prices()
    settled = {a["intent_id"]: a["effect"] for record in driver.records(Topic.DECISION) for a in record.val["settled"]}
    assert set(settled.values()) <= {"applied", "rejected"}
    assert {answer.intent_id for answer in lost[0].answers if answer.effect is Effect.UNKNOWN} <= settled.keys()
    last = {r.val["entity"]: r.val["value"] for r in driver.records(Topic.INTENT) if settled.get(r.key, "applied") == "applied"}
    assert {sku: prices[sku] for sku in last} == last


def test_a_promotion_of_an_intent_is_made_once_changed_and_ended(shop: GiftShop) -> None:
    now = datetime.now(UTC)
    candle, price = shop.variants["CANDLE"], shop.merchant.prices()["CANDLE"]
    stretch = {"starts_at": now - timedelta(hours=1), "ends_at": now + timedelta(days=1)}

    def offer(percent: float) -> Offer:
        return Offer(intent_id="e2e-1", title="Candle week", percent=percent, variants=(candle,), **stretch)

    def paid() -> int:
        return int(shop.sell({"CANDLE": 2})["lines"][0]["proratedLinePrice"])

    with session_of(shop) as session:
        promotions = Promotions(session, language="en")
        first, again = promotions.put(offer(10.0), now=now), promotions.put(offer(10.0), now=now)
        ten_off = paid()
        promotions.put(offer(25.0), now=now)
        quarter_off = paid()
        ended, unknown = promotions.end("e2e-1", now=now), promotions.end("e2e-2", now=now)

    assert first == again
    assert ten_off == pytest.approx(2 * price * 0.90, abs=2)
    assert quarter_off == pytest.approx(2 * price * 0.75, abs=2)
    assert paid() == 2 * price
    assert (ended, unknown) == (True, False)


def test_a_channel_whose_prices_hold_tax_is_driven_without_tax(shop: GiftShop, tmp_path: Path) -> None:
    shop.merchant.add_channel("with-tax", prices_include_tax=True)
    now, elsewhere = datetime.now(UTC), shop.merchant.prices()

    with adapter_of(shop, tmp_path, channel="with-tax") as adapter:
        mug = adapter.catalogue().skus.index("MUG")
        net = int(adapter.readback(now=now).values[Field.PRICE][mug]) + 101
        command = Command(intent_id="i", entity="MUG", index=mug, field=Field.PRICE, value=net, previous=0, currency="GBP")
        (answer,) = adapter.write((command,), now=now)
        stands = adapter.readback(now=now).values[Field.PRICE][mug]

    assert answer.effect is Effect.APPLIED
    assert stands == shop.merchant.prices(channel="with-tax")["MUG"] == net
    assert shop.merchant.prices_with_tax(channel="with-tax")["MUG"] == round(net * (1 + TAX_PERCENT / 100))
    assert shop.merchant.prices() == elsewhere


def test_refunds_without_a_cancellation_are_found_within_two_days_of_ticks(shop: GiftShop, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    old = next(order for order in shop.merchant.orders() if order["state"] == "PaymentSettled" and len(order["lines"]) == 2)

    with adapter_of(shop, tmp_path) as adapter:
        adapter.read(since=None, now=now)
        before = adapter.returns().returned_units
        shop.merchant.refund(old, {old["lines"][0]["id"]: 1})
        for hour in range(48):
            adapter.read(since=now, now=now + timedelta(hours=hour))
        after = adapter.returns().returned_units

    assert after == before + 1
