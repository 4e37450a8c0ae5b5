"""The configuration in the journal: enough to rebuild it anywhere, nothing that is nobody else's business, and every change named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from autopilot import codec
from autopilot.config_record import ConfigRecord, changes, record_of, restore
from autopilot.errors import ConfigError
from autopilot.settings_sources import Loaded, load_store


@pytest.fixture
def shop(tmp_path: Path, repository: Path) -> Path:
    """The shipped store under a name that no installation knows, with a state folder and a secret of its own."""
    text = (repository / "configs" / "stores" / "gift-shop.toml").read_text(encoding="utf-8")
    path = tmp_path / "corner.toml"
    path.write_text(
        text.replace("tick_s = 3600", f'tick_s = 900\nstate_dir = "{tmp_path}/state"') + '\n[secrets]\nplatform.token = "very-secret"\n'
    )
    return path


def recorded(loaded: Loaded) -> ConfigRecord:
    """As it comes back from a journal."""
    return codec.from_jsonable(codec.to_jsonable(record_of(loaded)), ConfigRecord)


def test_a_store_whose_file_is_not_at_hand_is_rebuilt_whole(shop: Path) -> None:
    loaded = load_store(str(shop), environ={"AUTOPILOT__BUDGET__AD_SPEND_CENTS": "77000"})
    record = recorded(loaded)
    shop.unlink()

    rebuilt = restore(record, environ={})

    assert rebuilt.settings.store.tick_s == 900
    assert rebuilt.settings.budget.ad_spend_cents == 77_000
    assert changes(record, rebuilt) == ()


def test_what_was_rebuilt_can_be_recorded_and_rebuilt_again(shop: Path) -> None:
    record = recorded(load_store(str(shop), environ={}))

    again = recorded(restore(record, environ={}))

    assert changes(again, restore(again, environ={})) == ()
    assert again.resolved == record.resolved


def test_a_store_known_by_name_is_read_as_it_is_today(load: Callable[..., Loaded]) -> None:
    record = recorded(load({"control.override_hours": 12.0}))

    today = restore(record, environ={"AUTOPILOT__ENVELOPE__MAX_BID_CENTS": "299"})

    assert changes(record, today) == (("envelope.max_bid_cents", 300, 299),)


def test_neither_secrets_nor_the_folders_of_a_machine_are_recorded(shop: Path) -> None:
    written = codec.to_bytes(record_of(load_store(str(shop), environ={})))

    assert b"very-secret" not in written
    assert b"secrets." not in written
    assert str(shop.parent).encode() not in written


def test_what_shapes_no_decision_is_not_compared(load: Callable[..., Loaded]) -> None:
    record = recorded(load())

    other = load({"platform.seed": 7, "platform.time_scale": 1.0, "platform.faults.rate_5xx": 0.5})

    assert changes(record, other) == ()


def test_a_recorded_config_that_no_longer_validates_is_refused(shop: Path) -> None:
    record = recorded(load_store(str(shop), environ={}))
    record.in_file["budget.gone"] = 1

    with pytest.raises(ConfigError, match=r"budget\.gone: unknown key"):
        restore(record, environ={})
