"""Stores that are known only from tables: what their rows mean, whether they come from files or from a database."""
