"""Shopify through its Admin GraphQL API. What is read and written, and the traps: docs/platforms/shopify.md."""
