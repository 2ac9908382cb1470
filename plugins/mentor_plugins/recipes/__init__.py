"""Recipes: settings of whole runs, as TOML files."""
