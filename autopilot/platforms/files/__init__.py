"""Shops and ads that are known from files: exports in CSV or parquet, one or a folder of them."""
