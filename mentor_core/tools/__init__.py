"""A tool: from a typed Python function to a schema, arguments that fit it, and JSON results."""
