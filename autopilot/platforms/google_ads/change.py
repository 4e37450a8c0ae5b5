"""One change of one thing in the account, without a word of the official client's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Resource(StrEnum):
    """What can be changed."""

    BUDGET = "campaign_budget"
    CAMPAIGN = "campaign"
    AD_GROUP = "ad_group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Absolute values of some fields.

    Attributes:
        resource, id: Of which thing.
        values: By field: ``amount_micros``, ``cpc_bid_micros``, or ``status`` by its name.
    """

    resource: Resource
    id: int
    values: Mapping[str, int | str]


ENABLED, PAUSED = "ENABLED", "PAUSED"
