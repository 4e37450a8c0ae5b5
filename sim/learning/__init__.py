"""Making a policy: lessons from the truth, a network fitted to them, and reinforcement learning from there. The train extra's room."""
