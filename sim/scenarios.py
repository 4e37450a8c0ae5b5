"""Scenarios: a market, the terms of the store on it, and the seeds to train and to test with, read from ``configs/scenarios``.

A scenario file has a table ``[scenario]``, a table ``[store]``, and any section of a market file, which is laid over the base market:
tables merge, values and arrays replace. ``like = "steady"`` lays the whole file over another scenario, beside it or shipped, so that it
says only what differs.
A store of a scenario is one seed of it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from control.limits import Limits
from perception.economics import Economics
from sim.config_layers import merged
from sim.config_lookup import find, names
from sim.parameters.faults import fault_line
from sim.parameters.market import MarketParameters, market_from
from sim.real_demand import daily_demand

MARKETS, SCENARIOS = "markets", "scenarios"
"""Folders of ``configs``."""

_OWN_TABLES = ("scenario", "store")
_STRICT = ConfigDict(extra="forbid")
_Cents = Annotated[int, Field(ge=0, strict=True)]
_Seed = Annotated[int, Field(ge=0, strict=True)]


class ScenarioFileError(ValueError):
    """A scenario file cannot be used; the message names each field that is wrong. The reaction: correct the file."""


class SeedRange(NamedTuple):
    """Seeds ``lo`` to ``hi``, both included."""

    lo: _Seed
    hi: _Seed

    @property
    def seeds(self) -> range:
        """All of them."""
        return range(self.lo, self.hi + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreTerms:
    """What the merchant of a scenario wants, grants and earns. Amounts are minor units of the market's currency.

    Attributes:
        ad_spend_cents: The most that ads may cost over the scenario's days, at the platform's worst case.
        max_loss_cents: The most that a plan may lose over them; a plan whose worst case is beyond it is refused.
        target_roas: Attributed revenue per ad spend to keep at least; 0 for no target.
        price_low_ratio, price_high_ratio: Band of the prices, as shares of the merchant's own; 0 < low <= 1 <= high.
        learning_cents: Part of ``ad_spend_cents`` that may be spent to learn about new products.
        rule_bid_cents: What the merchant would bid by rule of thumb: the bid of ``fixed_bid``, and the first one of the ACOS rule book.
        rule_target_acos: Ad cost per attributed revenue that the rule book aims at, (0, 1].
        economics: What a sale leaves to the merchant.
        limits: The envelope of every write.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    ad_spend_cents: int
    max_loss_cents: int
    target_roas: float
    price_low_ratio: float
    price_high_ratio: float
    learning_cents: int
    rule_bid_cents: int
    rule_target_acos: float
    economics: Economics
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One kind of store life.

    Attributes:
        name: Of the file, without suffix.
        family: What results are grouped by; the name unless the file says otherwise.
        summary: One line on what is special.
        market: The market with the scenario's sections laid over it.
        days: Length of an episode, >= 1.
        history_days: Days that the store was open before it, under the merchant's own set-points, >= 1.
        train_seeds, test_seeds: Stores to learn and to judge with; they never overlap.
        terms: The store's.
    """

    name: str
    family: str
    summary: str
    market: MarketParameters
    days: int
    history_days: int
    train_seeds: SeedRange
    test_seeds: SeedRange
    terms: StoreTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """The ``[scenario]`` table; see ``Scenario``. ``daily_orders`` is a file of real daily orders beside the base market."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    summary: Annotated[str, Field(min_length=1)]
    market: Annotated[str, Field(min_length=1)]
    days: Annotated[int, Field(ge=1, le=92, strict=True)]
    history_days: Annotated[int, Field(ge=1, le=365, strict=True)]
    train_seeds: SeedRange
    test_seeds: SeedRange
    family: Annotated[str | None, Field(min_length=1)] = None
    like: str | None = None
    daily_orders: Annotated[str | None, Field(min_length=1)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Economics:
    """The ``[store.economics]`` table; see ``Economics``."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    fee_ratio: Annotated[float, Field(ge=0.0, lt=1.0)]
    return_rate: Annotated[float, Field(ge=0.0, lt=1.0)]
    return_rate_upper: Annotated[float, Field(ge=0.0, lt=1.0)]
    return_cost_cents: _Cents


@dataclass(frozen=True, slots=True, kw_only=True)
class _Store:
    """The ``[store]`` table; see ``StoreTerms``."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    ad_spend_cents: _Cents
    max_loss_cents: _Cents
    target_roas: Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
    price_low_ratio: Annotated[float, Field(gt=0.0, le=1.0)]
    price_high_ratio: Annotated[float, Field(ge=1.0, le=3.0)]
    learning_cents: _Cents
    rule_bid_cents: _Cents
    rule_target_acos: Annotated[float, Field(gt=0.0, le=1.0)]
    economics: _Economics
    limits: dict[str, Any]


_HEAD: TypeAdapter[_Head] = TypeAdapter(_Head)
_STORE: TypeAdapter[_Store] = TypeAdapter(_Store)


def families() -> tuple[str, ...]:
    """Names of the scenarios in ``configs/scenarios``, sorted: the ones that were shipped, and the user's own."""
    return names(SCENARIOS)


def load_scenario(name_or_path: str | Path) -> Scenario:
    """Read a scenario.

    Args:
        name_or_path: The name of a file in ``configs/scenarios``, or a path.

    Raises:
        NoSuchConfigError: There is no such scenario, or not the market it names.
        ScenarioFileError: The file is not TOML, has unknown keys, or a field is missing or out of range.
        MarketFileError: A section of the market does not fit.
    """
    path = find(SCENARIOS, str(name_or_path), called="scenario")
    raw = _with_what_it_is_like(path, seen=())
    head: _Head = _validated(_HEAD, raw, "scenario", path)
    store: _Store = _validated(_STORE, raw, "store", path)
    if head.name != path.stem:
        raise ScenarioFileError(f"{path}: scenario.name: expected {path.stem!r}, as the file is called, was {head.name!r}")
    market = _market(head, raw, path)
    return Scenario(
        name=head.name,
        family=head.name if head.family is None else head.family,
        summary=head.summary,
        market=market,
        days=head.days,
        history_days=head.history_days,
        train_seeds=head.train_seeds,
        test_seeds=_disjoint(head, path),
        terms=_terms(store, market.shop.currency, path),
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ScenarioFileError(f"{path}: cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScenarioFileError(f"{path}: is not TOML: {error}") from error


def _with_what_it_is_like(path: Path, *, seen: tuple[Path, ...]) -> dict[str, Any]:
    """The file's tables over those of the scenario it is like, and so on down."""
    raw = _read(path)
    head = raw.get("scenario")
    like = head.get("like") if isinstance(head, Mapping) else None
    if not isinstance(like, str):
        return raw
    if path in seen:
        raise ScenarioFileError(f"{path}: scenario.like: expected scenarios that end somewhere, was a circle over {like!r}")
    # a name means the neighbour first; a path stays what it is
    beside = path.parent / f"{like}.toml"
    below = beside if beside.is_file() else find(SCENARIOS, like, called="scenario")
    return merged(_with_what_it_is_like(below, seen=(*seen, path)), raw)


def _validated(adapter: TypeAdapter[Any], raw: Mapping[str, Any], table: str, path: Path) -> Any:
    if not isinstance(raw.get(table), Mapping):
        raise ScenarioFileError(f"{path}: {table}: expected a table, was missing")
    try:
        return adapter.validate_python(raw[table])
    except ValidationError as error:
        faults = (f"{path}: {table}.{fault_line(dict(item))}" for item in error.errors())
        raise ScenarioFileError("\n".join(faults)) from error


def _market(head: _Head, raw: Mapping[str, Any], path: Path) -> MarketParameters:
    base = find(MARKETS, head.market, called="market")
    overlay = {name: table for name, table in raw.items() if name not in _OWN_TABLES}
    tables = merged(_read(base), overlay)
    market = market_from(tables, origin=str(path))
    if head.daily_orders is None:
        return market
    daily = daily_demand(base.parent / head.daily_orders, market)
    return market_from(merged(tables, {"daily_demand": asdict(daily)}), origin=str(path))


def _disjoint(head: _Head, path: Path) -> SeedRange:
    for name, seeds in (("train_seeds", head.train_seeds), ("test_seeds", head.test_seeds)):
        if seeds.lo > seeds.hi:
            raise ScenarioFileError(f"{path}: scenario.{name}: expected [lowest, highest], was {list(seeds)}")
    if head.train_seeds.lo <= head.test_seeds.hi and head.test_seeds.lo <= head.train_seeds.hi:
        expected = f"no seed of train_seeds ({list(head.train_seeds)})"
        raise ScenarioFileError(f"{path}: scenario.test_seeds: expected {expected}, was {list(head.test_seeds)}")
    return head.test_seeds


def _terms(store: _Store, currency: str, path: Path) -> StoreTerms:
    if store.economics.return_rate_upper < store.economics.return_rate:
        was = store.economics.return_rate_upper
        raise ScenarioFileError(f"{path}: store.economics.return_rate_upper: expected >= return_rate, was {was}")
    if store.learning_cents > store.ad_spend_cents:
        raise ScenarioFileError(f"{path}: store.learning_cents: expected <= ad_spend_cents, was {store.learning_cents}")
    try:
        limits = Limits(currency=currency, **store.limits)
    except (TypeError, ValueError) as error:
        # a TypeError names the keyword that is unknown or missing
        raise ScenarioFileError(f"{path}: store.limits: {str(error).removeprefix('Limits.__init__() ')}") from error
    return StoreTerms(
        ad_spend_cents=store.ad_spend_cents,
        max_loss_cents=store.max_loss_cents,
        target_roas=store.target_roas,
        price_low_ratio=store.price_low_ratio,
        price_high_ratio=store.price_high_ratio,
        learning_cents=store.learning_cents,
        rule_bid_cents=store.rule_bid_cents,
        rule_target_acos=store.rule_target_acos,
        economics=Economics(**asdict(store.economics)),
        limits=limits,
    )
