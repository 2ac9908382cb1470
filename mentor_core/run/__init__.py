"""A run: its main job."""
