"""Vendure, an open-source store server, by its Admin GraphQL API. What is read and written, and the traps: docs/platforms/vendure.md."""
