"""Google Ads: figures, bids and daily budgets of one account. What it does for the merchant: docs/platforms/google-ads.md."""
