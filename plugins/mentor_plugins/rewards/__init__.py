"""Built-in reward terms, one a file."""
