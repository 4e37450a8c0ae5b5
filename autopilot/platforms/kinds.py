"""Kinds of platforms: what each needs to know, what it can do, and how it is opened.

A store's file names a kind; packages offer kinds as entry points of the group ``autopilot.platforms``, ours in our own pyproject.toml and
third parties' in theirs. How to write one: docs/platforms/writing-an-adapter.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from autopilot.settings_types import Section
from control.ports import Actuator
from perception.catalogue import Catalogue
from perception.fields import Field
from perception.observation import Signal
from perception.ports import CatalogueSource, MetricsSource, SetpointSource

GROUP = "autopilot.platforms"


class Role(StrEnum):
    """What a platform is to the store."""

    SHOP = "shop"
    """It sells: products, orders, stock, prices."""
    ADS = "ads"
    """It advertises what a shop sells: clicks, spend, bids, budgets."""


class Adapter(CatalogueSource, MetricsSource, SetpointSource, Actuator, Protocol):
    """One platform behind the ports; what it does not do, it does not list."""

    @property
    def signals(self) -> frozenset[Signal]:
        """What ``read`` gives."""
        ...

    @property
    def fields(self) -> frozenset[Field]:
        """What ``readback`` gives and ``write`` takes; another field's command is rejected."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What an adapter is told besides its own options and secrets.

    Attributes:
        store: Name of the store, for the platform's own logs.
        currency: ISO 4217 code of the store; a platform that keeps another one is refused.
        timezone: In which the store's days begin and end.
        folder: The adapter's own folder for what it must remember; it exists, and is readable by its owner only.
        sold: What the shop sells; None for a shop, which says so itself.
    """

    store: str
    currency: str
    timezone: ZoneInfo
    folder: Path
    sold: Catalogue | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of platform.

    Attributes:
        role: What it is to the store.
        options: Model of the ``options`` table.
        secrets: Model of its table in ``[secrets]``; every field a ``SecretStr``.
        open: Makes the adapter from options, secrets and surroundings, without asking the platform anything yet.
    """

    role: Role
    options: type[Section]
    secrets: type[Section]
    open: Callable[[Any, Any, Surroundings], Adapter]


class UnknownKind(LookupError):
    """No installed package offers this kind; the message lists those there are."""


def find_kind(name: str, role: Role) -> Kind:
    """The kind of this name. Raises: UnknownKind, also for a kind of another role."""
    for offered in entry_points(group=GROUP, name=name):
        kind: Kind = offered.load()
        if kind.role is role:
            return kind
    raise UnknownKind(f"expected one of {', '.join(repr(known) for known in kind_names(role)) or 'none'}, was {name!r}")


def kind_names(role: Role) -> tuple[str, ...]:
    """Every kind of this role that can be named."""
    return tuple(sorted({offered.name for offered in entry_points(group=GROUP) if offered.load().role is role}))
