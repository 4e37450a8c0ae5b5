"""Every query and mutation that is sent to Shopify's Admin API. A test validates each against the schema of ``VERSION``."""

from __future__ import annotations

from typing import Final

VERSION: Final = "2026-10"

SHOP: Final = """
query Shop {
  shop { currencyCode taxesIncluded ianaTimezone }
}"""

GOODS: Final = """
query Goods($first: Int!, $after: String, $query: String!) {
  productVariants(first: $first, after: $after, query: $query, sortKey: ID) {
    nodes {
      id sku price taxable inventoryQuantity inventoryPolicy
      product { id }
      inventoryItem { tracked unitCost { amount currencyCode } }
    }
    pageInfo { hasNextPage endCursor }
  }
}"""
"""What is sold, with what a unit costs; dear."""

SHELF: Final = """
query Shelf($first: Int!, $after: String, $query: String!) {
  productVariants(first: $first, after: $after, query: $query, sortKey: ID) {
    nodes { id price inventoryQuantity inventoryPolicy }
    pageInfo { hasNextPage endCursor }
  }
}"""
"""What changes of it, for a quarter of the points."""

SOME: Final = """
query Some($ids: [ID!]!) {
  nodes(ids: $ids) {
    ... on ProductVariant { id price inventoryQuantity inventoryPolicy }
  }
}"""

ORDERS: Final = """
query Orders($first: Int!, $after: String, $query: String!, $lines: Int!) {
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {
    nodes {
      id updatedAt processedAt cancelledAt test currencyCode taxesIncluded
      subtotalLineItemsQuantity currentSubtotalLineItemsQuantity
      lineItems(first: $lines) {
        nodes {
          id currentQuantity
          variant { id }
          priceAfterAllDiscountsBeforeTaxesSet { shopMoney { amount } }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}"""

LINES: Final = """
query Lines($id: ID!, $first: Int!, $after: String) {
  order(id: $id) {
    lineItems(first: $first, after: $after) {
      nodes {
        id currentQuantity
        variant { id }
        priceAfterAllDiscountsBeforeTaxesSet { shopMoney { amount } }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}"""
"""More of the lines of one order."""

REFUNDS: Final = """
query Refunds($id: ID!) {
  order(id: $id) { refunds { id } }
}"""

REFUND_LINES: Final = """
query RefundLines($id: ID!, $first: Int!, $after: String) {
  node(id: $id) {
    ... on Refund {
      refundLineItems(first: $first, after: $after) {
        nodes {
          quantity restockType
          lineItem { id }
          subtotalSet { shopMoney { amount } }
          totalTaxSet { shopMoney { amount } }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}"""

SET_PRICES: Final = """
mutation SetPrices($product: ID!, $variants: [ProductVariantsBulkInput!]!) {
  productVariantsBulkUpdate(productId: $product, variants: $variants, allowPartialUpdates: true) {
    productVariants { id price }
    userErrors { field code message }
  }
}"""
"""Without ``@idempotent``: this version offers it for 19 mutations, of which this is none. A price is an absolute value."""

DOCUMENTS: Final = (SHOP, GOODS, SHELF, SOME, ORDERS, LINES, REFUNDS, REFUND_LINES, SET_PRICES)
