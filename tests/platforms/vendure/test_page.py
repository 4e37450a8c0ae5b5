"""The page about Vendure: its store file is valid to the last key."""

from __future__ import annotations

import re
from pathlib import Path

from autopilot.platforms.vendure.kind import KIND
from autopilot.settings_sources import load_store

PAGE = Path(__file__).parents[3] / "docs/platforms/vendure.md"


def test_the_store_file_is_valid_with_its_options_and_secrets(tmp_path: Path) -> None:
    store, keys = re.findall(r"^```toml\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    (tmp_path / "store.toml").write_text(store, encoding="utf-8")
    (tmp_path / "keys.toml").write_text(keys, encoding="utf-8")
    (tmp_path / "keys.toml").chmod(0o600)

    settings = load_store(str(tmp_path / "store.toml"), environ={}).settings

    options, secrets = KIND.options.model_validate(settings.platform.options), KIND.secrets.model_validate(settings.secrets.platform)
    assert set(options.model_fields_set) == set(KIND.options.model_fields)
    assert set(secrets.model_fields_set) == set(KIND.secrets.model_fields)
