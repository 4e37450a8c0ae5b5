"""The kind of shop that ``[platform] kind = "vendure"`` names: its options, its secrets, and how it is opened."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, FiniteFloat, SecretStr

from autopilot.platforms import http
from autopilot.platforms.addresses import Address
from autopilot.platforms.kinds import Kind, Role, Surroundings
from autopilot.platforms.order_book import OrderBook
from autopilot.platforms.vendure.session import Session
from autopilot.platforms.vendure.shop import VendureShop
from autopilot.settings_types import Section

BOOK = "orders.sqlite"


class VendureOptions(Section):
    """`[platform.options]` of a Vendure shop."""

    url: Annotated[Address, Field(examples=["https://shop.example.com/admin-api"])]
    """Address of the server's Admin API."""
    channel: Annotated[str | None, Field(min_length=1, examples=["uk-store"])] = None
    """Token of the channel to drive; the default channel when left out."""
    cost_field: Annotated[str | None, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", examples=["unitCost"])] = None
    """Custom field of ProductVariant with what a unit costs, in minor units without tax."""
    timeout_s: Annotated[FiniteFloat, Field(gt=0, le=120)] = http.TIMEOUT_S
    """Seconds that the server may be silent before it counts as out of reach."""


class VendureSecrets(Section):
    """`[secrets.platform]` of a Vendure shop."""

    username: SecretStr
    """Of an administrator made for this purpose."""
    password: SecretStr
    """Theirs."""


def _open(options: VendureOptions, secrets: VendureSecrets, surroundings: Surroundings) -> VendureShop:
    return VendureShop(
        session_with(options, secrets),
        OrderBook(surroundings.folder / BOOK, timezone=surroundings.timezone),
        currency=surroundings.currency,
        timezone=surroundings.timezone,
        channel=options.channel,
        cost_field=options.cost_field,
    )


def session_with(options: VendureOptions, secrets: VendureSecrets) -> Session:
    """A session with the server, not signed in yet."""
    parts = urlsplit(options.url)
    client = http.client(f"{parts.scheme}://{parts.netloc}", timeout_s=options.timeout_s)
    return Session(http.Courier(client), parts.path or "/", username=secrets.username, password=secrets.password, channel=options.channel)


KIND = Kind(role=Role.SHOP, options=VendureOptions, secrets=VendureSecrets, open=_open)
