"""The plugin door: hooks, and the registry of the components that they register."""
