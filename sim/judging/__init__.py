"""How good a controller is: bounds, references, scores."""
