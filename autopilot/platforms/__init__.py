"""Adapters: each puts one platform behind the ports of perception and control."""
