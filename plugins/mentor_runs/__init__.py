"""A run: from the settings of a command to the report."""
