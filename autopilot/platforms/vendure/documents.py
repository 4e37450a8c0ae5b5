"""Every query and mutation that is sent to Vendure's Admin API. A test validates each against the schema of a real server."""

from __future__ import annotations

from typing import Final

LOGIN: Final = """
mutation Login($username: String!, $password: String!) {
  login(username: $username, password: $password) {
    __typename
    ... on ErrorResult { message }
  }
}"""

SHOP: Final = """
query Shop {
  activeChannel { code token defaultLanguageCode defaultCurrencyCode availableCurrencyCodes pricesIncludeTax }
  globalSettings { serverConfig { moneyStrategyPrecision } }
}"""

PRICES: Final = """
query Prices($options: ProductVariantListOptions!) {
  productVariants(options: $options) {
    items { id createdAt price taxRateApplied { value } }
  }
}"""

STOCK: Final = """
query Stock($options: ProductVariantListOptions!) {
  globalSettings { trackInventory outOfStockThreshold }
  productVariants(options: $options) {
    items {
      id createdAt trackInventory useGlobalOutOfStockThreshold outOfStockThreshold
      stockLevels { stockOnHand stockAllocated }
    }
  }
}"""

ORDERS: Final = """
query Orders($options: OrderListOptions!) {
  orders(options: $options) {
    items {
      id updatedAt orderPlacedAt state type currencyCode
      lines { id updatedAt quantity orderPlacedQuantity proratedUnitPrice proratedLinePrice productVariant { id } }
      payments { refunds { state updatedAt lines { orderLineId quantity } } }
    }
  }
}"""

SET_PRICE: Final = """
mutation SetPrice($input: [UpdateProductVariantInput!]!) {
  updateProductVariants(input: $input) { id price }
}"""

FIND_PROMOTIONS: Final = """
query FindPromotions($options: PromotionListOptions!) {
  promotions(options: $options) { items { id } }
}"""

CREATE_PROMOTION: Final = """
mutation CreatePromotion($input: CreatePromotionInput!) {
  createPromotion(input: $input) {
    __typename
    ... on Promotion { id }
    ... on ErrorResult { message }
  }
}"""

UPDATE_PROMOTION: Final = """
mutation UpdatePromotion($input: UpdatePromotionInput!) {
  updatePromotion(input: $input) {
    __typename
    ... on Promotion { id }
    ... on ErrorResult { message }
  }
}"""


def goods(cost_field: str | None) -> str:
    """What is sold; with the custom field that holds what a unit costs, where the shop has one."""
    cost = "" if cost_field is None else f" customFields {{ {cost_field} }}"
    return f"""
query Goods($options: ProductVariantListOptions!) {{
  productVariants(options: $options) {{
    items {{ id createdAt sku price taxRateApplied {{ value }} product {{ enabled }}{cost} }}
  }}
}}"""
