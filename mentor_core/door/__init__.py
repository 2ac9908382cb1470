"""The plugin door: hooks, and the registry that finds what came in by them."""
