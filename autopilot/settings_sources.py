"""Gathers the settings of a store from its layers, and remembers which layer each value came from.

Precedence, highest first: environment ``AUTOPILOT__SECTION__KEY``, the secrets file, what a command sets, the store's TOML,
``configs/envelope.toml``, the defaults of the models.
"""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_settings import TomlConfigSettingsSource

from autopilot.config_files import display, find_store
from autopilot.errors import ConfigError
from autopilot.settings import StoreSettings
from autopilot.settings_problems import describe, unknown_key
from autopilot.settings_schema import Json, child_of, node_at, resolve
from sim.config_layers import merged
from sim.config_lookup import located, names, shipped

ENV_PREFIX = "AUTOPILOT__"
DEFAULT = "default"
COMMAND = "command"
OTHERS_MAY_READ = 0o077


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """Values of one origin: nested tables, and where each dotted key came from."""

    values: Mapping[str, Any]
    origins: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Settings, ready to use.

    Attributes:
        path: The store's file.
        settings: Validated.
        provenance: For each dotted key, as in ``budget.ad_spend_cents``: "env AUTOPILOT__…", a file, or "default".
        warnings: What should be put right although it works.
    """

    path: Path
    settings: StoreSettings
    provenance: Mapping[str, str]
    warnings: tuple[str, ...]


@cache
def store_schema() -> Json:
    """JSON Schema of a store's file."""
    return StoreSettings.model_json_schema()


def load_store(name_or_path: str, *, overrides: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None) -> Loaded:
    """Reads, merges and validates the settings of a store.

    Args:
        name_or_path: A TOML file, or the name of one in ``configs/stores`` or ``configs/scenarios``: a scenario is a store too.
        overrides: Dotted keys and values that a command sets; above the file, below the environment.
        environ: Environment variables; those of the process when left out.

    Raises:
        ConfigError: Something does not fit; the message names the file or variable, the field, what was expected and what it was.
    """
    path = find_store(name_or_path)
    return _validated(path, _store_layer(path, name_or_path), overrides or {}, os.environ if environ is None else environ)


def rebuilt_store(name: str, given: Mapping[str, Any], *, environ: Mapping[str, str] | None = None) -> Loaded:
    """Settings of a store whose file is not at hand, from the dotted keys and values it gave. Raises: ConfigError."""
    return _validated(Path(f"{name}.toml"), Layer(values={}, origins={}), given, os.environ if environ is None else environ)


def _validated(path: Path, written: Layer, overrides: Mapping[str, Any], variables: Mapping[str, str]) -> Loaded:
    below_env = _merge(_merge(_envelope_layer(), written), _override_layer(overrides))
    from_env = _environment_layer(variables, below_env.values)
    secrets = _secrets_layer(_merge(below_env, from_env), path)
    layers = _merge(_merge(below_env, secrets), from_env)
    try:
        settings = StoreSettings(**layers.values)
    except ValidationError as error:
        problems = describe(error, schema=store_schema(), origins=layers.origins, default_origin=display(path))
        raise ConfigError(*problems) from None
    provenance = {key: layers.origins.get(key, DEFAULT) for key, _ in leaves(settings.model_dump())}
    return Loaded(path=path, settings=settings, provenance=provenance, warnings=tuple(_plain_secrets(written)))


def market_file(loaded: Loaded) -> Path:
    """The file of the simulated market, or of the scenario with one, that a store's settings name; a scenario's name goes first.

    Raises:
        ConfigError: There is no such file, and the message lists the names there are; or the store's platform is a real one.
    """
    platform = loaded.settings.platform
    if platform.market is None:
        where = f"{loaded.provenance['platform.kind']}: platform.kind"
        raise ConfigError(f"{where}: expected 'simulated', for what needs a market to simulate, was {platform.kind!r}")
    market = platform.market
    found = located("scenarios", market) or located("markets", market)
    if found:
        return found
    known = "; ".join(f"known {kind}: {', '.join(names(kind)) or 'none'}" for kind in ("markets", "scenarios"))
    where = f"{loaded.provenance['platform.market']}: platform.market"
    raise ConfigError(f"{where}: {market}: expected a TOML file or the name of a market or a scenario; there is no such file; {known}")


def leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of nested tables with its dotted key, in order; an empty table has none."""
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises:
        ConfigError: It cannot be read, or is not TOML; the message holds line and column.
    """
    try:
        return TomlConfigSettingsSource(StoreSettings, toml_file=path)()
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{display(path)}: not valid TOML: {error}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{display(path)}: not valid TOML: expected UTF-8 text, was a byte {error.object[error.start]:#04x}") from None
    except OSError as error:
        raise ConfigError(f"{display(path)}: cannot be read: {error.strerror}") from None


def is_scenario(tables: Mapping[str, Any]) -> bool:
    """Whether the tables of a file are those of a scenario, rather than of a store or a market."""
    return "scenario" in tables


def _store_layer(path: Path, name_or_path: str) -> Layer:
    values: Mapping[str, Any] = read_toml(path)
    if is_scenario(values):
        # dear to import, and stores do not need it
        from autopilot.scenario_settings import settings_tables

        values = settings_tables(path, market=name_or_path)
    return _layer(values, path)


def _layer(values: Mapping[str, Any], path: Path) -> Layer:
    return Layer(values=values, origins=dict.fromkeys((key for key, _ in leaves(values)), display(path)))


def _envelope_layer() -> Layer:
    path = shipped("envelope.toml")
    return Layer(values={}, origins={}) if path is None else _layer(read_toml(path), path)


def _merge(lower: Layer, upper: Layer) -> Layer:
    return Layer(values=merged(lower.values, upper.values), origins={**lower.origins, **upper.origins})


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping)


def _override_layer(overrides: Mapping[str, Any]) -> Layer:
    values: dict[str, Any] = {}
    for dotted, value in overrides.items():
        *path, key = dotted.split(".")
        table = values
        for part in path:
            table = table.setdefault(part, {})
        table[key] = value
    return Layer(values=values, origins=dict.fromkeys(overrides, COMMAND))


def _environment_layer(environ: Mapping[str, str], below: Mapping[str, Any]) -> Layer:
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for name in sorted(name for name in environ if name.startswith(ENV_PREFIX)):
        path = _env_path(name, below)
        node = node_at(path, store_schema())
        if node is None:
            raise ConfigError(f"env {name}: {unknown_key(path, store_schema())}")
        table = values
        for part in path[:-1]:
            table = table.setdefault(part, {})
        table[path[-1]] = _typed(environ[name], node)
        origins[".".join(path)] = f"env {name}"
    return Layer(values=values, origins=origins)


def _env_path(name: str, below: Mapping[str, Any]) -> list[str]:
    """Keys are lower case; SKUs are as they are in the files, whatever their case here."""
    path: list[str] = []
    table: Any = below
    node: Json = resolve(store_schema(), store_schema())
    for part in name.removeprefix(ENV_PREFIX).split("__"):
        by_user = "properties" not in node and isinstance(node.get("additionalProperties"), dict)
        same = {key.lower(): key for key in table} if _is_table(table) else {}
        key = same.get(part.lower(), part) if by_user and path[:1] == ["products"] else part.lower()
        path.append(key)
        table = table.get(key) if _is_table(table) else None
        node = resolve(child_of(node, key) or {}, store_schema())
    return path


def _typed(raw: str, node: Json) -> object:
    """A variable is text; make it the type that its key expects, or leave it for validation to complain about."""
    kinds: dict[str, TypeAdapter[Any]] = {"integer": TypeAdapter(int), "number": TypeAdapter(float), "boolean": TypeAdapter(bool)}
    adapter = kinds.get(node.get("type", ""))
    try:
        return raw if adapter is None else adapter.validate_python(raw)
    except ValidationError:
        return raw


def _secrets_layer(layers: Layer, store_path: Path) -> Layer:
    section = layers.values.get("secrets")
    file = section.get("file") if isinstance(section, Mapping) else None
    if not isinstance(file, str):
        return Layer(values={}, origins={})
    path = store_path.parent / file
    origin = layers.origins.get("secrets.file", display(store_path))
    if not path.is_file():
        raise ConfigError(f"{origin}: secrets.file: expected a file of mode 600, was {file!r}, which does not exist")
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & OTHERS_MAY_READ:
        raise ConfigError(
            f"{origin}: secrets.file: expected {display(path)} to have mode 600, was {mode:o}; run: chmod 600 {display(path)}"
        )
    return _layer({"secrets": read_toml(path)}, path)


def _plain_secrets(written: Layer) -> Iterator[str]:
    for dotted, origin in written.origins.items():
        if dotted.startswith("secrets.") and dotted != "secrets.file":
            variable = ENV_PREFIX + dotted.replace(".", "__").upper()
            yield f"{origin}: {dotted} is in plain text; move it to secrets.file or to env {variable}"
