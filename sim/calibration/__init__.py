"""Fitting a market to a real shop's own orders and ads, and checking the fit."""
