"""What several environments and plugins use, and the core does not: built on contracts alone."""
