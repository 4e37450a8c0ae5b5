"""Shopify through its Admin GraphQL API. What is read and written, and the traps: docs/platforms/shopify.md."""

from autopilot.platforms.shopify.kind import KIND

__all__ = ["KIND"]
