"""What a store's own past and the world's shocks do to demand, one mechanic a file."""
