"""Built-in sources of reference trajectories."""
