"""The marketplace that stands where the real platforms stand: auction, demand, stock, delay and reporting."""
