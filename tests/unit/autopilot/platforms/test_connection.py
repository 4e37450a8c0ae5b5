"""A store on a real platform: its options and secrets are checked by the kind it names, and what is wrong is said by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from pydantic import SecretStr

from autopilot import store_check, wiring
from autopilot.cli.shell import run
from autopilot.clock import SteppedClock
from autopilot.conformance.adapter import AdapterUnderTest
from autopilot.connection import connected
from autopilot.errors import ConfigError
from autopilot.findings import Level
from autopilot.platforms import kinds
from autopilot.platforms.effects import MemoryEffects
from autopilot.platforms.kinds import Adapter, Kind, Role, Surroundings
from autopilot.service import opened
from autopilot.settings_sources import Loaded, load_store
from autopilot.settings_types import Section
from control.mode import Mode
from perception.fields import Field
from perception.observation import Signal
from tests.conformance.adapters import simulated
from tests.conformance.part_of import PartOf

pytestmark = pytest.mark.usefixtures("acme")

STORE = """
[store]
name = "acme-store"
currency = "GBP"
timezone = "Europe/London"
[platform]
kind = "acme"
options = { url = "https://acme.example", pages = 3 }
[budget]
currency = "GBP"
ad_spend_cents = 100_000
max_loss_cents = 1_000_000
[economics]
fee_ratio = 0.03
return_rate = 0.03
return_rate_upper = 0.05
return_cost_cents = 100
"""


class Options(Section):
    url: str
    pages: int = 1


class Secrets(Section):
    token: SecretStr


class Acme:
    """Offers a kind of shop, and remembers what it was opened with."""

    def __init__(self, under_test: AdapterUnderTest) -> None:
        self.under_test = under_test
        self.told: list[tuple[Options, Secrets, Surroundings]] = []

    def shop(self, options: Options, secrets: Secrets, surroundings: Surroundings) -> Adapter:
        self.told.append((options, secrets, surroundings))
        signals = frozenset({Signal.SHOP, Signal.STOCK})
        return PartOf(self.under_test.platform, signals=signals, fields=frozenset({Field.PRICE}))

    def ads(self, options: Options, secrets: Secrets, surroundings: Surroundings) -> Adapter:
        self.told.append((options, secrets, surroundings))
        assert surroundings.sold is not None
        return PartOf(self.under_test.platform, signals=frozenset({Signal.ADS}), fields=frozenset({Field.BID, Field.DAILY_BUDGET}))


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch) -> Iterator[Acme]:
    with simulated() as under_test:
        offered = Acme(under_test)
        table = {
            "acme": Kind(role=Role.SHOP, options=Options, secrets=Secrets, open=offered.shop),
            "acme-ads": Kind(role=Role.ADS, options=Options, secrets=Secrets, open=offered.ads),
        }

        class Offer:
            """An entry point that needs no package."""

            def __init__(self, name: str) -> None:
                self.name = name

            def load(self) -> Kind:
                return table[self.name]

        def offers(*, group: str, name: str | None = None) -> list[Offer]:
            assert group == kinds.GROUP
            return [Offer(known) for known in table if name in {None, known}]

        monkeypatch.setattr(kinds, "entry_points", offers)
        yield offered


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Loaded]:
    monkeypatch.chdir(tmp_path)

    def loading(text: str = STORE, environ: dict[str, str] | None = None) -> Loaded:
        path = tmp_path / "acme-store.toml"
        path.write_text(text.replace('name = "acme-store"', f'name = "acme-store"\nstate_dir = "{tmp_path}/state"'))
        return load_store(str(path), environ={"AUTOPILOT__SECRETS__PLATFORM__TOKEN": "very-secret"} if environ is None else environ)

    return loading


def refused(loaded: Loaded, tmp_path: Path) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        connected(loaded, folder=tmp_path)
    return caught.value.problems


def test_an_adapter_is_told_its_options_its_secrets_and_where_it_is(store: Callable[..., Loaded], acme: Acme, tmp_path: Path) -> None:
    connected(store(), folder=tmp_path / "adapters")

    ((options, secrets, surroundings),) = acme.told
    assert options == Options(url="https://acme.example", pages=3)
    assert secrets.token.get_secret_value() == "very-secret"
    assert (surroundings.currency, surroundings.timezone.key, surroundings.sold) == ("GBP", "Europe/London", None)
    assert surroundings.folder.stat().st_mode & 0o077 == 0


def test_an_ad_platform_is_told_what_the_shop_sells(store: Callable[..., Loaded], acme: Acme, tmp_path: Path) -> None:
    text = STORE + '[ads]\nkind = "acme-ads"\noptions = { url = "https://ads.example" }\n[secrets.ads]\ntoken = "another"\n'

    platform = connected(store(text), folder=tmp_path)

    assert acme.told[1][2].sold == acme.under_test.catalogue
    assert platform.fields == frozenset(Field)
    assert acme.told[0][2].folder != acme.told[1][2].folder


def test_an_unknown_kind_is_named_with_those_there_are(store: Callable[..., Loaded], tmp_path: Path) -> None:
    assert refused(store(STORE.replace('"acme"', '"akme"')), tmp_path) == (
        "acme-store.toml: platform.kind: expected one of 'acme', was 'akme'",
    )


def test_a_kind_of_the_other_role_is_no_shop(store: Callable[..., Loaded], tmp_path: Path) -> None:
    assert refused(store(STORE.replace('"acme"', '"acme-ads"')), tmp_path) == (
        "acme-store.toml: platform.kind: expected one of 'acme', was 'acme-ads'",
    )


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("{ pages = 3 }", "platform.options.url: expected text, was missing"),
        ("{ url = 5, pages = 3 }", "platform.options.url: expected text, was 5"),
        ('{ url = "u", pages = 3, page = 4 }', "platform.options.page: unknown key; did you mean 'pages'?"),
    ],
)
def test_wrong_options_are_named_with_file_and_field(store: Callable[..., Loaded], tmp_path: Path, options: str, problem: str) -> None:
    text = STORE.replace('{ url = "https://acme.example", pages = 3 }', options)

    assert refused(store(text), tmp_path) == (f"acme-store.toml: {problem}",)


def test_a_missing_secret_is_named_by_the_variable_to_set(store: Callable[..., Loaded], tmp_path: Path) -> None:
    (problem,) = refused(store(environ={}), tmp_path)

    assert problem == "env AUTOPILOT__SECRETS__PLATFORM__TOKEN: secrets.platform.token: was missing"


def test_an_unknown_secret_is_named_and_not_shown(store: Callable[..., Loaded], tmp_path: Path) -> None:
    environ = {"AUTOPILOT__SECRETS__PLATFORM__TOKEN": "very-secret", "AUTOPILOT__SECRETS__PLATFORM__KEY": "also-secret"}

    (problem,) = refused(store(environ=environ), tmp_path)

    assert problem == "env AUTOPILOT__SECRETS__PLATFORM__KEY: secrets.platform.key: is unknown; known are token"


def test_a_store_in_another_currency_than_its_shop_is_refused(store: Callable[..., Loaded], tmp_path: Path) -> None:
    (problem,) = refused(store(STORE.replace("GBP", "EUR")), tmp_path)

    assert problem == "acme-store.toml: store.currency: expected 'GBP', in which the shop keeps its prices, was 'EUR'"


def test_options_can_come_from_the_environment(store: Callable[..., Loaded], acme: Acme, tmp_path: Path) -> None:
    environ = {"AUTOPILOT__SECRETS__PLATFORM__TOKEN": "t", "AUTOPILOT__PLATFORM__OPTIONS__URL": "https://other.example"}

    connected(store(environ=environ), folder=tmp_path)

    assert acme.told[0][0].url == "https://other.example"


def test_check_asks_every_source(store: Callable[..., Loaded], acme: Acme) -> None:
    findings = store_check.examine(store(), now=acme.under_test.now)

    levels = {found.name: found.level for found in findings}
    assert levels["platform"] is Level.OK
    assert levels["figures"] is Level.OK
    assert levels["set-points"] is Level.OK
    assert any("rows of stock" in found.detail for found in findings)


def test_what_needs_a_market_says_that_this_store_has_none(store: Callable[..., Loaded], capsys: pytest.CaptureFixture[str]) -> None:
    loaded = store()

    code = run(["drive", str(loaded.path), "--json"])

    assert code == 2
    assert "platform.kind: expected 'simulated'" in json.loads(capsys.readouterr().out)["error"]["message"]


def test_a_shop_without_ads_is_driven_and_keeps_its_hands_off_bids(store: Callable[..., Loaded], acme: Acme) -> None:
    loaded, clock = store(), SteppedClock(acme.under_test.now)

    with opened(loaded, clock=clock) as daemon:
        decisions = []
        for _ in range(6):
            decisions.append(daemon.loop.tick(int(clock.now().timestamp() // 3600)).decision)
            clock.advance(3600)

    assert decisions[-1].mode is Mode.OBSERVE
    assert all(not decision.commands for decision in decisions)
    assert not decisions[-1].faults


def test_the_simulated_platform_is_wired_without_any_of_this(load: Callable[..., Loaded], tmp_path: Path, acme: Acme) -> None:
    live = wiring.live(load(), folder=tmp_path, effects=MemoryEffects())

    assert live.platform.name == "simulated"
    assert acme.told == []


def test_our_own_kinds_are_entry_points_that_load() -> None:
    assert all(isinstance(offered.load(), Kind) for offered in entry_points(group=kinds.GROUP))
