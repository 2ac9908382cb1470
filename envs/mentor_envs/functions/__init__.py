"""Functions: an environment from typed Python functions and a file of tasks."""
