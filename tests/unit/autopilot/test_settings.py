"""Settings: what is accepted, what a person is told when it is not, and which layer wins."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from autopilot import config_schema
from autopilot.config_files import find
from autopilot.errors import ConfigError
from autopilot.settings import ControllerName, EconomicsSection, StoreSettings
from autopilot.settings_envelope import EnvelopeSection
from autopilot.settings_sources import leaves, load_store, market_file
from autopilot.steering import steering_of
from control.limits import ORDERED, Limits
from control.registry import CONTROLLERS
from perception.economics import Economics
from sim.config_lookup import config_roots, names
from tests.unit.autopilot.made_policies import installed
from tests.unit.control.networks import trained_of

REPOSITORY = Path(__file__).parents[3]

STORE = """
[store]
name = "corner"
currency = "GBP"
timezone = "Europe/London"

[platform]
market = "gift_shop"

[budget]
currency = "GBP"
ad_spend_cents = 100_000
max_loss_cents = 50_000

[economics]
fee_ratio = 0.03
return_rate = 0.02
return_rate_upper = 0.05
return_cost_cents = 100
"""


@pytest.fixture
def store_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sound store in a working directory of its own."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "corner.toml"
    path.write_text(STORE)
    return path


def _refusal(path: Path, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load_store(str(path), environ=environ or {})
    return str(caught.value)


@pytest.mark.parametrize("name", names("stores"))
def test_every_shipped_store_loads(name: str) -> None:
    loaded = load_store(name, environ={})

    assert loaded.settings.store.name == name
    assert loaded.warnings == ()


@pytest.mark.parametrize(
    ("line", "instead", "message"),
    [
        ("ad_spend_cents = 100_000", "ad_spend_cents = -5", "budget.ad_spend_cents: expected an integer >= 0, was -5"),
        ("ad_spend_cents = 100_000", 'ad_spend_cents = "5"', "budget.ad_spend_cents: expected an integer >= 0, was '5'"),
        ("ad_spend_cents = 100_000", "ad_spend_cents = true", "budget.ad_spend_cents: expected an integer >= 0, was True"),
        ("ad_spend_cents = 100_000", "ad_spend_cents = 10.5", "budget.ad_spend_cents: expected an integer >= 0, was 10.5"),
        ("max_loss_cents = 50_000", "", "budget.max_loss_cents: expected an integer >= 0, was missing"),
        (
            "max_loss_cents = 50_000",
            "max_lost_cents = 50_000",
            "budget.max_lost_cents: unknown key; did you mean 'max_loss_cents'? (and 1 more)",
        ),
        ("[platform]", "tick = 60\n[platform]", "store.tick: unknown key; did you mean 'tick_s'?"),
        ("[platform]", "tick_s = 59\n[platform]", "store.tick_s: expected an integer from 60 to 86400, was 59"),
        ("[platform]", "[pricng]\nenabled = true\n[platform]", "pricng: unknown key; did you mean 'pricing'?"),
        (
            'timezone = "Europe/London"',
            'timezone = "London"',
            "store.timezone: expected an IANA time zone such as 'Europe/London', was 'London'",
        ),
        (
            'market = "gift_shop"',
            'market = "x"\nkind = "etsy"',
            "platform.market: expected nothing: a shop of kind 'etsy' has a market of its own, was 'x'",
        ),
        ('market = "gift_shop"', 'market = "x"\ntime_scale = 0', "platform.time_scale: expected a number > 0, was 0"),
        (
            'market = "gift_shop"',
            'market = "x"\n[platform.faults]\nnan_metrics = nan',
            "platform.faults.nan_metrics: expected a number from 0 to 1, was nan",
        ),
        (
            'market = "gift_shop"',
            'market = "x"\n[platform.faults]\nrate_5xx = 2',
            "platform.faults.rate_5xx: expected a number from 0 to 1, was 2",
        ),
        ("fee_ratio = 0.03", "fee_ratio = 1", "economics.fee_ratio: expected a number >= 0 and < 1, was 1"),
        (
            "return_rate_upper = 0.05",
            "return_rate_upper = 0.01",
            "economics.return_rate_upper: expected a number >= economics.return_rate (0.02), was 0.01",
        ),
        (
            "[economics]",
            "[pricing]\nlow_ratio = 1.0\nhigh_ratio = 0.9\n[economics]",
            "pricing.low_ratio: expected a number <= pricing.high_ratio (0.9): a floor above the ceiling leaves no price, was 1.0",
        ),
        (
            "[economics]",
            '[products."A 1"]\nfloor_cents = 300\nceiling_cents = 200\n[economics]',
            "products.A 1.floor_cents: expected an integer <= its ceiling_cents (200), was 300",
        ),
        ("[economics]", "[products.A]\ncost_cent = 3\n[economics]", "products.A.cost_cent: unknown key; did you mean 'cost_cents'?"),
        ("[economics]", "[products]\nA = 3\n[economics]", "products.A: expected a table, was 3"),
        (
            "[economics]",
            '[control]\ncontroller = "nobody"\n[economics]',
            f"control.controller: expected one of {', '.join(map(repr, get_args(ControllerName)))}, was 'nobody'",
        ),
        (
            "[economics]",
            "[planning]\nlearning_budget_cents = 100_001\n[economics]",
            "planning.learning_budget_cents: expected an integer <= budget.ad_spend_cents (100000), was 100001",
        ),
        (
            "[economics]",
            "[envelope]\nprice_step_ratio = 1.5\n[economics]",
            "envelope.price_step_ratio: expected a number from 0 to 1, was 1.5",
        ),
    ],
)
def test_a_wrong_value_gets_one_message_naming_file_field_expectation_and_value(
    store_file: Path, line: str, instead: str, message: str
) -> None:
    assert line in STORE
    store_file.write_text(STORE.replace(line, instead))

    assert _refusal(store_file) == f"corner.toml: {message}"


def test_a_budget_in_another_currency_is_refused(store_file: Path) -> None:
    store_file.write_text(STORE.replace('[budget]\ncurrency = "GBP"', '[budget]\ncurrency = "EUR"'))

    assert _refusal(store_file) == "corner.toml: budget.currency: expected 'GBP' as in store.currency, was 'EUR'"


def test_a_missing_section_is_named(store_file: Path) -> None:
    store_file.write_text(STORE[: STORE.index("[economics]")])

    assert _refusal(store_file) == "corner.toml: economics: expected a table, was missing"


def test_all_problems_are_kept_though_the_message_tells_one(store_file: Path) -> None:
    store_file.write_text(STORE.replace("100_000", "-1").replace("50_000", "-2"))

    with pytest.raises(ConfigError) as caught:
        load_store(str(store_file), environ={})

    assert len(caught.value.problems) == 2
    assert str(caught.value).endswith("(and 1 more)")


def test_bad_toml_tells_line_and_column(store_file: Path) -> None:
    store_file.write_text('[store]\nname = "x\n')

    message = _refusal(store_file)

    assert message.startswith("corner.toml: not valid TOML: ")
    assert "line 2" in message


def test_a_file_that_is_no_text_is_refused(store_file: Path) -> None:
    store_file.write_bytes(b"name = \xff")

    assert _refusal(store_file) == "corner.toml: not valid TOML: expected UTF-8 text, was a byte 0xff"


def test_a_missing_store_lists_the_names_there_are() -> None:
    with pytest.raises(ConfigError, match=r"no-such-store: .*known stores: .*gift-shop"):
        load_store("no-such-store", environ={})


def test_a_missing_market_names_the_setting(store_file: Path) -> None:
    store_file.write_text(STORE.replace('"gift_shop"', '"moon"'))
    loaded = load_store(str(store_file), environ={})

    with pytest.raises(ConfigError, match=r"^corner\.toml: platform\.market: moon: "):
        market_file(loaded)


def test_environment_wins_over_file_and_is_named_as_origin(store_file: Path) -> None:
    environ = {"AUTOPILOT__BUDGET__AD_SPEND_CENTS": "7", "AUTOPILOT__PRICING__ENABLED": "false", "AUTOPILOT__PLATFORM__TIME_SCALE": "2.5"}

    loaded = load_store(str(store_file), environ=environ)

    assert loaded.settings.budget.ad_spend_cents == 7
    assert loaded.settings.pricing.enabled is False
    assert loaded.settings.platform.time_scale == 2.5
    assert loaded.provenance["budget.ad_spend_cents"] == "env AUTOPILOT__BUDGET__AD_SPEND_CENTS"
    assert loaded.provenance["budget.max_loss_cents"] == "corner.toml"
    assert loaded.provenance["budget.window_days"] == "default"
    assert loaded.provenance["envelope.max_bid_cents"].endswith("envelope.toml")


def test_every_value_has_an_origin(store_file: Path) -> None:
    loaded = load_store(str(store_file), environ={})

    assert set(loaded.provenance) == {key for key, _ in leaves(loaded.settings.model_dump())}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("AUTOPILOT__BUDGET__AD_SPEND_CENTS", "much", "budget.ad_spend_cents: expected an integer >= 0, was 'much'"),
        ("AUTOPILOT__BUDGET__AD_SPEND_CENTS", "-5", "budget.ad_spend_cents: expected an integer >= 0, was -5"),
        ("AUTOPILOT__BUDGET__AD_SPENT_CENTS", "5", "budget.ad_spent_cents: unknown key; did you mean 'ad_spend_cents'?"),
        ("AUTOPILOT__BUGDET__AD_SPEND_CENTS", "5", "bugdet: unknown key; did you mean 'budget'?"),
        ("AUTOPILOT__BUDGET", "5", "budget: expected a table, was '5'"),
        ("AUTOPILOT__BUDGET__AD_SPEND_CENTS__X", "5", "budget.ad_spend_cents.x: unknown key; no key fits here"),
    ],
)
def test_a_wrong_variable_is_named(store_file: Path, name: str, value: str, message: str) -> None:
    assert _refusal(store_file, {name: value}) == f"env {name}: {message}"


def test_a_variable_finds_its_product_whatever_the_case(store_file: Path) -> None:
    store_file.write_text(STORE + "[products.Mug-1a]\nfloor_cents = 100\n")

    loaded = load_store(
        str(store_file), environ={"AUTOPILOT__PRODUCTS__MUG-1A__COST_CENTS": "60", "AUTOPILOT__PRODUCTS__NEW__LOCKED": "true"}
    )

    assert set(loaded.settings.products) == {"Mug-1a", "NEW"}
    assert (loaded.settings.products["Mug-1a"].floor_cents, loaded.settings.products["Mug-1a"].cost_cents) == (100, 60)
    assert loaded.settings.products["NEW"].locked is True


def test_other_variables_are_left_alone(store_file: Path) -> None:
    loaded = load_store(str(store_file), environ={"AUTOPILOT_HOME": "x", "PATH": "y"})

    assert loaded.settings.store.name == "corner"


def test_the_state_folder_is_named_after_the_store(store_file: Path) -> None:
    assert load_store(str(store_file), environ={}).settings.store.state_dir == Path("state/corner")


@pytest.mark.usefixtures("store_file")
def test_own_configs_come_before_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "configs/stores").mkdir(parents=True)
    (tmp_path / "configs/stores/gift-shop.toml").write_text(STORE)

    assert config_roots()[0] == tmp_path / "configs"
    assert find("stores", "gift-shop") == tmp_path / "configs/stores/gift-shop.toml"
    assert load_store("gift-shop", environ={}).provenance["envelope.max_bid_cents"].endswith("envelope.toml")


def test_the_envelope_has_the_fields_of_the_gates_limits() -> None:
    of_the_gate = {field.name for field in dataclasses.fields(Limits)} - {"currency"}

    assert set(EnvelopeSection.model_fields) == of_the_gate


def test_the_envelope_has_the_defaults_of_the_gates_limits() -> None:
    of_the_gate = {field.name: field.default for field in dataclasses.fields(Limits) if field.default is not dataclasses.MISSING}

    assert {name: field.default for name, field in EnvelopeSection.model_fields.items() if not field.is_required()} == of_the_gate


@pytest.mark.parametrize(("lower", "upper"), ORDERED)
def test_limits_that_contradict_each_other_are_refused(store_file: Path, lower: str, upper: str) -> None:
    limits = load_store(str(store_file), environ={}).settings.envelope.model_dump()
    smallest = "" if lower == "max_daily_budget_cents" else "max_daily_budget_cents = 0\n"
    store_file.write_text(STORE + f"[envelope]\n{upper} = 0\n{lower} = 1\n{smallest}")

    assert limits[lower] <= limits[upper]
    assert f"corner.toml: envelope.{lower}: expected at most envelope.{upper} (0" in _refusal(store_file)


@given(
    values=st.fixed_dictionaries({name: st.sampled_from([0, 1, 2, 7, 0.0, 0.5, 1.0, 1.5, 30.4]) for name in EnvelopeSection.model_fields})
)
def test_an_envelope_that_validates_is_one_the_gate_accepts(values: dict[str, float]) -> None:
    try:
        section = EnvelopeSection.model_validate(values)
    except ValidationError:
        return
    limits = section.limits("GBP")

    assert {name: getattr(limits, name) for name in values} == values


def test_economics_are_perceptions_own() -> None:
    section = EconomicsSection(fee_ratio=0.1, return_rate=0.2, return_rate_upper=0.3, return_cost_cents=40)

    assert section.terms() == Economics(fee_ratio=0.1, return_rate=0.2, return_rate_upper=0.3, return_cost_cents=40)


def _with_secrets(store_file: Path, mode: int) -> None:
    store_file.write_text(STORE + '[secrets]\nfile = "keys.toml"\n')
    keys = store_file.with_name("keys.toml")
    keys.write_text('platform.token = "from-file"\n')
    keys.chmod(mode)


def test_secrets_come_from_a_file_that_only_its_owner_reads(store_file: Path) -> None:
    _with_secrets(store_file, 0o600)

    loaded = load_store(str(store_file), environ={})

    token = loaded.settings.secrets.platform.get("token")
    assert token is not None
    assert token.get_secret_value() == "from-file"
    assert loaded.provenance["secrets.platform.token"] == "keys.toml"
    assert loaded.warnings == ()
    assert "from-file" not in repr(loaded)


def test_a_secrets_file_that_others_may_read_is_refused(store_file: Path) -> None:
    _with_secrets(store_file, 0o644)

    assert "secrets.file: expected keys.toml to have mode 600, was 644; run: chmod 600 keys.toml" in _refusal(store_file)


def test_a_missing_secrets_file_is_refused(store_file: Path) -> None:
    store_file.write_text(STORE + '[secrets]\nfile = "keys.toml"\n')

    assert "secrets.file: expected a file of mode 600, was 'keys.toml', which does not exist" in _refusal(store_file)


def test_a_secret_in_the_environment_wins_over_the_file(store_file: Path) -> None:
    _with_secrets(store_file, 0o600)

    token = load_store(str(store_file), environ={"AUTOPILOT__SECRETS__PLATFORM__TOKEN": "from-env"}).settings.secrets.platform.get("token")

    assert token is not None
    assert token.get_secret_value() == "from-env"


def test_a_secret_in_plain_text_is_warned_about(store_file: Path) -> None:
    store_file.write_text(STORE + '[secrets]\nplatform.token = "plain"\n')

    (warning,) = load_store(str(store_file), environ={}).warnings

    assert "corner.toml: secrets.platform.token is in plain text" in warning
    assert "AUTOPILOT__SECRETS__PLATFORM__TOKEN" in warning


def test_a_secret_of_the_wrong_type_is_not_shown(store_file: Path) -> None:
    store_file.write_text(STORE + "[secrets]\nplatform.token = 424242\n")

    assert "424242" not in _refusal(store_file)


def test_settings_know_every_registered_controller() -> None:
    assert set(get_args(ControllerName)) == set(CONTROLLERS)


@pytest.mark.parametrize("name", CONTROLLERS)
def test_the_controller_that_the_settings_name_is_at_the_wheel(name: str, tmp_path: Path) -> None:
    policy = installed(tmp_path, trained_of())
    settings = load_store("gift-shop", overrides={"control.controller": name, "control.policy": str(policy)}, environ={}).settings

    assert steering_of(settings).controller.name == name


def test_settings_cannot_be_changed_once_loaded(store_file: Path) -> None:
    budget = load_store(str(store_file), environ={}).settings.budget

    for name in type(budget).model_fields:
        with pytest.raises(ValidationError):
            setattr(budget, name, 1)


def test_settings_built_by_hand_ignore_the_environment(store_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = load_store(str(store_file), environ={}).settings.model_dump()
    monkeypatch.setenv("AUTOPILOT__BUDGET__AD_SPEND_CENTS", "1")
    monkeypatch.setenv("BUDGET", '{"ad_spend_cents": 1}')

    assert StoreSettings(**values).budget.ad_spend_cents == 100_000


def test_the_published_schema_is_the_one_of_the_code() -> None:
    published = (REPOSITORY / "configs" / config_schema.PUBLISHED).read_text(encoding="utf-8")

    assert published == config_schema.document(), "run: make schema"
