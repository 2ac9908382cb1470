"""Built-in composers, one a file."""
