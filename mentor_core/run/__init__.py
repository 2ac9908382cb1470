"""A run: its settings, its parts, its directory, its main job, its report."""
