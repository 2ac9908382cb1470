"""A run: settings, parts, directory, evaluation and report."""
