"""Built-in plans: how the episodes of a batch begin."""
