"""Which ad group or campaign advertises which product: by what the merchant says, by the ad group's name, or by the product's item id."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from autopilot.platforms.combined import NO_CAMPAIGN
from autopilot.platforms.google_ads.account import Account, AdGroup
from perception.catalogue import Catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """How products and campaigns belong together.

    Attributes:
        catalogue: The shop's, with campaign ids as campaigns; products that nothing advertises are in a campaign that never runs.
        ad_group_of: (m) id of the ad group that advertises this product alone; 0 where there is none.
        by_item: {item id in small letters: place of the SKU} of products whose figures come by item id.
        unclear: What could not be told, in words.
    """

    catalogue: Catalogue
    ad_group_of: tuple[int, ...]
    by_item: dict[str, int]
    unclear: tuple[str, ...]

    @property
    def sku_of_ad_group(self) -> dict[int, int]:
        """{ad group id: place of the SKU}."""
        return {group: place for place, group in enumerate(self.ad_group_of) if group}


def mapped(sold: Catalogue, account: Account, *, products: Mapping[str, str], shown_in: Mapping[str, int]) -> Mapped:
    """Find each product's place in the account.

    Args:
        sold: What the shop sells.
        account: As it stands.
        products: {SKU: ad group id}, where the merchant says so.
        shown_in: {item id in small letters: id of the campaign that spent most on it lately}.
    """
    named: dict[str, list[AdGroup]] = defaultdict(list)
    for each in account.ad_groups.values():
        named[_plain(each.name)].append(each)
    unclear = [f"products.{sku}: the shop does not sell it" for sku in products if sku not in sold.skus]
    groups, campaigns = [0] * len(sold.skus), [0] * len(sold.skus)
    by_item: dict[str, int] = {}
    for place, sku in enumerate(sold.skus):
        group = _told(sku, products, account, unclear) if sku in products else _called(sku, named.get(_plain(sku), []), account, unclear)
        if group is not None:
            groups[place], campaigns[place] = group.id, group.campaign_id
        elif sku not in products and shown_in.get(_plain(sku)) in account.campaigns:
            by_item[_plain(sku)], campaigns[place] = place, shown_in[_plain(sku)]
    _once_each(groups, campaigns, sold.skus, unclear)
    return Mapped(catalogue=_with_campaigns(sold, campaigns), ad_group_of=tuple(groups), by_item=by_item, unclear=tuple(unclear))


def _told(sku: str, products: Mapping[str, str], account: Account, unclear: list[str]) -> AdGroup | None:
    group = account.ad_groups.get(int(products[sku]))
    if group is None:
        unclear.append(f"products.{sku}: there is no ad group {products[sku]}")
    return group


def _called(sku: str, groups: list[AdGroup], account: Account, unclear: list[str]) -> AdGroup | None:
    """The ad group of this name; of several the one that runs."""
    if len(groups) > 1:
        groups = [group for group in groups if group.running and account.campaigns[group.campaign_id].running]
        if len(groups) != 1:
            unclear.append(f"{sku}: several ad groups are called so; name one in ads.options.products")
    return groups[0] if len(groups) == 1 else None


def _once_each(groups: list[int], campaigns: list[int], skus: tuple[str, ...], unclear: list[str]) -> None:
    """An ad group of several products has no figures of any one of them, nor a bid for it."""
    holders: dict[int, list[int]] = defaultdict(list)
    for place, group in enumerate(groups):
        if group:
            holders[group].append(place)
    for group, places in holders.items():
        if len(places) > 1:
            unclear.append(f"{', '.join(skus[place] for place in places)}: ad group {group} is named for all of them; it can be one's only")
            for place in places:
                groups[place] = campaigns[place] = 0


def _with_campaigns(sold: Catalogue, campaign_ids: list[int]) -> Catalogue:
    advertised = sorted({campaign for campaign in campaign_ids if campaign})
    names = [str(campaign) for campaign in advertised]
    if 0 in campaign_ids or not names:
        names.append(NO_CAMPAIGN)
    index = {campaign: place for place, campaign in enumerate(advertised)} | {0: len(names) - 1}
    return replace(sold, campaigns=tuple(names), campaign_of=np.array([index[campaign] for campaign in campaign_ids], dtype=np.int64))


def _plain(name: str) -> str:
    """Google writes item ids in small letters."""
    return name.strip().lower()
