"""Built-in credit assignment, one a file."""
