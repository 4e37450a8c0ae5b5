"""The kind ``shopify``, as settings name it."""

from __future__ import annotations

from autopilot.clock import Clock, SystemClock
from autopilot.platforms.http import Courier, client
from autopilot.platforms.kinds import Kind, Role, Surroundings
from autopilot.platforms.shopify.adapter import Shopify
from autopilot.platforms.shopify.options import Options, Secrets
from autopilot.platforms.shopify.session import Session
from autopilot.platforms.shopify.tokens import ForADay, ForGood, Tokens


def opened(options: Options, secrets: Secrets, surroundings: Surroundings, *, clock: Clock | None = None) -> Shopify:
    """The adapter; nothing is asked yet. ``clock`` is the system's unless a test has another."""
    courier = Courier(client(options.url, timeout_s=options.timeout_s))
    return Shopify(Session(courier, _tokens(courier, secrets)), options, surroundings, clock=clock or SystemClock())


def _tokens(courier: Courier, secrets: Secrets) -> Tokens:
    if secrets.access_token is not None:
        return ForGood(secrets.access_token)
    assert secrets.client_id is not None  # noqa: S101 - validated
    assert secrets.client_secret is not None  # noqa: S101 - likewise
    return ForADay(courier, client_id=secrets.client_id, client_secret=secrets.client_secret)


KIND = Kind(role=Role.SHOP, options=Options, secrets=Secrets, open=opened)
