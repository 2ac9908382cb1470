"""Judges: they look at a turn before the turn is played."""
