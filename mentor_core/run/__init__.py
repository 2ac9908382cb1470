"""A run: its settings, its parts, its directory, its report."""
