"""Where the store should go: which products, which goal, by when, at what price and spend, and what that may cost."""
