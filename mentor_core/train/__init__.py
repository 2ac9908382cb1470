"""Training: the only part of the core that imports torch and trl."""
