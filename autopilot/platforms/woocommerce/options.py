"""What a store's file says about a WooCommerce shop."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, FiniteFloat, SecretStr

from autopilot.platforms.addresses import Address
from autopilot.platforms.http import TIMEOUT_S
from autopilot.settings_types import Section

NOT_SOLD = ("pending", "failed", "cancelled", "checkout-draft", "auto-draft")
"""What WooCommerce's own reports leave out, and drafts of a checkout that nobody has finished."""


class Options(Section):
    """The ``[platform.options]`` of kind ``woocommerce``."""

    url: Address
    """Of the site's front page."""
    plain_permalinks: bool = False
    """WordPress is set to plain permalinks, so that the API is asked for by ``?rest_route=``."""
    ca_file: Annotated[Path | None, Field(strict=False)] = None
    """PEM file with the certificates to trust, for a site that signs its own."""
    not_sold: Annotated[frozenset[str], Field(strict=False)] = frozenset(NOT_SOLD)
    """Statuses of orders that are no sales; every other one, also those of plugins, is a sale."""
    cost_meta: Annotated[str | None, Field(min_length=1, examples=["_wc_cog_cost"])] = None
    """Meta key in which a plugin keeps what a unit costs; WooCommerce's own cost of goods is read without it."""
    timeout_s: Annotated[FiniteFloat, Field(gt=0, le=120)] = TIMEOUT_S
    """Patience with one answer."""


class Secrets(Section):
    """The ``[secrets.platform]`` of kind ``woocommerce``: a REST API key with permission Read/Write."""

    consumer_key: Annotated[SecretStr, Field(min_length=1)]
    consumer_secret: Annotated[SecretStr, Field(min_length=1)]
