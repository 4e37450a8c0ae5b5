"""Shops and ads that are known from a database, which is only ever read."""
