"""Parts: from the configuration of a run to objects."""
