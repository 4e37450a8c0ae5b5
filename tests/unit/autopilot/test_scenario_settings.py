"""A scenario is driven like a store: its terms become settings, and the drive meets its market."""

from __future__ import annotations

from pathlib import Path

import pytest

from autopilot import wiring
from autopilot.cli.shell import run
from autopilot.config_record import record_of, restore
from autopilot.drive import drive_one, settings_for, steered_by
from autopilot.errors import ConfigError
from autopilot.settings_sources import load_store, market_file
from sim.scenarios import families, load_scenario


@pytest.mark.parametrize("name", families())
def test_every_scenario_loads_as_a_store_with_its_own_terms(name: str) -> None:
    scenario = load_scenario(name)

    settings = load_store(name, environ={}).settings

    assert settings.store.name == name
    assert (settings.budget.window_days, settings.budget.ad_spend_cents) == (scenario.days, scenario.terms.ad_spend_cents)
    assert settings.budget.target_roas == scenario.terms.target_roas
    assert settings.planning.learning_budget_cents == scenario.terms.learning_cents
    assert settings.economics.terms() == scenario.terms.economics
    assert settings.envelope.limits(settings.store.currency) == scenario.terms.limits
    assert settings.platform.history_days == scenario.history_days
    assert settings.estimator.shape.hours == scenario.market.demand.hour_shares
    assert settings.estimator.shape.weekdays == scenario.market.demand.weekday_index
    assert wiring.market_of(load_store(name, environ={})) == scenario.market


def test_a_scenario_of_ones_own_can_be_given_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[scenario]\nname = "mine"\nlike = "steady"\nsummary = "ours"\n[store]\ntarget_roas = 3.0\n', encoding="utf-8")

    loaded = load_store(str(path), environ={})

    assert loaded.settings.budget.target_roas == 3.0
    assert loaded.settings.store.state_dir == Path("state/mine")
    assert market_file(loaded) == path


def test_the_environment_overrides_a_scenario_like_a_store() -> None:
    loaded = load_store("steady", environ={"AUTOPILOT__BUDGET__TARGET_ROAS": "5"})

    assert loaded.settings.budget.target_roas == 5.0
    assert loaded.provenance["budget.target_roas"] == "env AUTOPILOT__BUDGET__TARGET_ROAS"
    assert loaded.provenance["budget.ad_spend_cents"].endswith("configs/scenarios/steady.toml")


def test_a_store_on_the_market_of_a_scenario_names_it(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "configs/stores/gift-shop.toml").read_text(encoding="utf-8")
    path = tmp_path / "corner.toml"
    path.write_text(text.replace('market = "gift_shop"', 'market = "real_demand"'), encoding="utf-8")

    assert wiring.market_of(load_store(str(path), environ={})) == load_scenario("real_demand").market


def test_a_name_of_neither_lists_stores_and_scenarios() -> None:
    with pytest.raises(ConfigError, match=r"moon: expected .*known stores: .*gift-shop.*known scenarios: .*thin_data"):
        load_store("moon", environ={})


def test_every_fault_of_a_scenario_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[scenario]\nname = "mine"\nlike = "steady"\nsummary = ""\ndays = 0\n', encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        load_store(str(path), environ={})

    assert len(caught.value.problems) == 2


def test_the_journal_can_restore_a_scenarios_settings() -> None:
    loaded = load_store("thin_data", environ={}, overrides={"control.controller": "fixed_bid"})

    again = restore(record_of(loaded), environ={})

    assert again.settings == loaded.settings


def test_the_grant_of_a_scenario_shrinks_with_the_days() -> None:
    whole = load_scenario("steady")

    scaled = settings_for("steady", days=7, controller=None).settings

    assert scaled.budget.ad_spend_cents == whole.terms.ad_spend_cents * 7 // whole.days


def test_a_scenario_drives_through_the_daemons_own_loop() -> None:
    loaded = steered_by(settings_for("thin_data", days=1, controller=None), "fixed_bid")

    driven = drive_one(loaded, days=1, journal=None, progress=lambda _: None)

    assert driven.ticks == 24
    assert 0 < driven.budget_cents <= loaded.settings.budget.ad_spend_cents


def test_a_scenario_checks_like_a_store(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "aggressive_rivals"]) == 0
    assert "aggressive_rivals.toml is valid" in capsys.readouterr().out
