"""The figures of evaluated episodes, and the report of them."""
