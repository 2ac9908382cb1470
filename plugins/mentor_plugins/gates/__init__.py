"""Built-in action gates."""
