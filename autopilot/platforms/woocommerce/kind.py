"""The kind ``woocommerce``, as settings name it."""

from __future__ import annotations

from autopilot.clock import SystemClock
from autopilot.platforms.kinds import Kind, Role, Surroundings
from autopilot.platforms.woocommerce.adapter import WooCommerce
from autopilot.platforms.woocommerce.api import Api
from autopilot.platforms.woocommerce.options import Options, Secrets


def opened(options: Options, secrets: Secrets, surroundings: Surroundings) -> WooCommerce:
    """The adapter; nothing is asked yet. Raises: ConfigError for a ``ca_file`` that cannot be used."""
    clock = SystemClock()
    return WooCommerce(Api(options, secrets, clock=clock), options, surroundings, clock=clock)


KIND = Kind(role=Role.SHOP, options=Options, secrets=Secrets, open=opened)
