"""The pages about platforms: their store files are valid to the last key, and say what the models know."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from autopilot.platforms.kinds import Role, find_kind
from autopilot.settings_sources import load_store

DOCS = Path(__file__).parents[2] / "docs/platforms"
PAGES = ("google-ads.md", "files.md", "sql.md")


def blocks(page: str) -> list[str]:
    return re.findall(r"^```toml\n(.*?)^```$", (DOCS / page).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_the_store_file_of_a_page_is_valid_with_its_options_and_secrets(tmp_path: Path, page: str) -> None:
    store, *keys = blocks(page)
    (tmp_path / "store.toml").write_text(store, encoding="utf-8")
    (tmp_path / "keys.toml").write_text(keys[0] if keys else "", encoding="utf-8")
    (tmp_path / "keys.toml").chmod(0o600)

    settings = load_store(str(tmp_path / "store.toml"), environ={}).settings

    for role, section, secrets in (
        (Role.SHOP, settings.platform, settings.secrets.platform),
        (Role.ADS, settings.ads, settings.secrets.ads),
    ):
        kind = find_kind(section.kind, role)
        kind.options.model_validate(section.options)
        kind.secrets.model_validate(secrets)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_its_kind(page: str) -> None:
    stores = [tomllib.loads(block) for block in blocks(page)[:1]]

    assert any(page.startswith(str(store[table]["kind"])) for store in stores for table in ("platform", "ads"))
