"""Supervised training on the teacher's trajectories."""
