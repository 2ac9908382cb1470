"""A plugin that ends whatever imports it."""

raise SystemExit(3)
