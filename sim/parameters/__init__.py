"""What a market is like: every figure with unit, range and source, one group a file."""
