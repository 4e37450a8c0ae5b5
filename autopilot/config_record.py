"""The configuration as the journal keeps it, so that a replay can rebuild it, and can say what has changed since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autopilot.config_files import display
from autopilot.settings_sources import COMMAND, Loaded, leaves, load_store, rebuilt_store
from sim.config_lookup import names

OF_THIS_MACHINE = ("store.state_dir", "secrets.")
"""Dotted keys, by how they begin, that are nobody else's business: they are not recorded."""

SHAPES_NO_DECISION = ("platform.", "metrics.", *OF_THIS_MACHINE)
"""Those that no decision depends on: they are not compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigRecord:
    """What a config record of the journal holds.

    Attributes:
        store: Name of the store's file, without folder and suffix.
        in_file: Dotted keys and values that the store's file gave; enough to load it again where the file is not at hand.
        overrides: Dotted keys and values that came from the environment or the command.
        resolved: Every dotted key and value in force that a decision may depend on, defaults included.
        policy_sha256: Hash of the weights that the policy steers by; "" without any.
        policy_problem: Why the policy that is named steers without weights; "" where it does not.
    """

    store: str
    in_file: dict[str, Any]
    overrides: dict[str, Any]
    resolved: dict[str, Any]
    policy_sha256: str = ""
    policy_problem: str = ""


def record_of(loaded: Loaded, *, policy_sha256: str = "", policy_problem: str = "") -> ConfigRecord:
    """The record of a loaded configuration, without secrets.

    Args:
        loaded: The configuration.
        policy_sha256, policy_problem: Of what is at the wheel; see ``ConfigRecord``.
    """
    told = {key: value for key, value in leaves(loaded.settings.model_dump(mode="json")) if not key.startswith(OF_THIS_MACHINE)}
    file = display(loaded.path)
    in_file = {key for key in told if loaded.provenance.get(key) == file}
    overrides = {key for key in told if loaded.provenance.get(key, "").startswith(("env ", COMMAND))}
    return ConfigRecord(
        store=loaded.path.stem,
        in_file={key: told[key] for key in sorted(in_file)},
        overrides={key: told[key] for key in sorted(overrides)},
        resolved={key: value for key, value in told.items() if _shapes_decisions(key, told)},
        policy_sha256=policy_sha256,
        policy_problem=policy_problem,
    )


def restore(record: ConfigRecord, *, environ: Mapping[str, str] | None = None) -> Loaded:
    """The configuration that this record means today.

    Its store's file as it is now where it is still known by name, else as it was then; overrides as they were; every default, and the
    envelope, as they are now; today's environment above all.

    Raises:
        ConfigError: It no longer validates.
    """
    if record.store in {*names("stores"), *names("scenarios")}:
        return load_store(record.store, overrides=record.overrides, environ=environ)
    return rebuilt_store(record.store, record.in_file | record.overrides, environ=environ)


def _shapes_decisions(key: str, told: Mapping[str, Any]) -> bool:
    """Whether a decision may depend on it; the name of a policy shapes none where another controller is at the wheel."""
    idle_policy = key == "control.policy" and told["control.controller"] != "policy"
    return not (idle_policy or key.startswith(SHAPES_NO_DECISION))


def changes(record: ConfigRecord, loaded: Loaded) -> tuple[tuple[str, Any, Any], ...]:
    """(dotted key, then, now) of everything that differs; None stands for absent."""
    now = record_of(loaded).resolved
    return tuple(
        (key, record.resolved.get(key), now.get(key))
        for key in sorted(record.resolved.keys() | now.keys())
        if record.resolved.get(key) != now.get(key)
    )
