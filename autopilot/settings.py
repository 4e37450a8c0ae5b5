"""The settings of one store: every key a merchant may write, with its unit, bounds and default.

How files and the environment become these models is ``settings_sources``' affair; messages are ``settings_problems``'.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from pydantic import Field, FiniteFloat, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from autopilot.settings_envelope import EnvelopeSection
from autopilot.settings_metrics import MetricsSection
from autopilot.settings_platform import NO_ADS, SIMULATED, AdsSection, PlatformSection, SecretsSection
from autopilot.settings_problems import FieldProblem
from autopilot.settings_types import Cents, Currency, OpenRatio, Section, Timezone
from control.engagement import EngagementTuning
from control.laws import LawsTuning
from perception.economics import Economics
from perception.tuning import EstimatorTuning
from planning.plan import Goal

ControllerName = Literal["laws", "policy", "do_nothing", "fixed_bid", "acos_rules", "value_bid", "pid", "dual", "online_lp", "margin_rule"]
"""Names of ``control.registry``; spelt out because a schema lists them."""

_timezones = cache(available_timezones)
"""IANA names; to know them takes reading every file of the time-zone database."""


class StoreSection(Section):
    """Which store this is and how often the loop looks at it."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", examples=["gift-shop"])]
    """Short id of the store, used in file names and records."""
    currency: Currency
    """ISO 4217 code of every amount in this file; amounts are integers of its minor unit (pence, cents)."""
    timezone: Timezone
    """IANA time zone in which the store's days begin and end."""
    tick_s: Annotated[int, Field(ge=60, le=86_400)] = 3600
    """Seconds between two ticks of the loop."""
    state_dir: Annotated[Path, Field(strict=False, default_factory=lambda done: Path("state") / done.get("name", "store"))]
    """Folder of the journal, the lock and the stop file; `state/<name>` when left out."""

    @field_validator("timezone")
    @classmethod
    def _timezone_exists(cls, value: str) -> str:
        if value not in _timezones():
            raise FieldProblem("", expected="an IANA time zone such as 'Europe/London'", was=value)
        return value


class BudgetSection(Section):
    """What the merchant grants for one planning window."""

    currency: Currency
    """Must equal `store.currency`: written twice so that a copied budget cannot change its worth unseen."""
    window_days: Annotated[int, Field(ge=1, le=92)] = 14
    """Length of the planning window in store-local days."""
    ad_spend_cents: Cents
    """The most that ads may cost over the window, counted at the platform's worst case."""
    max_loss_cents: Cents
    """The most that the merchant may lose by a plan over the window; a plan whose worst case is beyond it is refused."""
    target_roas: Annotated[FiniteFloat, Field(ge=0)] = 0.0
    """Attributed revenue per ad spend to keep at least; 0 for no target."""


class EconomicsSection(Section):
    """What a sale leaves to the merchant."""

    fee_ratio: OpenRatio
    """Payment and marketplace fees as a share of the price."""
    return_rate: OpenRatio
    """Expected share of units that come back."""
    return_rate_upper: OpenRatio
    """The same in a bad window; worst cases are computed with it."""
    return_cost_cents: Cents
    """What handling one returned unit costs."""

    @model_validator(mode="after")
    def _upper_is_upper(self) -> Self:
        if self.return_rate_upper < self.return_rate:
            expected = f"a number >= economics.return_rate ({self.return_rate})"
            raise FieldProblem("return_rate_upper", expected=expected, was=self.return_rate_upper)
        return self

    def terms(self) -> Economics:
        """The same as perception's message."""
        return Economics(**self.model_dump())


class PricingSection(Section):
    """The band in which prices may move, measured from the price the merchant last set by hand."""

    enabled: bool = True
    """Whether prices may be changed at all."""
    low_ratio: Annotated[FiniteFloat, Field(gt=0, le=1)] = 0.9
    """Lowest price as a share of the merchant's price."""
    high_ratio: Annotated[FiniteFloat, Field(gt=0, le=3)] = 1.15
    """Highest price as a share of the merchant's price."""

    @model_validator(mode="after")
    def _floor_below_ceiling(self) -> Self:
        if self.low_ratio > self.high_ratio:
            expected = f"a number <= pricing.high_ratio ({self.high_ratio}): a floor above the ceiling leaves no price"
            raise FieldProblem("low_ratio", expected=expected, was=self.low_ratio)
        return self


class ProductSection(Section):
    """What the merchant knows better about one SKU than the platform says."""

    cost_cents: Annotated[int | None, Field(gt=0)] = None
    """What one unit costs the merchant."""
    map_cents: Cents | None = None
    """Minimum advertised price."""
    floor_cents: Cents | None = None
    """Never sell below this price."""
    ceiling_cents: Annotated[int | None, Field(gt=0)] = None
    """Never sell above this price."""
    locked: bool = False
    """Leave this product alone altogether."""

    @model_validator(mode="after")
    def _floor_below_ceiling(self) -> Self:
        if self.floor_cents is not None and self.ceiling_cents is not None and self.floor_cents > self.ceiling_cents:
            raise FieldProblem("floor_cents", expected=f"an integer <= its ceiling_cents ({self.ceiling_cents})", was=self.floor_cents)
        return self


class ControlSection(Section):
    """Which controller steers."""

    controller: ControllerName = "laws"
    """`laws` and `policy`, the laws moved by a trained network, are ours; the others are baselines to compare with."""
    policy: Annotated[str, Field(min_length=1, examples=["residual"])] = "residual"
    """Name of a trained policy in `configs/policies`, or the path of the folder of one; read when `controller` is `policy`."""
    laws: LawsTuning = LawsTuning()
    """Every gain of the laws."""
    rule_bid_cents: Cents = 30
    """The bid of `fixed_bid`, and the first one of `acos_rules`."""
    rule_target_acos: Annotated[FiniteFloat, Field(gt=0, le=1)] = 0.25
    """Ad cost per attributed revenue that `acos_rules` aims at."""
    override_hours: Annotated[FiniteFloat, Field(ge=0)] = 24.0
    """How long a set-point that a person edited is left alone."""
    overrides_to_hold: Annotated[int, Field(ge=1)] = 3
    """So many outside edits at once hold the whole store."""


class PlanningSection(Section):
    """What the planner aims at."""

    goal: Annotated[Goal, Field(strict=False)] = Goal.PROFIT
    """What the plan as a whole is for."""
    learning_budget_cents: Cents = 0
    """Part of `budget.ad_spend_cents` that may be spent to learn about products without history."""
    planner: Literal["rules", "milp"] = "rules"
    """Who writes plans: the rule book, or the optimiser that weighs every price band and ad budget against the grant."""
    renewal: Literal["end", "live"] = "end"
    """When plans are made again: when one ends, or also within its window: daily, when sales change their level, when the goal does."""


class StoreSettings(BaseSettings):
    """One store's whole configuration. Built from its arguments alone; ``settings_sources.load_store`` gathers those."""

    model_config = SettingsConfigDict(
        extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True, title="A store driven by autopilot"
    )

    store: StoreSection
    platform: PlatformSection
    ads: AdsSection = AdsSection()
    budget: BudgetSection
    economics: EconomicsSection
    pricing: PricingSection = PricingSection()
    products: dict[str, ProductSection] = {}
    """Overrides per SKU, as in `[products.85123A]`."""
    envelope: EnvelopeSection
    control: ControlSection = ControlSection()
    engagement: EngagementTuning = EngagementTuning()
    """Counts and times of the mode machine."""
    estimator: EstimatorTuning = EstimatorTuning()
    """Priors and memory of perception."""
    planning: PlanningSection = PlanningSection()
    metrics: MetricsSection = MetricsSection()
    """What the metrics store keeps."""
    secrets: SecretsSection = SecretsSection()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments only: the layers are merged before, where the origin of each value is still known."""
        return (init_settings,)

    @model_validator(mode="after")
    def _sections_agree(self) -> Self:
        if self.budget.currency != self.store.currency:
            raise FieldProblem("budget.currency", expected=f"{self.store.currency!r} as in store.currency", was=self.budget.currency)
        if self.planning.learning_budget_cents > self.budget.ad_spend_cents:
            expected = f"an integer <= budget.ad_spend_cents ({self.budget.ad_spend_cents})"
            raise FieldProblem("planning.learning_budget_cents", expected=expected, was=self.planning.learning_budget_cents)
        if self.platform.kind == SIMULATED and self.ads.kind != NO_ADS:
            raise FieldProblem("ads.kind", expected=f"{NO_ADS!r}: a simulated platform has ads of its own", was=self.ads.kind)
        return self
