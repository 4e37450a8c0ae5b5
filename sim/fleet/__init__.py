"""A batch of stores on one market, as controllers, environments and evaluations see it."""
