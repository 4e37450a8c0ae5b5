"""What a store's file says about a Shopify shop."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, FiniteFloat, SecretStr, model_validator

from autopilot.platforms.addresses import Address
from autopilot.platforms.http import TIMEOUT_S
from autopilot.settings_problems import FieldProblem
from autopilot.settings_types import Section

Filled = Annotated[SecretStr, Field(min_length=1)]


class Options(Section):
    """The ``[platform.options]`` of kind ``shopify``."""

    url: Annotated[Address, Field(examples=["https://example.myshopify.com"])]
    """The shop's own address at Shopify, not the domain that buyers see."""
    tax_percent: Annotated[FiniteFloat | None, Field(ge=0, le=100)] = None
    """Tax that is in the shop's prices, where Shopify is set to include it: the API does not tell."""
    timeout_s: Annotated[FiniteFloat, Field(gt=0, le=120)] = TIMEOUT_S
    """Patience with one answer."""


class Secrets(Section):
    """The ``[secrets.platform]`` of kind ``shopify``: an app's access token, or what such tokens are had for."""

    access_token: Filled | None = None
    """Of a custom app; does not expire."""
    client_id: Filled | None = None
    client_secret: Filled | None = None
    """Of an app of the Dev Dashboard that is installed in the shop of the same organisation: its tokens last a day and are renewed."""

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        pair = (self.client_id, self.client_secret)
        if self.access_token is not None and pair == (None, None):
            return self
        if self.access_token is None and None not in pair:
            return self
        raise FieldProblem("access_token", expected="either access_token, or client_id and client_secret", was="something else")
