"""Support, for all other modules: errors, files, processes, foreign code."""
