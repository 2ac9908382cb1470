"""Students: loading, and encoding of conversations."""
