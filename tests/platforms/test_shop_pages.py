"""The pages of the platforms: their examples are loaded as a merchant's own files would be, and name every option there is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import SecretStr

from autopilot.platforms.kinds import Role, find_kind
from autopilot.settings_sources import load_store

PAGES = Path(__file__).parents[2] / "docs/platforms"


@pytest.fixture(params=["woocommerce", "shopify"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def examples(kind: str) -> tuple[str, str]:
    store, keys = re.findall(r"```toml\n(.*?)```", (PAGES / f"{kind}.md").read_text(), re.DOTALL)
    return store, keys


def test_the_example_is_a_store(kind: str, tmp_path: Path) -> None:
    store, keys = examples(kind)
    path, secrets = tmp_path / "my-shop.toml", tmp_path / "keys.toml"
    path.write_text(store)
    secrets.write_text(keys)
    secrets.chmod(0o600)

    loaded = load_store(str(path), environ={})

    offered = find_kind(loaded.settings.platform.kind, Role.SHOP)
    assert loaded.settings.platform.kind == kind
    offered.options.model_validate(loaded.settings.platform.options)
    offered.secrets.model_validate(dict(loaded.settings.secrets.platform))
    assert all(isinstance(secret, SecretStr) for secret in loaded.settings.secrets.platform.values())
    assert loaded.warnings == ()


def test_the_page_names_every_option_and_every_key(kind: str) -> None:
    page, offered = (PAGES / f"{kind}.md").read_text(), find_kind(kind, Role.SHOP)

    for name in (*offered.options.model_fields, *offered.secrets.model_fields):
        assert re.search(rf"\b{name}\b", page), name


def test_options_that_are_shown_with_their_defaults_have_them(kind: str) -> None:
    store, _ = examples(kind)
    shown, model = tomllib.loads(store)["platform"]["options"], find_kind(kind, Role.SHOP).options

    defaults = model.model_validate({"url": shown["url"]}).model_dump(mode="json")

    for name in ("plain_permalinks", "timeout_s"):
        assert shown.get(name, defaults.get(name)) == defaults.get(name)
    assert set(shown.get("not_sold", ())) == set(defaults.get("not_sold", ()))
