"""Exports: from a run's student to a directory that other programs use."""
