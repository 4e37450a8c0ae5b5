"""Why did a figure move? Multi-dimensional root causes of a change, silent where nothing changed."""
