"""The ad side of a market: auction, rivals, campaign budgets, bid landscapes."""
