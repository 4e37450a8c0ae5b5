"""Which configuration file a user means, and how messages call it; where files are looked up is ``sim.config_lookup``'s affair."""

from __future__ import annotations

from pathlib import Path

from autopilot.errors import ConfigError
from sim.config_lookup import NoSuchConfigError, located, names
from sim.config_lookup import find as find_named

KINDS = {"stores": "store", "scenarios": "scenario", "markets": "market", "training": "training configuration"}
"""Folders of ``configs`` whose files can be called by their bare name, and what a message calls one of them."""


def find(kind: str, name_or_path: str) -> Path:
    """The file that a user means by a name in ``configs/<kind>`` or by a path.

    Raises:
        ConfigError: There is no such file; the message lists the names there are.
    """
    try:
        return find_named(kind, name_or_path, called=KINDS[kind])
    except NoSuchConfigError as error:
        raise ConfigError(str(error)) from None


def find_store(name_or_path: str) -> Path:
    """The file of a store, or of a scenario, which can be driven like one; where both have the name, the store's.

    Raises:
        ConfigError: There is neither; the message lists the names of both.
    """
    found = located("stores", name_or_path) or located("scenarios", name_or_path)
    if found:
        return found
    known = "; ".join(f"known {kind}: {', '.join(names(kind)) or 'none'}" for kind in ("stores", "scenarios"))
    raise ConfigError(f"{name_or_path}: expected a TOML file or the name of a store or a scenario; there is no such file; {known}")


def display(path: Path) -> str:
    """A path as messages show it: relative to the working directory where that is shorter to read."""
    absolute = path.resolve()
    return str(absolute.relative_to(Path.cwd())) if absolute.is_relative_to(Path.cwd()) else str(absolute)
