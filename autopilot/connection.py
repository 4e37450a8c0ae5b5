"""Opens the real platforms that a store's settings name: shop and ads, each with its options, its secrets and a folder of its own."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import SecretStr, ValidationError

from autopilot.config_files import display
from autopilot.errors import ConfigError
from autopilot.platforms.combined import CombinedPlatform, NoAds
from autopilot.platforms.kinds import Adapter, Closable, Kind, Role, Surroundings, UnknownKind, find_kind
from autopilot.platforms.patience import patiently
from autopilot.settings_platform import NO_ADS, SIMULATED
from autopilot.settings_problems import describe
from autopilot.settings_sources import ENV_PREFIX, Loaded
from autopilot.settings_types import Section
from perception.catalogue import Catalogue

FOLDER_MODE = 0o700


def connected(loaded: Loaded, *, folder: Path) -> CombinedPlatform:
    """The store's platforms, signed in and with what the shop sells read.

    Args:
        loaded: The store's settings; ``platform.kind`` is no simulated one.
        folder: What adapters remember is kept in folders of their own below it.

    Raises:
        ConfigError: No such kind, or its options or secrets do not fit.
        PlatformError: The platform does not answer.
    """
    settings = loaded.settings
    with ExitStack() as if_it_fails:
        shop = _opened(loaded, Role.SHOP, folder, sold=None)
        if isinstance(shop, Closable):
            if_it_fails.callback(shop.close)
        sold = patiently(shop.catalogue, what=f"catalogue of {shop.name}")
        if sold.currency != settings.store.currency:
            where = f"{display(loaded.path)}: store.currency"
            raise ConfigError(f"{where}: expected {sold.currency!r}, in which the shop keeps its prices, was {settings.store.currency!r}")
        advertises = settings.ads.kind != NO_ADS
        ads = _opened(loaded, Role.ADS, folder, sold=sold) if advertises else NoAds(sold, timezone=ZoneInfo(settings.store.timezone))
        if isinstance(ads, Closable):
            if_it_fails.callback(ads.close)
        combined = CombinedPlatform(shop, ads)
        if_it_fails.pop_all()
    return combined


def is_only_watched(loaded: Loaded) -> bool:
    """Whether nothing of this store can be written, because all it names are sources of figures. Raises: ConfigError."""
    settings = loaded.settings
    if settings.platform.kind == SIMULATED:
        return False
    kinds = [_kind(loaded, "platform", settings.platform.kind, Role.SHOP)]
    if settings.ads.kind != NO_ADS:
        kinds.append(_kind(loaded, "ads", settings.ads.kind, Role.ADS))
    return not any(kind.writes for kind in kinds)


def _opened(loaded: Loaded, role: Role, folder: Path, *, sold: Catalogue | None) -> Adapter:
    settings = loaded.settings
    table = "platform" if role is Role.SHOP else "ads"
    section = settings.platform if role is Role.SHOP else settings.ads
    kind = _kind(loaded, table, section.kind, role)
    options = _options(kind, section.options, loaded, table)
    secrets = _secrets(kind, settings.secrets.platform if role is Role.SHOP else settings.secrets.ads, table)
    own = folder / table
    own.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    surroundings = Surroundings(
        store=settings.store.name,
        currency=settings.store.currency,
        timezone=ZoneInfo(settings.store.timezone),
        folder=own,
        sold=sold,
    )
    return kind.open(options, secrets, surroundings)


def _kind(loaded: Loaded, table: str, name: str, role: Role) -> Kind:
    try:
        return find_kind(name, role)
    except UnknownKind as error:
        raise ConfigError(f"{loaded.provenance[f'{table}.kind']}: {table}.kind: {error}") from None


def _options(kind: Kind, given: Mapping[str, Any], loaded: Loaded, table: str) -> Section:
    prefix = f"{table}.options."
    origins = {key.removeprefix(prefix): where for key, where in loaded.provenance.items() if key.startswith(prefix)}
    try:
        return kind.options.model_validate(given)
    except ValidationError as error:
        problems = describe(error, schema=kind.options.model_json_schema(), origins=origins, default_origin=display(loaded.path))
        raise ConfigError(*(problem.replace(": ", f": {prefix}", 1) for problem in problems)) from None


def _secrets(kind: Kind, given: Mapping[str, SecretStr], table: str) -> Section:
    """Problems name the variable to set, and never what was given."""
    try:
        return kind.secrets.model_validate(dict(given))
    except ValidationError as error:
        problems = []
        for item in error.errors(include_input=False, include_context=False):
            key = ".".join(str(part) for part in item["loc"])
            variable = f"{ENV_PREFIX}SECRETS__{table.upper()}__{key.upper()}"
            wrong = {"missing": "was missing", "extra_forbidden": f"is unknown; known are {', '.join(kind.secrets.model_fields)}"}
            problems.append(f"env {variable}: secrets.{table}.{key}: {wrong.get(item['type'], item['msg'])}")
        raise ConfigError(*problems) from None
