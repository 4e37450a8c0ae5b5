"""What a store's file says about its Google Ads account, and how the adapter is opened from it. Cheap to import: the client is not."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from autopilot.clock import SystemClock
from autopilot.errors import ConfigError
from autopilot.platforms.google_ads.adapter import GoogleAds, Scope
from autopilot.platforms.google_ads.operations import DAILY_OPERATIONS, OperationBudget
from autopilot.platforms.kinds import Kind, Role, Surroundings
from autopilot.settings_types import Section

CustomerId = Annotated[str, Field(pattern=r"^\d{3}-?\d{3}-?\d{4}$", examples=["123-456-7890"])]
Id = Annotated[str, Field(pattern=r"^\d+$", examples=["20411187263"])]


class GoogleAdsOptions(Section):
    """The account, and what in it belongs to which product."""

    customer_id: CustomerId
    """The account that advertises, as shown at the top right of Google Ads."""
    login_customer_id: CustomerId | None = None
    """The manager account through which it is reached, if it is reached through one."""
    access: Literal["explorer", "basic", "standard"] = "explorer"
    """Access level of the developer token: it says how many operations a day are allowed."""
    campaigns: list[Id] = Field(default_factory=list)
    """Ids of the campaigns to see; all of them when left out."""
    products: dict[str, Id] = Field(default_factory=dict)
    """Ad group id of a product, by SKU, where neither the ad group's name nor the product's item id is its SKU."""
    restated_days: Annotated[int, Field(ge=1, le=90)] = 30
    """So many days are read again at every tick, because conversions of old clicks still come: your longest conversion window."""
    endpoint: Annotated[str | None, Field(pattern=r"^(127\.0\.0\.1|localhost):\d+$")] = None
    """Instead of Google's, a server on this machine, without encryption: for trials against a recording."""


class GoogleAdsSecrets(Section):
    """How to sign in: OAuth for a desktop app, and the developer token of a manager account."""

    developer_token: SecretStr
    client_id: SecretStr
    client_secret: SecretStr
    refresh_token: SecretStr


def opened(options: GoogleAdsOptions, secrets: GoogleAdsSecrets, surroundings: Surroundings) -> GoogleAds:
    """The adapter. Raises: ConfigError, the official client is not installed."""
    # a second to import, and stores without Google Ads need none of it
    try:
        from autopilot.platforms.google_ads.client import AdsClient, Credentials, channel_to
    except ModuleNotFoundError as error:
        wanted = "the official client, as in: pip install 'store-autopilot[google-ads]'"
        raise ConfigError(f"ads.kind: expected {wanted}, was no module {error.name!r}") from None
    if surroundings.sold is None:
        raise TypeError("expected what the shop sells, was none")
    login = options.login_customer_id
    credentials = Credentials(**{name: getattr(secrets, name).get_secret_value() for name in GoogleAdsSecrets.model_fields})
    channel = channel_to(options.endpoint, credentials=credentials, login_customer_id=None if login is None else _digits(login))
    return GoogleAds(
        AdsClient(channel, customer_id=_digits(options.customer_id)),
        sold=surroundings.sold,
        timezone=surroundings.timezone,
        folder=surroundings.folder,
        operations=OperationBudget(surroundings.folder / "operations.json", per_day=DAILY_OPERATIONS[options.access]),
        clock=SystemClock(),
        scope=Scope(campaigns=frozenset(options.campaigns), products=options.products, restated_days=options.restated_days),
    )


def _digits(customer_id: str) -> str:
    return customer_id.replace("-", "")


KIND = Kind(role=Role.ADS, options=GoogleAdsOptions, secrets=GoogleAdsSecrets, open=opened)
