"""Helpers that several environments and plugins share, built on contracts alone."""
