"""The whole loop on shops of ours: from the store file of their pages through the daemon to the server, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from autopilot.cli.shell import run
from autopilot.clock import SteppedClock
from autopilot.daemon import Daemon
from autopilot.episode import read_episode
from autopilot.loop import Ticked
from autopilot.service import opened
from autopilot.settings_sources import load_store
from control.mode import Mode
from control.ports import Effect
from perception import history
from perception.observation import COLUMNS, Signal
from tests.platforms.local_server import LocalServer, refusal
from tests.platforms.shopify import shop as shopify
from tests.platforms.test_shop_pages import examples
from tests.platforms.woocommerce import shop as woocommerce

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEYS = {
    "woocommerce": {"consumer_key": woocommerce.KEY, "consumer_secret": woocommerce.SECRET},
    "shopify": {"access_token": shopify.TOKEN},
}


@dataclass(frozen=True, kw_only=True)
class Here:
    """A shop with three products, one of unknown cost, and ten days of sales.

    Attributes:
        sell: One of each, at an instant.
        price: Of a SKU as the shop keeps it.
        edit: The same, by hand.
        writes: How many requests have written.
    """

    kind: str
    server: LocalServer
    problems: list[str]
    sell: Callable[[datetime], None]
    price: Callable[[str], str]
    edit: Callable[[str, str], None]
    writes: Callable[[], int]


def on_woocommerce(server: LocalServer, shop: woocommerce.Shop) -> Here:
    kept = {"manage_stock": True, "stock_quantity": 5_000}
    ids = {
        sku: shop.add_product(sku=sku, regular_price=price, meta_data=[{"id": 1, "key": "_wc_cog_cost", "value": cost}], **kept)
        for sku, price, cost in (("MUG", "19.99", "7.00"), ("TEAPOT", "26.65", ""), ("CANDLE", "5.00", ""))
    }
    shop.products[ids["TEAPOT"]]["cost_of_goods_sold"] = {"total_value": 9.0}

    def sell(at: datetime) -> None:
        shop.place(at, *((one, 1, shop.products[one]["regular_price"]) for one in ids.values()))

    return Here(
        kind="woocommerce",
        server=server,
        problems=shop.problems,
        sell=sell,
        price=lambda sku: str(shop.products[ids[sku]]["regular_price"]),
        edit=lambda sku, text: shop.products[ids[sku]].update(regular_price=text),
        writes=lambda: sum(request.method == "POST" for request in server.requests),
    )


def on_shopify(server: LocalServer, shop: shopify.Shop) -> Here:
    ids = {
        sku: shop.add_variant(sku=sku, price=price, cost=cost, inventoryQuantity=5_000)
        for sku, price, cost in (("MUG", "19.99", "7.00"), ("TEAPOT", "26.65", "9.00"), ("CANDLE", "5.00", None))
    }

    def sell(at: datetime) -> None:
        shop.place(at, *((one, 1, shop.variants[one]["price"]) for one in ids.values()))
        shop.passes(HOUR.total_seconds())

    return Here(
        kind="shopify",
        server=server,
        problems=shop.problems,
        sell=sell,
        price=lambda sku: str(shop.variants[ids[sku]]["price"]),
        edit=lambda sku, text: shop.variants[ids[sku]].update(price=text),
        writes=lambda: shop.writes,
    )


@pytest.fixture(params=["woocommerce", "shopify"])
def here(request: pytest.FixtureRequest) -> Iterator[Here]:
    if request.param == "woocommerce":
        woo = woocommerce.Shop()
        with LocalServer(woo.answer) as server:
            yield sold_for_days(on_woocommerce(server, woo))
    else:
        other = shopify.Shop(currency="EUR")
        with LocalServer(other.answer) as server:
            yield sold_for_days(on_shopify(server, other))


def sold_for_days(here: Here) -> Here:
    for hours in range(240, 0, -6):
        here.sell(NOW - hours * HOUR)
    return here


@pytest.fixture
def file(here: Here, tmp_path: Path) -> Path:
    """The file of the page, with only the address, the keys and the folder changed."""
    store, _ = examples(here.kind)
    path, keys = tmp_path / "my-shop.toml", tmp_path / "keys.toml"
    lines = [f'url = "{here.server.url}"' if line.startswith("url = ") else line for line in store.splitlines()]
    lines = [line for line in lines if "TEAPOT" not in line and not line.startswith("cost_cents")]
    text = "\n".join(lines).replace("tick_s = 3600", f'tick_s = 3600\nstate_dir = "{tmp_path / "state"}"')
    path.write_text(text)
    keys.write_text("[platform]\n" + "\n".join(f'{name} = "{value}"' for name, value in KEYS[here.kind].items()))
    keys.chmod(0o600)
    return path


@contextmanager
def daemon_on(file: Path, clock: SteppedClock) -> Iterator[Daemon]:
    with opened(load_store(str(file)), clock=clock) as daemon:
        yield daemon


def ticks(daemon: Daemon, clock: SteppedClock, here: Here, count: int) -> list[Ticked]:
    """So many, an hour apart; something is sold in each."""
    done = []
    for _ in range(count):
        clock.advance(HOUR.total_seconds())
        here.sell(clock.now() - timedelta(minutes=1))
        ticked = daemon.wake()
        assert ticked is not None
        done.append(ticked)
    return done


def test_the_file_of_the_page_passes_the_check(here: Here, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(file)]) == 0
    assert "3 read back" in capsys.readouterr().out
    assert here.writes() == 0
    assert here.problems == []


def test_prices_move_only_once_a_person_has_armed_and_an_edit_by_hand_is_respected(here: Here, file: Path) -> None:
    clock = SteppedClock(NOW)
    run(["mode", str(file), "shadow"])
    with daemon_on(file, clock) as daemon:
        ticks(daemon, clock, here, 3)
        assert here.writes() == 0

        run(["arm", str(file), "--by", "Ann", "--reason", "test"])
        driven = ticks(daemon, clock, here, 24)
        moved = [command for tick in driven if tick.decision.mode is Mode.AUTO for command in tick.decision.commands.listed]
        assert moved
        assert "CANDLE" not in {command.entity for command in moved}
        assert {answer.effect for tick in driven for answer in tick.answers} == {Effect.APPLIED}
        last = {command.entity: command.value for command in moved}
        assert {sku: f"{value / 100:.2f}" for sku, value in last.items()} == {sku: here.price(sku) for sku in last}

        edited = moved[-1].entity
        here.edit(edited, "17.77")
        after = ticks(daemon, clock, here, 20)

        assert here.price(edited) == "17.77"
        assert edited not in {command.entity for tick in after for command in tick.decision.commands.listed}
    assert here.problems == []


def test_every_order_is_in_what_the_loop_remembers(here: Here, file: Path) -> None:
    clock = SteppedClock(NOW)
    with daemon_on(file, clock) as daemon:
        ticks(daemon, clock, here, 5)
        past = daemon.loop.folded.state.estimator.history

    cells = [history.cells_of(past, Signal.SHOP, day) for day in history.days_of(past, Signal.SHOP)]
    # 40 in ten days, 5 since
    assert sum(one.values[COLUMNS[Signal.SHOP].index("units")] for one in cells if one is not None).tolist() == [45.0] * 3


def test_no_key_is_written_down_or_said_anywhere(
    here: Here, file: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in journal, metrics, order book, episode, log, messages or configuration, whether all is well or the keys are refused."""
    monkeypatch.chdir(tmp_path)
    clock = SteppedClock(NOW)
    with daemon_on(file, clock) as daemon:
        ticks(daemon, clock, here, 2)
        here.server.faults.extend(refusal(status) for status in (500, 401, 401, 401))
        failed = ticks(daemon, clock, here, 2)
    episode = tmp_path / "kept.episode.jsonl.zst"
    for command in (["show-config", str(file)], ["status", str(file)], ["explain", str(file)], ["export", str(file), "-o", str(episode)]):
        run([*command, "--log-level", "debug"])
        run([*command, "--json"] if command[0] != "export" else command)
    here.server.faults.append(refusal(401))
    assert run(["check", str(file), "--log-level", "debug"]) != 0

    said = "".join(capfd.readouterr())
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and path.name != "keys.toml")
    records = str([record.val for record in read_episode(episode).records])
    assert "NeedsReauthorisation" in str([tick.decision for tick in failed]) + said
    assert episode.is_file()
    for secret in KEYS[here.kind].values():
        assert secret not in said
        assert secret.encode() not in written
        assert secret not in records
