"""Benchmarks: every figure beside its own baseline, taken in the same run on the same machine."""
